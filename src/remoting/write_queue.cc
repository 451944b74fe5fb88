#include "remoting/write_queue.h"

#include <utility>

#include "wire/frame.h"

namespace gantry::remoting {

namespace {
constexpr std::size_t kPieceBytes = 32 * 1024;      // a piece that has as much is not appended to any more
constexpr std::size_t kCopiedBodyBytes = 4 * 1024;  // up to this, copying costs less than one more buffer to write
constexpr std::size_t kSpareBytesMax = 128 * 1024;
}  // namespace

std::string& WriteQueue::open_piece() {
  if (!appendable_ || pieces_.size() <= sealed_ || pieces_.back().size() >= kPieceBytes) {
    pieces_.push_back(std::exchange(*spare_, {}));
    appendable_ = true;
  }
  return pieces_.back();
}

Result<void> WriteQueue::push(wire::Command&& command) {
  std::string& piece = open_piece();
  const std::size_t before = piece.size();
  const bool copied = command.body.size() <= kCopiedBodyBytes;
  auto encoded =
      copied ? wire::encode_frame(command, piece) : wire::encode_frame_head(command, command.body.size(), piece);
  if (!encoded) {
    piece.resize(before);
    if (before == 0) {
      pieces_.pop_back();
      appendable_ = false;
    }
    return encoded;
  }
  bytes_ += piece.size() - before;
  if (!copied) {
    bytes_ += command.body.size();
    pieces_.push_back(std::move(command.body));
    appendable_ = false;
  }
  return {};
}

WriteQueue::Gathered WriteQueue::gather() {
  Gathered gathered;
  for (const std::string& piece : pieces_) {
    if (gathered.count == gathered.buffers.size()) break;
    const std::size_t skip = gathered.count == 0 ? front_offset_ : 0;
    gathered.buffers[gathered.count++] = boost::asio::const_buffer(piece.data() + skip, piece.size() - skip);
  }
  sealed_ = gathered.count;
  return gathered;
}

void WriteQueue::consume(std::size_t bytes) {
  bytes_ -= bytes;
  front_offset_ += bytes;
  while (!pieces_.empty() && front_offset_ >= pieces_.front().size()) {
    std::string& front = pieces_.front();
    front_offset_ -= front.size();
    if (front.capacity() > spare_->capacity() && front.capacity() <= kSpareBytesMax) {
      front.clear();
      *spare_ = std::move(front);
    }
    pieces_.pop_front();
    if (sealed_ > 0) --sealed_;
  }
}

}  // namespace gantry::remoting
