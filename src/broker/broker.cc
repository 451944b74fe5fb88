#include "broker/broker.h"

#include <spdlog/spdlog.h>

#include <boost/asio/ip/host_name.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdlib>
#include <random>

#include "broker/access_control.h"
#include "broker/arrivals.h"
#include "broker/clients.h"
#include "broker/config.h"
#include "broker/context.h"
#include "broker/groups.h"
#include "broker/handlers/handlers.h"
#include "broker/messages.h"
#include "broker/offsets.h"
#include "broker/pops.h"
#include "broker/request_modes.h"
#include "broker/setting_keys.h"
#include "broker/stored_settings.h"
#include "broker/table.h"
#include "broker/topics.h"
#include "broker/transactions.h"
#include "net/alarm.h"
#include "net/endpoint.h"
#include "queueing/queue_locks.h"
#include "store/store.h"
#include "wire/host.h"

namespace gantry::broker {

namespace {

bool is_wildcard(const std::string& host) { return host.empty() || host == "0.0.0.0" || host == "::"; }

// The address of this machine that others most likely reach: where its own name points to.
Result<std::string> machine_address(boost::asio::io_context& io) {
  boost::system::error_code error;
  boost::asio::ip::tcp::resolver resolver(io);
  for (const auto& entry : resolver.resolve(boost::asio::ip::host_name(error), "", error)) {
    const auto address = entry.endpoint().address();
    if (!address.is_loopback() && address.is_v4()) return address.to_string();
  }
  return fail(Errc::invalid_argument,
              "listening on all addresses, and this machine's own name has no address that clients could use; "
              "say with --advertise by which host they can");
}

Result<std::string> advertised_host(boost::asio::io_context& io, const Config& config) {
  if (!config.advertised_host.empty()) return config.advertised_host;
  return is_wildcard(config.host) ? machine_address(io) : Result<std::string>(config.host);
}

// Message ids hold a numeric address: of a name, what it resolves to.
wire::Host store_host(boost::asio::io_context& io, const std::string& host, std::uint16_t port) {
  auto parsed = wire::parse_host(net::to_string(net::Endpoint{host, port}));
  if (parsed) return *parsed;
  boost::system::error_code error;
  boost::asio::ip::tcp::resolver resolver(io);
  for (const auto& entry : resolver.resolve(host, "", error)) {
    if (auto found = wire::parse_host(net::to_string(net::Endpoint{entry.endpoint().address().to_string(), port})))
      return *found;
  }
  return *wire::parse_host(fmt::format("127.0.0.1:{}", port));
}

Result<void> check(const Config& config) {
  if (config.broker_name.empty() || config.cluster_name.empty())
    return fail(Errc::invalid_argument, "broker and cluster need a name");
  if (config.broker_name.find(' ') != std::string::npos)
    return fail(Errc::invalid_argument, "a broker name holds no blanks: receipts separate by them");
  if (config.default_queues < 1 || config.default_queues > config.queues_per_topic_max) {
    return fail(Errc::invalid_argument, "default queues: expected 1 to {}, got {}", config.queues_per_topic_max,
                config.default_queues);
  }
  if (config.message_bytes_max < 1 || config.message_bytes_max + 64 * 1024 > config.limits.frame.frame_bytes_max) {
    return fail(Errc::invalid_argument, "maximum message size: expected 1 to {}, got {}",
                config.limits.frame.frame_bytes_max - 64 * 1024, config.message_bytes_max);
  }
  return {};
}

}  // namespace

std::string default_data_directory() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state == '/')
    return std::string(state) + "/gantry/broker";
  const char* home = std::getenv("HOME");
  return std::string(home != nullptr ? home : "/tmp") + "/.local/state/gantry/broker";
}

class Broker::Impl {
 public:
  Impl(boost::asio::io_context& io, Config config)
      : io_(io), config_(std::move(config)), access_(config_), housekeeping_(io, [this] { housekeep(); }) {}

