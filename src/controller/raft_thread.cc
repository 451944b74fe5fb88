#include "controller/raft_thread.h"

#include <spdlog/spdlog.h>
#include <time.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <optional>
#include <utility>

#include "controller/entry_version.h"
#include "controller/log_driver.h"
#include "controller/timed_log_store.h"
#include "net/io_thread.h"
#include "raft/file_log_store.h"

namespace gantry::controller {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using raft::Output;

namespace {

// A lease must not outlast a pause of the machine, in which the usual monotonic clock stands still.
std::uint64_t boot_time_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000 + static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

std::map<raft::NodeId, net::Endpoint> endpoints_of(const raft::Members& members) {
  std::map<raft::NodeId, net::Endpoint> all;
  for (const auto& member : members.list) {
    if (auto endpoint = net::parse_endpoint(member.address)) all.emplace(member.id, *endpoint);
  }
  return all;
}

}  // namespace

class RaftThread::Impl final : public LogDriverHost {
 public:
  Impl(asio::io_context& service, RaftThreadConfig config, LogListener& listener)
      : config_(std::move(config)),
        service_(service),
        listener_(&listener),
        thread_("raft"),
        snapshots_("raft-snapshot"),
        timer_(thread_.io()) {}

  Result<void> open() {
    if (!config_.form && config_.seeds.list.empty() && !std::filesystem::exists(config_.directory)) {
      return gantry::fail(
          Errc::corrupt,
          "{} is missing, the log of a controller that was a member of a group: bring it back, or, if the "
          "other controllers are well, remove the directory around it too",
          config_.directory);
    }
    auto store = raft::FileLogStore::open({.directory = config_.directory, .node = config_.id});
    if (!store) return std::unexpected(store.error());
    store_ = std::make_unique<TimedLogStore>(std::move(*store), config_.gauges);
    if (config_.form) {
      auto formed = raft::Group::form(*store_, config_.founding);
      if (!formed && formed.error().code != Errc::already_exists) return formed;
      if (auto noted = config_.formed(); !noted) return noted;
    }
    config_.group.id = config_.id;
    auto group = raft::Group::open(config_.group, *store_);
    if (!group) return std::unexpected(group.error());
    for (const auto& one : group->status().members) {
      if (one.member.id == config_.id) own_address_ = one.member.address;
    }
    if (const raft::Member* invited = config_.seeds.find(config_.id); invited && own_address_.empty())
      own_address_ = invited->address;
    driver_.emplace(std::move(*group), *this);
    return {};
  }

  const std::string& own_address() const { return own_address_; }

  void start() {
    started_ = true;
    thread_.start();
    snapshots_.start();
    on_raft([this] {
      transport_.emplace(
          thread_.io(), config_.transport,
          [this](raft::NodeId from, std::string_view message) {
            stepping_ = from;
            driver_->step(message);
          },
          [this](raft::NodeId peer) { driver_->report_unreachable(peer); });
      transport_->on_large_sent = [this](raft::NodeId peer, bool delivered) {
        driver_->report_snapshot(peer, delivered);
      };
      transport_->admits = [this](raft::NodeId from) { return admits(from); };
      transport_->on_announced = [this] { agree_on_entry_version(); };
      transport_->set_peers(endpoints_of(config_.seeds));
      tick();
    });
  }

  void stop() {
    if (!std::exchange(stopped_, true)) {
      *alive_ = false;
      if (started_) {
        thread_.call([this] {
          timer_.cancel();
          if (transport_) transport_->stop();
          driver_->stop();
        });
        snapshots_.stop();  // what it does is the store's
        thread_.stop();
      }
      driver_.reset();
      store_.reset();
    }
  }

  template <class Function>
  void on_raft(Function function) {
    if (!stopped_) thread_.post(std::move(function));
  }
  // ---- on the raft thread

  LogDriver& driver() { return *driver_; }
  raft::Transport& transport() { return *transport_; }
  asio::io_context& io() { return thread_.io(); }

  // LogDriverHost
  void send(const Output::Message& message) override { transport_->send(message.to, message.bytes); }
  bool send_snapshot(Output::Message message) override {
    transport_->send_large(message.to, std::move(message.bytes));
    return true;
  }
  void flush() override { transport_->flush(); }
  void set_peers(const raft::Members& members) override {
    transport_->set_peers(endpoints_of(members));
    members_ = members;
    agree_on_entry_version();
  }
  void to_listener(ToListener call) override {
    asio::post(service_, [alive = alive_, listener = listener_, call = std::move(call)]() mutable {
      if (*alive) call(*listener);
    });
  }
  void run_soon() override {
    asio::post(thread_.io(), [this] { driver_->run(); });
  }
  void dropped(const Error& refusal) override {
    if (auto left_out = bad_message_log_.admit()) {
      spdlog::warn("raft: dropped a message of node {}: {}{}", stepping_, refusal.message,
                   *left_out == 0 ? "" : fmt::format(" ({} such lines left out)", *left_out));
    }
  }
  std::uint64_t lease_clock_ms() override { return boot_time_ms(); }
  void in_background(raft::Group::SnapshotWork work) override {
    snapshots_.post([this, work = std::move(work)]() mutable {
      asio::post(thread_.io(), [this, written = work()] { driver_->snapshot_written(written); });
    });
  }
  void stopped() override {
    if (transport_) transport_->stop();
    timer_.cancel();
  }

