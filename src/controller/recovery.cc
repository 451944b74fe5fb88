#include "controller/recovery.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "controller/formation.h"
#include "raft/durable_file.h"
#include "raft/file_log_store.h"
#include "replication/entry_codec.h"
#include "replication/snapshot.h"

namespace gantry::controller {

namespace {

constexpr std::size_t kReadBytes = 4 << 20;

std::string log_of(const std::string& directory) { return directory + "/log"; }

raft::NodeId id_of(const Identity& identity) {
  if (identity.node != 0) return identity.node;
  std::set<std::string> names;
  for (const auto& [name, token] : identity.founding) names.insert(name);
  return founding_id(names, identity.name);
}

Result<void> apply(Survivor& survivor, const raft::Entry& entry) {
  if (entry.kind == raft::EntryKind::membership) {
    ++survivor.free_id;  // it may have given one
  } else if (!entry.data.empty()) {
    auto commands = replication::decode_entry(entry.data);
    if (!commands) return std::unexpected(in_context(fmt::format("log entry {}", entry.index), commands.error()));
    for (const auto& command : *commands) survivor.state.apply(command);
    survivor.version = std::max(survivor.version, replication::entry_version(entry.data));
  }
  survivor.last = {entry.index, entry.term};
  return {};
}

}  // namespace

Result<Survivor> read_survivor(const std::string& directory) {
  std::error_code error;
  if (!std::filesystem::exists(directory + "/identity.json", error))
    return fail(Errc::invalid_argument, "{} is no directory of a controller: it has no identity.json", directory);
  auto identity = load_identity(directory);
  if (!identity) return std::unexpected(identity.error());
  const raft::NodeId id = id_of(*identity);
  if (identity->stage != Identity::Stage::formed || id == 0) {
    return fail(Errc::invalid_argument, "{} is of no member of a group: there is nothing to begin anew from",
                directory);
  }
  auto store = raft::FileLogStore::open({.directory = log_of(directory), .node = id});
  if (!store) return std::unexpected(store.error());
  auto stored = (*store)->load();
  if (!stored) return std::unexpected(stored.error());
  auto snapshot = (*store)->read_snapshot();
  if (!snapshot) return std::unexpected(snapshot.error());

  Survivor survivor;
  survivor.identity = std::move(*identity);
  survivor.members = snapshot->meta.members;
  survivor.last = snapshot->meta.at;
  survivor.term = stored->hard_state.term;
  survivor.free_id = std::max(survivor.members.highest_id, id) + 1;
  if (!snapshot->bytes.empty()) {  // that of the forming has none
    auto version = replication::snapshot_version(snapshot->bytes);
    if (!version) return std::unexpected(version.error());
    survivor.version = *version;
    auto state = replication::decode_snapshot(snapshot->bytes);
    if (!state) return std::unexpected(in_context("the snapshot", state.error()));
    survivor.state = std::move(*state);
  }
  while (survivor.last.index < stored->last_index) {
    auto entries = (*store)->read(survivor.last.index + 1, stored->last_index + 1, kReadBytes);
    if (!entries) return std::unexpected(entries.error());
    for (const raft::Entry& entry : *entries) {
      if (auto applied = apply(survivor, entry); !applied) return std::unexpected(applied.error());
    }
  }
  survivor.not_known_committed = survivor.last.index - std::min(survivor.last.index, stored->hard_state.commit);
  return survivor;
}

Result<void> found_anew(const Survivor& survivor, const NewGroup& group) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (group.group == survivor.identity.group)
    return fail(Errc::invalid_argument, "the new group must not be called {}, as the old one is", group.group);
  if (fs::exists(group.directory, error) && !fs::is_empty(group.directory, error))
    return fail(Errc::already_exists, "{} is not empty", group.directory);
  const std::string unfinished = group.directory + ".unfinished";
  fs::remove_all(unfinished, error);
  auto identity = load_identity(unfinished);  // drawn anew
  if (!identity) return std::unexpected(identity.error());
  {
    auto store = raft::FileLogStore::open({.directory = log_of(unfinished), .node = survivor.free_id});
    if (!store) return std::unexpected(store.error());
    if (auto loaded = (*store)->load(); !loaded) return std::unexpected(loaded.error());
    const raft::Member self{survivor.free_id, group.address, true, group.self, identity->token};
    const raft::SnapshotMeta meta{survivor.last, {{self}, survivor.free_id}};
    const raft::HardState hard_state{
        .term = std::max(survivor.term, survivor.last.term) + 1, .vote = 0, .commit = survivor.last.index};
    const std::string bytes = replication::encode_snapshot(survivor.state, survivor.version);
    if (auto installed = (*store)->install_snapshot(meta, bytes, hard_state); !installed) return installed;
  }
  identity->stage = Identity::Stage::formed;
  identity->founding = {{group.self, identity->token}};
  identity->node = survivor.free_id;
  identity->name = group.self;
  identity->group = group.group;
  if (auto stored = store_identity(unfinished, *identity); !stored) return stored;
  fs::remove(group.directory, error);  // an empty one
  fs::rename(unfinished, group.directory, error);
  if (error) return fail(Errc::internal, "{} cannot be made: {}", group.directory, error.message());
  return raft::sync_folder(std::filesystem::absolute(group.directory).parent_path().string());
}

}  // namespace gantry::controller