  Result<void> start() {
    if (auto checked = check(config_); !checked) return checked;
    if (config_.data_directory.empty()) config_.data_directory = default_data_directory();
    auto delays = queueing::DelayLevels::parse(config_.delay_levels);
    if (!delays) return std::unexpected(delays.error());
    auto host = advertised_host(io_, config_);
    if (!host) return std::unexpected(host.error());

    // the ports first: a second broker on this machine should hear of the port, not of the lock
    broker_server_ = std::make_unique<remoting::Server>(
        io_, remoting::ServerConfig{config_.host, config_.port, config_.limits, config_.tls});
    namesrv_server_ = std::make_unique<remoting::Server>(
        io_, remoting::ServerConfig{config_.namesrv_host, config_.namesrv_port, config_.limits, config_.tls});
    if (auto started = namesrv_server_->start(); !started)
      return std::unexpected(in_context("name server", started.error()));
    if (auto started = broker_server_->start(); !started) return std::unexpected(in_context("broker", started.error()));
    address_ = net::to_string(net::Endpoint{*host, broker_server_->port()});
    namesrv_address_ = net::to_string(
        net::Endpoint{is_wildcard(config_.namesrv_host) ? *host : config_.namesrv_host, namesrv_server_->port()});

    if (auto opened = open_store(std::move(*delays), store_host(io_, *host, broker_server_->port())); !opened)
      return opened;
    serve();
    messages_->start();
    transactions_->start();
    pops_->start();
    housekeep();
    return {};
  }

  void stop() {
    if (stopped_) return;
    stopped_ = true;
    housekeeping_.stop();
    if (messages_) messages_->stop();
    if (transactions_) transactions_->stop();
    if (pops_) pops_->stop();
    if (store_) store_->stop();  // first: who waits for the disk is answered, and the servers write that
    if (arrivals_) arrivals_->stop();
    if (broker_server_) broker_server_->stop();
    if (namesrv_server_) namesrv_server_->stop();
  }

  boost::asio::io_context& io_;
  Config config_;
  AccessControl access_;
  std::unique_ptr<remoting::Server> broker_server_;
  std::unique_ptr<remoting::Server> namesrv_server_;
  std::string address_;
  std::string namesrv_address_;

 private:
  Result<void> open_store(queueing::DelayLevels delays, wire::Host host) {
    store::Options options;
    options.directory = config_.data_directory;
    options.flush = config_.flush;
    options.record_bytes_max = config_.message_bytes_max + 64 * 1024;
    options.retention_ms = config_.retention_ms;
    options.retention_bytes = config_.retention_bytes;
    options.file_system = config_.file_system;
    auto store = store::Store::open(io_, std::move(options),
                                    [this](store::Queue& queue) { arrivals_->arrived(queue.topic(), queue.id()); });
    if (!store) return std::unexpected(store.error());
    store_ = std::move(*store);
    topics_ = std::make_unique<Topics>(*store_, config_);
    groups_ = std::make_unique<Groups>(*store_, config_);
    offsets_ = std::make_unique<Offsets>(*store_);
    arrivals_ = std::make_unique<Arrivals>(io_, config_.held_requests_max);
    messages_ = std::make_unique<Messages>(io_, *store_, *topics_, config_, std::move(delays), host);
    transactions_ = std::make_unique<Transactions>(io_, *store_, *topics_, *messages_, clients_, config_);
    pops_ = std::make_unique<Pops>(io_, *store_, *topics_, *groups_, *offsets_, *messages_);
    pops_->on_available = [this](std::string_view topic, std::int32_t queue_id) {
      arrivals_->arrived(topic, queue_id);
    };
    request_modes_ = std::make_unique<RequestModes>(*store_);
    topics_->on_removed = [this](std::string_view topic) {
      offsets_->remove_topic(topic);
      pops_->remove([topic](const Pops::Key& key) { return key.topic == topic; });
      arrivals_->expire(topic);
    };
    clients_.notify_allowed = [this](std::string_view group) {
      const auto* config = groups_->find(group);
      return config == nullptr || config->notify_consumer_ids_changed_enable;
    };
    for (const auto& loaded : {topics_->load(), groups_->load(), offsets_->load(), messages_->load(),
                               transactions_->load(), pops_->load(), request_modes_->load(), load_kv_configs()}) {
      if (!loaded) return loaded;
    }
    if (store_->log().lost_messages()) {
      offsets_->forget_lost();
      pops_->forget_lost();
    }
    counters_.started_ms = store_->now_ms();
    context_.emplace(BrokerContext{
        io_, config_, *store_, *topics_, *groups_, *offsets_, clients_, *arrivals_, *messages_, *transactions_, *pops_,
        *request_modes_, locks_, counters_, kv_configs_, address_, namesrv_address_, std::random_device{}(),
        [this](std::string_view group, std::string_view topic, std::int32_t queue_id, std::int64_t offset) {
          pops_->reset({std::string(group), std::string(topic), queue_id}, offset);
        }});
    return {};
  }

