#include "replication/entry_codec.h"

#include <limits>

#include "replication/bytes.h"
#include "replication/describe.h"

namespace gantry::replication {
namespace {

// Kinds of commands in an entry: their place in Command, from 1.
template <class F>
Result<Command> command_of_kind(std::uint64_t kind, const F& read) {
  switch (kind) {
    case 1: return read(AlterSyncStateSet{});
    case 2: return read(ElectMaster{});
    case 3: return read(ApplyBrokerId{});
    case 4: return read(RegisterBroker{});
    case 5: return read(CleanBrokerData{});
    case 6: return read(ImportReplicaSet{});
    default: return fail(Errc::corrupt, "a log entry has a command of the unknown kind {}", kind);
  }
}
static_assert(std::variant_size_v<Command> == 6, "a new command needs its number above");

}  // namespace

std::string encode_entry(std::span<const Command> commands, std::uint32_t version) {
  std::string out;
  put_varint(out, version);
  put_varint(out, commands.size());
  std::string body;
  for (const Command& command : commands) {
    body.clear();
    FieldWriter writer(body, version);
    std::visit([&](const auto& one) { writer(one); }, command);
    put_varint(out, command.index() + 1);
    put_varint(out, body.size());
    out += body;
  }
  return out;
}

Result<std::vector<Command>> decode_entry(std::string_view bytes) {
  FieldReader reader(bytes, 0);
  const std::uint64_t version = reader.varint();
  if (reader.ok() && version > kEntryVersion) {
    return fail(Errc::unimplemented,
                "a log entry was written by entry format {}, this gantry reads formats up to {}: start a newer gantry",
                version, kEntryVersion);
  }
  const std::uint64_t count = reader.varint();
  if (!reader.ok() || version == 0 || count > bytes.size())
    return fail(Errc::corrupt, "a log entry has no valid beginning");
  std::vector<Command> commands;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t kind = reader.varint();
    const std::string_view body = reader.bytes(reader.varint());
    if (!reader.ok()) return fail(Errc::corrupt, "a log entry ends within command {} of {}", i + 1, count);
    auto command = command_of_kind(kind, [&](auto one) -> Result<Command> {
      FieldReader fields(body, static_cast<std::uint32_t>(version));
      fields(one);
      if (!fields.ok() || !fields.at_end()) {
        return fail(Errc::corrupt, "command {} of {} in a log entry is malformed (kind {})", i + 1, count, kind);
      }
      return Command(std::move(one));
    });
    if (!command) return std::unexpected(std::move(command.error()));
    commands.push_back(*std::move(command));
  }
  if (!reader.at_end()) return fail(Errc::corrupt, "a log entry goes on behind its last command");
  return commands;
}

std::uint32_t entry_version(std::string_view bytes) {
  FieldReader reader(bytes, 0);
  const std::uint64_t version = reader.varint();
  return reader.ok() && version <= std::numeric_limits<std::uint32_t>::max() ? static_cast<std::uint32_t>(version) : 0;
}

std::size_t size_hint(const Command& command) {
  struct {
    std::size_t operator()(const AlterSyncStateSet& c) {
      return 24 + c.broker_name.size() + 9 * c.sync_state_set.size() + 24 * c.facts.size();
    }
    std::size_t operator()(const ElectMaster& c) {
      return 40 + c.cluster_name.size() + c.broker_name.size() + 24 * c.facts.size();
    }
    std::size_t operator()(const ApplyBrokerId& c) {
      return 16 + c.cluster_name.size() + c.broker_name.size() + c.check_code.size();
    }
    std::size_t operator()(const RegisterBroker& c) {
      return 32 + c.cluster_name.size() + c.broker_name.size() + c.address.size() + c.heartbeat_address.size() +
             24 * c.facts.size();
    }
    std::size_t operator()(const CleanBrokerData& c) {
      return 24 + c.cluster_name.size() + c.broker_name.size() + 9 * c.broker_ids.size() + 24 * c.facts.size();
    }
    std::size_t operator()(const ImportReplicaSet& c) {
      std::size_t bytes = 64 + c.cluster_name.size() + c.broker_name.size() + 9 * c.sync_state_set.size();
      for (const Member& member : c.members) bytes += 12 + member.address.size() + member.check_code.size();
      return bytes;
    }
  } hint;
  return std::visit(hint, command);
}

}  // namespace gantry::replication
