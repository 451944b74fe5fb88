#include "store/message_log.h"

#include <algorithm>
#include <utility>

#include "store/index_row.h"
#include "store/log_recovery.h"
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
      state_(database, LogFiles(file_system_or_default(options.file_system), log_directory(options.directory))),
      retention_(state_, database, options),
      tail_(options.tail_bytes),
      writer_(file_system_or_default(options.file_system), log_directory(options.directory), options.flush) {}

Result<void> MessageLog::load() {
  const auto recovered = recover_log(state_, database_, writer_, options_.flush);
  if (!recovered) return std::unexpected(recovered.error());
  lost_messages_ = recovered->lost_messages;
  database_.oldest_physical_offset() = state_.min_physical;
  const auto& files = state_.files.files();
  if (!files.empty() && files.front().base > state_.min_physical)  // files were removed
    return retention_.begin_at(files.front().base, *commit_);
  return {};
}

Queue& MessageLog::open(std::string_view topic, std::int32_t queue_id) {
  if (Queue* queue = find(topic, queue_id)) return *queue;
  Queue& queue = state_.queues.add(topic, queue_id, state_.queues.next_number());
  commit_->put_setting(queue_setting(queue), queue_value(queue));
  return queue;
}

void MessageLog::drop(std::string_view topic) {
  state_.queues.for_each_of(topic, [this](Queue& queue) {
    commit_->erase_setting(queue_setting(queue));
    if (!commit_->broken()) state_.index.remove_rows(commit_->rows(), queue);
  });
  // one pass for all of its queues: the cache may hold a million messages
  const auto forget = [topic](Queue*& queue) {
    if (queue != nullptr && queue->topic() == topic) queue = nullptr;
  };
  for (auto& item : tail_items_) forget(item.queue);
  for (auto& pending : pending_) {
    for (auto& touched : pending.queues) forget(touched.queue);
  }
  state_.queues.erase(topic);
}

bool MessageLog::file_is_full(std::size_t entry_bytes, std::int64_t store_time_ms) const {
  const LogFiles::File& file = state_.files.files().back();
  if (state_.next_physical + entry_bytes - file.base > options_.log_file_bytes) return true;
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
                  .queue_number = queue.number(),
                  .physical_offset = state_.next_physical + kEntryHeaderBytes,
                  .queue_offset = state_.queues.state(queue).next_offset,
                  .tags_code = facts.tags_code,
                  .store_time_ms = facts.store_time_ms,
                  .keys = static_cast<std::uint32_t>(std::min(facts.key_hashes.size(), kEntryKeysMax))};
  const std::size_t bytes = place.header.entry_bytes();
  if (auto admitted = commit_->admit(bytes); !admitted) return std::unexpected(admitted.error());
  place.begins_file = state_.new_file || file_is_full(bytes, facts.store_time_ms);
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
  if (place.begins_file) state_.files.begin(state_.next_physical, header.store_time_ms);
  state_.new_file = false;
  const std::uint64_t base = state_.files.files().back().base;
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
  QueueState& at = state_.queues.state(queue);
  at.unwritten.append(value, sizeof value);

  rocksdb::WriteBatch& batch = commit_->messages(bytes);
  state_.index.add_keys(batch, place.physical_offset,
                        {place.entry + kEntryHeaderBytes + header.record_bytes, std::size_t{8} * header.keys});

  if (at.recent.empty()) at.recent_first = place.queue_offset;
  at.recent.push_back({entry, place.bytes.data()});
  tail_items_.push_back({&queue, place.physical_offset, place.bytes.data(), header.record_bytes, chunk});
  state_.next_physical += bytes;
  gathered_.end = state_.next_physical;
  at.next_offset = place.queue_offset + 1;
  state_.last_store_time_ms = std::max(state_.last_store_time_ms, header.store_time_ms);
  state_.files.note_store_time(header.store_time_ms);
  touch(queue, chunk);
}

void MessageLog::touch(Queue& queue, std::uint64_t chunk) {
  const std::uint64_t batch = commit_->gathering();
  if (pending_.empty() || pending_.back().batch != batch) {
    pending_.push_back({batch, 0, chunk, {}});
    if (pending_.size() == 1) tail_.keep_from(chunk);
  }
  Pending& pending = pending_.back();
  pending.physical_end = state_.next_physical;
  QueueState& at = state_.queues.state(queue);
  if (at.touched_batch != batch) {
    at.touched_batch = batch;
    at.touched_at = pending.queues.size();
    pending.queues.push_back({&queue, 0});
  }
  pending.queues[at.touched_at].next_offset = at.next_offset;
}