  Result<void> load_kv_configs() {
    return read_settings(*store_, setting_keys::kKvPrefix,
                         [this](std::string_view name, std::string_view value) -> Result<void> {
                           const auto kv = setting_keys::parse_kv_key(name);
                           if (!kv) return fail(Errc::corrupt, "not the name of a KV configuration");
                           kv_configs_[std::string(kv->name_space)][std::string(kv->key)] = value;
                           return {};
                         });
  }

  void serve() {
    auto add = [this](remoting::Server& server, std::span<const Route> routes) {
      for (const auto& route : routes) {
        server.handle(route.code, [this, handle = route.handle](remoting::Request request) {
          handle(*context_, std::move(request));
        });
      }
    };
    add(*namesrv_server_, namesrv_routes());
    add(*broker_server_, namesrv_routes());
    add(*broker_server_, broker_routes());
    for (auto* server : {namesrv_server_.get(), broker_server_.get()}) {
      server->handle_others([this](remoting::Request request) { handle_not_supported(*context_, std::move(request)); });
    }
    broker_server_->on_closed(
        [this](const std::shared_ptr<remoting::Peer>& peer, const remoting::Closing&) { clients_.closed(peer->id()); });
    if (access_.enabled()) {
      for (auto* server : {namesrv_server_.get(), broker_server_.get()}) {
        server->authorize(
            [this](const wire::Command& request, const remoting::Peer&) { return access_.check(request); });
      }
    }
  }

  void housekeep() {
    const std::int64_t now_ms = store_->now_ms();
    clients_.drop_silent(now_ms);
    locks_.forget_expired(now_ms);
    // the second quiet interval after traffic: by then what was flushed in the first is free to be given back
    const auto quiet = [&](std::size_t newer, std::size_t older) {
      return counters_.samples.size() > older &&
             counters_.samples[newer].messages_in == counters_.samples[older].messages_in &&
             counters_.samples[newer].messages_out == counters_.samples[older].messages_out;
    };
    counters_.samples.push_front({now_ms, counters_.messages_in, counters_.messages_out});
    if (counters_.samples.size() > 64) counters_.samples.pop_back();
    if (quiet(0, 1) && counters_.samples.size() > 3 && !(quiet(1, 2) && quiet(2, 3))) store_->rest();
    housekeeping_.ring_after(std::chrono::milliseconds(Counters::kSampleMs));
  }

  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Topics> topics_;
  std::unique_ptr<Groups> groups_;
  std::unique_ptr<Offsets> offsets_;
  Clients clients_;
  std::unique_ptr<Arrivals> arrivals_;
  std::unique_ptr<Messages> messages_;
  std::unique_ptr<Transactions> transactions_;
  std::unique_ptr<Pops> pops_;
  std::unique_ptr<RequestModes> request_modes_;
  queueing::QueueLocks locks_;
  Counters counters_;
  KvConfigs kv_configs_;
  std::optional<BrokerContext> context_;
  net::Alarm housekeeping_;
  bool stopped_ = false;
};

Broker::Broker(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Broker::~Broker() { stop(); }

Result<std::unique_ptr<Broker>> Broker::start(boost::asio::io_context& io, Config config) {
  auto impl = std::make_unique<Impl>(io, std::move(config));
  if (auto started = impl->start(); !started) {
    impl->stop();
    return std::unexpected(started.error());
  }
  return std::unique_ptr<Broker>(new Broker(std::move(impl)));
}

std::uint16_t Broker::port() const { return impl_->broker_server_->port(); }
std::uint16_t Broker::namesrv_port() const { return impl_->namesrv_server_->port(); }
const std::string& Broker::address() const { return impl_->address_; }
const std::string& Broker::namesrv_address() const { return impl_->namesrv_address_; }
const std::string& Broker::data_directory() const { return impl_->config_.data_directory; }
void Broker::stop() { impl_->stop(); }

}  // namespace gantry::broker
