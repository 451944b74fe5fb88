// Deleting what is old, by whole files: everything is read before anything is changed, and a disk that cannot be read
// deletes nothing.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "store/log_settings.h"
#include "store/message_log.h"

namespace gantry::store {

std::optional<std::int64_t> MessageLog::earliest_store_time_ms() {
  if (files_.files().empty()) return std::nullopt;
  auto first = files_.first_store_time_ms(0);
  return first ? *first : std::nullopt;
}

// What is in a file is as a rule older than what the next one begins with; but a clock may have gone back meanwhile, so
// what is known of the file itself counts too. A next file that does not say its time (its begin is damaged, or it lost
// everything with the power) is passed over: the one behind it bounds them both.
Result<std::int64_t> MessageLog::newest_store_time_ms(std::size_t file) {
  const auto first_of = [&](std::size_t which) -> Result<std::optional<std::int64_t>> {
    auto first = files_.first_store_time_ms(which);
    if (!first && first.error().code == Errc::corrupt) return std::nullopt;
    return first;
  };
  auto own = first_of(file);
  if (!own) return std::unexpected(own.error());
  const std::int64_t known = std::max(own->value_or(0), files_.files()[file].newest_noted_ms);
  for (std::size_t next = file + 1; next < files_.files().size(); ++next) {
    auto first = first_of(next);
    if (!first) return std::unexpected(first.error());
    if (*first) return std::max(known, **first);
  }
  return std::max(known, last_store_time_ms_);
}

// Where the first file begins that has something to keep.
Result<std::uint64_t> MessageLog::oldest_to_keep(std::int64_t now_ms) {
  const auto& files = files_.files();
  std::uint64_t keep = min_physical_;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const bool newest = i + 1 == files.size();
    const std::uint64_t end = newest ? committed_physical_ : files[i + 1].base;
    bool old = !newest && options_.retention_bytes != 0 && committed_physical_ > end &&
               committed_physical_ - end >= options_.retention_bytes;
    if (!old && options_.retention_ms != 0) {
      auto newest_ms = newest_store_time_ms(i);
      if (!newest_ms) return std::unexpected(newest_ms.error());
      old = *newest_ms < now_ms - options_.retention_ms;
    }
    if (!old || (newest && next_physical_ != committed_physical_)) break;
    keep = end;
  }
  return keep;
}

// Where a queue begins when the log begins at `keep`; nullopt: nothing changes.
Result<std::optional<MessageLog::Shortened>> MessageLog::shorten(Queue& queue, std::uint64_t keep) {
  if (queue.min_physical_ >= keep || queue.min_offset_ >= queue.max_offset_) return std::nullopt;
  Shortened shortened{&queue, queue.min_offset_, queue.min_physical_};
  std::int64_t low = queue.min_offset_, high = queue.max_offset_;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    auto found = entry_from(queue, middle);  // the rows of what is gone may be gone, too
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
  if (low < queue.max_offset_) {  // behind a hole, if one begins here
    auto first = entry_from(queue, low);
    if (!first) return std::unexpected(first.error());
    if (*first) low = std::min((*first)->offset, queue.max_offset_);
  }
  shortened.min_offset = low;
  return shortened;
}

void MessageLog::enforce_retention(std::int64_t now_ms) {
  if (commit_->broken()) return;
  const auto oldest = oldest_to_keep(now_ms);
  const auto done = oldest ? begin_at(*oldest) : Result<void>(std::unexpected(oldest.error()));
  if (!done) spdlog::error("store: nothing old is deleted this time: {}", done.error().message);
}

Result<void> MessageLog::begin_at(std::uint64_t keep) {
  if (keep <= min_physical_) return {};
  std::vector<Shortened> queues;
  std::optional<Error> unreadable;
  for_each_queue([&](Queue& queue) {
    if (unreadable) return;
    auto shortened = shorten(queue, keep);
    if (!shortened) {
      unreadable = in_context(fmt::format("topic {} queue {}", queue.topic(), queue.id()), shortened.error());
    } else if (*shortened) {
      queues.push_back(**shortened);
    }
  });
  if (unreadable) return std::unexpected(*unreadable);
  spdlog::info("store: deleting messages below physical offset {} (kept from {} until now)", keep, min_physical_);
  min_physical_ = keep;
  if (keep == next_physical_) new_file_ = true;  // the newest file goes, too
  database_.oldest_physical_offset() = keep;
  char start[8];
  put_u64(start, keep);
  commit_->put_setting(kLogStart, {start, sizeof start});
  for (const auto& [queue, min_offset, min_physical] : queues) {
    queue->min_physical_ = min_physical;
    if (min_offset == queue->min_offset_) continue;
    queue->min_offset_ = min_offset;
    save_queue(*queue);
  }
  // when it is stored that they go: queues that begin with messages that are gone would be worse than files that stay
  commit_->then([this](const Result<void>& stored) {
    if (stored) remove_deleted_files();
  });
  return {};
}

void MessageLog::remove_deleted_files() {
  while (files_.files().size() > 1 && files_.files()[1].base <= min_physical_) files_.remove_first();
  if (files_.files().size() == 1 && files_.files().front().base < min_physical_ && next_physical_ == min_physical_)
    files_.remove_first();
}

}  // namespace gantry::store
