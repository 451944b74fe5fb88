// Stands between the replica and the replicated log and measures what passes: entries from their proposal to their
// commit, and read rounds. It changes nothing and keeps nobody waiting. On the service's thread, for each entry and
// round, not for each request.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "controller/replicated_log.h"
#include "prometheus/histogram.h"

namespace gantry::controller {

class LogMeter final : public LogListener {
 public:
  struct Numbers {
    std::uint64_t committed = 0;                    // of our proposals
    std::uint64_t refused = 0;                      // surely not proposed, or another entry took its place
    std::uint64_t unknown = 0;                      // neither within kUnknownAfterUs
    prometheus::LatencyHistogram<> commit_latency;  // of the committed
    std::uint64_t entry_bytes = 0;                  // proposed
    std::uint64_t read_rounds = 0;
    std::uint64_t read_rounds_failed = 0;
  };
  static constexpr std::int64_t kUnknownAfterUs = 2'500'000;  // as WriteLimits::timeout_ms

  // clock_us: a monotonic clock.
  LogMeter(LogListener& listener, std::function<std::int64_t()> clock_us)
      : listener_(listener), clock_us_(std::move(clock_us)) {}

  // Before the calls of these names are made to the log.
  void propose(Token token, std::size_t bytes);
  void read() { ++numbers_.read_rounds; }

  const Numbers& numbers();

  void on_proposed(Token token, const Result<raft::Proposal>& proposal) override;
  void on_read(Token token, const Result<raft::Index>& index) override;
  void on_restore(raft::Index index, const std::string& snapshot) override;
  void on_committed(std::vector<raft::Output::Committed> entries) override;
  void on_leadership(const raft::Output::Leadership& leadership) override { listener_.on_leadership(leadership); }
  void on_members(const raft::Members& members) override { listener_.on_members(members); }
  void on_snapshot_wanted() override { listener_.on_snapshot_wanted(); }
  void on_entry_version(std::uint32_t version) override { listener_.on_entry_version(version); }
  void on_failed(const Error& error) override { listener_.on_failed(error); }

 private:
  struct Waiting {
    raft::Term term = 0;
    std::int64_t since_us = 0;
  };
  void expire(std::int64_t now_us);

  LogListener& listener_;
  std::function<std::int64_t()> clock_us_;
  std::map<Token, std::int64_t> asked_;  // since when
  std::map<raft::Index, Waiting> proposed_;
  Numbers numbers_;
};

}  // namespace gantry::controller
