// Changes of the group's members at run time, one at a time, carried out by the leader: for operators (request 19011,
// `gantry controller members`), and by itself a learner that has caught up is made a voter. member_plan.h has the rules.
// Lives on the service's thread; knows no clock, thread or socket but what Env gives.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "controller/context.h"
#include "controller/formation.h"
#include "controller/member_plan.h"
#include "controller/replica.h"

namespace gantry::controller {

class MemberChanges {
 public:
  struct Env {
    GroupStatusQuery status;
    std::function<void(raft::MemberChange, std::function<void(const Result<raft::Proposal>&)>)> change;
    std::function<void(raft::NodeId, std::function<void(const Result<void>&)>)> transfer;
    std::function<void(const std::string& address, std::function<void(Result<PeerIdentity>)>)> identity;  // 19003
  };
  // The member as it is now; of a removal as it was. Errors: unavailable: surely nothing was done, ask again (this node
  // does not lead any more, or leadership is handed over first); timeout: it may have been done; resource_exhausted:
  // another change is under way; else what is wrong with the wish.
  using Done = std::function<void(const Result<raft::Member>&)>;

  MemberChanges(const Config& config, const Replica& replica, const Directory& directory, Env env);

  void begin(MemberRequest request, Done done);                     // on the leader
  void hand_over(const std::string& name, Done done);               // leadership; empty: to whoever is closest
  void status(std::function<void(const raft::GroupStatus&)> done);  // with names
  void tick();                                                      // every 20 ms

 private:
  struct Operation {
    std::string what;  // "add n3"
    MemberRequest request;
    Done done;
    MonotonicMs deadline = 0;
    MemberPlan plan;
    std::string token;
    std::string removed;             // what was done already when the rest fails
    std::optional<raft::Index> at;   // of the change that is waited for
    std::function<bool()> happened;  // asked once entry `at` is applied
    std::function<void()> then;
    std::optional<raft::NodeId> transfer_to;  // asked of the group
    raft::Member result;
  };

  Operation* start(std::string what, Done done);
  // `function` is called only while the operation of now is still the one.
  template <class Function>
  auto of_this(Function function);
  void plan(const raft::GroupStatus& status);
  void ask_newcomer();
  void remove();
  void add();
  void change(raft::MemberChange change, std::function<bool()> happened, std::function<void()> then);
  void finish(const Result<raft::Member>& result);
  void transfer_failed();
  void promote_when_ready();

  const Config& config_;
  const Replica& replica_;
  const Directory& directory_;
  Env env_;
  std::optional<Operation> operation_;
  std::uint64_t number_ = 0;  // of the operation
  MonotonicMs look_at_ = 0;   // for learners to promote, next
  std::shared_ptr<bool> alive_ = std::make_shared<bool>();
};

}  // namespace gantry::controller
