#include "controller/writes.h"

#include <algorithm>
#include <utility>

#include "replication/entry_codec.h"

namespace gantry::controller {

namespace {

const Error kUnknownOutcome{
    Errc::timeout, "the outcome is unknown: the leader may have changed; ask for the state before trying again"};
const Error kSuperseded{Errc::unavailable, "another leader took over before it was replicated; try again"};

}  // namespace

void Writes::submit(replication::Command command, Done done, MonotonicMs now) {
  if (waiting_ >= limits_.waiting_max) {
    return done(fail(Errc::resource_exhausted, "{} writes are waiting for the log already; try again", waiting_));
  }
  if (!gathered()) gathered_deadline_ = now + limits_.timeout_ms;
  gathered_.commands.push_back(std::move(command));
  gathered_.done.push_back(std::move(done));
  ++waiting_;
}

void Writes::flush() {
  Batch batch = std::exchange(gathered_, {});  // who is told of a failure here may write again: that is the next turn's
  std::size_t at = 0;
  while (at < batch.commands.size()) {
    Entry entry = next_entry(batch, at);
    std::string bytes = formats_.encode_entry(entry.writes.commands, version_);
    if (auto kept = keep_what_is_written(entry, bytes); !kept) {
      tell(entry, kept.error());
      continue;
    }
    const Token token = next_token_++;
    asked_.emplace(token, std::move(entry));
    log_.propose(token, std::move(bytes));
  }
}

// Those of `batch` from `at` on that fit into one entry: nearly always all, which then only change hands.
Writes::Entry Writes::next_entry(Batch& batch, std::size_t& at) const {
  Entry entry;
  entry.deadline = gathered_deadline_;
  auto& commands = batch.commands;
  std::size_t end = at;
  for (std::size_t bytes = 0;
       end < commands.size() && end - at < limits_.entry_commands_max && (end == at || bytes < limits_.entry_bytes_max);
       ++end) {
    bytes += replication::size_hint(commands[end]);
  }
  if (at == 0 && end == commands.size()) {
    at = end;
    entry.writes = std::move(batch);
    batch = {};
    return entry;
  }
  for (; at < end; ++at) {
    entry.writes.commands.push_back(std::move(commands[at]));
    entry.writes.done.push_back(std::move(batch.done[at]));
  }
  return entry;
}

// An older version has no place for a new field: the others will not see it, so neither may we.
Result<void> Writes::keep_what_is_written(Entry& entry, std::string_view bytes) const {
  if (version_ == formats_.newest) return {};
  auto commands = formats_.decode_entry(bytes);
  if (!commands) return std::unexpected(commands.error());
  if (commands->size() != entry.writes.commands.size()) {
    return fail(Errc::internal, "{} commands are {} in an older format", entry.writes.commands.size(),
                commands->size());
  }
  entry.writes.commands = std::move(*commands);
  return {};
}

void Writes::write_version(std::uint32_t version) { version_ = std::clamp(version, 1u, formats_.newest); }

void Writes::on_proposed(Token token, const Result<raft::Proposal>& proposal) {
  auto node = asked_.extract(token);
  if (node.empty()) return;  // expired meanwhile
  Entry entry = std::move(node.mapped());
  if (!proposal) return tell(entry, proposal.error());
  entry.term = proposal->term;
  // The place was promised to an entry of an older term. It is gone from this node's log, but another one that has it may
  // still win an election and have it committed: only a committed entry at its place says that it did not happen.
  if (auto older = proposed_.extract(proposal->index); !older.empty()) tell(older.mapped(), kUnknownOutcome);
  proposed_.emplace(proposal->index, std::move(entry));
}

Writes::Batch Writes::take(raft::Index index, raft::Term term) {
  while (!proposed_.empty() && proposed_.begin()->first <= index) {
    auto node = proposed_.extract(proposed_.begin());
    Entry& entry = node.mapped();
    if (node.key() == index && entry.term == term) {
      waiting_ -= entry.writes.done.size();
      return std::move(entry.writes);
    }
    tell(entry, kSuperseded);
  }
  return {};
}

void Writes::on_restore(raft::Index index) {
  while (!proposed_.empty() && proposed_.begin()->first <= index) {
    auto node = proposed_.extract(proposed_.begin());
    tell(node.mapped(), kUnknownOutcome);
  }
}

void Writes::expire(MonotonicMs now) {
  for (auto entry = asked_.begin(); entry != asked_.end();) {
    auto next = std::next(entry);
    if (entry->second.deadline <= now) {
      auto node = asked_.extract(entry);
      tell(node.mapped(), kUnknownOutcome);
    }
    entry = next;
  }
  std::vector<raft::Index> late;
  for (const auto& [index, entry] : proposed_) {
    if (entry.deadline <= now) late.push_back(index);
  }
  for (const raft::Index index : late) {
    if (auto node = proposed_.extract(index); !node.empty()) tell(node.mapped(), kUnknownOutcome);
  }
}

void Writes::fail_all(const Error& error) {
  Entry rest;
  rest.writes = std::exchange(gathered_, {});
  tell(rest, error);
  while (!asked_.empty()) {
    auto node = asked_.extract(asked_.begin());
    tell(node.mapped(), error);
  }
  while (!proposed_.empty()) {
    auto node = proposed_.extract(proposed_.begin());
    tell(node.mapped(), error);
  }
}

void Writes::tell(Entry& entry, const Error& error) {
  waiting_ -= entry.writes.done.size();
  for (const Done& done : entry.writes.done) done(std::unexpected(error));
}

}  // namespace gantry::controller
