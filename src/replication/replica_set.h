// What is known of one broker replica set (a broker name): its members, its master, the sync-state set, and how the last
// elections went. Values only; State owns them and is the only one to change them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "replication/facts.h"

namespace gantry::replication {

struct Member {
  std::int64_t broker_id = 0;
  std::string address;     // host:port
  std::string check_code;  // registerCheckCode with which the id was applied; empty when imported

  bool operator==(const Member&) const = default;
};

// Why an election was held, or the master changed without one. Stored: numbers are never given a new meaning.
enum class ElectionReason : std::uint8_t {
  broker_asked = 1,         // 1002 of a broker, for itself
  operator_designated = 2,  // 1002 with designateElect
  operator_asked = 3,       // 1002 without a broker: whoever is best
  connection_closed = 4,    // the master's connection to the proposer closed
  silent = 5,               // the master's heartbeats stopped for its timeout
  expired = 6,              // a new leader did not hear of the master for the master's timeout
  member_returned = 7,      // the set had no master and a member is back
  master_cleaned = 8,       // 1011 removed the master: no election yet
  address_changed = 9,      // the master registered under another address, so it was started anew: no election yet
  imported = 10,            // taken over from another controller
};
std::string_view to_string(ElectionReason reason);

// Of one candidate in an election. Stored, as above.
enum class CandidateVerdict : std::uint8_t {
  elected = 1,
  not_in_sync = 2,     // not in the sync-state set (and a live in-sync member exists, or unclean election is off)
  not_alive = 3,       // no heartbeats
  not_designated = 4,  // another one was asked for
  lower_epoch = 5,     // the elected has data of a newer epoch
  lower_offset = 6,    // same epoch, the elected has more data
  lower_priority = 7,  // same data; the elected has a lower brokerElectionPriority
  not_previous = 8,    // all the same; the elected was the last master
  higher_id = 9,       // all the same
  master_stays = 10,   // could be elected, but the current master is alive and in sync
};
std::string_view to_string(CandidateVerdict verdict);

struct Candidate {
  BrokerFacts facts;
  bool in_sync = false;
  CandidateVerdict verdict = CandidateVerdict::not_alive;

  bool operator==(const Candidate&) const = default;
};

// One change of the master epoch.
struct ElectionRecord {
  std::int32_t master_epoch = 0;           // that begins with it
  std::optional<std::int64_t> old_master;  // none: there was none
  std::optional<std::int64_t> new_master;  // none: nobody was found
  ElectionReason reason = ElectionReason::broker_asked;
  bool first = false;               // the set's first master: taken because it asked first
  bool unclean = false;             // elected out of the sync-state set: messages may be lost
  std::int64_t proposed_at_ms = 0;  // wall clock of the proposer, since 1970; for people only

  bool operator==(const ElectionRecord&) const = default;
};

struct ReplicaSet {
  std::string cluster_name;
  std::string broker_name;
  std::int64_t next_broker_id = 1;
  std::optional<std::int64_t> master_id;
  std::optional<std::int64_t> previous_master_id;  // the last that was master, also while there is none
  std::int32_t master_epoch = 0;
  std::int32_t sync_state_set_epoch = 0;
  std::vector<std::int64_t> sync_state_set;  // ascending; empty until the first election, never again after it
  std::vector<Member> members;               // ascending by id
  std::vector<ElectionRecord> elections;     // oldest first, at most kElectionsKept
  std::vector<Candidate> candidates;         // of the newest of `elections`; ascending by id

  const Member* member(std::int64_t broker_id) const;  // nullptr: not registered
  bool in_sync(std::int64_t broker_id) const;
  std::string_view address_of(std::int64_t broker_id) const;  // empty: not registered
  std::string_view master_address() const;                    // empty: no master

  bool operator==(const ReplicaSet&) const = default;
};

}  // namespace gantry::replication
