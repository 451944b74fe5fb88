// Writes on their way: commands of one turn are gathered into one log entry, and each learns what became of it when the
// entry is applied here. Knows no clock and no thread.
//
// What a writer is told: the result of applying the command; `unavailable`: it surely did not and will not happen;
// `timeout`: nobody knows yet, it may still happen.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "controller/liveness.h"
#include "controller/replicated_log.h"
#include "replication/command.h"
#include "replication/formats.h"
#include "replication/outcome.h"

namespace gantry::controller {

struct WriteLimits {
  std::size_t waiting_max = 200'000;          // commands without an answer; further ones: resource_exhausted
  std::size_t entry_bytes_max = 1024 * 1024;  // of an entry, about
  std::size_t entry_commands_max = 10'000;
  std::int64_t timeout_ms = 2'500;  // brokers wait for 3 s: they should hear why
};

class Writes {
 public:
  using Done = std::function<void(const Result<replication::Applied>&)>;
  // Side by side, so that an entry is written from the commands as they lie there.
  struct Batch {
    std::vector<replication::Command> commands;
    std::vector<Done> done;  // one for each
  };

  Writes(ReplicatedLog& log, WriteLimits limits, replication::Formats formats = {})
      : log_(log), limits_(limits), formats_(formats) {}

  // `done` is called once, at the latest timeout_ms from now by expire().
  void submit(replication::Command command, Done done, MonotonicMs now);
  bool gathered() const { return !gathered_.commands.empty(); }
  void flush();  // proposes what has gathered
  // Of entries from now on: what all members read, at most what we write ourselves.
  void write_version(std::uint32_t version);

  void on_proposed(Token token, const Result<raft::Proposal>& proposal);
  // The entry is committed: its writes when it is ours, to be applied in this order and each told, with the commands as the
  // entry's bytes say them, as everybody else applies them. What stood at or before the index with another term did not
  // happen, and is told so.
  Batch take(raft::Index index, raft::Term term);
  // The state jumped over entries up to `index`: what became of ours among them is unknown.
  void on_restore(raft::Index index);
  void expire(MonotonicMs now);
  void fail_all(const Error& error);

  std::size_t waiting() const { return waiting_; }

 private:
  struct Entry {
    Batch writes;
    MonotonicMs deadline = 0;
    raft::Term term = 0;  // 0: not proposed yet
  };
  Entry next_entry(Batch& batch, std::size_t& at) const;
  void tell(Entry& entry, const Error& error);
  Result<void> keep_what_is_written(Entry& entry, std::string_view bytes) const;

  ReplicatedLog& log_;
  WriteLimits limits_;
  replication::Formats formats_;
  Batch gathered_;
  MonotonicMs gathered_deadline_ = 0;  // of the first
  Token next_token_ = 1;
  std::map<Token, Entry> asked_;           // handed to the log
  std::map<raft::Index, Entry> proposed_;  // by where they stand
  std::size_t waiting_ = 0;
  std::uint32_t version_ = 1;
};

}  // namespace gantry::controller
