#include "store/message_log.h"

#include <rocksdb/iterator.h>

#include <algorithm>
#include <cstring>

#include "store/index_row.h"
#include "store/log_settings.h"

namespace gantry::store {

namespace {

// Files are begun so many times as often as their messages grow too old, so that these go in time.
constexpr std::int64_t kFilesOfRetention = 4;
constexpr std::size_t kGuessBytes = 8 * 1024;  // read at once of a record whose size is not known

}  // namespace

MessageLog::MessageLog(Database& database, const Options& options, std::function<void(Queue&)> on_arrival)
    : database_(database),
      options_(options),
      on_arrival_(std::move(on_arrival)),
      tail_(options.tail_bytes),
      files_(file_system_or_default(options.file_system), log_directory(options.directory)),
      writer_(file_system_or_default(options.file_system), log_directory(options.directory), options.flush) {}

MessageLog::~MessageLog() = default;

Queue* MessageLog::find(std::string_view topic, std::int32_t queue_id) {
  auto found = topics_.find(topic);
  if (found == topics_.end() || queue_id < 0 || static_cast<std::size_t>(queue_id) >= found->second.size())
    return nullptr;
  return found->second[static_cast<std::size_t>(queue_id)].get();
}

Queue& MessageLog::open(std::string_view topic, std::int32_t queue_id) {
  if (Queue* queue = find(topic, queue_id)) return *queue;
  Queue& queue = add_queue(topic, queue_id, next_number_);
  save_queue(queue);
  return queue;
}

Queue& MessageLog::add_queue(std::string_view topic, std::int32_t id, std::uint32_t number) {
  auto& queues = topics_[std::string(topic)];
  const auto at = static_cast<std::size_t>(id);
  if (queues.size() <= at) queues.resize(at + 1);
  queues[at] = std::make_unique<Queue>(std::string(topic), id, number);
  next_number_ = std::max(next_number_, number + 1);
  return *queues[at];
}

void MessageLog::save_queue(const Queue& queue) {
  commit_->put_setting(queue_setting(queue), queue_value(queue.number_, queue.min_offset_));
}

void MessageLog::drop(std::string_view topic) {
  auto found = topics_.find(topic);
  if (found == topics_.end()) return;
  for (auto& queue : found->second) {
    if (!queue) continue;
    commit_->erase_setting(queue_setting(*queue));
    if (!commit_->broken()) {
      char from[kIndexKeyBytes], to[kIndexKeyBytes];
      encode_index_key(from, queue->number_, 0);
      encode_index_key(to, queue->number_ + 1, 0);
      (void)commit_->rows().DeleteRange(database_.family(Family::index), {from, sizeof from}, {to, sizeof to});
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

bool MessageLog::file_is_full(std::size_t entry_bytes, std::int64_t store_time_ms) const {
  const LogFiles::File& file = files_.files().back();
  if (next_physical_ + entry_bytes - file.base > options_.log_file_bytes) return true;
  return options_.retention_ms != 0 && file.first_store_time_ms &&
         store_time_ms - *file.first_store_time_ms > options_.retention_ms / kFilesOfRetention;
}

Result<MessageLog::Place> MessageLog::reserve(Queue& queue, std::size_t record_bytes, const Facts& facts) {
  if (record_bytes > options_.record_bytes_max) {
    return fail(Errc::invalid_argument, "message of {} bytes exceeds the maximum of {}", record_bytes,
                options_.record_bytes_max);
  }
  Place place;
  place.header = {.record_bytes = static_cast<std::uint32_t>(record_bytes),
                  .queue_number = queue.number_,
                  .physical_offset = next_physical_ + kEntryHeaderBytes,
                  .queue_offset = queue.next_offset_,
                  .tags_code = facts.tags_code,
                  .store_time_ms = facts.store_time_ms,
                  .keys = static_cast<std::uint32_t>(std::min(facts.key_hashes.size(), kEntryKeysMax))};
  const std::size_t bytes = place.header.entry_bytes();
  if (auto admitted = commit_->admit(bytes); !admitted) return std::unexpected(admitted.error());
  place.begins_file = new_file_ || file_is_full(bytes, facts.store_time_ms);
  place.physical_offset = place.header.physical_offset;
  place.queue_offset = place.header.queue_offset;
  place.entry = tail_.reserve(bytes);
  forget_overwritten();
  encode_entry(place.entry, place.header, facts.key_hashes.first(place.header.keys));
  place.bytes = {place.entry + kEntryHeaderBytes, record_bytes};
  return place;
}

void MessageLog::append(Queue& queue, const Place& place) {
  const EntryHeader& header = place.header;
  const std::size_t bytes = header.entry_bytes();
  seal_entry(place.entry, header.record_bytes);
  tail_.take(bytes);
  const std::uint64_t chunk = tail_.newest_chunk();
  if (place.begins_file) files_.begin(next_physical_, header.store_time_ms);
  new_file_ = false;
  const std::uint64_t base = files_.files().back().base;
  auto& segments = gathered_.segments;
  if (!segments.empty() && segments.back().base == base &&
      segments.back().bytes + segments.back().size == place.entry) {
    segments.back().size += bytes;
  } else {
    segments.push_back({base, place.entry, bytes});
  }
  last_gathered_ = place.entry;

  const IndexEntry entry = header.index_entry();
  char value[kIndexEntryBytes];
  encode_index_entry(value, entry);
  queue.unwritten_.append(value, sizeof value);

  rocksdb::WriteBatch& batch = commit_->messages(bytes);
  add_keys(batch, database_.family(Family::keys), place.physical_offset,
           {place.entry + kEntryHeaderBytes + header.record_bytes, std::size_t{8} * header.keys});

  if (queue.recent_.empty()) queue.recent_first_ = place.queue_offset;
  queue.recent_.push_back({entry, place.bytes.data()});
  tail_items_.push_back({&queue, place.physical_offset, place.bytes.data(), header.record_bytes, chunk});
  next_physical_ += bytes;
  gathered_.end = next_physical_;
  queue.next_offset_ = place.queue_offset + 1;
  last_store_time_ms_ = std::max(last_store_time_ms_, header.store_time_ms);
  files_.note_store_time(header.store_time_ms);
  touch(queue, chunk);
}

void MessageLog::touch(Queue& queue, std::uint64_t chunk) {
  const std::uint64_t batch = commit_->gathering();
  if (pending_.empty() || pending_.back().batch != batch) {
    pending_.push_back({batch, 0, chunk, {}});
    if (pending_.size() == 1) tail_.keep_from(chunk);
  }
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
  const std::uint64_t oldest = tail_.oldest_chunk();
  while (!tail_items_.empty() && tail_items_.front().chunk < oldest) {
    if (Queue* queue = tail_items_.front().queue) {
      queue->recent_.pop_front();
      ++queue->recent_first_;
    }
    tail_items_.pop_front();
  }
}

// `entries`: of the messages up to next_offset. Emptied.
void MessageLog::add_index_rows(rocksdb::WriteBatch& batch, rocksdb::ColumnFamilyHandle* index, const Queue& queue,
                                std::int64_t next_offset, std::string& entries) {
  std::int64_t last = next_offset - static_cast<std::int64_t>(entries.size() / kIndexEntryBytes) - 1;
  constexpr std::size_t row_bytes = kIndexRowEntriesMax * kIndexEntryBytes;
  for (std::size_t at = 0; at < entries.size(); at += row_bytes) {
    const std::size_t size = std::min(row_bytes, entries.size() - at);
    last += static_cast<std::int64_t>(size / kIndexEntryBytes);
    char key[kIndexKeyBytes];
    encode_index_key(key, queue.number_, last);
    (void)batch.Put(index, {key, sizeof key}, {entries.data() + at, size});
  }
  entries.clear();
}

// `hashes`: of the message's keys, 8 bytes each, as an entry of the log has them.
void MessageLog::add_keys(rocksdb::WriteBatch& batch, rocksdb::ColumnFamilyHandle* keys, std::uint64_t physical_offset,
                          std::string_view hashes) {
  for (std::size_t at = 0; at < hashes.size(); at += 8) {
    char key[16];
    hashes.copy(key, 8, at);
    put_u64(key + 8, physical_offset);
    (void)batch.Put(keys, {key, sizeof key}, {});
  }
}

LogWrite MessageLog::write_group(rocksdb::WriteBatch& batch, bool with_rows) {
  if (pending_.empty() || pending_.back().batch != commit_->gathering()) return {};
  for (const auto& touched : pending_.back().queues) {
    if (touched.queue != nullptr)
      add_index_rows(batch, database_.family(Family::index), *touched.queue, touched.next_offset,
                     touched.queue->unwritten_);
  }
  // under sync the batch is written when all of the log is on the disk
  const std::uint64_t synced = options_.flush == Flush::sync ? next_physical_ : writer_.synced_to();
  (void)batch.Put(database_.family(Family::meta), to_slice(kLogEnds), log_ends_value(next_physical_, synced));
  mark_last(last_gathered_, with_rows);
  return std::exchange(gathered_, {});
}

void MessageLog::committed(std::uint64_t batch) {
  while (!pending_.empty() && pending_.front().batch <= batch) {
    Pending done = std::move(pending_.front());
    pending_.pop_front();
    tail_.keep_from(pending_.empty() ? UINT64_MAX : pending_.front().first_chunk);
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
  if (!pending_.empty()) {
    // a physical offset is not given twice: a row that stayed behind must never find another message
    files_.forget_from(committed_physical_);
    new_file_ = true;
  }
  gathered_ = {};
  for (const auto& pending : pending_) {
    for (const auto& touched : pending.queues) {
      if (touched.queue == nullptr) continue;
      touched.queue->next_offset_ = touched.queue->max_offset_;
      touched.queue->touched_batch_ = 0;
      touched.queue->unwritten_.clear();
    }
  }
  pending_.clear();
  tail_.clear();
  for (const auto& item : tail_items_) {
    if (item.queue != nullptr) item.queue->recent_.clear();
  }
  tail_items_.clear();
}

// The first message at or behind an offset; nullopt: there is none.
Result<std::optional<MessageLog::Found>> MessageLog::entry_from(const Queue& queue, std::int64_t offset) {
  const std::int64_t recent = offset - queue.recent_first_;
  if (!queue.recent_.empty() && recent >= 0 && recent < static_cast<std::int64_t>(queue.recent_.size()))
    return Found{offset, queue.recent_[static_cast<std::size_t>(recent)].entry};
  char key[kIndexKeyBytes];
  encode_index_key(key, queue.number_, offset);
  std::unique_ptr<rocksdb::Iterator> rows(database_.db().NewIterator({}, database_.family(Family::index)));
  rows->Seek({key, sizeof key});
  if (!rows->status().ok()) return std::unexpected(to_error(rows->status(), "reading the index"));
  if (!rows->Valid()) return std::nullopt;
  const auto row = IndexRow::parse(rows->key().ToStringView(), rows->value().ToStringView());
  if (!row) return fail(Errc::corrupt, "a row of the index has the wrong size");
  if (row->queue_number() != queue.number_) return std::nullopt;
  const std::int64_t found = std::max(offset, row->first());
  return Found{found, row->entry(found)};
}

Result<IndexEntry> MessageLog::entry_at(const Queue& queue, std::int64_t offset) {
  auto found = entry_from(queue, offset);
  if (!found) return std::unexpected(found.error());
  if (*found && (*found)->offset == offset) return (*found)->entry;
  return fail(Errc::not_found, "topic {} queue {} has no message at offset {}", queue.topic(), queue.id(), offset);
}

const MessageLog::TailItem* MessageLog::find_in_tail(std::uint64_t physical_offset) const {
  const auto found = std::ranges::lower_bound(tail_items_, physical_offset, {}, &TailItem::physical_offset);
  return found == tail_items_.end() || found->physical_offset != physical_offset ? nullptr : &*found;
}

Result<std::string> MessageLog::record_at(std::uint64_t physical_offset) {
  const auto none = [&] { return fail(Errc::not_found, "no message at physical offset {}", physical_offset); };
  if (physical_offset < min_physical_ + kEntryHeaderBytes || physical_offset >= committed_physical_) return none();
  if (const TailItem* item = find_in_tail(physical_offset)) return std::string(item->record, item->record_bytes);
  const std::uint64_t at = physical_offset - kEntryHeaderBytes;
  auto buffer = files_.borrow_buffer();
  auto got = files_.read(at, kEntryHeaderBytes + kGuessBytes, buffer->hold(kEntryHeaderBytes + kGuessBytes));
  if (!got) return std::unexpected(got.error());
  const auto header = *got < kEntryHeaderBytes ? std::nullopt : parse_header(buffer->bytes.get(), at);
  if (!header) return none();
  const std::size_t wanted = kEntryHeaderBytes + header->record_bytes;
  if (*got < wanted) {
    got = files_.read(at, wanted, buffer->hold(wanted));
    if (!got) return std::unexpected(got.error());
  }
  if (*got < wanted || !record_is_whole(buffer->bytes.get(), *header))
    return fail(Errc::corrupt, "the record at physical offset {} is damaged", physical_offset);
  std::string record(buffer->bytes.get() + kEntryHeaderBytes, header->record_bytes);
  files_.give_back(std::move(buffer));
  return record;
}

Result<std::string> MessageLog::record_of(std::uint64_t physical_offset) {
  auto record = record_at(physical_offset);
  if (record || record.error().code != Errc::not_found || physical_offset < min_physical_ + kEntryHeaderBytes)
    return record;
  return fail(Errc::corrupt, "the record at physical offset {} is damaged or gone", physical_offset);
}

Result<std::int64_t> MessageLog::offset_at_time(const Queue& queue, std::int64_t time_ms) {
  std::int64_t low = queue.min_offset(), high = queue.max_offset();
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    auto found = entry_from(queue, middle);
    if (!found) return std::unexpected(found.error());
    if (!*found || (*found)->offset >= high) {  // none is left from there on
      high = middle;
    } else if ((*found)->entry.store_time_ms < time_ms) {
      low = (*found)->offset + 1;
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

Result<std::vector<std::uint64_t>> MessageLog::find_by_key(std::uint64_t key_hash, std::size_t max) {
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
  if (!rows->status().ok()) return std::unexpected(to_error(rows->status(), "reading the keys"));
  return found;
}

void MessageLog::for_each_queue(const std::function<void(Queue&)>& visit) {
  for (auto& [topic, queues] : topics_) {
    for (auto& queue : queues) {
      if (queue) visit(*queue);
    }
  }
}

void MessageLog::rest() {
  files_.rest();
  writer_.rest();
}

}  // namespace gantry::store
