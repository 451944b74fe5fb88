/* The C interface of the consensus core, src/raft/core (Rust). Only raft/node.h includes it.
 *
 * A node is used by one thread at a time and knows no clock, socket or disk. Memory that it lends (slices, arrays) lives
 * until the next call of the same kind; memory lent to it is copied. A panic of the core is caught: the call and all later
 * ones return RAFT_CORE_FAILED, raft_core_error() says what it said, and the node can only be destroyed. */
#ifndef GANTRY_RAFT_CORE_H
#define GANTRY_RAFT_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct RaftCore RaftCore;

typedef enum {
  RAFT_CORE_OK = 0,
  RAFT_CORE_NOT_LEADER = 1,
  RAFT_CORE_TRANSFERRING = 2, /* leadership; no proposals meanwhile */
  RAFT_CORE_OVERLOADED = 3,   /* too much is uncommitted */
  RAFT_CORE_NOT_READY = 4,    /* no leader is known, or it has not committed in its term */
  RAFT_CORE_PENDING = 5,      /* another change of members is */
  RAFT_CORE_INVALID = 6,      /* refused, nothing changed */
  RAFT_CORE_LOST_LOG = 7,     /* the leader counts on entries that this node does not have */
  RAFT_CORE_FAILED = 8        /* poisoned: destroy it and start again from the disk */
} RaftCoreCode;

typedef struct {
  const uint8_t* data;
  size_t size;
} RaftCoreSlice;

enum { RAFT_CORE_ENTRY_NORMAL = 0, RAFT_CORE_ENTRY_MEMBERSHIP = 1 };

typedef struct {
  uint64_t index, term;
  uint32_t kind;
  RaftCoreSlice data;
} RaftCoreEntry;

typedef struct {
  uint64_t to;
  bool is_snapshot; /* only its position: members and bytes are sent along by the owner */
  RaftCoreSlice bytes;
} RaftCoreMessage;

typedef struct {
  uint64_t counter, index; /* the round `counter` of this node saw everything up to `index` */
} RaftCoreRead;

typedef struct {
  uint64_t term, vote, commit;
} RaftCoreHardState;

typedef struct {
  RaftCoreHardState hard_state;
  bool must_sync;
  bool has_hard_state;
  bool has_snapshot; /* replaces the log and what was applied */
  uint64_t snapshot_index, snapshot_term;
  const RaftCoreEntry* entries; /* to save; cuts what is stored from the first one's index on */
  size_t entries_size;
  const RaftCoreEntry* committed; /* to apply */
  size_t committed_size;
  const RaftCoreRead* reads;
  size_t reads_size;
  const RaftCoreMessage* early_messages; /* promise nothing of this ready: may go out before the write */
  size_t early_messages_size;
} RaftCoreReady;

typedef struct {
  uint64_t commit;
  const RaftCoreEntry* committed; /* to apply, after those of the ready */
  size_t committed_size;
  const RaftCoreMessage* messages;
  size_t messages_size;
} RaftCoreAdvance;

enum { RAFT_CORE_FOLLOWER = 0, RAFT_CORE_CANDIDATE = 1, RAFT_CORE_LEADER = 2, RAFT_CORE_PRECANDIDATE = 3 };

typedef struct {
  uint64_t term, leader, commit, last;
  uint32_t role;
  bool may_read;
  bool pending_snapshot; /* taken by step, not in a ready yet */
  uint64_t pending_snapshot_index, pending_snapshot_term;
} RaftCoreStatus;

typedef struct {
  uint64_t index, term;
} RaftCoreProposal;

enum { RAFT_CORE_MEMBER_ADD = 0, RAFT_CORE_MEMBER_REMOVE = 1, RAFT_CORE_MEMBER_ADD_LEARNER = 2 };

typedef struct {
  bool applied; /* false: refused, by every node alike */
  uint32_t kind;
  uint64_t id;
  RaftCoreSlice context;
} RaftCoreChange;

typedef struct {
  const uint64_t* voters;
  size_t voters_size;
  const uint64_t* learners;
  size_t learners_size;
} RaftCoreMembers;

