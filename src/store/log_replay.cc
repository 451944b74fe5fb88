#include "store/log_replay.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "store/index_row.h"
#include "store/log_settings.h"
#include "wire/message.h"

namespace gantry::store {

namespace {
constexpr std::size_t kReplayedTogether = 10'000;  // entries of one write
}

LogReplay::LogReplay(LogState& state, Database& database, const LogEnds& ends)
    : state_(state),
      database_(database),
      ends_(ends),
      begin_(std::max(std::min(ends.indexed, ends.synced), state.min_physical)),
      end_(begin_),
      covered_(begin_) {
  state_.queues.for_each([&](Queue& queue) { queues_[queue.number()] = &queue; });
}

Result<void> LogReplay::run() {
  if (auto found = begin_where_files_end(); !found) return found;
  std::uint64_t all = begin_;
  for (std::size_t i = state_.files.find(begin_).value_or(0); i < state_.files.files().size(); ++i) {
    auto size = state_.files.size_of(i);
    if (!size) return std::unexpected(size.error());
    const std::uint64_t base = state_.files.files()[i].base;
    const std::uint64_t begin = std::max(base, begin_);
    all = std::max(all, base + *size);
    if (begin >= base + *size) continue;
    if (auto done = replay_file(i, begin); !done) return done;
  }
  if (auto written = write(); !written) return written;
  if (messages_ + without_queue_ != 0)
    spdlog::info("store: {} messages of the log were indexed again, {} of queues that are gone left out", messages_,
                 without_queue_);
  if (all > end_)
    spdlog::warn("store: the last {} bytes of the log are no complete write, they are cut off", all - end_);
  return {};
}

// Files that end before what was synced were removed or cut by somebody: the last that is left is looked at as a whole.
Result<void> LogReplay::begin_where_files_end() {
  std::uint64_t last = 0, end = 0;
  if (const auto& files = state_.files.files(); !files.empty()) {
    auto size = state_.files.size_of(files.size() - 1);
    if (!size) return std::unexpected(size.error());
    last = files.back().base;
    end = last + *size;
  }
  if (end < begin_) begin_ = end_ = covered_ = std::max(last, state_.min_physical);
  return {};
}

Result<void> LogReplay::replay_file(std::size_t file, std::uint64_t from) {
  auto size = state_.files.size_of(file);
  if (!size) return std::unexpected(size.error());
  const std::uint64_t base = state_.files.files()[file].base;
  const auto damaged = [&](std::uint64_t at, std::uint64_t bytes) {
    const std::uint64_t damaged_base = state_.files.files()[*state_.files.find(at)].base;
    spdlog::error("store: {} is damaged: {} bytes at {} are no message; what lies behind is still read",
                  state_.files.path(damaged_base), bytes, at - damaged_base);
  };
  // nobody was told of anything behind what is indexed that was not whole
  const bool newest = file + 1 == state_.files.files().size();
  LogScan scan(state_.files, from, base + *size, newest ? ends_.indexed : UINT64_MAX);
  while (true) {
    auto found = scan.next();
    if (!found) return std::unexpected(found.error());
    if (!*found) break;
    if (rest_bytes_ != 0) damaged(rest_at_, std::exchange(rest_bytes_, 0));
    if ((*found)->damaged_bytes != 0) damaged((*found)->begin - (*found)->damaged_bytes, (*found)->damaged_bytes);
    if ((*found)->begin > covered_) lost_.push_back({covered_, (*found)->begin});
    covered_ = (*found)->end;
    if ((*found)->begin < ends_.indexed) {
      end_ = (*found)->end;
    } else if (auto done = replay_entry(**found); !done) {
      return done;
    }
  }
  if (rest_bytes_ == 0 && scan.valid_end() < base + *size) {
    rest_at_ = scan.valid_end();
    rest_bytes_ = base + *size - scan.valid_end();
  }
  return {};
}

Result<void> LogReplay::replay_entry(const LogScan::Found& found) {
  if (!with_rows_.empty()) {  // something follows: it was done
    if (auto done = apply(with_rows_); !done) return done;
  }
  Entry entry{found.header, std::string(found.keys), found.end, {}, 0};
  if (!queues_.contains(found.header.queue_number)) {
    if (const auto message = wire::decode_record(found.record)) {
      entry.topic = message->topic;
      entry.queue_id = message->queue_id;
    }
  }
  group_.push_back(std::move(entry));
  if (found.header.magic == Magic::last) return apply(group_);
  if (found.header.magic == Magic::last_with_rows) with_rows_ = std::exchange(group_, {});
  return {};
}

Result<void> LogReplay::apply(std::vector<Entry>& group) {
  for (const Entry& entry : group) {
    end_ = entry.end;
    Queue* queue = queue_of(entry);
    if (queue == nullptr || entry.header.queue_offset < state_.queues.state(*queue).next_offset) {
      ++without_queue_;
      continue;
    }
    QueueState& at = state_.queues.state(*queue);
    if (entry.header.queue_offset != at.next_offset)  // one before it is damaged: rows have no holes
      state_.index.add_rows(batch_, *queue, at.next_offset, at.unwritten);
    char value[kIndexEntryBytes];
    encode_index_entry(value, entry.header.index_entry());
    if (at.unwritten.empty()) touched_.push_back(queue);
    at.unwritten.append(value, sizeof value);
    at.next_offset = entry.header.queue_offset + 1;
    state_.last_store_time_ms = std::max(state_.last_store_time_ms, entry.header.store_time_ms);
    state_.index.add_keys(batch_, entry.header.physical_offset, entry.keys);
    ++messages_;
    ++batch_entries_;
  }
  group.clear();
  return batch_entries_ < kReplayedTogether ? Result<void>() : write();
}

// A queue that RocksDB does not know: that it was made was lost with the power, so it is made again. Or null.
Queue* LogReplay::queue_of(const Entry& entry) {
  const std::uint32_t number = entry.header.queue_number;
  state_.queues.mark_used(number);
  if (const auto found = queues_.find(number); found != queues_.end()) return found->second;
  if (entry.topic.empty() || entry.queue_id < 0 || entry.queue_id > kQueueIdMax ||
      state_.queues.find(entry.topic, entry.queue_id) != nullptr) {
    return nullptr;
  }
  Queue& queue = state_.queues.add(entry.topic, entry.queue_id, number);
  QueueState& at = state_.queues.state(queue);
  at.min_offset = at.max_offset = at.next_offset = entry.header.queue_offset;
  (void)batch_.Put(database_.family(Family::meta), queue_setting(queue), queue_value(queue));
  return queues_[number] = &queue;
}

Result<void> LogReplay::write() {
  for (Queue* queue : touched_) {
    QueueState& at = state_.queues.state(*queue);
    state_.index.add_rows(batch_, *queue, at.next_offset, at.unwritten);
    at.max_offset = at.next_offset;
  }
  touched_.clear();
  batch_entries_ = 0;
  if (batch_.Count() == 0) return {};
  (void)batch_.Put(database_.family(Family::meta), to_slice(kLogEnds),
                   log_ends_value(std::max(end_, ends_.indexed), ends_.synced));
  const auto status = database_.db().Write({}, &batch_);
  batch_.Clear();
  if (!status.ok()) return std::unexpected(to_error(status, "indexing the log"));
  return {};
}

}  // namespace gantry::store
