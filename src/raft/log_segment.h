// The segment that is written: frames one after the other, each on the disk before the next.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "raft/block_file.h"
#include "raft/log_format.h"

namespace gantry::raft {

class LogSegment {
 public:
  // Begins it: the header is on the disk when it returns, and what stood in the file before counts no more.
  static Result<LogSegment> begin(BlockFile file, const SegmentHeader& header);
  // Goes on with one that was read: `bytes` is what it has, its frames end at `end`.
  static LogSegment resume(BlockFile file, const SegmentHeader& header, std::string_view bytes, std::uint64_t end);

  const BlockFile& file() const { return file_; }
  std::uint64_t sequence() const { return sequence_; }
  std::uint64_t end() const { return end_; }
  static constexpr std::size_t content_bytes_max(std::uint64_t segment_bytes) {
    return segment_bytes - log_block_bytes - frame_head_bytes;
  }
  bool fits(std::size_t content_bytes) const { return frame_end(end_, content_bytes) <= file_.size(); }

  // A frame that fits; durable when it returns. Gives the place of its content.
  Result<std::uint64_t> append(FrameKind kind, std::string_view content);

  BlockFile take_file() && { return std::move(file_); }

 private:
  LogSegment(BlockFile file, const SegmentHeader& header, std::uint64_t end);

  BlockFile file_;
  BlockFile::Blocks blocks_;  // begins with those bytes of the block at end_ that are before it
  std::uint64_t sequence_;
  std::uint64_t salt_;
  std::uint64_t end_;
};

}  // namespace gantry::raft
