#include "store/queue_reader.h"

#include <algorithm>

#include "store/index_row.h"

namespace gantry::store {

QueueReader::QueueReader(MessageLog& log, const Queue& queue, std::int64_t from, std::size_t likely)
    : log_(log.state_),
      queue_(queue),
      end_(queue.max_offset()),
      following_(std::max(from, queue.min_offset())),
      together_(std::clamp<std::size_t>(likely, 1, kTogetherMax)) {}

QueueReader::~QueueReader() { log_.files.give_back(std::move(buffer_)); }

bool QueueReader::next() {
  if (following_ >= end_ || error_) return false;
  if (next_from_tail()) return true;
  tail_record_ = nullptr;
  record_ = {};
  if (at_ == rows_.size()) gather_rows();
  if (at_ == rows_.size()) return !error_ && next_from_tail();
  here_ = rows_[at_++];
  following_ = here_.offset + 1;
  return true;
}

bool QueueReader::next_from_tail() {
  const auto* found = log_.queues.state(queue_).recent_at(following_);
  if (found == nullptr) return false;
  here_ = {following_++, found->entry};
  tail_record_ = found->record;
  return true;
}

void QueueReader::gather_rows() {
  static_assert(sizeof upper_ == kIndexKeyBytes);
  rows_.clear();
  at_ = 0;
  read_to_ = 0;
  if (!index_) {
    encode_index_key(upper_, queue_.number(), end_);
    upper_slice_ = {upper_, sizeof upper_};
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &upper_slice_;
    index_ = log_.index.rows(options);
    char key[kIndexKeyBytes];
    encode_index_key(key, queue_.number(), following_);
    index_->Seek({key, sizeof key});
  }
  const QueueState& tail = log_.queues.state(queue_);
  const std::int64_t tail_begins = tail.recent.empty() ? end_ : tail.recent_first;
  for (; index_->Valid() && rows_.size() < together_; index_->Next()) {
    const auto row = IndexRow::parse(index_->key().ToStringView(), index_->value().ToStringView());
    if (!row) {
      error_ = Error{Errc::corrupt, "a row of the index is malformed"};
      return;
    }
    const std::int64_t past = std::min(row->last() + 1, tail_begins);
    for (std::int64_t offset = std::max(row->first(), following_); offset < past; ++offset)
      rows_.push_back({offset, row->entry(offset)});
    if (past == tail_begins) break;
  }
  if (rows_.empty() && index_->Valid()) following_ = tail_begins;  // what was before the tail is gone
  if (!index_->status().ok()) error_ = to_error(index_->status(), "reading the index");
}

// As many of the following records as lie near, with one read.
void QueueReader::read_run() {
  const IndexEntry& first = rows_[at_ - 1].entry;
  std::uint64_t bytes = first.size;
  std::uint64_t end = first.physical_offset + first.size;
  read_to_ = at_;
  while (read_to_ < rows_.size() && read_to_ - at_ + 1 < together_) {
    const IndexEntry& entry = rows_[read_to_].entry;
    bytes += entry.size;
    const std::uint64_t entry_end = entry.physical_offset + entry.size;
    if (bytes > kTogetherBytesMax || entry_end < end || entry_end - first.physical_offset > kNear * bytes) break;
    end = entry_end;
    ++read_to_;
  }
  buffer_bytes_ = 0;
  if (first.physical_offset < log_.min_physical + kEntryHeaderBytes) return;  // deleted meanwhile
  buffer_at_ = first.physical_offset - kEntryHeaderBytes;
  const auto wanted = static_cast<std::size_t>(end - buffer_at_);
  if (!buffer_) buffer_ = log_.files.borrow_buffer();
  auto got = log_.files.read(buffer_at_, wanted, buffer_->hold(wanted));
  if (got) {
    buffer_bytes_ = *got;
  } else if (got.error().code != Errc::not_found) {
    error_ = std::move(got.error());
  }
}

std::string_view QueueReader::check(const IndexEntry& entry) {
  if (entry.physical_offset < log_.min_physical + kEntryHeaderBytes) return {};
  const std::uint64_t at = entry.physical_offset - kEntryHeaderBytes;
  const std::size_t bytes = kEntryHeaderBytes + entry.size;
  if (at >= buffer_at_ && at + bytes <= buffer_at_ + buffer_bytes_) {
    const char* found = buffer_->bytes.get() + (at - buffer_at_);
    const auto header = parse_header(found, at);
    if (header && header->record_bytes == entry.size && header->queue_number == queue_.number() &&
        header->queue_offset == here_.offset && record_is_whole(found, *header))
      return {found + kEntryHeaderBytes, entry.size};
  }
  error_ =
      Error{Errc::corrupt, fmt::format("the record of topic {} queue {} offset {} at physical offset {} is damaged",
                                       queue_.topic(), queue_.id(), here_.offset, entry.physical_offset)};
  return {};
}

std::string_view QueueReader::record() {
  if (tail_record_ != nullptr) return {tail_record_, here_.entry.size};
  if (at_ == 0 || error_) return {};
  if (!record_.empty()) return record_;
  const bool in_last_run = at_ <= read_to_;
  if (!in_last_run) read_run();
  if (error_) return {};
  // the run ends where the file does; what lies in the next one is a run of its own
  if (in_last_run && here_.entry.physical_offset + here_.entry.size > buffer_at_ + buffer_bytes_) {
    read_run();
    if (error_) return {};
  }
  record_ = check(here_.entry);
  return record_;
}

}  // namespace gantry::store