void MessageLog::forget_overwritten() {
  const std::uint64_t oldest = tail_.oldest_chunk();
  while (!tail_items_.empty() && tail_items_.front().chunk < oldest) {
    if (Queue* queue = tail_items_.front().queue) {
      QueueState& at = state_.queues.state(*queue);
      at.recent.pop_front();
      ++at.recent_first;
    }
    tail_items_.pop_front();
  }
}

LogWrite MessageLog::write_group(rocksdb::WriteBatch& batch, bool with_rows) {
  if (pending_.empty() || pending_.back().batch != commit_->gathering()) return {};
  for (const auto& touched : pending_.back().queues) {
    if (touched.queue != nullptr)
      state_.index.add_rows(batch, *touched.queue, touched.next_offset, state_.queues.state(*touched.queue).unwritten);
  }
  // under sync the batch is written when all of the log is on the disk
  const std::uint64_t synced = options_.flush == Flush::sync ? state_.next_physical : writer_.synced_to();
  (void)batch.Put(database_.family(Family::meta), to_slice(kLogEnds), log_ends_value(state_.next_physical, synced));
  mark_last(last_gathered_, with_rows);
  return std::exchange(gathered_, {});
}

void MessageLog::committed(std::uint64_t batch) {
  while (!pending_.empty() && pending_.front().batch <= batch) {
    Pending done = std::move(pending_.front());
    pending_.pop_front();
    tail_.keep_from(pending_.empty() ? UINT64_MAX : pending_.front().first_chunk);
    state_.committed_physical = std::max(state_.committed_physical, done.physical_end);
    for (auto& [queue, next_offset] : done.queues) {
      if (queue == nullptr) continue;
      QueueState& at = state_.queues.state(*queue);
      at.max_offset = std::max(at.max_offset, next_offset);
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
    state_.files.forget_from(state_.committed_physical);
    state_.new_file = true;
  }
  gathered_ = {};
  for (const auto& pending : pending_) {
    for (const auto& touched : pending.queues) {
      if (touched.queue == nullptr) continue;
      QueueState& at = state_.queues.state(*touched.queue);
      at.next_offset = at.max_offset;
      at.touched_batch = 0;
      at.unwritten.clear();
    }
  }
  pending_.clear();
  tail_.clear();
  for (const auto& item : tail_items_) {
    if (item.queue != nullptr) state_.queues.state(*item.queue).recent.clear();
  }
  tail_items_.clear();
}

Result<IndexEntry> MessageLog::entry_at(const Queue& queue, std::int64_t offset) {
  auto found = state_.entry_from(queue, offset);
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
  if (physical_offset < state_.min_physical + kEntryHeaderBytes || physical_offset >= state_.committed_physical)
    return none();
  if (const TailItem* item = find_in_tail(physical_offset)) return std::string(item->record, item->record_bytes);
  const std::uint64_t at = physical_offset - kEntryHeaderBytes;
  auto buffer = state_.files.borrow_buffer();
  auto got = state_.files.read(at, kEntryHeaderBytes + kGuessBytes, buffer->hold(kEntryHeaderBytes + kGuessBytes));
  if (!got) return std::unexpected(got.error());
  const auto header = *got < kEntryHeaderBytes ? std::nullopt : parse_header(buffer->bytes.get(), at);
  if (!header) return none();
  const std::size_t wanted = kEntryHeaderBytes + header->record_bytes;
  if (*got < wanted) {
    got = state_.files.read(at, wanted, buffer->hold(wanted));
    if (!got) return std::unexpected(got.error());
  }
  if (*got < wanted || !record_is_whole(buffer->bytes.get(), *header))
    return fail(Errc::corrupt, "the record at physical offset {} is damaged", physical_offset);
  std::string record(buffer->bytes.get() + kEntryHeaderBytes, header->record_bytes);
  state_.files.give_back(std::move(buffer));
  return record;
}

Result<std::string> MessageLog::record_of(std::uint64_t physical_offset) {
  auto record = record_at(physical_offset);
  if (record || record.error().code != Errc::not_found || physical_offset < state_.min_physical + kEntryHeaderBytes)
    return record;
  return fail(Errc::corrupt, "the record at physical offset {} is damaged or gone", physical_offset);
}

Result<std::int64_t> MessageLog::offset_at_time(const Queue& queue, std::int64_t time_ms) {
  std::int64_t low = queue.min_offset(), high = queue.max_offset();
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    auto found = state_.entry_from(queue, middle);
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
  return state_.index.find_by_key(key_hash, state_.min_physical, max);
}

std::optional<std::int64_t> MessageLog::earliest_store_time_ms() {
  if (state_.files.files().empty()) return std::nullopt;
  auto first = state_.files.first_store_time_ms(0);
  return first ? *first : std::nullopt;
}

void MessageLog::rest() {
  state_.files.rest();
  writer_.rest();
}

}  // namespace gantry::store
