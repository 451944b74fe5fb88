#include "store/message_log.h"

#include <rocksdb/convenience.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "store/index_row.h"

namespace gantry::store {

namespace {

constexpr std::string_view kQueuePrefix = "queue/";
constexpr std::string_view kLogStart = "store/log_start";
// Of a record: where the sys flag is, and the store time behind the born host (8 bytes, 20 when the flag has bit 4).
// Rule: org.apache.rocketmq.common.message.MessageDecoder.
constexpr std::size_t kSysFlagAt = 36;
constexpr std::size_t kBornHostAt = 48;
constexpr std::uint32_t kBornHostV6 = 1u << 4;

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

std::string queue_name(const Queue& queue) {
  std::string key(kQueuePrefix);
  key += queue.topic();
  key += '\0';
  char id[4];
  put_u32(id, static_cast<std::uint32_t>(queue.id()));
  key.append(id, sizeof id);
  return key;
}

}  // namespace

MessageLog::MessageLog(Database& database, const Options& options, std::function<void(Queue&)> on_arrival)
    : database_(database),
      options_(options),
      on_arrival_(std::move(on_arrival)),
      tail_(std::max(options.tail_bytes, 2 * options.record_bytes_max)) {}

MessageLog::~MessageLog() = default;

Result<void> MessageLog::load() {
  rocksdb::DB& db = database_.db();
  std::string start;
  const auto begins = db.Get({}, database_.family(Family::meta), slice(kLogStart), &start);
  if (!begins.ok() && !begins.IsNotFound()) return std::unexpected(to_error(begins, "reading where the log begins"));
  if (begins.ok() && start.size() == 8) min_physical_ = get_u64(start.data());
  next_physical_ = min_physical_;
  {
    std::unique_ptr<rocksdb::Iterator> rows(db.NewIterator({}, database_.family(Family::log)));
    rows->SeekToLast();
    if (rows->Valid() && rows->key().size() == 8) {
      next_physical_ = std::max(next_physical_, get_u64(rows->key().data()) + rows->value().size());
    }
    if (!rows->status().ok()) return std::unexpected(to_error(rows->status(), "reading the log"));
  }
  committed_physical_ = next_physical_;
  database_.oldest_physical_offset() = min_physical_;

  std::unique_ptr<rocksdb::Iterator> rows(db.NewIterator({}, database_.family(Family::meta)));
  for (rows->Seek(slice(kQueuePrefix)); rows->Valid() && rows->key().starts_with(slice(kQueuePrefix)); rows->Next()) {
    const std::string_view key(rows->key().data() + kQueuePrefix.size(), rows->key().size() - kQueuePrefix.size());
    if (key.size() < 6 || rows->value().size() != 12) continue;
    const std::string_view topic = key.substr(0, key.size() - 5);
    const auto id = static_cast<std::int32_t>(get_u32(key.data() + key.size() - 4));
    const std::uint32_t number = get_u32(rows->value().data());
    auto queue = std::make_unique<Queue>(std::string(topic), id, number);
    queue->min_offset_ = static_cast<std::int64_t>(get_u64(rows->value().data() + 4));
    if (auto loaded = load_end(*queue); !loaded) return loaded;
    next_number_ = std::max(next_number_, number + 1);
    auto& queues = topics_[std::string(topic)];
    if (queues.size() <= static_cast<std::size_t>(id)) queues.resize(static_cast<std::size_t>(id) + 1);
    queues[static_cast<std::size_t>(id)] = std::move(queue);
  }
  if (!rows->status().ok()) return std::unexpected(to_error(rows->status(), "reading the queues"));
  return load_next_number();
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
  if (rows->Valid() && rows->key().size() == 12 && get_u32(rows->key().data()) == queue.number_) {
    queue.max_offset_ = std::max(queue.max_offset_, static_cast<std::int64_t>(get_u64(rows->key().data() + 4)) + 1);
  }
  queue.next_offset_ = queue.max_offset_;
  return {};
}

Queue* MessageLog::find(std::string_view topic, std::int32_t queue_id) {
  auto found = topics_.find(topic);
  if (found == topics_.end() || queue_id < 0 || static_cast<std::size_t>(queue_id) >= found->second.size())
    return nullptr;
  return found->second[static_cast<std::size_t>(queue_id)].get();
}

Queue& MessageLog::open(std::string_view topic, std::int32_t queue_id) {
  if (Queue* queue = find(topic, queue_id)) return *queue;
  auto& queues = topics_[std::string(topic)];
  const auto id = static_cast<std::size_t>(queue_id);
  if (queues.size() <= id) queues.resize(id + 1);
  queues[id] = std::make_unique<Queue>(std::string(topic), queue_id, next_number_++);
  save_queue(*queues[id]);
  return *queues[id];
}

void MessageLog::save_queue(const Queue& queue) {
  char value[12];
  put_u32(value, queue.number_);
  put_u64(value + 4, static_cast<std::uint64_t>(queue.min_offset_));
  commit_->put_setting(queue_name(queue), {value, sizeof value});
}

void MessageLog::drop(std::string_view topic) {
  auto found = topics_.find(topic);
  if (found == topics_.end()) return;
  for (auto& queue : found->second) {
    if (!queue) continue;
    commit_->erase_setting(queue_name(*queue));
    if (!commit_->broken()) {
      char from[kIndexKeyBytes], to[kIndexKeyBytes];
      encode_index_key(from, queue->number_, 0);
      encode_index_key(to, queue->number_ + 1, 0);
      (void)commit_->messages().DeleteRange(database_.family(Family::index), {from, sizeof from}, {to, sizeof to});
    }
    for (auto& item : tail_items_) {
      if (item.queue == queue.get()) item.queue = nullptr;
    }
    for (auto& pending : pending_) {
      for (auto& touched : pending.queues) {
        if (touched.queue == queue.get()) touched.queue = nullptr;
      }
    }
  }
  topics_.erase(found);
}

Result<MessageLog::Place> MessageLog::reserve(Queue& queue, std::size_t record_bytes) {
  if (record_bytes > options_.record_bytes_max) {
    return fail(Errc::invalid_argument, "message of {} bytes exceeds the maximum of {}", record_bytes,
                options_.record_bytes_max);
  }
  if (auto admitted = commit_->admit(record_bytes); !admitted) return std::unexpected(admitted.error());
  const TailCache::Slot slot = tail_.reserve(record_bytes);
  forget_overwritten();
  return Place{next_physical_, queue.next_offset_, {slot.bytes, record_bytes}, slot.position};
}

void MessageLog::append(Queue& queue, const Place& place, std::int64_t tags_code, std::int64_t store_time_ms,
                        std::span<const std::uint64_t> key_hashes) {
  rocksdb::WriteBatch& batch = commit_->messages();
  char key[16];
  put_u64(key, place.physical_offset);
  (void)batch.Put(database_.family(Family::log), {key, 8}, {place.bytes.data(), place.bytes.size()});

  const IndexEntry entry{place.physical_offset, static_cast<std::uint32_t>(place.bytes.size()), tags_code,
                         store_time_ms};
  char value[kIndexEntryBytes];
  encode_index_entry(value, entry);
  queue.unwritten_.append(value, sizeof value);

  for (const std::uint64_t hash : key_hashes) {
    put_u64(key, hash);
    put_u64(key + 8, place.physical_offset);
    (void)batch.Put(database_.family(Family::keys), {key, sizeof key}, {});
  }

  if (queue.recent_.empty()) queue.recent_first_ = place.queue_offset;
  queue.recent_.push_back({entry, place.tail_position});
  tail_items_.push_back({&queue, place.tail_position});
  next_physical_ = place.physical_offset + place.bytes.size();
  queue.next_offset_ = place.queue_offset + 1;
  touch(queue);
}

void MessageLog::touch(Queue& queue) {
  const std::uint64_t batch = commit_->gathering();
  if (pending_.empty() || pending_.back().batch != batch) pending_.push_back({batch, 0, {}});
  Pending& pending = pending_.back();
  pending.physical_end = next_physical_;
  if (queue.touched_batch_ != batch) {
    queue.touched_batch_ = batch;
    queue.touched_at_ = pending.queues.size();
    pending.queues.push_back({&queue, 0});
  }
  pending.queues[queue.touched_at_].next_offset = queue.next_offset_;
}

void MessageLog::forget_overwritten() {
  const std::uint64_t oldest = tail_.oldest();
  while (!tail_items_.empty() && tail_items_.front().position < oldest) {
    if (Queue* queue = tail_items_.front().queue) {
      queue->recent_.pop_front();
      ++queue->recent_first_;
    }
    tail_items_.pop_front();
  }
}

void MessageLog::write_index(rocksdb::WriteBatch& batch) {
  if (pending_.empty() || pending_.back().batch != commit_->gathering()) return;
  for (const auto& touched : pending_.back().queues) {
    if (touched.queue == nullptr) continue;
    std::string& entries = touched.queue->unwritten_;
    std::int64_t last = touched.next_offset - static_cast<std::int64_t>(entries.size() / kIndexEntryBytes) - 1;
    constexpr std::size_t row_bytes = kIndexRowEntriesMax * kIndexEntryBytes;
    for (std::size_t at = 0; at < entries.size(); at += row_bytes) {
      const std::size_t size = std::min(row_bytes, entries.size() - at);
      last += static_cast<std::int64_t>(size / kIndexEntryBytes);
      char key[kIndexKeyBytes];
      encode_index_key(key, touched.queue->number_, last);
      (void)batch.Put(database_.family(Family::index), {key, sizeof key}, {entries.data() + at, size});
    }
    entries.clear();
  }
}

void MessageLog::committed(std::uint64_t batch) {
  while (!pending_.empty() && pending_.front().batch <= batch) {
    Pending done = std::move(pending_.front());
    pending_.pop_front();
    committed_physical_ = std::max(committed_physical_, done.physical_end);
    for (auto& [queue, next_offset] : done.queues) {
      if (queue != nullptr) queue->max_offset_ = std::max(queue->max_offset_, next_offset);
    }
    if (!on_arrival_) continue;
    for (auto& touched : done.queues) {
      if (touched.queue != nullptr) on_arrival_(*touched.queue);
    }
  }
}

void MessageLog::rolled_back() {
  for (const auto& pending : pending_) {
    for (const auto& touched : pending.queues) {
      if (touched.queue == nullptr) continue;
      touched.queue->next_offset_ = touched.queue->max_offset_;
      touched.queue->touched_batch_ = 0;
      touched.queue->unwritten_.clear();
    }
  }
  pending_.clear();
  next_physical_ = committed_physical_;
  for (const auto& item : tail_items_) {
    if (item.queue != nullptr) item.queue->recent_.clear();
  }
  tail_items_.clear();
}

Result<IndexEntry> MessageLog::entry_at(const Queue& queue, std::int64_t offset) {
  const std::int64_t recent = offset - queue.recent_first_;
  if (!queue.recent_.empty() && recent >= 0 && recent < static_cast<std::int64_t>(queue.recent_.size())) {
    return queue.recent_[static_cast<std::size_t>(recent)].entry;
  }
  char key[kIndexKeyBytes];
  encode_index_key(key, queue.number_, offset);
  std::unique_ptr<rocksdb::Iterator> rows(database_.db().NewIterator({}, database_.family(Family::index)));
  rows->Seek({key, sizeof key});
  if (!rows->status().ok()) return std::unexpected(to_error(rows->status(), "reading the index"));
  if (rows->Valid()) {
    const auto row = IndexRow::parse(rows->key().ToStringView(), rows->value().ToStringView());
    if (!row) return fail(Errc::corrupt, "a row of the index has the wrong size");
    if (row->queue_number() == queue.number_ && row->first() <= offset) return row->entry(offset);
  }
  return fail(Errc::not_found, "topic {} queue {} has no message at offset {}", queue.topic(), queue.id(), offset);
}

Result<std::string> MessageLog::record_at(std::uint64_t physical_offset) {
  if (physical_offset < min_physical_)
    return fail(Errc::not_found, "no message at physical offset {}", physical_offset);
  char key[8];
  put_u64(key, physical_offset);
  std::string value;
  const auto status = database_.db().Get({}, database_.family(Family::log), {key, sizeof key}, &value);
  if (status.IsNotFound()) return fail(Errc::not_found, "no message at physical offset {}", physical_offset);
  if (!status.ok()) return std::unexpected(to_error(status, "reading the log"));
  return value;
}

Result<std::int64_t> MessageLog::offset_at_time(const Queue& queue, std::int64_t time_ms) {
  std::int64_t low = queue.min_offset(), high = queue.max_offset();
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    auto entry = entry_at(queue, middle);
    if (!entry) return std::unexpected(entry.error());
    if (entry->store_time_ms < time_ms) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::uint64_t MessageLog::hash_key(std::string_view topic, std::string_view key) {
  // FNV-1a: stable over versions and machines, as the hash is on the disk
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  auto mix = [&](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  };
  mix(topic);
  mix("#");
  mix(key);
  return hash;
}

std::vector<std::uint64_t> MessageLog::find_by_key(std::uint64_t key_hash, std::size_t max) {
  std::vector<std::uint64_t> found;
  char upper[16];
  put_u64(upper, key_hash);
  put_u64(upper + 8, UINT64_MAX);
  std::unique_ptr<rocksdb::Iterator> rows(database_.db().NewIterator({}, database_.family(Family::keys)));
  for (rows->SeekForPrev({upper, sizeof upper}); rows->Valid() && found.size() < max; rows->Prev()) {
    if (rows->key().size() != 16 || get_u64(rows->key().data()) != key_hash) break;
    const std::uint64_t physical = get_u64(rows->key().data() + 8);
    if (physical < min_physical_) break;
    found.push_back(physical);
  }
  return found;
}

void MessageLog::for_each_queue(const std::function<void(Queue&)>& visit) {
  for (auto& [topic, queues] : topics_) {
    for (auto& queue : queues) {
      if (queue) visit(*queue);
    }
  }
}

// The first record at or behind a physical offset; nullopt: there is none. An error is not "none": retention would take
// a disk that cannot be read for an empty log, and delete everything.
Result<std::optional<MessageLog::Found>> MessageLog::record_from(std::uint64_t physical_offset) {
  std::unique_ptr<rocksdb::Iterator> rows(database_.db().NewIterator({}, database_.family(Family::log)));
  char key[8];
  put_u64(key, physical_offset);
  rows->Seek({key, sizeof key});
  if (!rows->status().ok()) return std::unexpected(to_error(rows->status(), "reading the log"));
  if (!rows->Valid()) return std::nullopt;
  if (rows->key().size() != 8) return fail(Errc::corrupt, "a key of the log has {} bytes, not 8", rows->key().size());
  const rocksdb::Slice value = rows->value();
  const std::uint64_t found = get_u64(rows->key().data());
  if (value.size() < kBornHostAt + 28)
    return fail(Errc::corrupt, "the record at physical offset {} has only {} bytes", found, value.size());
  const std::size_t born_host = (get_u32(value.data() + kSysFlagAt) & kBornHostV6) != 0 ? 20 : 8;
  return Found{found, static_cast<std::int64_t>(get_u64(value.data() + kBornHostAt + born_host))};
}

std::optional<std::int64_t> MessageLog::earliest_store_time_ms() {
  auto first = record_from(min_physical_);
  if (!first || !*first) return std::nullopt;
  return (*first)->store_time_ms;
}

Result<std::uint64_t> MessageLog::oldest_to_keep(std::int64_t now_ms) {
  std::uint64_t keep = min_physical_;
  if (options_.retention_bytes != 0 && committed_physical_ - keep > options_.retention_bytes) {
    auto record = record_from(committed_physical_ - options_.retention_bytes);
    if (!record) return std::unexpected(record.error());
    if (*record) keep = (*record)->physical_offset;
  }
  if (options_.retention_ms == 0) return keep;
  const std::int64_t oldest_ms = now_ms - options_.retention_ms;
  auto first = record_from(keep);
  if (!first) return std::unexpected(first.error());
  if (!*first || (*first)->store_time_ms >= oldest_ms) return keep;  // the usual case, one read
  std::uint64_t low = keep, high = committed_physical_;
  while (low < high) {  // the lowest place from which on everything is young enough
    const std::uint64_t middle = low + (high - low) / 2;
    auto record = record_from(middle);
    if (!record) return std::unexpected(record.error());
    if (*record && (*record)->physical_offset < high && (*record)->store_time_ms < oldest_ms) {
      low = (*record)->physical_offset + 1;
    } else {
      high = middle;
    }
  }
  auto last = record_from(low);
  if (!last) return std::unexpected(last.error());
  return *last ? (*last)->physical_offset : committed_physical_;
}

// Where a queue begins when the log begins at `keep`; nullopt: nothing changes.
Result<std::optional<MessageLog::Shortened>> MessageLog::shorten(Queue& queue, std::uint64_t keep) {
  if (queue.min_physical_ >= keep || queue.min_offset_ >= queue.max_offset_) return std::nullopt;
  Shortened shortened{&queue, queue.min_offset_, queue.min_physical_};
  std::int64_t low = queue.min_offset_, high = queue.max_offset_;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    auto entry = entry_at(queue, middle);
    if (!entry && entry.error().code != Errc::not_found) return std::unexpected(entry.error());
    if (!entry || entry->physical_offset < keep) {  // a missing row was dropped as stale
      low = middle + 1;
    } else {
      shortened.min_physical = entry->physical_offset;
      high = middle;
    }
  }
  shortened.min_offset = low;
  return shortened;
}

void MessageLog::enforce_retention(std::int64_t now_ms) {
  if (commit_->broken()) return;
  const auto oldest = oldest_to_keep(now_ms);
  if (!oldest) return spdlog::error("store: nothing old is deleted this time: {}", oldest.error().message);
  const std::uint64_t keep = *oldest;
  if (keep <= min_physical_) return;
  // all is read before anything is changed
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
  if (unreadable) return spdlog::error("store: nothing old is deleted this time: {}", unreadable->message);
  spdlog::info("store: deleting messages below physical offset {} (kept from {} until now)", keep, min_physical_);
  min_physical_ = keep;
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
  char from[8] = {};
  const rocksdb::Slice begin(from, sizeof from), end(start, sizeof start);
  const rocksdb::RangePtr range(&begin, &end);
  (void)rocksdb::DeleteFilesInRanges(&database_.db(), database_.family(Family::log), &range, 1, /*include_end=*/false);
}

}  // namespace gantry::store
