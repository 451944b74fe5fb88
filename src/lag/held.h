// Whose lag it is: the consumers of a group with the queues that each of them holds, and from these and a reading of the
// group's lag, the lag that waits for each consumer. Only classic consumers hold queues; those of a POP group share all
// of them, message by message, so no part of its lag is anybody's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lag/reading.h"

namespace gantry::lag {

struct QueueName {
  std::string topic, broker;
  std::int32_t queue_id = 0;
  auto operator<=>(const QueueName&) const = default;
};

// One client, as its brokers (203) and it itself (307) tell.
struct GroupClient {
  std::string client_id;
  // Where it connects from, the likeliest first: the address that brokers see, which may be a proxy's or a sidecar's,
  // then the one that Java-like client ids begin with.
  std::vector<std::string> addresses;
  // Queue -> when it was last pulled, in Unix ms, 0 if the client does not say. Empty: the client did not tell, see `why`.
  std::optional<std::map<QueueName, std::int64_t>> queues;
  std::string why;
};

struct GroupClients {
  bool pop = false;
  std::vector<GroupClient> clients;  // by client id
};

struct ClientLag {
  std::string client_id;
  std::vector<std::string> addresses;
  std::optional<std::int64_t> lag;            // of the queues that it holds; 0: it holds none, or none has any
  std::optional<std::int64_t> oldest_age_ms;  // the largest of them
  std::size_t queues = 0;                     // of the topics read
  std::string unknown;                        // why lag or age is empty
};

struct HeldLag {
  bool pop = false;
  std::vector<ClientLag> clients;         // none for a POP group
  std::size_t queues_without_client = 0;  // nobody holds them now: a rebalance is under way, or no consumer is left
  // Of these: with messages, or perhaps with messages. Known only when every client told its queues: those of one that
  // did not may be among them.
  std::optional<std::size_t> waiting_without_client;
};

// One reading a topic. A queue that two clients claim, as happens while one hands it over, is that of the one who pulled
// it last. Who holds a queue of these topics that was not read, because its broker is silent, has a lag that is not known.
HeldLag hold(const std::vector<LagReading>& readings, const GroupClients& clients);

// "10.1.2.3" of "10.1.2.3:5151", "/10.1.2.3:5151" and "[fd00::1]:5151"; empty when there is no address.
std::string address_of_remote(const std::string& remote);
// "10.1.2.3" of "10.1.2.3@17#5"; empty when the id does not begin with an address.
std::string address_of_client_id(const std::string& client_id);

}  // namespace gantry::lag
