// A member of a Raft group: the consensus core, its log and what the application needs of both. It knows no clock, no
// thread and no socket, and no randomness but its seed: the owner calls tick(), step() and turn() from one thread, carries
// messages and applies entries. The same calls give the same results, which is what the simulation lives of.
//
// The owner's loop, after every batch of ticks, messages and requests:
//
//     while (group.has_work()) {
//       auto output = group.turn();  // writes the log, synced, before it returns
//       if (!output) stop;                 // see "failed" below
//       ... send messages, restore, apply committed, answer reads ...
//     }
//
// Failed: when the disk failed or the core found its state impossible (it panicked: the panic is caught), every later call
// returns that error. Memory is then worth nothing; the disk is: the owner destroys the group and opens it again.
//
// Who may rely on what:
// - An entry in Output::committed is on the disks of a majority of voters and will be handed out, in this order, to every
//   member. After a restart all entries after the newest snapshot are handed out again.
// - A proposal {index, term} has happened when the committed entry `index` has that term, and has not happened when it has
//   another one. Until then its outcome is unknown; after a loss of leadership it may stay so for long.
// - A read round answered at index I has seen every write that was committed before read_round() was called: a state to
//   which the entries up to I were applied is linearizable for all reads that had arrived by then, and for no later one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "raft/log_store.h"
#include "raft/types.h"

namespace gantry::raft {

// Times are in ticks, the owner's (10 ms is a good one: 300 to 600 ms without a leader until an election).
struct GroupConfig {
  NodeId id = 0;
  std::uint64_t seed = 1;             // of the election timeout; a different one for every node and start
  std::uint32_t election_ticks = 30;  // a follower waits [n, 2n) ticks for its leader
  std::uint32_t heartbeat_ticks = 5;

  std::size_t message_bytes_max = 1 << 20;         // of entries in one message; one entry may be larger
  std::uint32_t inflight_messages_max = 256;       // appends to one follower that were not answered
  std::size_t entry_bytes_max = 4 << 20;           // of a proposal
  std::size_t uncommitted_bytes_max = 16 << 20;    // proposals beyond are refused
  std::size_t committed_bytes_per_turn = 4 << 20;  // handed out at once, about
  std::size_t unapplied_bytes_max = 64 << 20;  // turn() waits for advance_applied() beyond: the leadership may be lost
  std::size_t cached_bytes_max = 8 << 20;      // newest entries in memory; older ones are read from the store
  std::size_t snapshot_bytes_max = 512 << 20;  // of the application's state
  Index entries_kept = 10'000;                 // before a snapshot, for followers that are a little late

  // How long a leader may read without asking, after a round that a majority has answered; 0: never. A voter that has
  // heard of its leader elects nobody for election_ticks of its own clock, so this has to be shorter than they take on the
  // fastest clock of a voter, measured by the slowest of a leader.
  std::uint64_t lease_ms = 0;

  // Whether the application can read a snapshot with these bytes. One of a leader that it cannot is refused, and the node keeps
  // what it has.
  std::function<Result<void>(std::string_view)> reads_snapshot;

  // What the core has to say, for a log of debugging; severity as of syslog's order: 0 critical, 1 error, 2 warning, 3 info, 4 debug.
  std::function<void(int severity, std::string_view text)> log;
};

struct Proposal {
  Index index = 0;
  Term term = 0;
};

using ReadRound = std::uint64_t;  // unique in the life of a Group, ascending

struct MemberChange {
  enum class Kind {
    add_learner,  // id must be higher than every one before
    promote,      // a learner that has caught up becomes a voter
    remove,       // anyone but the leader (transfer first) and the last voter
  };
  Kind kind = Kind::add_learner;
  NodeId id = 0;
  std::string address;  // of add_learner
  std::string name{};   // of add_learner; may be empty
  std::string token{};  // of add_learner: of the directory that may use the id
};

// What one turn brought, to be handled in the order of the members.
struct Output {
  struct Message {
    NodeId to = 0;
    std::string bytes;      // for step() there
    bool snapshot = false;  // large: call report_snapshot() when its fate is known, else the peer gets nothing more
  };
  struct Restore {
    Index index = 0;
    std::string bytes;  // of offer_snapshot(), here or elsewhere; empty: the state with which everything begins
  };
  struct Committed {
    Index index = 0;
    Term term = 0;
    std::string data;  // empty: an entry of the group itself, nothing to apply, but it counts for advance_applied()
  };
  struct Leadership {
    Role role = Role::follower;
    Term term = 0;
    NodeId leader = 0;  // 0: unknown

    bool operator==(const Leadership&) const = default;
  };
  struct ReadAnswer {
    ReadRound round = 0;
    Index index = 0;  // read once the entries up to here are applied
  };

