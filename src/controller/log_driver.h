// What the Raft thread does, without the thread: it drives the group, in the order on which everything rests (appends
// leave, then our own disk has them, then what promises them leaves, then the listener hears), and answers the questions
// of ReplicatedLog. The thread, the timer and the sockets are the host's; in the simulation there are none.
//
// Two sides: the host calls everything below from one side (the Raft thread), and runs what it gets by to_listener() on
// the other one (the service's thread), in order.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "controller/replicated_log.h"
#include "raft/group.h"

namespace gantry::controller {

class LogDriverHost {
 public:
  using ToListener = std::move_only_function<void(LogListener&)>;

  virtual ~LogDriverHost() = default;
  virtual void send(const raft::Output::Message& message) = 0;
  // A snapshot. True: the host will call report_snapshot(); false: it counts as delivered once this turn is over.
  virtual bool send_snapshot(raft::Output::Message message) {
    send(message);
    return false;
  }
  virtual void flush() = 0;  // what was sent is on its way when it returns
  virtual void set_peers(const raft::Members& members) = 0;
  virtual void to_listener(ToListener call) = 0;
  virtual void run_soon() = 0;  // run(), after what waits for this side already; asked for once until then
  virtual std::uint64_t lease_clock_ms() = 0;      // as of raft::Group::read_by_lease()
  virtual void dropped(const Error& refusal) = 0;  // a peer's message made no sense
  virtual void stopped() = 0;                      // the driver has failed: no more ticks and messages
  // The disk may take long for it: done on a third side, one at a time, then snapshot_written() is called on the driver's. The
  // driver lives until then.
  virtual void in_background(raft::Group::SnapshotWork work) = 0;
};

class LogDriver {
 public:
  // The host must outlive the driver, and what it got by to_listener() must not run after the driver's end.
  LogDriver(raft::Group group, LogDriverHost& host) : group_(std::move(group)), host_(host) {}

  void tick();
  void step(std::string_view message);
  void run();
  void report_unreachable(raft::NodeId peer);
  void report_snapshot(raft::NodeId peer, bool delivered);

  // ReplicatedLog's
  void propose(Token token, std::string_view entry);
  void read(Token token);
  void applied(raft::Index index);
  void snapshot(raft::Index index, std::string bytes);
  void snapshot_written(const Result<void>& written);

  // Told on the other side, once what snapshot() was given until now is on the disk, or will never be. Dropped there, unused,
  // when the driver fails.
  using StatusAnswer = std::function<void(const raft::GroupStatus&)>;
  void status_after_snapshots(StatusAnswer answer);

  // For what concerns the group alone: `question` is asked and its answer given on the other side.
  template <class Question, class Answer>
  void ask(Question question, Answer answer) {
    // what the answer holds belongs to the other side, and ends there
    if (failed_) return host_.to_listener([answer = std::move(answer)](LogListener&) {});
    auto result = question(group_);
    host_.to_listener([result = std::move(result), answer = std::move(answer)](LogListener&) { answer(result); });
    check({});
    schedule();
  }

  const raft::Group& group() const { return group_; }
  bool failed() const { return failed_; }
  void stop() { failed_ = true; }  // without telling

 private:
  void schedule();
  void check(const Result<void>& result);
  void fail(const Error& error);
  void answer_snapshot_waiters();
  void send(std::vector<raft::Output::Message> messages);
  void hand_out(raft::Output output);
  void tell(LogListener& listener, raft::Output& output);
  void tell_read(LogListener& listener, raft::ReadRound round, const Result<raft::Index>& index);

  raft::Group group_;
  LogDriverHost& host_;
  std::vector<raft::NodeId> snapshots_sent_;
  bool scheduled_ = false;
  bool failed_ = false;
  bool writing_snapshot_ = false;
  std::optional<std::pair<raft::Index, std::string>> next_snapshot_;  // came meanwhile; the newest counts
  std::vector<std::pair<raft::Index, StatusAnswer>>
      snapshot_waiters_;  // requests of operators, whose connections bound them
  std::map<raft::ReadRound, Token>
      rounds_;  // the listener's side: calls come in order, so a round is known before its answer
};

}  // namespace gantry::controller
