// What became of each message of a burst: the generator gives every message a key with its number, workers print a JSON
// line with that key after the acknowledgement, and the difference is what was lost or delivered twice.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gantry::up {

class DeliveryTally {
 public:
  // prefix: begins the keys of this run, as "orders-4711-"; messages: how many keys there are, from 0.
  DeliveryTally(std::string prefix, std::int64_t messages);

  std::string key_of(std::int64_t number) const;  // prefix and number
  void sent(std::int64_t number);                 // acknowledged by the broker
  // One line of a worker's output. Anything but a JSON object with a key of this run is not counted.
  void worker_line(std::string_view line);

  bool any_seen() const { return seen_ > 0; }
  std::int64_t seen() const { return seen_; }              // distinct messages
  std::int64_t duplicated() const { return duplicated_; }  // further deliveries of those
  std::int64_t lost() const;                               // sent and not seen

 private:
  std::string prefix_;
  struct Fate {
    bool sent = false;
    bool seen = false;
  };
  std::vector<Fate> fates_;
  std::int64_t seen_ = 0;
  std::int64_t duplicated_ = 0;
};

}  // namespace gantry::up
