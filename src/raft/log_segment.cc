#include "raft/log_segment.h"

#include <cstring>
#include <utility>

namespace gantry::raft {
namespace {

constexpr std::size_t blocks_kept_bytes = 256 << 10;
static_assert(log_block_bytes % BlockFile::block_bytes == 0, "what is written are whole blocks of the file");

}  // namespace

LogSegment::LogSegment(BlockFile file, const SegmentHeader& header, std::uint64_t end)
    : file_(std::move(file)), sequence_(header.sequence), salt_(header.salt), end_(end) {
  blocks_.reserve(blocks_kept_bytes);
}

Result<LogSegment> LogSegment::begin(BlockFile file, const SegmentHeader& header) {
  LogSegment segment(std::move(file), header, log_block_bytes);
  const auto encoded = encode(header);
  std::memset(segment.blocks_.data(), 0, log_block_bytes);
  std::memcpy(segment.blocks_.data(), encoded.data(), encoded.size());
  auto written = segment.file_.write_synced(0, segment.blocks_, log_block_bytes);
  if (!written) return std::unexpected(written.error());
  return segment;
}

LogSegment LogSegment::resume(BlockFile file, const SegmentHeader& header, std::string_view bytes, std::uint64_t end) {
  LogSegment segment(std::move(file), header, end);
  const auto block = bytes.substr(end / log_block_bytes * log_block_bytes, end % log_block_bytes);
  std::memset(segment.blocks_.data(), 0, log_block_bytes);
  std::memcpy(segment.blocks_.data(), block.data(), block.size());
  return segment;
}

Result<std::uint64_t> LogSegment::append(FrameKind kind, std::string_view content) {
  const std::uint64_t begin = end_ / log_block_bytes * log_block_bytes;
  const std::size_t before = end_ - begin;
  const std::uint64_t end = frame_end(end_, content.size());
  const std::size_t bytes = (end - begin + log_block_bytes - 1) / log_block_bytes * log_block_bytes;
  blocks_.reserve(bytes);
  const auto head = frame_head(salt_, end_, kind, content);
  char* at = blocks_.data() + before;
  std::memcpy(at, head.data(), head.size());
  std::memcpy(at + head.size(), content.data(), content.size());
  const std::size_t used = before + head.size() + content.size();
  std::memset(blocks_.data() + used, 0, bytes - used);
  if (auto written = file_.write_synced(begin, blocks_, bytes); !written) return std::unexpected(written.error());

  const std::uint64_t place = end_ + head.size();
  const std::size_t left = end % log_block_bytes;
  const char* last_block = blocks_.data() + (end / log_block_bytes * log_block_bytes - begin);
  if (blocks_.capacity() > blocks_kept_bytes) {
    BlockFile::Blocks fresh;
    fresh.reserve(blocks_kept_bytes);
    std::memcpy(fresh.data(), last_block, left);
    blocks_ = std::move(fresh);
  } else if (left != 0) {
    std::memmove(blocks_.data(), last_block, left);
  }
  end_ = end;
  return place;
}

}  // namespace gantry::raft
