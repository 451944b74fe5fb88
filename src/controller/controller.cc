#include "controller/controller.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <optional>
#include <random>

#include "controller/directory.h"
#include "controller/forwarder.h"
#include "controller/founding.h"
#include "controller/identity.h"
#include "controller/live_settings.h"
#include "controller/notices.h"
#include "controller/raft_thread.h"
#include "controller/replica.h"
#include "controller/table.h"
#include "net/alarm.h"
#include "raft/frames.h"

namespace gantry::controller {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds kTick{20};
constexpr std::chrono::milliseconds kRetireMax{1'000};

Result<void> check(const Config& config) {
  if (config.peers.empty()) return fail(Errc::invalid_argument, "a controller needs its peers, at least itself");
  if (!config.own()) {
    return fail(Errc::invalid_argument, "this controller is {}, but the peers do not name it", config.self);
  }
  if (config.data_directory.empty()) return fail(Errc::invalid_argument, "a controller needs a directory for its log");
  for (const Peer& peer : config.peers) {
    const bool twice = std::ranges::count(config.peers, peer.name, &Peer::name) > 1 ||
                       std::ranges::count(config.peers, peer.endpoint, &Peer::endpoint) > 1;
    if (twice)
      return fail(Errc::invalid_argument, "the peers name {} at {} twice", peer.name, net::to_string(peer.endpoint));
  }
  return {};
}

// The founding members have ids by the order of their names, so that all of them count alike.
raft::Members founding_members(std::vector<Peer> peers) {
  std::ranges::sort(peers, {}, &Peer::name);
  raft::Members members;
  for (const Peer& peer : peers) members.list.push_back({++members.highest_id, net::to_string(peer.endpoint), true});
  return members;
}

MonotonicMs monotonic_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::int64_t wall_clock_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

// The log is opened after the replica that listens to it, so calls go through here.
class Controller::Impl final : public ReplicatedLog {
 public:
  Impl(asio::io_context& io, Config config)
      : io_(io),
        config_(std::move(config)),
        directory_(config_),
        settings_(config_),
        client_(io, {}),
        replica_(replica_settings(), *this, {monotonic_ms, wall_clock_ms, [this] { flush_soon(); }}),
        forwarder_(client_, replica_, directory_),
        context_{replica_,
                 forwarder_,
                 directory_,
                 settings_,
                 [this](RaftThread::StatusCallback done) {
                   if (raft_) raft_->status(std::move(done));
                 },
                 config_,
                 identity_},
        ticking_(io, [this] { tick(); }),
        retiring_(io) {}

  Result<void> start(Controller& owner) {
    if (auto checked = check(config_); !checked) return checked;
    remoting::ServerConfig server;
    server.host = config_.listen_host.empty() ? config_.own()->endpoint.host : config_.listen_host;
    server.port = config_.own()->endpoint.port;
    server.limits.connections_max = config_.connections_max;
    auto raft = std::make_shared<remoting::OtherProtocol>();
    raft->first_byte = raft::kMagic.front();
    raft->take = [this](asio::ip::tcp::socket socket, const asio::ip::tcp::endpoint& remote) {
      if (raft_) raft_->accept(std::move(socket), remote);
    };
    server.other = std::move(raft);
    server_.emplace(io_, std::move(server));
    // the port first: a second controller on this machine should hear of the port, not of the log
    if (auto started = server_->start(); !started) return started;

    listen_to_replica(owner);
    auto identity = load_identity(config_.data_directory);
    if (!identity) return std::unexpected(identity.error());
    identity_ = std::move(*identity);
    if (identity_.stage == Identity::Stage::formed) {
      if (auto begun = begin(raft_config()); !begun) return begun;
    } else {
      founding_.emplace(io_, client_, config_, identity_, [this](auto tokens) { form(std::move(tokens)); });
    }

    for (const Route& route : routes()) {
      server_->handle(route.code, [this, handle = route.handle](remoting::Request request) {
        handle(context_, std::move(request));
      });
    }
    server_->on_closed([this](const std::shared_ptr<remoting::Peer>& peer) { replica_.connection_closed(peer->id()); });
    if (founding_) founding_->start();
    tick();
    return {};
  }

  std::uint16_t port() const { return server_->port(); }

  void retire(std::function<void()> done) {
    if (!raft_ || !replica_.leads()) return done();
    retired_ = std::move(done);
    retiring_.expires_after(kRetireMax);
    retiring_.async_wait([this](boost::system::error_code error) {
      if (!error) has_retired();
    });
    raft_->status([this](const raft::GroupStatus& status) {
      const auto next = std::ranges::max_element(status.members, {}, [&](const raft::MemberStatus& member) {
        const bool possible = member.member.voter && member.member.id != status.id;
        return possible ? member.matched.value_or(0) + 1 : 0;
      });
      if (next == status.members.end() || next->member.id == status.id) return has_retired();
      spdlog::info("controller: handing leadership over to {}", directory_.name_of(next->member.id));
      raft_->transfer(next->member.id, [this](const Result<void>& begun) {
        if (!begun) has_retired();
      });
    });
  }

  void stop() {
    if (std::exchange(stopped_, true)) return;
    ticking_.stop();
    founding_.reset();
    retiring_.cancel();
    if (raft_) raft_->stop();
    if (server_) server_->stop();
    client_.stop();
  }

  // ReplicatedLog
  void propose(Token token, std::string entry) override { raft_->propose(token, std::move(entry)); }
  void read(Token token) override {
    if (raft_) return raft_->read(token);
    replica_.on_read(token,
                     fail(Errc::unavailable, "this controller is of no group yet; its log says what it waits for"));
  }
  void applied(raft::Index index) override { raft_->applied(index); }
  void snapshot(raft::Index index, std::string bytes) override { raft_->snapshot(index, std::move(bytes)); }

 private:
  ReplicaSettings replica_settings() const {
    ReplicaSettings settings;
    settings.unclean_election = config_.unclean_election;
    settings.heartbeat_timeout_ms = config_.heartbeat_timeout_ms;
    return settings;
  }

  RaftThreadConfig raft_config() const {
    RaftThreadConfig config;
    config.founding = founding_members(config_.peers);
    const std::string own = net::to_string(config_.own()->endpoint);
    config.id = std::ranges::find(config.founding.list, own, &raft::Member::address)->id;
    config.directory = config_.data_directory + "/log";
    config.group.seed = std::random_device{}();
    config.group.log = [](int severity, std::string_view text) {
      spdlog::log(severity <= 1 ? spdlog::level::err : spdlog::level::debug, "raft: {}", text);
    };
    config.transport.self = config.id;
    config.transport.group = config_.group;
    return config;
  }

  // Takes part in the group.
  Result<void> begin(RaftThreadConfig config) {
    auto started = RaftThread::start(io_, std::move(config), replica_);
    if (!started) return std::unexpected(started.error());
    raft_ = std::move(*started);
    return {};
  }

  // Each step is on the disk before the next: a crash in between leaves a node that asks again, or one that is a member.
  void form(std::map<std::string, std::string> tokens) {
    spdlog::info("controller: no peer has data that this node could have voted for; forms group {} of {}",
                 config_.group, peers_text(config_));
    identity_.stage = Identity::Stage::forming;
    identity_.founding = std::move(tokens);
    auto formed = store_identity(config_.data_directory, identity_);
    RaftThreadConfig config = raft_config();
    config.form = true;
    config.formed = [this] {
      identity_.stage = Identity::Stage::formed;
      return store_identity(config_.data_directory, identity_);
    };
    if (formed) formed = begin(std::move(config));
    if (!formed) replica_.on_failed(formed.error());
  }

  void listen_to_replica(Controller& owner) {
    replica_.on_members_changed = [this] { directory_.set_members(replica_.members()); };
    replica_.on_role_changed = [this](const replication::RoleChanged& change, bool leads) {
      if (leads && settings_.notify_role_changed())
        notify_role_changed(client_, change, replica_.liveness(), replica_.now());
    };
    replica_.on_leadership_changed = [this] { tell_leadership(); };
    replica_.on_stopped = [&owner](const Error& error) {
      if (owner.on_stopped) owner.on_stopped(error);
    };
    settings_.on_change = [this] { replica_.allow_unclean_election(settings_.unclean_election()); };
  }

  void tell_leadership() {
    const auto& leadership = replica_.leadership();
    if (replica_.leads()) {
      spdlog::info("controller: leads in term {}", leadership.term);
    } else if (leadership.leader != 0) {
      spdlog::info("controller: follows {} in term {}", directory_.name_of(leadership.leader), leadership.term);
    } else {
      spdlog::info("controller: no leader in term {}", leadership.term);
    }
    if (retired_ && !replica_.leads()) has_retired();
  }

  void has_retired() {
    retiring_.cancel();
    if (auto done = std::exchange(retired_, nullptr)) done();
  }

  void tick() {
    replica_.tick();
    ticking_.ring_after(kTick);
  }

  // What comes in one turn of the loop goes out as one entry and one read round.
  void flush_soon() {
    if (std::exchange(flushing_, true)) return;
    asio::post(io_, [this, alive = std::weak_ptr<bool>(alive_)] {
      if (alive.expired()) return;
      flushing_ = false;
      replica_.flush();
    });
  }

  asio::io_context& io_;
  Config config_;
  Identity identity_;
  std::optional<Founding> founding_;
  Directory directory_;
  LiveSettings settings_;
  remoting::Client client_;
  Replica replica_;
  Forwarder forwarder_;
  ControllerContext context_;
  std::optional<remoting::Server> server_;
  std::unique_ptr<RaftThread> raft_;
  net::Alarm ticking_;
  asio::steady_timer retiring_;
  std::function<void()> retired_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>();
  bool flushing_ = false;
  bool stopped_ = false;
};

Controller::Controller(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Controller::~Controller() { stop(); }

Result<std::unique_ptr<Controller>> Controller::start(asio::io_context& io, Config config) {
  std::unique_ptr<Controller> controller(new Controller(std::make_unique<Impl>(io, std::move(config))));
  if (auto started = controller->impl_->start(*controller); !started) return std::unexpected(started.error());
  return controller;
}

std::uint16_t Controller::port() const { return impl_->port(); }
void Controller::retire(std::function<void()> done) { impl_->retire(std::move(done)); }
void Controller::stop() { impl_->stop(); }

}  // namespace gantry::controller
