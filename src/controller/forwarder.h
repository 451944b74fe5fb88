// Hands a request on to the leader, as it came, and relays the answer: so any controller may be asked for anything. One
// pipelined connection carries all of them.
#pragma once

#include <chrono>

#include "controller/directory.h"
#include "controller/replica.h"
#include "remoting/client.h"
#include "remoting/server.h"

namespace gantry::controller {

class Forwarder {
 public:
  static constexpr std::chrono::milliseconds kTimeout{5'000};

  // All must outlive the forwarder.
  Forwarder(remoting::Client& client, const Replica& replica, const Directory& directory)
      : client_(client), replica_(replica), directory_(directory) {}

  // Answers 2007 when no leader is known, or when the request was handed on to us already: then two nodes take each
  // other for the leader, and the broker had better ask again. Answers 2015 (outcome unknown) when the leader did not.
  void forward(remoting::Request request);

 private:
  remoting::Client& client_;
  const Replica& replica_;
  const Directory& directory_;
};

}  // namespace gantry::controller