typedef struct {
  uint64_t index, term;
  RaftCoreMembers members;
} RaftCoreSnapshot;

typedef struct {
  uint64_t id;
  uint64_t incarnation; /* never the same twice for an id */
  uint64_t seed;        /* of the election timeout */
  RaftCoreHardState hard_state;
  uint64_t truncated_index, truncated_term, last_index;
  uint64_t applied; /* `members` are those after this entry */
  RaftCoreMembers members;
  uint64_t election_ticks, heartbeat_ticks;
  uint64_t message_bytes_max, inflight_messages_max, uncommitted_bytes_max, committed_bytes_max;
  uint64_t cached_bytes_max, entry_bytes_max;
} RaftCoreConfig;

typedef struct {
  void* owner;
  /* Entries [from, to) by raft_core_push_entry(sink, ...): at least one, then until bytes_max is exceeded. 0: done. */
  int (*read_entries)(void* owner, uint64_t from, uint64_t to, uint64_t bytes_max, void* sink);
  /* Where the newest snapshot stands, of which node `to` must be a member. 0: done; else the core asks again later. */
  int (*describe_snapshot)(void* owner, uint64_t to, uint64_t* index, uint64_t* term);
  /* severity: 0 critical, 1 error, 2 warning, 3 info, 4 debug. May be null. */
  void (*log)(void* owner, int severity, const char* text, size_t size);
} RaftCoreCallbacks;

/* Null when it cannot be; `error` then holds the reason, ended by a zero. */
RaftCore* raft_core_create(const RaftCoreConfig* config, const RaftCoreCallbacks* callbacks, char* error,
                           size_t error_size);
void raft_core_destroy(RaftCore* core);
RaftCoreSlice raft_core_error(const RaftCore* core); /* of the last call that was not OK */

RaftCoreCode raft_core_tick(RaftCore* core);
RaftCoreCode raft_core_campaign(RaftCore* core);
/* snapshot: what came along with a snapshot message; null for all others. *from: who wrote it, when OK. */
RaftCoreCode raft_core_step(RaftCore* core, RaftCoreSlice message, const RaftCoreSnapshot* snapshot, uint64_t* from);
RaftCoreCode raft_core_propose(RaftCore* core, RaftCoreSlice data, RaftCoreProposal* proposal);
RaftCoreCode raft_core_propose_member(RaftCore* core, uint32_t kind, uint64_t id, RaftCoreSlice context,
                                      RaftCoreProposal* proposal);
/* Of a committed entry of kind membership, when its turn comes. */
RaftCoreCode raft_core_apply_member(RaftCore* core, RaftCoreSlice data, RaftCoreChange* change);
RaftCoreCode raft_core_read_round(RaftCore* core, uint64_t* counter);
RaftCoreCode raft_core_transfer(RaftCore* core, uint64_t to);
RaftCoreCode raft_core_report_unreachable(RaftCore* core, uint64_t id);
RaftCoreCode raft_core_report_snapshot(RaftCore* core, uint64_t id, bool delivered);

RaftCoreCode raft_core_has_ready(RaftCore* core, bool* has);
RaftCoreCode raft_core_ready(RaftCore* core, RaftCoreReady* ready);
RaftCoreCode raft_core_advance(RaftCore* core, RaftCoreAdvance* advance); /* the ready is durable */
RaftCoreCode raft_core_advance_applied(RaftCore* core, uint64_t index);
RaftCoreCode raft_core_compact(RaftCore* core, uint64_t index); /* at most what is applied */

RaftCoreCode raft_core_term(RaftCore* core, uint64_t index, uint64_t* term);
RaftCoreCode raft_core_status(RaftCore* core, RaftCoreStatus* status);
RaftCoreCode raft_core_matched(RaftCore* core, uint64_t id, uint64_t* matched); /* the leader's only */

void raft_core_push_entry(void* sink, const RaftCoreEntry* entry);
RaftCoreCode raft_core_panic(RaftCore* core); /* for tests */

#ifdef __cplusplus
}
#endif

#endif
