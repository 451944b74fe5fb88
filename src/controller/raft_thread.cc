#include "controller/raft_thread.h"

#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <optional>
#include <utility>

#include "net/io_thread.h"
#include "raft/rocksdb_log_store.h"

namespace gantry::controller {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using raft::Output;

namespace {

constexpr int kTurnsAtOnce = 16;  // then messages have their turn

std::map<raft::NodeId, net::Endpoint> endpoints_of(const raft::Members& members) {
  std::map<raft::NodeId, net::Endpoint> all;
  for (const auto& member : members.list) {
    if (auto endpoint = net::parse_endpoint(member.address)) all.emplace(member.id, *endpoint);
  }
  return all;
}

}  // namespace

class RaftThread::Impl {
 public:
  Impl(asio::io_context& service, RaftThreadConfig config, LogListener& listener)
      : config_(std::move(config)), service_(service), listener_(&listener), thread_("raft"), timer_(thread_.io()) {}

  Result<void> open() {
    if (!config_.form && !std::filesystem::exists(config_.directory)) {
      return gantry::fail(
          Errc::corrupt,
          "{} is missing, the log of a controller that was a member of a group: bring it back, or, if the "
          "other controllers are well, remove the directory around it too",
          config_.directory);
    }
    auto store = raft::RocksDbLogStore::open({.directory = config_.directory, .node = config_.id});
    if (!store) return std::unexpected(store.error());
    store_ = std::move(*store);
    if (config_.form) {
      auto formed = raft::Group::form(*store_, config_.founding);
      if (!formed && formed.error().code != Errc::already_exists) return formed;
      if (auto noted = config_.formed(); !noted) return noted;
    }
    config_.group.id = config_.id;
    auto group = raft::Group::open(config_.group, *store_);
    if (!group) return std::unexpected(group.error());
    group_.emplace(std::move(*group));
    return {};
  }

  void start() {
    thread_.start();
    on_raft([this] {
      transport_.emplace(
          thread_.io(), config_.transport, [this](raft::NodeId, std::string_view message) { step(message); },
          [this](raft::NodeId peer) { check(group_->report_unreachable(peer)); });
      tick();
      schedule();
    });
  }

  void stop() {
    if (!std::exchange(stopped_, true)) {
      *alive_ = false;
      thread_.call([this] {
        timer_.cancel();
        if (transport_) transport_->stop();
        failed_ = true;
      });
      thread_.stop();
      group_.reset();
      store_.reset();
    }
  }

  template <class Function>
  void on_raft(Function function) {
    if (!stopped_) thread_.post(std::move(function));
  }
  // `function` gets the listener.
  template <class Function>
  void on_service(Function function) {
    asio::post(service_, [alive = alive_, listener = listener_, function = std::move(function)]() mutable {
      if (*alive) function(*listener);
    });
  }

  // ---- on the raft thread

  bool failed() const { return failed_; }
  raft::Group& group() { return *group_; }
  raft::Transport& transport() { return *transport_; }
  asio::io_context& io() { return thread_.io(); }

  void schedule() {
    if (std::exchange(scheduled_, true)) return;
    asio::post(thread_.io(), [this] { run(); });
  }

  void check(const Result<void>& result) {
    if (!result && result.error().code != Errc::invalid_argument && result.error().code != Errc::unavailable)
      fail(result.error());
  }

 private:
  void tick() {
    if (failed_) return;
    check(group_->tick());
    schedule();
    timer_.expires_after(config_.tick);
    timer_.async_wait([this](error_code error) {
      if (!error) tick();
    });
  }

  void step(std::string_view message) {
    if (failed_) return;
    auto stepped = group_->step(message);
    if (!stepped && stepped.error().code == Errc::invalid_argument) {
      if (auto left_out = bad_message_log_.admit()) {
        spdlog::warn("raft: dropped a message: {}{}", stepped.error().message,
                     *left_out == 0 ? "" : fmt::format(" ({} such lines left out)", *left_out));
      }
      return;
    }
    check(stepped);
    schedule();
  }

  void run() {
    scheduled_ = false;
    for (int i = 0; i < kTurnsAtOnce && !failed_ && group_->has_work(); ++i) {
      // appends leave before our own disk has them, so that all disks work at the same time
      auto output = group_->turn([this](std::vector<Output::Message> early) {
        send(early);
        transport_->flush();
      });
      if (!output) return fail(output.error());
      hand_out(std::move(*output));
    }
    if (!failed_ && group_->has_work()) schedule();
  }

  void send(const std::vector<Output::Message>& messages) {
    for (const auto& message : messages) {
      transport_->send(message.to, message.bytes);
      if (message.snapshot) snapshots_sent_.push_back(message.to);  // reported after the turn, not within it
    }
  }

