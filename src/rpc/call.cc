#include "rpc/call.h"

#include "rpc/connection.h"

namespace gantry::rpc {

void Call::send(std::string_view message) {
  if (!is_open()) return;
  auto connection = connection_.lock();
  if (!connection) return;
  unsent_.erase(0, std::exchange(sent_, 0));
  const std::string framed = frame_message(message);
  const bool full = !unsent_.empty() && unsent_.size() + framed.size() > kUnsentBytesMax;
  if (full || !connection->unsent_bytes_.take(framed.size())) return connection->give_up(*this);
  unsent_ += framed;
  connection->submit(*this);
}

void Call::finish(Status status) {
  if (!is_open()) return;
  finished_ = true;
  status_ = std::move(status);
  if (auto connection = connection_.lock()) connection->submit(*this);
}

}  // namespace gantry::rpc
