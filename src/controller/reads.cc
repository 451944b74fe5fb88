#include "controller/reads.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace gantry::controller {

void Reads::submit(Ready ready, MonotonicMs now) {
  if (waiting_ >= limits_.waiting_max) {
    return ready(fail(Errc::resource_exhausted, "{} reads are waiting already; try again", waiting_));
  }
  gathered_.push_back({std::move(ready), now + limits_.timeout_ms});
  ++waiting_;
}

void Reads::flush() {
  if (!gathered() || sent_.size() >= limits_.rounds_max) return;
  const Token token = next_token_++;
  sent_.emplace(token, std::exchange(gathered_, {}));
  log_.read(token);
}

void Reads::on_read(Token token, const Result<raft::Index>& index) {
  auto node = sent_.extract(token);
  if (node.empty()) return;
  Batch& reads = node.mapped();
  if (!index) {
    // the same reads in a new round: what they must see has only become less
    last_error_ = index.error();
    held_ = true;
    reads.insert(reads.end(), std::make_move_iterator(gathered_.begin()), std::make_move_iterator(gathered_.end()));
    gathered_ = std::move(reads);
    return;
  }
  if (*index <= applied_) return tell(reads, {});
  answered_.emplace(*index, std::move(reads));
}

void Reads::on_applied(raft::Index index) {
  applied_ = index;
  while (!answered_.empty() && answered_.begin()->first <= index) {
    auto node = answered_.extract(answered_.begin());
    tell(node.mapped(), {});
  }
}

void Reads::expire(MonotonicMs now) {
  held_ = false;
  Batch late;
  auto sweep = [&](Batch& reads) {
    const auto kept =
        std::stable_partition(reads.begin(), reads.end(), [now](const Read& read) { return read.deadline > now; });
    late.insert(late.end(), std::make_move_iterator(kept), std::make_move_iterator(reads.end()));
    reads.erase(kept, reads.end());
  };
  sweep(gathered_);
  for (auto& [token, reads] : sent_) sweep(reads);
  for (auto& [index, reads] : answered_) sweep(reads);
  // a round without reads is not worth a place among rounds_max
  std::erase_if(sent_, [](const auto& round) { return round.second.empty(); });
  if (!late.empty()) tell(late, std::unexpected(last_error_));
}

void Reads::fail_all(const Error& error) {
  Batch all = std::exchange(gathered_, {});
  auto take = [&](Batch& reads) {
    all.insert(all.end(), std::make_move_iterator(reads.begin()), std::make_move_iterator(reads.end()));
  };
  for (auto& [token, reads] : sent_) take(reads);
  for (auto& [index, reads] : answered_) take(reads);
  sent_.clear();
  answered_.clear();
  tell(all, std::unexpected(error));
}

void Reads::tell(Batch& reads, const Result<void>& result) {
  waiting_ -= reads.size();
  for (Read& read : reads) read.ready(result);
}

}  // namespace gantry::controller
