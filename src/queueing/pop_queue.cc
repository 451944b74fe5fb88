#include "queueing/pop_queue.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace gantry::queueing {
namespace {

constexpr char kFormatVersion = 1;

void put64(std::string& out, std::uint64_t value) {
  char bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(value >> 8 * i);
  out.append(bytes, sizeof bytes);
}

std::uint64_t get64(std::string_view bytes) {
  std::uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
  return value;
}

}  // namespace

bool PopBatch::complete() const { return unacked_count() == 0; }

std::size_t PopBatch::unacked_count() const { return offsets.size() - static_cast<std::size_t>(std::popcount(acked)); }

std::vector<std::int64_t> PopBatch::unacked() const {
  std::vector<std::int64_t> left;
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    if ((acked >> i & 1) == 0) left.push_back(offsets[i]);
  }
  return left;
}

std::string PopBatch::encode() const {
  std::string out;
  out.reserve(1 + 8 * (4 + offsets.size()));
  out.push_back(kFormatVersion);
  put64(out, static_cast<std::uint64_t>(id.start_offset));
  put64(out, static_cast<std::uint64_t>(id.pop_time_ms));
  put64(out, static_cast<std::uint64_t>(invisible_ms));
  put64(out, acked);
  for (std::int64_t offset : offsets) put64(out, static_cast<std::uint64_t>(offset));
  return out;
}

Result<PopBatch> PopBatch::decode(std::string_view bytes) {
  constexpr std::size_t kFixed = 1 + 4 * 8;
  if (bytes.size() < kFixed || (bytes.size() - kFixed) % 8 != 0 || bytes[0] != kFormatVersion) {
    return fail(Errc::corrupt, "POP batch: not of format {} ({} bytes)", int{kFormatVersion}, bytes.size());
  }
  PopBatch batch;
  batch.id.start_offset = static_cast<std::int64_t>(get64(bytes.substr(1)));
  batch.id.pop_time_ms = static_cast<std::int64_t>(get64(bytes.substr(9)));
  batch.invisible_ms = static_cast<std::int64_t>(get64(bytes.substr(17)));
  batch.acked = get64(bytes.substr(25));
  for (bytes.remove_prefix(kFixed); !bytes.empty(); bytes.remove_prefix(8)) {
    batch.offsets.push_back(static_cast<std::int64_t>(get64(bytes)));
  }
  const std::size_t count = batch.offsets.size();
  const bool stray_bits = count < 64 && (batch.acked >> count) != 0;
  if (count == 0 || count > kMessagesMax || stray_bits || !std::is_sorted(batch.offsets.begin(), batch.offsets.end())) {
    return fail(Errc::corrupt, "POP batch: {} offsets, acknowledged {:x}", count, batch.acked);
  }
  return batch;
}

PopQueue::PopQueue(std::int64_t next_offset, std::vector<PopBatch> batches) : next_offset_(next_offset) {
  for (PopBatch& batch : batches) {
    next_offset_ = std::max(next_offset_, batch.offsets.back() + 1);
    add(std::move(batch));
  }
}

std::int64_t PopQueue::commit_offset() const {
  std::int64_t offset = next_offset_;
  // A renewed message's batch begins at the message, an ordinary one at the pop: ids are ordered by start, but a
  // filtered or acknowledged head can make a later batch hold the lower message only if it starts lower.
  for (const auto& [id, batch] : batches_) {
    if (id.start_offset >= offset) break;
    for (std::size_t i = 0; i < batch.offsets.size(); ++i) {
      if ((batch.acked >> i & 1) == 0) {
        offset = std::min(offset, batch.offsets[i]);
        break;
      }
    }
  }
  return offset;
}

const PopBatch* PopQueue::add(PopBatch batch) {
  in_flight_ += batch.unacked_count();
  by_visible_time_.emplace(batch.visible_at_ms(), batch.id);
  const PopBatchId id = batch.id;
  return &batches_.insert_or_assign(id, std::move(batch)).first->second;
}

void PopQueue::remove(Batches::iterator batch) {
  in_flight_ -= batch->second.unacked_count();
  by_visible_time_.erase({batch->second.visible_at_ms(), batch->first});
  batches_.erase(batch);
}

const PopBatch* PopQueue::pop(std::int64_t end_offset, std::vector<std::int64_t> offsets, std::int64_t pop_time_ms,
                              std::int64_t invisible_ms) {
  PopBatchId id{next_offset_, pop_time_ms};
  next_offset_ = std::max(next_offset_, end_offset);
  if (offsets.empty()) return nullptr;
  while (batches_.contains(id)) ++id.pop_time_ms;
  return add(PopBatch{id, invisible_ms, std::move(offsets), 0});
}

const PopBatch* PopQueue::find(PopBatchId id) const {
  auto found = batches_.find(id);
  return found == batches_.end() ? nullptr : &found->second;
}

std::optional<PopQueue::Change> PopQueue::ack(PopBatchId id, std::int64_t offset) {
  auto found = batches_.find(id);
  if (found == batches_.end()) return std::nullopt;
  PopBatch& batch = found->second;
  const auto at = std::lower_bound(batch.offsets.begin(), batch.offsets.end(), offset);
  if (at == batch.offsets.end() || *at != offset) return std::nullopt;
  const auto bit = std::uint64_t{1} << (at - batch.offsets.begin());
  if ((batch.acked & bit) != 0) return std::nullopt;
  batch.acked |= bit;
  --in_flight_;
  if (!batch.complete()) return Change{id, &batch};
  remove(found);
  return Change{id, nullptr};
}

std::optional<PopQueue::Renewal> PopQueue::renew(PopBatchId id, std::int64_t offset, std::int64_t now_ms,
                                                 std::int64_t invisible_ms) {
  auto old_batch = ack(id, offset);
  if (!old_batch) return std::nullopt;
  PopBatchId renewed{offset, now_ms};
  while (batches_.contains(renewed) || renewed == id) ++renewed.pop_time_ms;
  return Renewal{*old_batch, add(PopBatch{renewed, invisible_ms, {offset}, 0})};
}

std::vector<PopBatch> PopQueue::take_due(std::int64_t now_ms) {
  std::vector<PopBatch> due;
  while (!by_visible_time_.empty() && by_visible_time_.begin()->first <= now_ms) {
    auto batch = batches_.find(by_visible_time_.begin()->second);
    due.push_back(batch->second);
    remove(batch);
  }
  return due;
}

std::optional<std::int64_t> PopQueue::next_due_ms() const {
  if (by_visible_time_.empty()) return std::nullopt;
  return by_visible_time_.begin()->first;
}

std::vector<PopBatchId> PopQueue::reset(std::int64_t next_offset) {
  std::vector<PopBatchId> ids;
  for (const auto& [id, batch] : batches_) ids.push_back(id);
  *this = PopQueue(next_offset, {});
  return ids;
}

}  // namespace gantry::queueing
