// What a start does with what it finds. The log's files are the truth about messages; index and keys are made to agree
// with them:
//
// - The log reaches further than the index (RocksDB's last writes were lost with the power, or the process died between
//   the two): whole groups are indexed from the log. A group that also changed settings or timers is left out when it
//   is the last of the log, because nobody was told that it was done; the log is cut there.
// - The last entry is not whole: it is cut off. One that is not whole with others behind it is damage: it is said, and
//   what is behind stays.
// - The index has rows of messages that the log has not (Flush::async, and the power was lost): they go, at the end so
//   that offsets are given again, else as a hole that readers pass over.
#include <rocksdb/iterator.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "store/index_row.h"
#include "store/log_settings.h"
#include "store/message_log.h"
#include "wire/message.h"

namespace gantry::store {

namespace {
constexpr std::size_t kReplayedTogether = 10'000;  // entries of one write
}

struct ReplayedEntry {
  EntryHeader header;
  std::string keys;
  std::uint64_t end;
  std::string topic;  // of a queue that is not known
  std::int32_t queue_id = 0;
};

struct MessageLog::Replay {
  Ends ends;
  std::uint64_t end = 0;                             // behind the last entry that counts
  std::uint64_t covered = 0;                         // behind the last entry that is whole
  std::vector<Lost> lost;                            // where none is
  std::vector<ReplayedEntry> group;                  // that is being read
  std::vector<ReplayedEntry> with_rows;              // complete, and changed settings: counts when something follows
  std::unordered_map<std::uint32_t, Queue*> queues;  // by number
  std::vector<Queue*> touched;
  rocksdb::WriteBatch batch;
  std::size_t batch_entries = 0;
  std::uint64_t messages = 0;
  std::uint64_t without_queue = 0;
  // The end of a file that is no entry: damage when entries follow in the next.
  std::uint64_t rest_at = 0, rest_bytes = 0;
};

Result<void> MessageLog::load() {
  auto ends = load_ends();
  if (!ends) return std::unexpected(ends.error());
  auto done = files_.load(min_physical_);
  if (done) done = load_queues();
  if (done) done = load_next_number();
  if (done) done = recover(*ends);
  if (!done) return done;
  database_.oldest_physical_offset() = min_physical_;
  if (!files_.files().empty() && files_.files().front().base > min_physical_)
    return begin_at(files_.files().front().base);
  return {};
}

Result<MessageLog::Ends> MessageLog::load_ends() {
  rocksdb::DB& db = database_.db();
  std::string start, ends;
  auto status = db.Get({}, database_.family(Family::meta), to_slice(kLogStart), &start);
  if (status.ok() || status.IsNotFound()) {
    if (start.size() == 8) min_physical_ = get_u64(start.data());
    status = db.Get({}, database_.family(Family::meta), to_slice(kLogEnds), &ends);
  }
  if (!status.ok() && !status.IsNotFound()) return std::unexpected(to_error(status, "reading where the log ends"));
  if (ends.size() != 16) return Ends{min_physical_, min_physical_};
  return Ends{get_u64(ends.data()), get_u64(ends.data() + 8)};
}

Result<void> MessageLog::load_queues() {
  std::unique_ptr<rocksdb::Iterator> rows(database_.db().NewIterator({}, database_.family(Family::meta)));
  const rocksdb::Slice prefix = to_slice(kQueuePrefix);
  for (rows->Seek(prefix); rows->Valid() && rows->key().starts_with(prefix); rows->Next()) {
    const std::string_view key(rows->key().data() + kQueuePrefix.size(), rows->key().size() - kQueuePrefix.size());
    if (key.size() < 6 || rows->value().size() != 12) {
      spdlog::error("store: a queue's setting has the wrong size, the queue is not seen");
      continue;
    }
    const auto id = static_cast<std::int32_t>(get_u32(key.data() + key.size() - 4));
    Queue& queue = add_queue(key.substr(0, key.size() - 5), id, get_u32(rows->value().data()));
    queue.min_offset_ = static_cast<std::int64_t>(get_u64(rows->value().data() + 4));
    if (auto loaded = load_end(queue); !loaded) return loaded;
  }
  if (!rows->status().ok()) return std::unexpected(to_error(rows->status(), "reading the queues"));
  return {};
}

// A dropped queue whose rows the disk did not let go still owns its number: another queue would take them for its own.
Result<void> MessageLog::load_next_number() {
  std::unique_ptr<rocksdb::Iterator> rows(database_.db().NewIterator({}, database_.family(Family::index)));
  rows->SeekToLast();
  if (!rows->status().ok()) return std::unexpected(to_error(rows->status(), "reading the index"));
  if (rows->Valid() && rows->key().size() == kIndexKeyBytes)
    next_number_ = std::max(next_number_, get_u32(rows->key().data()) + 1);
  return {};
}

Result<void> MessageLog::load_end(Queue& queue) {
  char upper[kIndexKeyBytes];
  encode_index_key(upper, queue.number_, INT64_MAX);
  std::unique_ptr<rocksdb::Iterator> rows(database_.db().NewIterator({}, database_.family(Family::index)));
  rows->SeekForPrev({upper, sizeof upper});
  if (!rows->status().ok()) return std::unexpected(to_error(rows->status(), "reading the index"));
  queue.max_offset_ = queue.min_offset_;
  if (rows->Valid()) {
    const auto row = IndexRow::parse(rows->key().ToStringView(), rows->value().ToStringView());
    if (row && row->queue_number() == queue.number_) {
      queue.max_offset_ = std::max(queue.max_offset_, row->last() + 1);
      last_store_time_ms_ = std::max(last_store_time_ms_, row->entry(row->last()).store_time_ms);
    }
  }
  queue.next_offset_ = queue.max_offset_;
  return {};
}

Result<void> MessageLog::recover(const Ends& ends) {
  Replay replay;
  replay.ends = ends;
  const std::uint64_t from = std::max(std::min(ends.indexed, ends.synced), min_physical_);
  replay.end = replay.covered = from;
  for_each_queue([&](Queue& queue) { replay.queues[queue.number_] = &queue; });
  std::uint64_t all = from;
  for (std::size_t i = files_.find(from).value_or(0); i < files_.files().size(); ++i) {
    auto size = files_.size_of(i);
    if (!size) return std::unexpected(size.error());
    const std::uint64_t base = files_.files()[i].base;
    const std::uint64_t begin = std::max(base, from);
    all = std::max(all, base + *size);
    if (begin >= base + *size) continue;
    if (auto done = replay_file(i, begin, replay); !done) return done;
  }
  if (auto written = write_replayed(replay); !written) return written;
  if (replay.messages + replay.without_queue != 0)
    spdlog::info("store: {} messages of the log were indexed again, {} of queues that are gone left out",
                 replay.messages, replay.without_queue);
  if (all > replay.end)
    spdlog::warn("store: the last {} bytes of the log are no complete write, they are cut off", all - replay.end);
  if (auto cut = files_.cut(replay.end); !cut) return cut;
  if (replay.end < ends.indexed) {
    spdlog::error("store: the log ends at {}, {} bytes before its index", replay.end, ends.indexed - replay.end);
    replay.lost.push_back({replay.end, UINT64_MAX});
  }
  if (auto removed = remove_from_index(replay.lost); !removed) return removed;
  if (options_.flush == Flush::sync && ends.synced < replay.end) {
    if (auto synced = files_.sync_from(ends.synced); !synced) return synced;
  }
  next_physical_ = committed_physical_ = std::max(replay.end, ends.indexed);
  std::vector<LogWriter::Written> unsynced;
  for (std::size_t i = files_.find(ends.synced).value_or(0); i < files_.files().size(); ++i) {
    auto size = files_.size_of(i);
    if (!size) return std::unexpected(size.error());
    const std::uint64_t base = files_.files()[i].base;
    if (base + *size > ends.synced) unsynced.push_back({base, base + *size});
  }
  if (files_.files().empty()) {
    writer_.start_at(UINT64_MAX, 0, ends.synced, {});
    return {};
  }
  const std::size_t last = files_.files().size() - 1;
  auto size = files_.size_of(last);
  if (!size) return std::unexpected(size.error());
  (void)files_.first_store_time_ms(last);  // unknown: the file is only bounded by its size
  const bool goes_on = files_.files()[last].base + *size == next_physical_;
  writer_.start_at(goes_on ? files_.files()[last].base : UINT64_MAX, goes_on ? *size : 0, ends.synced, unsynced);
  if (goes_on) new_file_ = false;
  return {};
}

Result<void> MessageLog::replay_file(std::size_t file, std::uint64_t from, Replay& replay) {
  auto size = files_.size_of(file);
  if (!size) return std::unexpected(size.error());
  const std::uint64_t base = files_.files()[file].base;
  const auto damaged = [&](std::uint64_t at, std::uint64_t bytes) {
    const std::uint64_t damaged_base = files_.files()[*files_.find(at)].base;
    spdlog::error("store: {} is damaged: {} bytes at {} are no message; what lies behind is still read",
                  files_.path(damaged_base), bytes, at - damaged_base);
  };
  // nobody was told of anything behind what is indexed that was not whole
  const bool newest = file + 1 == files_.files().size();
  LogScan scan(files_, from, base + *size, newest ? replay.ends.indexed : UINT64_MAX);
  while (true) {
    auto found = scan.next();
    if (!found) return std::unexpected(found.error());
    if (!*found) break;
    if (replay.rest_bytes != 0) damaged(replay.rest_at, std::exchange(replay.rest_bytes, 0));
    if ((*found)->damaged_bytes != 0) damaged((*found)->begin - (*found)->damaged_bytes, (*found)->damaged_bytes);
    if ((*found)->begin > replay.covered) replay.lost.push_back({replay.covered, (*found)->begin});
    replay.covered = (*found)->end;
    if ((*found)->begin < replay.ends.indexed) {
      replay.end = (*found)->end;
    } else if (auto done = replay_entry(**found, replay); !done) {
      return done;
    }
  }
  if (replay.rest_bytes == 0 && scan.valid_end() < base + *size) {
    replay.rest_at = scan.valid_end();
    replay.rest_bytes = base + *size - scan.valid_end();
  }
  return {};
}

Result<void> MessageLog::replay_entry(const LogScan::Found& found, Replay& replay) {
  if (!replay.with_rows.empty()) {  // something follows: it was done
    if (auto done = apply(replay.with_rows, replay); !done) return done;
  }
  ReplayedEntry entry{found.header, std::string(found.keys), found.end, {}, 0};
  if (!replay.queues.contains(found.header.queue_number)) {
    if (const auto message = wire::decode_record(found.record)) {
      entry.topic = message->topic;
      entry.queue_id = message->queue_id;
    }
  }
  replay.group.push_back(std::move(entry));
  if (found.header.magic == Magic::last) return apply(replay.group, replay);
  if (found.header.magic == Magic::last_with_rows) replay.with_rows = std::exchange(replay.group, {});
  return {};
}

Result<void> MessageLog::apply(std::vector<ReplayedEntry>& group, Replay& replay) {
  for (const ReplayedEntry& entry : group) {
    replay.end = entry.end;
    Queue* queue = queue_of(entry, replay);
    if (queue == nullptr || entry.header.queue_offset < queue->next_offset_) {
      ++replay.without_queue;
      continue;
    }
    if (entry.header.queue_offset != queue->next_offset_)  // one before it is damaged: rows have no holes
      add_index_rows(replay.batch, database_.family(Family::index), *queue, queue->next_offset_, queue->unwritten_);
    char value[kIndexEntryBytes];
    encode_index_entry(value, entry.header.index_entry());
    if (queue->unwritten_.empty()) replay.touched.push_back(queue);
    queue->unwritten_.append(value, sizeof value);
    queue->next_offset_ = entry.header.queue_offset + 1;
    last_store_time_ms_ = std::max(last_store_time_ms_, entry.header.store_time_ms);
    add_keys(replay.batch, database_.family(Family::keys), entry.header.physical_offset, entry.keys);
    ++replay.messages;
    ++replay.batch_entries;
  }
  group.clear();
  return replay.batch_entries < kReplayedTogether ? Result<void>() : write_replayed(replay);
}

// A queue that RocksDB does not know: that it was made was lost with the power, so it is made again. Or null.
Queue* MessageLog::queue_of(const ReplayedEntry& entry, Replay& replay) {
  const std::uint32_t number = entry.header.queue_number;
  next_number_ = std::max(next_number_, number + 1);
  if (const auto found = replay.queues.find(number); found != replay.queues.end()) return found->second;
  if (entry.topic.empty() || entry.queue_id < 0 || entry.queue_id > kQueueIdMax ||
      find(entry.topic, entry.queue_id) != nullptr) {
    return nullptr;
  }
  Queue& queue = add_queue(entry.topic, entry.queue_id, number);
  queue.min_offset_ = queue.max_offset_ = queue.next_offset_ = entry.header.queue_offset;
  (void)replay.batch.Put(database_.family(Family::meta), queue_setting(queue), queue_value(number, queue.min_offset_));
  return replay.queues[number] = &queue;
}

Result<void> MessageLog::write_replayed(Replay& replay) {
  for (Queue* queue : replay.touched) {
    add_index_rows(replay.batch, database_.family(Family::index), *queue, queue->next_offset_, queue->unwritten_);
    queue->max_offset_ = queue->next_offset_;
  }
  replay.touched.clear();
  replay.batch_entries = 0;
  if (replay.batch.Count() == 0) return {};
  (void)replay.batch.Put(database_.family(Family::meta), to_slice(kLogEnds),
                         log_ends_value(std::max(replay.end, replay.ends.indexed), replay.ends.synced));
  const auto status = database_.db().Write({}, &replay.batch);
  replay.batch.Clear();
  if (!status.ok()) return std::unexpected(to_error(status, "indexing the log"));
  return {};
}

Result<void> MessageLog::remove_from_index(std::span<const Lost> lost) {
  if (lost.empty()) return {};
  rocksdb::WriteBatch batch;
  Result<void> done;
  for_each_queue([&](Queue& queue) {
    if (done) done = remove_from_index(queue, lost, batch);
  });
  if (!done || batch.Count() == 0) return done;
  lost_messages_ = true;
  rocksdb::WriteOptions options;
  options.sync = true;
  const auto status = database_.db().Write(options, &batch);
  if (!status.ok()) return std::unexpected(to_error(status, "shortening the index"));
  for_each_queue([&](Queue& queue) {
    if (done) done = load_end(queue);
  });
  return done;
}

// From the newest row to the first that lies before all that is lost.
Result<void> MessageLog::remove_from_index(Queue& queue, std::span<const Lost> lost, rocksdb::WriteBatch& batch) {
  char upper[kIndexKeyBytes];
  encode_index_key(upper, queue.number_, INT64_MAX);
  rocksdb::ColumnFamilyHandle* const index = database_.family(Family::index);
  const auto is_lost = [&](const IndexEntry& entry) {
    return std::ranges::any_of(lost, [&](const Lost& range) {
      return range.begin <= entry.physical_offset && entry.physical_offset < range.end;
    });
  };
  std::int64_t messages = 0, first = 0, last = 0;
  std::string kept;
  std::unique_ptr<rocksdb::Iterator> rows(database_.db().NewIterator({}, index));
  for (rows->SeekForPrev({upper, sizeof upper}); rows->Valid(); rows->Prev()) {
    const auto row = IndexRow::parse(rows->key().ToStringView(), rows->value().ToStringView());
    if (!row || row->queue_number() != queue.number_) break;
    if (row->entry(row->last()).physical_offset < lost.front().begin) break;
    std::int64_t lost_here = 0;
    for (std::int64_t offset = row->first(); offset <= row->last(); ++offset) lost_here += is_lost(row->entry(offset));
    if (lost_here == 0) continue;
    (void)batch.Delete(index, rows->key());
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
      add_index_rows(batch, index, queue, offset, kept);
    }
    add_index_rows(batch, index, queue, row->last() + 1, kept);
  }
  if (!rows->status().ok()) return std::unexpected(to_error(rows->status(), "reading the index"));
  if (messages != 0)
    spdlog::error("store: topic {} queue {} lost {} messages, of offsets {} to {}", queue.topic(), queue.id(), messages,
                  first, last);
  return {};
}

}  // namespace gantry::store
