#include "store/queue_reader.h"

#include <algorithm>
#include <array>

#include "store/index_row.h"

namespace gantry::store {

QueueReader::QueueReader(MessageLog& log, const Queue& queue, std::int64_t from, std::size_t likely)
    : log_(log),
      queue_(queue),
      end_(queue.max_offset()),
      following_(std::max(from, queue.min_offset())),
      together_(std::clamp<std::size_t>(likely, 1, kTogetherMax)) {}

bool QueueReader::next() {
  if (following_ >= end_ || error_) return false;
  if (next_from_tail()) return true;
  tail_position_.reset();
  if (at_ == rows_.size()) gather_rows();
  if (at_ == rows_.size()) return !error_ && next_from_tail();
  here_ = rows_[at_++];
  following_ = here_.offset + 1;
  return true;
}

bool QueueReader::next_from_tail() {
  const std::int64_t recent = following_ - queue_.recent_first_;
  if (queue_.recent_.empty() || recent < 0) return false;
  const auto& found = queue_.recent_[static_cast<std::size_t>(recent)];
  here_ = {following_++, found.entry};
  tail_position_ = found.tail_position;
  return true;
}

void QueueReader::gather_rows() {
  static_assert(sizeof upper_ == kIndexKeyBytes);
  rows_.clear();
  at_ = 0;
  fetched_from_ = fetched_to_ = 0;
  if (!index_) {
    encode_index_key(upper_, queue_.number_, end_);
    upper_slice_ = {upper_, sizeof upper_};
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &upper_slice_;
    index_.reset(log_.database_.db().NewIterator(options, log_.database_.family(Family::index)));
    char key[kIndexKeyBytes];
    encode_index_key(key, queue_.number_, following_);
    index_->Seek({key, sizeof key});
  }
  const std::int64_t tail_begins = queue_.recent_.empty() ? end_ : queue_.recent_first_;
  for (; index_->Valid() && rows_.size() < together_; index_->Next()) {
    const auto row = IndexRow::parse(index_->key().ToStringView(), index_->value().ToStringView());
    if (!row) {
      error_ = Error{Errc::corrupt, "a row of the index has the wrong size"};
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

void QueueReader::fetch_records() {
  fetched_from_ = fetched_to_ = at_ - 1;
  std::uint64_t bytes = 0;
  while (fetched_to_ < rows_.size() && fetched_to_ - fetched_from_ < together_) {
    bytes += rows_[fetched_to_].entry.size;
    if (fetched_to_ != fetched_from_ && bytes > kTogetherBytesMax) break;
    ++fetched_to_;
  }
  const IndexEntry& last = rows_[fetched_to_ - 1].entry;
  const std::uint64_t span = last.physical_offset + last.size - rows_[fetched_from_].entry.physical_offset;
  walking_ = fetched_to_ - fetched_from_ > 1 && span <= kNear * bytes;
  if (!walking_) return fetch_by_keys(fetched_to_ - fetched_from_);
  if (!walk_) walk_.reset(log_.database_.db().NewIterator({}, log_.database_.family(Family::log)));
  char key[8];
  put_u64(key, rows_[fetched_from_].entry.physical_offset);
  walk_->Seek({key, sizeof key});
}

void QueueReader::fetch_by_keys(std::size_t count) {
  std::array<std::array<char, 8>, kTogetherMax> keys;
  std::array<rocksdb::Slice, kTogetherMax> slices;
  for (std::size_t i = 0; i < count; ++i) {
    put_u64(keys[i].data(), rows_[fetched_from_ + i].entry.physical_offset);
    slices[i] = {keys[i].data(), keys[i].size()};
  }
  records_ = std::vector<rocksdb::PinnableSlice>(count);
  statuses_.assign(count, {});
  log_.database_.db().MultiGet({}, log_.database_.family(Family::log), count, slices.data(), records_.data(),
                               statuses_.data(), /*sorted_input=*/true);
}

std::string_view QueueReader::walk_to(std::uint64_t physical_offset) {
  const auto here = [&] { return walk_->key().size() == 8 ? get_u64(walk_->key().data()) : 0; };
  while (walk_->Valid() && here() < physical_offset) walk_->Next();
  if (walk_->Valid() && here() == physical_offset) return {walk_->value().data(), walk_->value().size()};
  if (!walk_->status().ok()) error_ = to_error(walk_->status(), "reading the log");
  return {};
}

std::string_view QueueReader::record() {
  if (tail_position_) return {log_.tail_.at(*tail_position_), here_.entry.size};
  if (at_ == 0) return {};
  if (at_ > fetched_to_) fetch_records();
  if (walking_) return walk_to(here_.entry.physical_offset);
  const std::size_t i = at_ - 1 - fetched_from_;
  if (!statuses_[i].ok()) {
    if (!statuses_[i].IsNotFound()) error_ = to_error(statuses_[i], "reading the log");
    return {};
  }
  return {records_[i].data(), records_[i].size()};
}

}  // namespace gantry::store