  void hand_out(Output output) {
    if (output.members) transport_->set_peers(endpoints_of(*output.members));
    send(output.messages);
    output.messages.clear();
    for (const raft::NodeId peer : std::exchange(snapshots_sent_, {})) check(group_->report_snapshot(peer, true));
    on_service([output = std::move(output), this](LogListener& listener) mutable {
      if (output.members) listener.on_members(*output.members);
      if (output.restore) listener.on_restore(output.restore->index, output.restore->bytes);
      if (!output.committed.empty()) listener.on_committed(std::move(output.committed));
      if (output.snapshot_wanted) listener.on_snapshot_wanted();
      if (output.leadership) listener.on_leadership(*output.leadership);
      for (const auto& answer : output.reads) tell_read(listener, answer.round, answer.index);
      for (const auto round : output.failed_reads) {
        tell_read(listener, round, gantry::fail(Errc::unavailable, "no controller leads for sure just now; try again"));
      }
    });
  }

  void fail(const Error& error) {
    if (std::exchange(failed_, true)) return;
    if (transport_) transport_->stop();
    timer_.cancel();
    on_service([error](LogListener& listener) { listener.on_failed(error); });
  }

  // ---- on the service's thread

  void tell_read(LogListener& listener, raft::ReadRound round, const Result<raft::Index>& index) {
    auto token = rounds_.extract(round);
    if (!token.empty()) listener.on_read(token.mapped(), index);
  }

 public:
  std::map<raft::ReadRound, Token>
      rounds_;  // the service's: posts come in order, so a round is known before its answer

 private:
  RaftThreadConfig config_;
  asio::io_context& service_;
  LogListener* listener_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // the service's
  bool stopped_ = false;                                        // the service's
  net::IoThread thread_;
  asio::steady_timer timer_;
  std::unique_ptr<raft::RocksDbLogStore> store_;
  std::optional<raft::Group> group_;
  std::optional<raft::Transport> transport_;
  net::LogLimit bad_message_log_{std::chrono::seconds(10)};
  std::vector<raft::NodeId> snapshots_sent_;
  bool scheduled_ = false;
  bool failed_ = false;
};

RaftThread::RaftThread(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RaftThread::~RaftThread() { stop(); }
void RaftThread::stop() { impl_->stop(); }

Result<std::unique_ptr<RaftThread>> RaftThread::start(asio::io_context& service, RaftThreadConfig config,
                                                      LogListener& listener) {
  auto impl = std::make_unique<Impl>(service, std::move(config), listener);
  if (auto opened = impl->open(); !opened) return std::unexpected(opened.error());
  impl->start();
  return std::unique_ptr<RaftThread>(new RaftThread(std::move(impl)));
}

void RaftThread::propose(Token token, std::string entry) {
  impl_->on_raft([impl = impl_.get(), token, entry = std::move(entry)] {
    if (impl->failed()) return;
    auto proposal = impl->group().propose(entry);
    impl->on_service([token, proposal](LogListener& listener) { listener.on_proposed(token, proposal); });
    impl->schedule();
  });
}

void RaftThread::read(Token token) {
  impl_->on_raft([impl = impl_.get(), token] {
    if (impl->failed()) return;
    auto round = impl->group().read_round();
    impl->on_service([impl, token, round](LogListener& listener) {
      if (!round) return listener.on_read(token, std::unexpected(round.error()));
      impl->rounds_.emplace(*round, token);
    });
    impl->schedule();
  });
}

void RaftThread::applied(raft::Index index) {
  impl_->on_raft([impl = impl_.get(), index] {
    if (impl->failed()) return;
    impl->check(impl->group().advance_applied(index));
    if (impl->group().has_work()) impl->schedule();
  });
}

void RaftThread::snapshot(raft::Index index, std::string bytes) {
  impl_->on_raft([impl = impl_.get(), index, bytes = std::move(bytes)] {
    if (impl->failed()) return;
    auto offered = impl->group().offer_snapshot(index, bytes);
    if (!offered) spdlog::warn("raft: no snapshot at entry {}: {}", index, offered.error().message);
    if (offered || offered.error().code != Errc::resource_exhausted)
      impl->check(offered);  // too large: it goes on without
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
    if (!impl->failed()) impl->transport().accept(std::move(ours), remote);
  });
}

void RaftThread::status(StatusCallback done) {
  impl_->on_raft([impl = impl_.get(), done = std::move(done)]() mutable {
    if (impl->failed()) return;
    impl->on_service([status = impl->group().status(), done = std::move(done)](LogListener&) { done(status); });
  });
}

void RaftThread::transfer(raft::NodeId to, Done done) {
  impl_->on_raft([impl = impl_.get(), to, done = std::move(done)]() mutable {
    if (impl->failed()) return;
    auto begun = impl->group().transfer(to);
    impl->on_service([begun, done = std::move(done)](LogListener&) { done(begun); });
    impl->schedule();
  });
}

}  // namespace gantry::controller
