#include "rpc/call.h"

#include "rpc/connection.h"

namespace gantry::rpc {

void Call::send(std::string_view message) {
  if (!is_open()) return;
  if (unsent_.size() >= kUnsentMax) {
    return finish({Code::resource_exhausted, "the caller does not read what it is sent"});
  }
  unsent_.push_back(frame_message(message));
  if (auto connection = connection_.lock()) connection->submit(*this);
}

void Call::finish(Status status) {
  if (!is_open()) return;
  finished_ = true;
  status_ = std::move(status);
  if (auto connection = connection_.lock()) connection->submit(*this);
}

}  // namespace gantry::rpc
