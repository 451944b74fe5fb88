#include "controller/log_meter.h"

namespace gantry::controller {

void LogMeter::propose(Token token, std::size_t bytes) {
  const std::int64_t now_us = clock_us_();
  expire(now_us);  // here too, so that nothing gathers when nobody asks for the numbers
  numbers_.entry_bytes += bytes;
  asked_.emplace(token, now_us);
}

void LogMeter::on_proposed(Token token, const Result<raft::Proposal>& proposal) {
  if (auto asked = asked_.extract(token); !asked.empty()) {
    if (!proposal) {
      ++numbers_.refused;
    } else {
      const auto [place, fresh] = proposed_.insert_or_assign(proposal->index, Waiting{proposal->term, asked.mapped()});
      if (!fresh) ++numbers_.refused;  // an entry of an older term was to stand there
    }
  }
  listener_.on_proposed(token, proposal);
}

void LogMeter::on_read(Token token, const Result<raft::Index>& index) {
  if (!index) ++numbers_.read_rounds_failed;
  listener_.on_read(token, index);
}

void LogMeter::on_restore(raft::Index index, const std::string& snapshot) {
  while (!proposed_.empty() && proposed_.begin()->first <= index) {
    proposed_.erase(proposed_.begin());
    ++numbers_.unknown;
  }
  listener_.on_restore(index, snapshot);
}

void LogMeter::on_committed(std::vector<raft::Output::Committed> entries) {
  if (!proposed_.empty()) {
    const std::int64_t now_us = clock_us_();
    for (const auto& entry : entries) {
      while (!proposed_.empty() && proposed_.begin()->first <= entry.index) {
        const auto& [index, waiting] = *proposed_.begin();
        if (index == entry.index && waiting.term == entry.term) {
          ++numbers_.committed;
          numbers_.commit_latency.record(now_us - waiting.since_us);
        } else {
          ++numbers_.refused;
        }
        proposed_.erase(proposed_.begin());
      }
    }
  }
  listener_.on_committed(std::move(entries));
}

// Those that came to nothing are few and stand at the front: proposals are older there.
void LogMeter::expire(std::int64_t now_us) {
  const std::int64_t before_us = now_us - kUnknownAfterUs;
  const auto late = [&](std::int64_t since_us) { return since_us < before_us; };
  while (!asked_.empty() && late(asked_.begin()->second)) {
    asked_.erase(asked_.begin());
    ++numbers_.unknown;
  }
  while (!proposed_.empty() && late(proposed_.begin()->second.since_us)) {
    proposed_.erase(proposed_.begin());
    ++numbers_.unknown;
  }
}

const LogMeter::Numbers& LogMeter::numbers() {
  expire(clock_us_());
  return numbers_;
}

}  // namespace gantry::controller
