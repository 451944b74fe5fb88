#include "store/log_recovery.h"

#include <rocksdb/iterator.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <span>
#include <vector>

#include "store/index_row.h"
#include "store/log_replay.h"
#include "store/log_settings.h"

namespace gantry::store {

namespace {

std::string name_of(const Queue& queue) { return fmt::format("topic {} queue {}", queue.topic(), queue.id()); }

std::unexpected<Error> malformed_setting(std::string_view name) {
  std::string printable(name);
  std::ranges::replace_if(printable, [](unsigned char c) { return c < ' '; }, ' ');
  return fail(Errc::corrupt, "the setting \"{}\" is malformed", printable);
}

class LogRecovery {
 public:
  LogRecovery(LogState& state, Database& database, LogWriter& writer, Flush flush)
      : state_(state), database_(database), writer_(writer), flush_(flush) {}

  Result<void> run();
  bool lost_messages() const { return lost_messages_; }

 private:
  Result<LogEnds> load_ends();
  Result<void> load_queues();
  Result<void> load_end(Queue& queue);
  Result<void> load_next_number();
  Result<void> make_agree(const LogEnds& ends);
  Result<void> remove_from_index(std::span<const LostRange> lost);
  Result<void> remove_from_index(Queue& queue, std::span<const LostRange> lost, rocksdb::WriteBatch& batch);
  Result<void> start_writer(std::uint64_t synced);