  std::vector<Message> messages;         // everything that they promise is on the disk
  std::optional<Restore> restore;        // replaces the application's state; also the first output of a life
  std::vector<Committed> committed;      // contiguous
  std::optional<Leadership> leadership;  // when one of the three changed
  std::optional<Members> members;        // when they changed; also in the first output of a life
  std::vector<ReadAnswer> reads;
  std::vector<ReadRound> failed_reads;  // never answered: leadership changed, or election_ticks have passed
  bool snapshot_wanted = false;         // by a member that joined after the newest one: offer_snapshot() soon
};

struct MemberStatus {
  Member member;
  std::optional<Index> matched;  // known to the leader only
  std::optional<std::uint64_t>
      silent_ticks;  // since its last message to this node; empty: none yet in this life. 0 for itself
};

struct GroupStatus {
  NodeId id = 0;
  Role role = Role::follower;
  Term term = 0;
  NodeId leader = 0;
  Index commit = 0;
  Index applied = 0;  // as told by advance_applied()
  Index last = 0;
  Index snapshot = 0;     // of the newest
  bool may_read = false;  // read_round() would be accepted
  std::vector<MemberStatus> members;
};

class Group {
 public:
  using SendEarly = std::function<void(std::vector<Output::Message>)>;

  // Writes into an empty store what every founding member begins with; the same members on each of them.
  // Errc::already_exists when the store is not empty.
  static Result<void> form(LogStore& store, const Members& members);

  // The store must outlive the group. A store that is empty belongs to a node that waits to be added as a learner.
  static Result<Group> open(GroupConfig config, LogStore& store);

  Group(Group&&) noexcept;
  Group& operator=(Group&&) noexcept;
  ~Group();

  Result<void> tick();

  // A message of a peer. Errc::invalid_argument: refused, nothing changed (damaged, not for us, impossible); drop it and
  // count it. Errc::corrupt: the leader has counted entries that this node no longer has: its disk was replaced or rolled
  // back; it must be removed and come back with a new id.
  Result<void> step(std::string_view message);

  // Errc::unavailable: not the leader, or leadership is being transferred; resource_exhausted: too much is uncommitted;
  // invalid_argument: empty or larger than entry_bytes_max. Nothing was proposed then.
  Result<Proposal> propose(std::string_view data);

  // Begins a round: one message to every voter, so the owner gathers reads into rounds. Errc::unavailable: nobody leads,
  // or the leader has not committed in its term yet. now_ms: as of read_by_lease(); a lease begins with it.
  Result<ReadRound> read_round(std::uint64_t now_ms = 0);

  // The index of a read that needs no round: this node leads, and was heard by a majority less than lease_ms ago. Empty:
  // begin a round. now_ms: of a clock that never goes back and goes on while the process or the machine is paused.
  std::optional<Index> read_by_lease(std::uint64_t now_ms) const;

  Result<void> transfer(NodeId to);  // the leader's; given up after election_ticks. No more leases in this term
  Result<Proposal> change_member(const MemberChange& change);  // the leader's; one at a time, else Errc::unavailable
  Result<void> campaign();                                     // ask for votes now

  // The transport's: a message to this peer could not be sent; a snapshot message has or has not arrived.
  Result<void> report_unreachable(NodeId to);
  Result<void> report_snapshot(NodeId to, bool delivered);

  // The application's: entries up to `index` are applied. Its state after the applied entry `index`, kept as the snapshot;
  // older entries but `entries_kept` are then forgotten.
  Result<void> advance_applied(Index index);
  Result<void> offer_snapshot(Index index, std::string bytes);
  // The same in steps, so that nobody waits for its disk. The work that is begun may be done by another thread while the
  // group goes on, and before the group ends; end_snapshot() gets what came of it, and only then is anything forgotten.
  // Empty: there is a newer one. Errc::already_exists: one was begun and has not ended.
  using SnapshotWork = std::move_only_function<Result<void>()>;
  Result<std::optional<SnapshotWork>> begin_snapshot(Index index, std::string bytes);
  Result<void> end_snapshot(const Result<void>& written);

  bool has_work() const;

  // Why every call fails from now on; empty: it does not. Of a single call's error this cannot be told.
  std::optional<Error> failure() const;

  // send_early: is given, once and before the write, the messages that promise nothing of what is being written: a leader's
  // appends, which its followers can then write at the same time as it does. They must be on their way when it returns.
  // Without it they are in the output like the others.
  Result<Output> turn(const SendEarly& send_early = {});

  GroupStatus status() const;

 private:
  struct Impl;
  explicit Group(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gantry::raft
