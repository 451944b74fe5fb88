#include "controller/controller.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <filesystem>
#include <optional>
#include <random>

#include "controller/certificates.h"
#include "controller/directory.h"
#include "controller/directory_lock.h"
#include "controller/doors.h"
#include "controller/forwarder.h"
#include "controller/founding.h"
#include "controller/guard.h"
#include "controller/http_listener.h"
#include "controller/identity.h"
#include "controller/live_settings.h"
#include "controller/member_changes.h"
#include "controller/member_watch.h"
#include "controller/notices.h"
#include "controller/preflight.h"
#include "controller/raft_thread.h"
#include "controller/replica.h"
#include "controller/table.h"
#include "controller/twins.h"
#include "controller/view.h"
#include "net/alarm.h"
#include "raft/frames.h"
#include "replication/entry_codec.h"
#include "replication/snapshot.h"
#include "wire/codes.h"
#include "wire/gantry_codes.h"

namespace gantry::controller {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds kTick{20};
constexpr std::size_t kSnapshotPlaces = 8;
constexpr std::chrono::milliseconds kRetireMax{1'000};
constexpr std::chrono::milliseconds kIdentityTimeout{1'500};  // to ask a node that is to be taken in who it is

// The founding members have ids by the order of their names, so that all of them count alike.
raft::Members founding_members(std::vector<Peer> peers) {
  std::ranges::sort(peers, {}, &Peer::name);
  raft::Members members;
  for (const Peer& peer : peers)
    members.list.push_back({++members.highest_id, net::to_string(peer.endpoint), true, peer.name, {}});
  return members;
}

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
        forwarder_(client_, replica_, directory_),
        doors_(io, client_, replica_),
        member_changes_(config_, replica_, directory_, member_changes_env()),
        member_watch_(client_, replica_, directory_, group_status()),
        twins_(io, client_, config_, identity_),
        context_{replica_,
                 forwarder_,
                 directory_,
                 config_.spread_brokers ? &doors_ : nullptr,
                 settings_,
                 group_status(),
                 [this](RaftThread::StatusCallback done) {
                   if (raft_) return raft_->status_after_snapshots(std::move(done));
                   done({});  // of no group yet
                 },
                 config_,
                 identity_,
                 member_changes_,
                 twins_,
                 [this] { return force_founding(); }},
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
    auto lock = DirectoryLock::take(config_.data_directory);
    if (!lock) return std::unexpected(lock.error());
    lock_ = std::move(*lock);
    if (auto own = check_owner(identity_, config_.data_directory, config_.self, config_.group); !own) return own;
    if (identity_.name != config_.self || identity_.group != config_.group) {
      identity_.name = config_.self;
      identity_.group = config_.group;
      if (auto stored = store_identity(config_.data_directory, identity_); !stored) return stored;
    }
    if (identity_.stage == Identity::Stage::formed) {
      if (auto begun = begin(raft_config()); !begun) return begun;
    } else {
      founding_.emplace(
          io_, client_, config_, identity_, [this](auto tokens) { form(std::move(tokens)); },
          [this](const Invitation& invitation) { join(invitation); });
    }

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
    if (founding_) founding_->start();
    tick();
    return {};
  }

  std::string http_url() const { return http_ ? http_->url() : std::string(); }

  std::uint16_t port() const { return server_->port(); }

  void retire(std::function<void()> done) {
    if (!raft_ || !replica_.leads()) return done();
    retired_ = std::move(done);
    retiring_.expires_after(kRetireMax);
    retiring_.async_wait([this](boost::system::error_code error) {
      if (!error) has_retired();
    });
    raft_->status([this](const raft::GroupStatus& status) {
      const auto next = successor(status);
      if (!next) return has_retired();
      spdlog::info("controller: handing leadership over to {}", directory_.name_of(*next));
      raft_->transfer(*next, [this](const Result<void>& begun) {
        if (!begun) has_retired();
      });
    });
  }

  void stop() {
    if (std::exchange(stopped_, true)) return;
    ticking_.stop();
    doors_.stop();
    founding_.reset();
    twins_.stop();
    retiring_.cancel();
    if (http_) http_->stop();
    if (raft_) raft_->stop();
    held_.reset();
    replica_.stop();
    if (server_) server_->stop();
    client_.stop();
    broker_client_.stop();
  }

  // ReplicatedLog
  void propose(Token token, std::string entry) override {
    log_meter_.propose(token, entry.size());
    raft_->propose(token, std::move(entry));
  }
  void read(Token token) override {
    log_meter_.read();
    if (raft_) return raft_->read(token);
    replica_.on_read(token,
                     fail(Errc::unavailable, "this controller is of no group yet; its log says what it waits for"));
  }
  void applied(raft::Index index) override { raft_->applied(index); }
  void snapshot(raft::Index index, std::string bytes) override { raft_->snapshot(index, std::move(bytes)); }

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

  RaftThreadConfig raft_config() const {
    RaftThreadConfig config;
    config.founding = founding_members(config_.peers);
    config.id = identity_.node != 0 ? identity_.node
                                    : std::ranges::find(config.founding.list, config_.self, &raft::Member::name)->id;
    config.directory = config_.data_directory + "/log";
    config.group.seed = std::random_device{}();
    // four fifths of an election timeout: clocks may differ by a tenth, and a tick comes up to a tick early
    if (config_.lease_reads) config.group.lease_ms = config.group.election_ticks * config.tick.count() * 4 / 5;
    config.group.log = [](int severity, std::string_view text) {
      spdlog::log(severity <= 1 ? spdlog::level::err : spdlog::level::debug, "raft: {}", text);
    };
    config.transport.self = config.id;
    config.transport.group = config_.group;
    config.group.reads_snapshot = [](std::string_view bytes) -> Result<void> {
      const auto version = replication::snapshot_version(bytes);
      if (!version) return std::unexpected(version.error());
      return {};
    };
    config.transport.reads = replication::kEntryVersion;
    config.transport.client_tls = certificates_.current().peers_out;
    config.transport.server_tls = certificates_.current().peers_in;
    return config;
  }

  // Takes part in the group, once it is known that nobody does so with a copy of this directory.
  Result<void> begin(RaftThreadConfig config) {
    const raft::NodeId self = config.id;
    config.gauges = meters_.raft;
    auto opened = RaftThread::open(io_, std::move(config), log_meter_);
    if (!opened) return std::unexpected(opened.error());
    held_ = std::move(*opened);
    twins_.start(
        self, held_->own_address(), [this, self] { take_part(self); },
        [this](const Error& error) { replica_.on_failed(error); });
    return {};
  }

  void take_part(raft::NodeId self) {
    raft_ = std::move(held_);
    raft_->take_part();
    use_certificates();  // they may have been renewed since it was opened
    if (config_.spread_brokers) doors_.start(self);
  }

  // Each step is on the disk before the next: a crash in between leaves a node that asks again, or one that is a member.
  void form(std::map<std::string, std::string> tokens) {
    spdlog::info("controller: no peer has data that this node could have voted for; forms group {} of {}",
                 config_.group, peers_text(config_));
    identity_.stage = Identity::Stage::forming;
    identity_.founding = std::move(tokens);
    identity_.node = raft_config().id;
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

  // The id is this directory's alone: the members remember it with our token. May be called again with another one, as long
  // as no log has said that we are a member.
  void join(const Invitation& invitation) {
    spdlog::info("controller: taken into group {} as node {}", config_.group, invitation.node);
    if (identity_.node != 0 && identity_.node != invitation.node) {
      spdlog::warn("controller: node {}, which it was to be before, was removed: its log is thrown away",
                   identity_.node);
      twins_.stop();
      held_.reset();
      raft_.reset();
      std::error_code error;
      std::filesystem::remove_all(raft_config().directory, error);
      if (error) {
        return replica_.on_failed({Errc::permission_denied,
                                   fmt::format("{} cannot be removed: {}", raft_config().directory, error.message())});
      }
    }
    identity_.stage = Identity::Stage::joining;
    identity_.node = invitation.node;
    auto joined = store_identity(config_.data_directory, identity_);
    RaftThreadConfig config = raft_config();
    config.seeds = invitation.members;
    if (joined) joined = begin(std::move(config));
    if (!joined) replica_.on_failed(joined.error());
  }

  Result<void> force_founding() {
    if (!founding_ || raft_ || held_)
      return fail(Errc::already_exists, "{} has the data of a group already", config_.self);
    return founding_->force();
  }

  // From now on the log of this directory must never be missing.
  void members_changed() {
    const raft::Members& members = replica_.members();
    directory_.set_members(members);
    const bool member = members.find(identity_.node) != nullptr;
    if (member && identity_.stage == Identity::Stage::joining) {
      identity_.stage = Identity::Stage::formed;
      if (auto stored = store_identity(config_.data_directory, identity_); !stored) replica_.on_failed(stored.error());
    }
    if (removed()) {
      spdlog::warn(
          "controller: this controller (node {}) was removed from the group: stop it once `gantry controller "
          "members` of another one says so too; to come back it needs an empty directory and --join",
          identity_.node);
    }
  }

  bool removed() const {
    const raft::Members& members = replica_.members();
    return identity_.node != 0 && members.highest_id >= identity_.node && members.find(identity_.node) == nullptr;
  }

  GroupStatusQuery group_status() {
    return [this](RaftThread::StatusCallback done) {
      if (raft_) return raft_->status(std::move(done));
      done({});  // of no group yet
    };
  }

  MemberChanges::Env member_changes_env() {
    MemberChanges::Env env;
    env.status = group_status();
    env.change = [this](raft::MemberChange change, RaftThread::Proposed done) {
      raft_->change(std::move(change), std::move(done));
    };
    env.transfer = [this](raft::NodeId to, RaftThread::Done done) { raft_->transfer(to, std::move(done)); };
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
    replica_.on_members_changed = [this] { members_changed(); };
    replica_.on_election = [this](const replication::ElectMaster& election, const replication::Outcome& outcome) {
      // names that nobody has registered are not counted: strangers could invent any number
      if (const auto* set = replica_.state().find(election.broker_name))
        meters_.held(election, outcome, set->cluster_name);
    };
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
            config_.data_directory};
  }

  NodeView node_view() const {
    NodeView view = view_of(replica_, directory_, config_);
    view.member = raft_ != nullptr;
    if (!view.member && founding_) view.waits_for = founding_->why();
    if (held_) view.waits_for = twins_.why();
    view.twin = twins_.seen();
    view.term = meters_.raft->term;
    view.commit = meters_.raft->commit;
    view.last = meters_.raft->last;
    view.snapshot = meters_.raft->snapshot;
    view.raft_silent_ms = view.member ? meters_.raft->silent_ms() : 0;
    view.connections = server_->stats().connections;
    view.removed = view.member && removed();
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
    if (raft_) raft_->use_tls(now.peers_out, now.peers_in);
  }

  void tick() {
    if (certificates_.look()) use_certificates();
    replica_.tick();
    member_changes_.tick();
    member_watch_.tick(http_ && raft_);
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
  Identity identity_;
  std::optional<DirectoryLock> lock_;
  std::optional<Founding> founding_;
  Directory directory_;
  LiveSettings settings_;
  remoting::Client client_;         // of other controllers
  remoting::Client broker_client_;  // brokers are told in plain: their certificates are not of our authority
  Replica replica_;
  LogMeter log_meter_;
  Forwarder forwarder_;
  Doors doors_;
  MemberChanges member_changes_;
  MemberWatch member_watch_;
  Twins twins_;
  ControllerContext context_;
  std::optional<remoting::Server> server_;
  std::unique_ptr<RaftThread> held_;  // until twins_ lets it take part
  std::unique_ptr<RaftThread> raft_;
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
