#include "controller/participation.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <set>
#include <utility>

#include "controller/formation.h"
#include "net/endpoint.h"
#include "replication/entry_codec.h"
#include "replication/snapshot.h"

namespace gantry::controller {
namespace {

raft::Members founding_members(std::vector<Peer> peers) {
  std::ranges::sort(peers, {}, &Peer::name);
  std::set<std::string> names;
  for (const Peer& peer : peers) names.insert(peer.name);
  raft::Members members;
  members.highest_id = names.size();
  for (const Peer& peer : peers)
    members.list.push_back({founding_id(names, peer.name), net::to_string(peer.endpoint), true, peer.name, {}});
  return members;
}

Result<void> readable_snapshot(std::string_view bytes) {
  const auto version = replication::snapshot_version(bytes);
  if (!version) return std::unexpected(version.error());
  return {};
}

}  // namespace

Participation::Participation(boost::asio::io_context& io, remoting::Client& client, const Config& config,
                             const WatchedCertificates& certificates, std::shared_ptr<RaftGauges> gauges,
                             LogListener& listener, Env env)
    : io_(io),
      client_(client),
      config_(config),
      certificates_(certificates),
      gauges_(std::move(gauges)),
      listener_(listener),
      env_(std::move(env)),
      twins_(io, client, config, identity_) {}

Result<void> Participation::open() {
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
    if (auto stored = store(); !stored) return stored;
  }
  if (identity_.stage == Identity::Stage::formed) return begin(raft_config());
  founding_.emplace(
      io_, client_, config_, identity_, [this](auto tokens) { form(std::move(tokens)); },
      [this](const Invitation& invitation) { join(invitation); });
  return {};
}

void Participation::start() {
  if (founding_) founding_->start();
}

void Participation::stop() {
  founding_.reset();
  twins_.stop();
  if (raft_) raft_->stop();
  held_.reset();
}

void Participation::use_certificates() {
  const Certificates& now = certificates_.current();
  if (raft_) raft_->use_tls(now.peers_out, now.peers_in);
}

RaftThreadConfig Participation::raft_config() const {
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
  config.group.reads_snapshot = readable_snapshot;
  config.transport.self = config.id;
  config.transport.group = config_.group;
  config.transport.reads = replication::kEntryVersion;
  config.transport.client_tls = certificates_.current().peers_out;
  config.transport.server_tls = certificates_.current().peers_in;
  config.gauges = gauges_;
  return config;
}

// Takes part in the group, once it is known that nobody does so with a copy of this directory.
Result<void> Participation::begin(RaftThreadConfig config) {
  const raft::NodeId self = config.id;
  auto opened = RaftThread::open(io_, std::move(config), listener_);
  if (!opened) return std::unexpected(opened.error());
  held_ = std::move(*opened);
  twins_.start(self, held_->own_address(), [this, self] { take_part(self); }, env_.failed);
  return {};
}

void Participation::take_part(raft::NodeId self) {
  raft_ = std::move(held_);
  raft_->take_part();
  use_certificates();  // they may have been renewed since it was opened
  env_.takes_part(self);
}

// Each step is on the disk before the next: a crash in between leaves a node that asks again, or one that is a member.
void Participation::form(std::map<std::string, std::string> tokens) {
  spdlog::info("controller: no peer has data that this node could have voted for; forms group {} of {}", config_.group,
               peers_text(config_));
  identity_.stage = Identity::Stage::forming;
  identity_.founding = std::move(tokens);
  identity_.node = raft_config().id;
  auto formed = store();
  RaftThreadConfig config = raft_config();
  config.form = true;
  config.formed = [this] {
    identity_.stage = Identity::Stage::formed;
    return store();
  };
  if (formed) formed = begin(std::move(config));
  if (!formed) env_.failed(formed.error());
}

// The id is this directory's alone: the members remember it with our token. May be called again with another one, as long
// as no log has said that we are a member.
void Participation::join(const Invitation& invitation) {
  spdlog::info("controller: taken into group {} as node {}", config_.group, invitation.node);
  if (identity_.node != 0 && identity_.node != invitation.node) {
    spdlog::warn("controller: node {}, which it was to be before, was removed: its log is thrown away", identity_.node);
    twins_.stop();
    held_.reset();
    raft_.reset();
    const std::string directory = raft_config().directory;
    std::error_code error;
    std::filesystem::remove_all(directory, error);
    if (error)
      return env_.failed(
          {Errc::permission_denied, fmt::format("{} cannot be removed: {}", directory, error.message())});
  }
  identity_.stage = Identity::Stage::joining;
  identity_.node = invitation.node;
  auto joined = store();
  RaftThreadConfig config = raft_config();
  config.seeds = invitation.members;
  if (joined) joined = begin(std::move(config));
  if (!joined) env_.failed(joined.error());
}

Result<void> Participation::force_founding() {
  if (!founding_ || raft_ || held_)
    return fail(Errc::already_exists, "{} has the data of a group already", config_.self);
  return founding_->force();
}

// From the moment that the log says so it must never be missing.
void Participation::members_changed(const raft::Members& members) {
  const bool member = members.find(identity_.node) != nullptr;
  if (member && identity_.stage == Identity::Stage::joining) {
    identity_.stage = Identity::Stage::formed;
    if (auto stored = store(); !stored) env_.failed(stored.error());
  }
  if (removed(members)) {
    spdlog::warn(
        "controller: this controller (node {}) was removed from the group: stop it once `gantry controller "
        "members` of another one says so too; to come back it needs an empty directory and --join",
        identity_.node);
  }
}

bool Participation::removed(const raft::Members& members) const {
  return identity_.node != 0 && members.highest_id >= identity_.node && members.find(identity_.node) == nullptr;
}

void Participation::describe(NodeView& view, const raft::Members& members) const {
  view.member = raft_ != nullptr;
  if (!view.member && founding_) view.waits_for = founding_->why();
  if (held_) view.waits_for = twins_.why();
  view.twin = twins_.seen();
  view.removed = view.member && removed(members);
}

}  // namespace gantry::controller
