#include "sim/controller/versions.h"

namespace gantry::sim {

namespace {

using replication::Command;
using replication::State;

constexpr char kMark = static_cast<char>(kNewVersion);  // before the bytes of the old one
static_assert(kNewVersion < 0x80, "a varint of one byte");

bool is_new(std::string_view bytes) { return !bytes.empty() && bytes.front() == kMark; }

State state_as_old(const State& state) {
  auto sets = state.sets();
  for (auto& [name, set] : sets) {
    for (auto& record : set.elections) record.proposed_at_ms = 0;
  }
  return State::restore(std::move(sets), state.retired()).value();
}

std::string encode_entry_of_new(std::span<const Command> commands, std::uint32_t version) {
  if (version == kNewVersion) return kMark + replication::encode_entry(commands);
  std::vector<Command> old;
  for (const auto& command : commands) old.push_back(as_old(command));
  return replication::encode_entry(old);
}

std::uint32_t entry_version_of_new(std::string_view bytes) { return is_new(bytes) ? kNewVersion : kOldVersion; }
std::uint32_t no_entry_is_new(std::string_view) { return kOldVersion; }  // Bug::old_snapshot

std::string encode_snapshot_of_new(const State& state, std::uint32_t version) {
  if (version == kNewVersion) return kMark + replication::encode_snapshot(state);
  return replication::encode_snapshot(state_as_old(state));
}

Result<State> decode_snapshot_of_new(std::string_view bytes) {
  return replication::decode_snapshot(bytes.substr(is_new(bytes) ? 1 : 0));
}

Result<std::uint32_t> snapshot_version_of_new(std::string_view bytes) {
  return is_new(bytes) ? kNewVersion : kOldVersion;
}

}  // namespace

Result<std::vector<Command>> decode_any(std::string_view entry) {
  return replication::decode_entry(entry.substr(is_new(entry) ? 1 : 0));
}

Command as_old(Command command) {
  std::visit(
      [](auto& one) {
        if constexpr (requires { one.proposed_at_ms; }) one.proposed_at_ms = 0;
      },
      command);
  return command;
}

replication::Formats formats_of(std::uint32_t version, Bug bug) {
  if (version == kOldVersion) return {};
  replication::Formats formats{kNewVersion,
                               encode_entry_of_new,
                               decode_any,
                               entry_version_of_new,
                               encode_snapshot_of_new,
                               decode_snapshot_of_new,
                               snapshot_version_of_new};
  // it takes the old version for its newest, so it applies its own commands from memory and not as they were written
  if (bug == Bug::lossy_entry) formats.newest = kOldVersion;
  if (bug == Bug::old_snapshot) formats.entry_version = no_entry_is_new;
  return formats;
}

}  // namespace gantry::sim
