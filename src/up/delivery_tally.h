// What became of each message of a burst: the generator gives every message a key with its number, workers print a JSON
// line with that key after the acknowledgement (or, with the status ACK_UNKNOWN, when none is to be expected), and the
// difference is what was lost or delivered twice. Lost is only what no worker can have handled: a worker that is killed
// takes with it what it had handled and not yet printed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gantry::up {

// Counts of messages. Every message that the broker took is in at most one of the first three.
struct Deliveries {
  std::int64_t lost = 0;            // nobody handled it, nor can have done so unseen; what still waits is among them
  std::int64_t unacknowledged = 0;  // handled, only by workers that never learned whether the acknowledgement was taken
  std::int64_t out_of_sight = 0;    // not known to be handled, but somebody whose output is not seen may have done it
  std::int64_t duplicated = 0;      // further deliveries of messages that were handled before
};

class DeliveryTally {
 public:
  // prefix: begins the keys of this run, as "orders-4711-"; messages: how many keys there are, from 0.
  DeliveryTally(std::string prefix, std::int64_t messages);

  std::string key_of(std::int64_t number) const;  // prefix and number
  void offered(std::int64_t number);              // is about to be sent: from now on a worker may get it
  void sent(std::int64_t number);                 // acknowledged by the broker
  // One line of a worker's output. Anything but a JSON object with a key of this run is not counted.
  void worker_line(std::string_view line);
  // Somebody who will not tell may have handled any of the messages that were offered until now: a worker has ended
  // without a last word, or a consumer of another origin is in the group.
  void out_of_sight();

  bool any_seen() const { return seen_ > 0; }
  std::int64_t seen() const { return seen_; }  // distinct messages that workers have printed
  Deliveries deliveries() const;

 private:
  struct Fate {
    bool offered = false;
    bool sent = false;
    bool seen = false;
    bool acknowledged = false;
    bool out_of_sight = false;
  };
  Fate* fate_of(std::int64_t number);

  std::string prefix_;
  std::vector<Fate> fates_;
  std::int64_t seen_ = 0;
  std::int64_t duplicated_ = 0;
};

}  // namespace gantry::up
