// The frames of one connection that wait to be written, in order, as few large pieces: heads and small bodies are
// gathered in shared pieces, a large body is moved in whole and never copied.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <deque>
#include <string>

#include "base/error.h"
#include "wire/command.h"

namespace gantry::remoting {

class WriteQueue {
 public:
  // A buffer sequence without an allocation. 64 is what one writev of Asio takes.
  struct Gathered {
    using value_type = boost::asio::const_buffer;
    std::array<value_type, 64> buffers;
    std::size_t count = 0;
    const value_type* begin() const { return buffers.data(); }
    const value_type* end() const { return buffers.data() + count; }
  };

  // `spare`: memory for the next piece, shared by all queues of one thread.
  explicit WriteQueue(std::string& spare) : spare_(&spare) {}

  bool empty() const { return bytes_ == 0; }
  std::size_t bytes() const { return bytes_; }

  // Appends the command's frame. On failure nothing was appended.
  Result<void> push(wire::Command&& command);

  // The front of the queue. It stays where it is until consume(), while more is pushed.
  Gathered gather();
  void consume(std::size_t bytes);

 private:
  std::string& open_piece();

  std::string* spare_;
  std::deque<std::string> pieces_;  // none is empty
  std::size_t front_offset_ = 0;    // of the first piece, written already
  std::size_t sealed_ = 0;          // that many pieces from the front were gathered: they must not move any more
  bool appendable_ = false;         // the last piece may grow
  std::size_t bytes_ = 0;
};

}  // namespace gantry::remoting