  LogState& state_;
  Database& database_;
  LogWriter& writer_;
  Flush flush_;
  bool lost_messages_ = false;
};

Result<void> LogRecovery::run() {
  auto ends = load_ends();
  if (!ends) return std::unexpected(ends.error());
  auto done = state_.files.load(state_.min_physical);
  if (done) done = load_queues();
  if (done) done = load_next_number();
  if (done) done = make_agree(*ends);
  return done;
}

Result<LogEnds> LogRecovery::load_ends() {
  rocksdb::DB& db = database_.db();
  std::string start, ends;
  auto status = db.Get({}, database_.family(Family::meta), to_slice(kLogStart), &start);
  if (status.ok() || status.IsNotFound()) {
    if (status.ok() && start.size() != 8) return malformed_setting(kLogStart);
    if (status.ok()) state_.min_physical = get_u64(start.data());
    status = db.Get({}, database_.family(Family::meta), to_slice(kLogEnds), &ends);
  }
  if (!status.ok() && !status.IsNotFound()) return std::unexpected(to_error(status, "reading where the log ends"));
  if (status.IsNotFound()) return LogEnds{state_.min_physical, state_.min_physical};
  if (ends.size() != 16) return malformed_setting(kLogEnds);
  return LogEnds{get_u64(ends.data()), get_u64(ends.data() + 8)};
}

Result<void> LogRecovery::load_queues() {
  std::unique_ptr<rocksdb::Iterator> rows(database_.db().NewIterator({}, database_.family(Family::meta)));
  const rocksdb::Slice prefix = to_slice(kQueuePrefix);
  for (rows->Seek(prefix); rows->Valid() && rows->key().starts_with(prefix); rows->Next()) {
    const auto stored = parse_queue_setting(rows->key().ToStringView(), rows->value().ToStringView());
    if (!stored) return malformed_setting(rows->key().ToStringView());  // it would be made anew, and begin at 0
    Queue& queue = state_.queues.add(stored->topic, stored->id, stored->number);
    state_.queues.state(queue).min_offset = stored->min_offset;
    if (auto loaded = load_end(queue); !loaded) return loaded;
  }
  if (!rows->status().ok()) return std::unexpected(to_error(rows->status(), "reading the queues"));
  return {};
}

// A dropped queue whose rows the disk did not let go still owns its number: another queue would take them for its own.
Result<void> LogRecovery::load_next_number() {
  const auto highest = state_.index.highest_number();
  if (!highest) return std::unexpected(highest.error());
  if (*highest) state_.queues.mark_used(**highest);
  return {};
}

Result<void> LogRecovery::load_end(Queue& queue) {
  const auto newest = state_.index.newest(queue);
  if (!newest) return std::unexpected(in_context(name_of(queue), newest.error()));
  QueueState& at = state_.queues.state(queue);
  at.max_offset = at.min_offset;
  if (*newest) {
    at.max_offset = std::max(at.max_offset, (*newest)->offset + 1);
    state_.last_store_time_ms = std::max(state_.last_store_time_ms, (*newest)->entry.store_time_ms);
  }
  at.next_offset = at.max_offset;
  return {};
}

Result<void> LogRecovery::make_agree(const LogEnds& ends) {
  LogReplay replay(state_, database_, ends);
  if (auto done = replay.run(); !done) return done;
  const std::uint64_t end = replay.end();
  std::vector<LostRange> lost = replay.lost();
  if (auto cut = state_.files.cut(end); !cut) return cut;
  if (end < ends.indexed) {
    spdlog::error("store: the log ends at {}, {} bytes before its index", end, ends.indexed - end);
    lost.push_back({end, UINT64_MAX});
  }
  if (auto removed = remove_from_index(lost); !removed) return removed;
  if (flush_ == Flush::sync && ends.synced < end) {
    if (auto synced = state_.files.sync_from(ends.synced); !synced) return synced;
  }
  state_.next_physical = state_.committed_physical = std::max(end, ends.indexed);
  return start_writer(ends.synced);
}

Result<void> LogRecovery::start_writer(std::uint64_t synced) {
  std::vector<LogWriter::Written> unsynced;
  for (std::size_t i = state_.files.find(synced).value_or(0); i < state_.files.files().size(); ++i) {
    auto size = state_.files.size_of(i);
    if (!size) return std::unexpected(size.error());
    const std::uint64_t base = state_.files.files()[i].base;
    if (base + *size > synced) unsynced.push_back({base, base + *size});
  }
  if (state_.files.files().empty()) {
    writer_.start_at(UINT64_MAX, 0, synced, {});
    return {};
  }
  const std::size_t last = state_.files.files().size() - 1;
  auto size = state_.files.size_of(last);
  if (!size) return std::unexpected(size.error());
  (void)state_.files.first_store_time_ms(last);  // unknown: the file is only bounded by its size
  const bool goes_on = state_.files.files()[last].base + *size == state_.next_physical;
  writer_.start_at(goes_on ? state_.files.files()[last].base : UINT64_MAX, goes_on ? *size : 0, synced, unsynced);
  if (goes_on) state_.new_file = false;
  return {};
}

Result<void> LogRecovery::remove_from_index(std::span<const LostRange> lost) {
  if (lost.empty()) return {};
  rocksdb::WriteBatch batch;
  Result<void> done;
  state_.queues.for_each([&](Queue& queue) {
    if (done) done = remove_from_index(queue, lost, batch);
  });
  if (!done || batch.Count() == 0) return done;
  lost_messages_ = true;
  rocksdb::WriteOptions options;
  options.sync = true;
  const auto status = database_.db().Write(options, &batch);
  if (!status.ok()) return std::unexpected(to_error(status, "shortening the index"));
  state_.queues.for_each([&](Queue& queue) {
    if (done) done = load_end(queue);
  });
  return done;
}

// From the newest row to the first that lies before all that is lost.
Result<void> LogRecovery::remove_from_index(Queue& queue, std::span<const LostRange> lost, rocksdb::WriteBatch& batch) {
  char upper[kIndexKeyBytes];
  encode_index_key(upper, queue.number(), INT64_MAX);
  const auto is_lost = [&](const IndexEntry& entry) {
    return std::ranges::any_of(lost, [&](const LostRange& range) {
      return range.begin <= entry.physical_offset && entry.physical_offset < range.end;
    });
  };
  std::int64_t messages = 0, first = 0, last = 0;
  std::string kept;
  const auto rows = state_.index.rows();
  for (rows->SeekForPrev({upper, sizeof upper});; rows->Prev()) {
    const auto read = MessageIndex::row_of(queue, *rows);
    if (!read) return std::unexpected(in_context(name_of(queue), read.error()));
    const auto& row = *read;
    if (!row) break;
    if (row->entry(row->last()).physical_offset < lost.front().begin) break;
    std::int64_t lost_here = 0;
    for (std::int64_t offset = row->first(); offset <= row->last(); ++offset) lost_here += is_lost(row->entry(offset));
    if (lost_here == 0) continue;
    state_.index.remove_row(batch, rows->key());
    for (std::int64_t offset = row->first(); offset <= row->last(); ++offset) {
      if (!is_lost(row->entry(offset))) {
        char value[kIndexEntryBytes];
        encode_index_entry(value, row->entry(offset));
        kept.append(value, sizeof value);
        continue;
      }
      if (messages++ == 0) first = last = offset;
      first = std::min(first, offset);
      last = std::max(last, offset);
      state_.index.add_rows(batch, queue, offset, kept);
    }
    state_.index.add_rows(batch, queue, row->last() + 1, kept);
  }
  if (messages != 0)
    spdlog::error("store: {} lost {} messages, of offsets {} to {}", name_of(queue), messages, first, last);
  return {};
}

}  // namespace

Result<Recovered> recover_log(LogState& state, Database& database, LogWriter& writer, Flush flush) {
  LogRecovery recovery(state, database, writer, flush);
  if (auto done = recovery.run(); !done) return std::unexpected(done.error());
  return Recovered{recovery.lost_messages()};
}

}  // namespace gantry::store