 private:
  void tick() {
    driver_->tick();
    if (driver_->failed()) return;
    config_.gauges->note(driver_->group().status());
    timer_.expires_after(config_.tick);
    timer_.async_wait([this](error_code error) {
      if (!error) tick();
    });
  }

  // Not one that was removed. A node with a higher id than any that is known here may have come since, and lead: who is behind
  // learns of it from nobody else. While nobody leads all are heard: the vote of a removed node may be needed by one that
  // has not seen its removal.
  bool admits(raft::NodeId from) {
    if (members_.find(from) || from > members_.highest_id) return true;
    const raft::NodeId leader = driver_->group().status().leader;
    return leader == 0 || leader == from;
  }

  void agree_on_entry_version() {
    const std::uint32_t version = agreed_entry_version(members_, config_.id, config_.transport.reads,
                                                       [this](raft::NodeId peer) { return transport_->reads(peer); });
    if (version == entry_version_ || members_.list.empty()) return;
    entry_version_ = version;
    to_listener([version](LogListener& listener) { listener.on_entry_version(version); });
  }

  raft::NodeId stepping_ = 0;  // whose message is looked at
  raft::Members members_;
  std::uint32_t entry_version_ = 1;
  RaftThreadConfig config_;
  asio::io_context& service_;
  LogListener* listener_;
  std::string own_address_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // the service's
  bool started_ = false;                                        // the service's
  bool stopped_ = false;                                        // the service's
  net::IoThread thread_;
  net::IoThread snapshots_;  // writes and syncs their files: one that is written, and one that waits in the driver
  asio::steady_timer timer_;
  std::unique_ptr<raft::LogStore> store_;
  std::optional<LogDriver> driver_;
  std::optional<raft::Transport> transport_;
  net::LogLimit bad_message_log_{std::chrono::seconds(10)};
};

RaftThread::RaftThread(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RaftThread::~RaftThread() { stop(); }
void RaftThread::stop() { impl_->stop(); }

Result<std::unique_ptr<RaftThread>> RaftThread::open(asio::io_context& service, RaftThreadConfig config,
                                                     LogListener& listener) {
  auto impl = std::make_unique<Impl>(service, std::move(config), listener);
  if (auto opened = impl->open(); !opened) return std::unexpected(opened.error());
  return std::unique_ptr<RaftThread>(new RaftThread(std::move(impl)));
}

void RaftThread::take_part() { impl_->start(); }
const std::string& RaftThread::own_address() const { return impl_->own_address(); }

void RaftThread::propose(Token token, std::string entry) {
  impl_->on_raft([impl = impl_.get(), token, entry = std::move(entry)] { impl->driver().propose(token, entry); });
}

void RaftThread::read(Token token) {
  impl_->on_raft([impl = impl_.get(), token] { impl->driver().read(token); });
}

void RaftThread::applied(raft::Index index) {
  impl_->on_raft([impl = impl_.get(), index] { impl->driver().applied(index); });
}

void RaftThread::snapshot(raft::Index index, std::string bytes) {
  impl_->on_raft([impl = impl_.get(), index, bytes = std::move(bytes)]() mutable {
    impl->driver().snapshot(index, std::move(bytes));
  });
}

void RaftThread::accept(tcp::socket socket, const tcp::endpoint& remote) {
  error_code error;
  const auto protocol = socket.local_endpoint(error).protocol();
  if (error) return;
  const int handle = socket.release(error);  // of the service's io_context
  if (error) return;
  impl_->on_raft([impl = impl_.get(), handle, protocol, remote] {
    tcp::socket ours(impl->io(), protocol, handle);
    if (!impl->driver().failed()) impl->transport().accept(std::move(ours), remote);
  });
}

void RaftThread::use_tls(std::shared_ptr<net::TlsContext> client, std::shared_ptr<net::TlsContext> server) {
  impl_->on_raft([impl = impl_.get(), client = std::move(client), server = std::move(server)]() mutable {
    impl->transport().use_tls(std::move(client), std::move(server));
  });
}

void RaftThread::status(StatusCallback done) {
  impl_->on_raft([impl = impl_.get(), done = std::move(done)]() mutable {
    impl->driver().ask([](raft::Group& group) { return group.status(); }, std::move(done));
  });
}

void RaftThread::status_after_snapshots(StatusCallback done) {
  impl_->on_raft([impl = impl_.get(), done = std::move(done)]() mutable {
    impl->driver().status_after_snapshots(std::move(done));
  });
}

void RaftThread::change(raft::MemberChange change, Proposed done) {
  impl_->on_raft([impl = impl_.get(), change = std::move(change), done = std::move(done)]() mutable {
    impl->driver().ask([change = std::move(change)](raft::Group& group) { return group.change_member(change); },
                       std::move(done));
  });
}

void RaftThread::transfer(raft::NodeId to, Done done) {
  impl_->on_raft([impl = impl_.get(), to, done = std::move(done)]() mutable {
    impl->driver().ask([to](raft::Group& group) { return group.transfer(to); }, std::move(done));
  });
}

}  // namespace gantry::controller
