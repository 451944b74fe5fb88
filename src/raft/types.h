// The words of consensus that everything in raft shares: positions, entries, members, snapshots. Values only.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gantry::raft {

using NodeId = std::uint64_t;  // 0: nobody. An id is never used again once its node was removed or has lost its disk
using Index = std::uint64_t;   // of an entry of the log, from 1; 0: none
using Term = std::uint64_t;    // from 1; 0: none

enum class Role : std::uint8_t { follower = 0, candidate = 1, leader = 2, precandidate = 3 };
std::string_view to_string(Role role);

// Two logs that have an entry of the same index and term are the same up to it (Raft's log matching).
struct Position {
  Index index = 0;
  Term term = 0;

  auto operator<=>(const Position&) const = default;
};

// What a node must remember to keep its word: the term that it is in, whom it voted for there; and, as a help for a
// restart, how far the log is known to be committed.
struct HardState {
  Term term = 0;
  NodeId vote = 0;
  Index commit = 0;

  bool operator==(const HardState&) const = default;
};

enum class EntryKind : std::uint8_t { normal = 0, membership = 1 };

struct Entry {
  Index index = 0;
  Term term = 0;
  EntryKind kind = EntryKind::normal;
  std::string data;  // empty: the entry with which a leader begins its term

  bool operator==(const Entry&) const = default;
};

// A learner receives the log and answers reads, but has no vote and does not count for a majority.
struct Member {
  NodeId id = 0;
  std::string address;  // as the peers reach it, host:port
  bool voter = true;
  std::string name{};   // the owner's, for people and for 1005; empty in data of before there were names
  std::string token{};  // of the data directory to which the id was given; empty for founding members

  bool operator==(const Member&) const = default;
};

// Who belongs to the group, as of some entry of the log.
struct Members {
  std::vector<Member> list;  // ascending by id
  NodeId highest_id = 0;     // ever given; a new member must have a higher one

  const Member* find(NodeId id) const {
    auto it = std::ranges::find(list, id, &Member::id);
    return it == list.end() ? nullptr : &*it;
  }
  std::size_t voters() const { return static_cast<std::size_t>(std::ranges::count(list, true, &Member::voter)); }

  bool operator==(const Members&) const = default;
};

// bytes: the application's state after the entry `at`. Every member of a group has one: that of the group's forming is
// at {1, 1} and has no bytes.
struct SnapshotMeta {
  Position at;
  Members members;

  bool operator==(const SnapshotMeta&) const = default;
};

struct Snapshot {
  SnapshotMeta meta;
  std::string bytes;
};

}  // namespace gantry::raft
