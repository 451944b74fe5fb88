#include "controller/controller.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <optional>

#include "controller/certificates.h"
#include "controller/directory.h"
#include "controller/disk_usage.h"
#include "controller/doors.h"
#include "controller/forwarder.h"
#include "controller/guard.h"
#include "controller/http_listener.h"
#include "controller/live_settings.h"
#include "controller/member_changes.h"
#include "controller/member_watch.h"
#include "controller/notices.h"
#include "controller/participation.h"
#include "controller/preflight.h"
#include "controller/replica.h"
#include "controller/table.h"
#include "controller/view.h"
#include "net/alarm.h"
#include "raft/frames.h"
#include "wire/codes.h"
#include "wire/gantry_codes.h"

namespace gantry::controller {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds kTick{20};
constexpr std::size_t kSnapshotPlaces = 8;
constexpr std::chrono::milliseconds kRetireMax{1'000};
constexpr std::chrono::milliseconds kIdentityTimeout{1'500};  // to ask a node that is to be taken in who it is

MonotonicMs monotonic_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::int64_t monotonic_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
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
  Impl(asio::io_context& io, Config config, WatchedCertificates certificates)
      : io_(io),
        meters_{.requests = RequestMeter(routes().size())},
        config_(std::move(config)),
        certificates_(std::move(certificates)),
        guard_(config_),
        directory_(config_),
        settings_(config_),
        client_(io, peer_client()),
        broker_client_(io, {}),
        replica_(replica_settings(), *this, {monotonic_ms, wall_clock_ms, [this] { flush_soon(); }}),
        log_meter_(replica_, monotonic_us),
        participation_(io, client_, config_, certificates_, meters_.raft, log_meter_, participation_env()),
        forwarder_(client_, replica_, directory_),
        doors_(io, client_, replica_),
        member_changes_(config_, replica_, directory_, member_changes_env()),
        member_watch_(client_, replica_, directory_, group_status()),
        context_{replica_,
                 forwarder_,
                 directory_,
                 config_.spread_brokers ? &doors_ : nullptr,
                 settings_,
                 group_status(),
                 [this](RaftThread::StatusCallback done) {
                   if (auto* raft = participation_.raft()) return raft->status_after_snapshots(std::move(done));
                   done({});  // of no group yet
                 },
                 config_,
                 participation_.identity(),
                 member_changes_,
                 participation_.twins(),
                 [this] { return participation_.force_founding(); }},
        ticking_(io, [this] { tick(); }),
        retiring_(io) {}

  Result<void> start(Controller& owner) {
    if (auto checked = check_config(config_); !checked) return checked;
    remoting::ServerConfig server;
    server.host = config_.listen_host.empty() ? config_.own()->endpoint.host : config_.listen_host;
    server.port = config_.own()->endpoint.port;
    server.limits.connections_max = config_.connections_max;
    server.tls = certificates_.current().clients;
    server.tls_required = config_.tls_required;
    auto raft = std::make_shared<remoting::OtherProtocol>();
    raft->first_byte = raft::kMagic.front();
    raft->take = [this](asio::ip::tcp::socket socket, const asio::ip::tcp::endpoint& remote) {
      if (auto* member = participation_.raft()) member->accept(std::move(socket), remote);
    };
    server.other = std::move(raft);
    server_.emplace(io_, std::move(server));
    // the port first: a second controller on this machine should hear of the port, not of the log
    if (auto started = server_->start(); !started) return started;

    listen_to_replica(owner);
    if (auto opened = participation_.open(); !opened) return opened;

    for (std::uint32_t kind = 0; kind < routes().size(); ++kind) {
      const Route& route = routes()[kind];
      const bool timed = route.code != wire::request_code::kBrokerHeartbeat;
      server_->handle(route.code, [this, kind, timed, &route](remoting::Request request) {
        meters_.requests.begin(request, kind, timed);
        if (auto allowed = check_operator(route, request); !allowed) return request.reply.fail(allowed.error());
        route.handle(context_, std::move(request));
      });
    }
    server_->on_closed([this](const std::shared_ptr<remoting::Peer>& peer, const remoting::Closing& closing) {
      replica_.connection_closed(peer->id(), closing.by_peer);
    });
    if (config_.http) {
      auto listener = HttpListener::start(io_, *config_.http, http_sources());
      if (!listener) return std::unexpected(in_context("the HTTP port", listener.error()));
      http_ = std::move(*listener);
    }
    participation_.start();
    tick();
    return {};
  }

  std::string http_url() const { return http_ ? http_->url() : std::string(); }

  std::uint16_t port() const { return server_->port(); }

  void retire(std::function<void()> done) {
    if (!participation_.raft() || !replica_.leads()) return done();
    retired_ = std::move(done);
    retiring_.expires_after(kRetireMax);
    retiring_.async_wait([this](boost::system::error_code error) {
      if (!error) has_retired();
    });
    participation_.raft()->status([this](const raft::GroupStatus& status) {
      const auto next = successor(status);
      if (!next) return has_retired();
      spdlog::info("controller: handing leadership over to {}", directory_.name_of(*next));
      participation_.raft()->transfer(*next, [this](const Result<void>& begun) {
        if (!begun) has_retired();
      });
    });
  }

  void stop() {
    if (std::exchange(stopped_, true)) return;
    ticking_.stop();
    doors_.stop();
    retiring_.cancel();
    if (http_) http_->stop();
    participation_.stop();
    replica_.stop();
    if (server_) server_->stop();
    client_.stop();
    broker_client_.stop();
  }

  // ReplicatedLog
  void propose(Token token, std::string entry) override {
    log_meter_.propose(token, entry.size());
    participation_.raft()->propose(token, std::move(entry));
  }
  void read(Token token) override {
    log_meter_.read();
    if (auto* raft = participation_.raft()) return raft->read(token);
    replica_.on_read(token,
                     fail(Errc::unavailable, "this controller is of no group yet; its log says what it waits for"));
  }
  void applied(raft::Index index) override { participation_.raft()->applied(index); }
  void snapshot(raft::Index index, std::string bytes) override {
    participation_.raft()->snapshot(index, std::move(bytes));
  }

 private:
  // Requests are handed on under our own name: who may have them done was asked where they came in.
  remoting::ClientConfig peer_client() const {
    remoting::ClientConfig client;
    client.tls = certificates_.current().peers_out;
    if (!config_.operators.empty()) {
      client.sign = [credentials = config_.operators.front()](wire::Command& request) {
        wire::sign(request, credentials);
      };
    }
    return client;
  }

  Result<void> check_operator(const Route& route, const remoting::Request& request) const {
    if (!guard_.enabled() || !route.needs_operator || !route.needs_operator(request.command)) return {};
    return guard_.check(request.command, *request.from);
  }

  ReplicaSettings replica_settings() const {
    ReplicaSettings settings;
    settings.unclean_election = config_.unclean_election;
    settings.heartbeat_timeout_ms = config_.heartbeat_timeout_ms;
    // All nodes apply the same entries: each stands still for its snapshot at another one, so that a majority goes on.
    const auto own = std::ranges::find(config_.peers, config_.self, &Peer::name);
    const std::size_t place = static_cast<std::size_t>(own - config_.peers.begin()) % kSnapshotPlaces;
    settings.snapshot_after_entries += settings.snapshot_after_entries / kSnapshotPlaces * place;
    settings.snapshot_after_bytes += settings.snapshot_after_bytes / kSnapshotPlaces * place;
    return settings;
  }

  GroupStatusQuery group_status() {
    return [this](RaftThread::StatusCallback done) {
      if (auto* raft = participation_.raft()) return raft->status(std::move(done));
      done({});  // of no group yet
    };
  }

  Participation::Env participation_env() {
    return {[this](raft::NodeId self) {
              if (config_.spread_brokers) doors_.start(self);
            },
            [this](const Error& error) { replica_.on_failed(error); }};
  }

  MemberChanges::Env member_changes_env() {
    MemberChanges::Env env;
    env.status = group_status();
    env.change = [this](raft::MemberChange change, RaftThread::Proposed done) {
      participation_.raft()->change(std::move(change), std::move(done));
    };
    env.transfer = [this](raft::NodeId to, RaftThread::Done done) {
      participation_.raft()->transfer(to, std::move(done));
    };
    env.identity = [this](const std::string& address, std::function<void(Result<PeerIdentity>)> done) {
      client_.call(address, wire::make_request(wire::request_code::kGantryControllerIdentity), kIdentityTimeout,
                   [done = std::move(done)](Result<wire::Command> answer) {
                     if (!answer) return done(std::unexpected(answer.error()));
                     done(parse_peer_identity(answer->body));
                   });
    };
    return env;
  }

  void listen_to_replica(Controller& owner) {
    replica_.on_members_changed = [this] {
      directory_.set_members(replica_.members());
      participation_.members_changed(replica_.members());
    };
    replica_.on_election = [this](const replication::ElectMaster& election, const replication::Outcome& outcome) {
      // names that nobody has registered are not counted: strangers could invent any number
      if (const auto* set = replica_.state().find(election.broker_name))
        meters_.held(election, outcome, set->cluster_name);
    };
    replica_.on_sets_gone = [this] { meters_.keep_only(replica_.state()); };
    replica_.on_role_changed = [this](const replication::RoleChanged& change, bool leads) {
      if (leads) meters_.changed(change.record.reason);
      if (leads && settings_.notify_role_changed())
        notify_role_changed(broker_client_, change, replica_.liveness(), replica_.now());
    };
    replica_.on_leadership_changed = [this] { tell_leadership(); };
    // later, not from within the call that brings it: who hears of it stops us
    replica_.on_stopped = [this, &owner](const Error& error) {
      later([&owner, error] {
        if (owner.on_stopped) owner.on_stopped(error);
      });
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

  HttpListener::Sources http_sources() {
    return {[this] { return node_view(); },
            [this] {
              return NumbersView{node_view(),          meters_.requests.kinds(),
                                 meters_.elections,    {std::begin(meters_.changes), std::end(meters_.changes)},
                                 log_meter_.numbers(), meters_.raft,
                                 server_->stats()};
            },
            [this](std::string_view after, std::size_t count) { return sets_after(replica_, after, count); },
            [directory = config_.data_directory] { return bytes_below(directory); }};
  }

  NodeView node_view() const {
    NodeView view = view_of(replica_, directory_, config_);
    participation_.describe(view, replica_.members());
    view.term = meters_.raft->term;
    view.commit = meters_.raft->commit;
    view.last = meters_.raft->last;
    view.snapshot = meters_.raft->snapshot;
    view.raft_silent_ms = view.member ? meters_.raft->silent_ms() : 0;
    view.connections = server_->stats().connections;
    if (view.member) member_watch_.add_to(view);
    return view;
  }

  void has_retired() {
    retiring_.cancel();
    if (auto done = std::exchange(retired_, nullptr)) later(std::move(done));
  }

  // Unless we are destroyed before.
  void later(std::function<void()> call) {
    asio::post(io_, [call = std::move(call), alive = std::weak_ptr<bool>(alive_)] {
      if (!alive.expired()) call();
    });
  }

  // For connections that begin from now on.
  void use_certificates() {
    const Certificates& now = certificates_.current();
    server_->use_tls(now.clients);
    client_.use_tls(now.peers_out);
    participation_.use_certificates();
  }

  void tick() {
    if (certificates_.look()) use_certificates();
    replica_.tick();
    member_changes_.tick();
    member_watch_.tick(http_ && participation_.raft() != nullptr);
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
  Meters meters_;  // requests that wait anywhere below are counted when they are given up
  Config config_;
  WatchedCertificates certificates_;
  Guard guard_;
  Directory directory_;
  LiveSettings settings_;
  remoting::Client client_;         // of other controllers
  remoting::Client broker_client_;  // brokers are told in plain: their certificates are not of our authority
  Replica replica_;
  LogMeter log_meter_;
  Participation participation_;
  Forwarder forwarder_;
  Doors doors_;
  MemberChanges member_changes_;
  MemberWatch member_watch_;
  ControllerContext context_;
  std::optional<remoting::Server> server_;
  std::unique_ptr<HttpListener> http_;
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
  auto certificates = WatchedCertificates::load(config.tls);
  if (!certificates) return std::unexpected(certificates.error());
  std::unique_ptr<Controller> controller(
      new Controller(std::make_unique<Impl>(io, std::move(config), std::move(*certificates))));
  if (auto started = controller->impl_->start(*controller); !started) return std::unexpected(started.error());
  return controller;
}

std::uint16_t Controller::port() const { return impl_->port(); }
std::string Controller::http_url() const { return impl_->http_url(); }
void Controller::retire(std::function<void()> done) { impl_->retire(std::move(done)); }
void Controller::stop() { impl_->stop(); }

}  // namespace gantry::controller
