#include "store/log_retention.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <vector>

#include "store/bytes.h"
#include "store/log_settings.h"

namespace gantry::store {

// What is in a file is as a rule older than what the next one begins with; but a clock may have gone back meanwhile, so
// what is known of the file itself counts too. A next file that does not say its time (its begin is damaged, or it lost
// everything with the power) is passed over: the one behind it bounds them both.
Result<std::int64_t> LogRetention::newest_store_time_ms(std::size_t file) {
  const auto first_of = [&](std::size_t which) -> Result<std::optional<std::int64_t>> {
    auto first = state_.files.first_store_time_ms(which);
    if (!first && first.error().code == Errc::corrupt) return std::nullopt;
    return first;
  };
  auto own = first_of(file);
  if (!own) return std::unexpected(own.error());
  const std::int64_t known = std::max(own->value_or(0), state_.files.files()[file].newest_noted_ms);
  for (std::size_t next = file + 1; next < state_.files.files().size(); ++next) {
    auto first = first_of(next);
    if (!first) return std::unexpected(first.error());
    if (*first) return std::max(known, **first);
  }
  return std::max(known, state_.last_store_time_ms);
}

// Where the first file begins that has something to keep.
Result<std::uint64_t> LogRetention::oldest_to_keep(std::int64_t now_ms) {
  const auto& files = state_.files.files();
  std::uint64_t keep = state_.min_physical;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const bool newest = i + 1 == files.size();
    const std::uint64_t end = newest ? state_.committed_physical : files[i + 1].base;
    bool old = !newest && options_.retention_bytes != 0 && state_.committed_physical > end &&
               state_.committed_physical - end >= options_.retention_bytes;
    if (!old && options_.retention_ms != 0) {
      auto newest_ms = newest_store_time_ms(i);
      if (!newest_ms) return std::unexpected(newest_ms.error());
      old = *newest_ms < now_ms - options_.retention_ms;
    }
    if (!old || (newest && state_.next_physical != state_.committed_physical)) break;
    keep = end;
  }
  return keep;
}

// Where a queue begins when the log begins at `keep`; nullopt: nothing changes.
Result<std::optional<LogRetention::Shortened>> LogRetention::shorten(Queue& queue, std::uint64_t keep) const {
  const QueueState& now = state_.queues.state(queue);
  if (now.min_physical >= keep || now.min_offset >= now.max_offset) return std::nullopt;
  Shortened shortened{&queue, now.min_offset, now.min_physical};
  std::int64_t low = now.min_offset, high = now.max_offset;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    auto found = state_.entry_from(queue, middle);  // the rows of what is gone may be gone, too
    if (!found) return std::unexpected(found.error());
    if (!*found) {
      low = middle + 1;
    } else if ((*found)->entry.physical_offset < keep) {
      low = std::min((*found)->offset + 1, high);
    } else {
      shortened.min_physical = (*found)->entry.physical_offset;
      high = middle;
    }
  }
  if (low < now.max_offset) {  // behind a hole, if one begins here
    auto first = state_.entry_from(queue, low);
    if (!first) return std::unexpected(first.error());
    if (*first) low = std::min((*first)->offset, now.max_offset);
  }
  shortened.min_offset = low;
  return shortened;
}

void LogRetention::enforce(std::int64_t now_ms, GroupCommit& commit) {
  if (commit.broken() && !commit.out_of_space()) return;
  const auto oldest = oldest_to_keep(now_ms);
  const auto done = oldest ? begin_at(*oldest, commit) : Result<void>(std::unexpected(oldest.error()));
  if (!done) spdlog::error("store: nothing old is deleted this time: {}", done.error().message);
}

Result<void> LogRetention::begin_at(std::uint64_t keep, GroupCommit& commit) {
  if (keep > state_.min_physical) {
    if (auto moved = move_begin(keep, commit); !moved) return moved;
  }
  remove_deleted_files(commit);
  return {};
}

Result<void> LogRetention::move_begin(std::uint64_t keep, GroupCommit& commit) {
  std::vector<Shortened> queues;
  std::optional<Error> unreadable;
  state_.queues.for_each([&](Queue& queue) {
    if (unreadable) return;
    auto shortened = shorten(queue, keep);
    if (!shortened) {
      unreadable = in_context(fmt::format("topic {} queue {}", queue.topic(), queue.id()), shortened.error());
    } else if (*shortened) {
      queues.push_back(**shortened);
    }
  });
  if (unreadable) return std::unexpected(*unreadable);
  spdlog::info("store: deleting messages below physical offset {} (kept from {} until now)", keep, state_.min_physical);
  state_.min_physical = keep;
  if (keep == state_.next_physical) state_.new_file = true;  // the newest file goes, too
  database_.oldest_physical_offset() = keep;
  char start[8];
  put_u64(start, keep);
  commit.put_setting(kLogStart, {start, sizeof start});
  for (const auto& [queue, min_offset, min_physical] : queues) {
    QueueState& changed = state_.queues.state(*queue);
    changed.min_physical = min_physical;
    if (min_offset == changed.min_offset) continue;
    changed.min_offset = min_offset;
    commit.put_setting(queue_setting(*queue), queue_value(*queue));
  }
  return {};
}

// Those whose messages went, of this time or of one before that could not be stored.
void LogRetention::remove_deleted_files(GroupCommit& commit) {
  const std::uint64_t begin = state_.min_physical;
  if (commit.out_of_space()) {  // to store first that they go, it would need the room that they take
    if (!first_is_before(begin)) return;
    while (first_is_before(begin)) state_.files.remove_first();
    commit.retry_now();
  } else if (first_is_before(begin) || only_is_before(begin)) {
    // when it is stored that they go: queues that begin with messages that are gone would be worse than files that stay
    commit.then([this, begin](const Result<void>& stored) {
      if (!stored) return;
      while (first_is_before(begin)) state_.files.remove_first();
      if (only_is_before(begin)) state_.files.remove_first();
    });
  }
}

bool LogRetention::first_is_before(std::uint64_t begin) const {
  const auto& files = state_.files.files();
  return files.size() > 1 && files[1].base <= begin;
}

bool LogRetention::only_is_before(std::uint64_t begin) const {
  const auto& files = state_.files.files();
  return files.size() == 1 && files.front().base < begin && state_.next_physical == begin;
}

}  // namespace gantry::store
