// What became of each message of a burst, for each group that consumes it: the generator gives every message a key with
// its number, workers print a JSON line with that key after the acknowledgement (or, with the status ACK_UNKNOWN, when
// none is to be expected), and the difference is what was lost or delivered twice. Lost is only what no worker can have
// handled: a worker that is killed takes with it what it had handled and not yet printed.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gantry::up {

// Counts of deliveries of a message to a group, over all groups whose workers print what they handle. Every message that
// the broker took is, for each of them, in at most one of the first three.
struct Deliveries {
  std::int64_t lost = 0;            // nobody handled it, nor can have done so unseen; what still waits is among them
  std::int64_t unacknowledged = 0;  // handled, only by workers that never learned whether the acknowledgement was taken
  std::int64_t out_of_sight = 0;    // not known to be handled, but somebody whose output is not seen may have done it
  std::int64_t duplicated = 0;      // further deliveries to a group that had handled the message before
};

class DeliveryTally {
 public:
  // prefix: begins the keys of this run, as "orders-4711-"; messages: how many keys there are, from 0.
  DeliveryTally(std::string prefix, std::int64_t messages);

  std::string key_of(std::int64_t number) const;  // prefix and number
  void offered(std::int64_t number);              // is about to be sent: from now on a worker may get it
  void sent(std::int64_t number);                 // acknowledged by the broker
  // One line of a worker of that group. Anything but a JSON object with a key of this run is not counted.
  void worker_line(const std::string& group, std::string_view line);
  // Somebody in that group who will not tell may have handled any of the messages that were offered until now: a worker
  // has ended without a last word, or a consumer of another origin is in the group.
  void out_of_sight(const std::string& group);

  bool any_seen() const;
  Deliveries deliveries() const;

 private:
  struct Message {
    bool offered = false;
    bool sent = false;
  };
  struct Fate {
    bool seen = false;
    bool acknowledged = false;
    bool out_of_sight = false;
  };
  struct Group {
    bool speaks = false;  // its workers print what they handle
    std::int64_t duplicated = 0;
    std::vector<Fate> fates;  // of each message
  };
  bool has(std::int64_t number) const;
  Group& open(const std::string& group);

  std::string prefix_;
  std::vector<Message> messages_;
  std::map<std::string, Group> groups_;
};

}  // namespace gantry::up
