// What each controller says of itself (19001), asked of all of them at once, and what that comes to for the group: who is in
// it when nobody leads, and what `gantry doctor` finds.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/findings.h"
#include "remoting/client.h"

namespace gantry::cli {

struct NodeAnswer {
  std::string address;
  Result<boost::json::object> status = fail(Errc::unavailable, "not asked");
};

inline constexpr std::chrono::milliseconds kStatusWithin{2'000};  // it is answered at once, or something hangs

// One answer for each address, in their order, after `timeout` at most. unimplemented: a controller of another kind.
boost::asio::awaitable<std::vector<NodeAnswer>> ask_nodes(remoting::Client& client, std::vector<std::string> addresses,
                                                          std::chrono::milliseconds timeout);
// And of the members that they know and that were not among them, at most 100.
boost::asio::awaitable<std::vector<NodeAnswer>> ask_group(remoting::Client& client, std::vector<std::string> addresses,
                                                          std::chrono::milliseconds timeout);

// Who is to be asked for what the leader knows: the one that calls itself leader in the highest term, else one that says
// that it knows a leader; nullptr: none.
const NodeAnswer* way_to_leader(const std::vector<NodeAnswer>& answers);

// The members as the node with the newest term and entry knows them, in the form of `gantry controller members`, with what
// they say of themselves: role "unreachable" and alive null of those that did not answer; those that wait for their group.
boost::json::array members_unconfirmed(const std::vector<NodeAnswer>& answers);
std::string whose_knowledge(const std::vector<NodeAnswer>& answers);  // that is; empty: nobody's
// One sentence: who answered, how many are needed, and what to do. All that failed, when none did.
std::string why_no_leader(const std::vector<NodeAnswer>& answers);

struct BrokerOfSet {
  std::string set, address;
  std::int64_t id = 0;
};
// Those that are alive, of the answer to 19002; at most 200.
std::vector<BrokerOfSet> brokers_of_sets(std::string_view answer);

// For `gantry doctor`: who leads, how far each is behind, who is silent, how many more may fail.
void advise_on_group(const std::vector<NodeAnswer>& answers, Findings& findings);

}  // namespace gantry::cli
