#include "controller/member_changes.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "controller/directory.h"
#include "controller/forwarder.h"

namespace gantry::controller {

using raft::Member;
using raft::MemberChange;

namespace {

constexpr std::int64_t kOperationMaxMs = 4'000;
static_assert(std::chrono::milliseconds(kOperationMaxMs) < Forwarder::kTimeout,
              "who handed it on must hear of its end");
constexpr std::int64_t kLookEveryMs = 200;

std::string what_of(const MemberRequest& request) {
  constexpr std::string_view words[] = {"add", "remove", "replace"};
  return fmt::format("{} {}", words[static_cast<std::size_t>(request.kind)], request.name);
}

}  // namespace

MemberChanges::MemberChanges(const Config& config, const Replica& replica, const Directory& directory, Env env)
    : config_(config), replica_(replica), directory_(directory), env_(std::move(env)) {}

template <class Function>
auto MemberChanges::of_this(Function function) {
  return [this, alive = std::weak_ptr<bool>(alive_), number = number_, function = std::move(function)](auto&& result) {
    if (!alive.expired() && operation_ && number_ == number) function(std::forward<decltype(result)>(result));
  };
}

MemberChanges::Operation* MemberChanges::start(std::string what, Done done) {
  if (!replica_.leads()) {
    done(fail(Errc::unavailable, "this controller does not lead; try again"));
    return nullptr;
  }
  if (operation_) {
    done(fail(Errc::resource_exhausted, "another change is under way ({}); one at a time", operation_->what));
    return nullptr;
  }
  ++number_;
  operation_.emplace();
  operation_->what = std::move(what);
  operation_->done = std::move(done);
  operation_->deadline = replica_.now() + kOperationMaxMs;
  return &*operation_;
}

void MemberChanges::status(std::function<void(const raft::GroupStatus&)> done) {
  env_.status([this, alive = std::weak_ptr<bool>(alive_), done = std::move(done)](const raft::GroupStatus& status) {
    if (alive.expired()) return;
    raft::GroupStatus named = status;
    for (auto& member : named.members) member.member.name = directory_.name_of(member.member.id);
    done(named);
  });
}

void MemberChanges::begin(MemberRequest request, Done done) {
  Operation* operation = start(what_of(request), std::move(done));
  if (!operation) return;
  operation->request = std::move(request);
  status(of_this([this](const raft::GroupStatus& status) { plan(status); }));
}

void MemberChanges::plan(const raft::GroupStatus& status) {
  auto plan = plan_members(operation_->request, status);
  if (!plan) return finish(std::unexpected(plan.error()));
  operation_->plan = std::move(*plan);
  if (const auto to = operation_->plan.hand_over_to) {
    return env_.transfer(*to, of_this([this](const Result<void>& begun) {
      if (!begun) return finish(std::unexpected(begun.error()));
      finish(fail(Errc::unavailable, "{} leads: the leadership is handed over first; try again",
                  operation_->request.name));
    }));
  }
  if (operation_->plan.add) return ask_newcomer();
  remove();
}

void MemberChanges::ask_newcomer() {
  env_.identity(operation_->plan.add->address, of_this([this](Result<PeerIdentity> identity) {
                  const auto& newcomer = *operation_->plan.add;
                  if (!identity) {
                    return finish(fail(Errc::invalid_argument, "no controller answers at {} ({}): {}", newcomer.address,
                                       identity.error().message, how_to_start(config_, newcomer)));
                  }
                  auto token = token_of_newcomer(config_, operation_->request, newcomer, *identity);
                  if (!token) return finish(std::unexpected(token.error()));
                  operation_->token = std::move(*token);
                  if (operation_->plan.remove) return remove();
                  add();
                }));
}

void MemberChanges::remove() {
  const raft::NodeId id = *operation_->plan.remove;
  const Member* member = replica_.members().find(id);
  if (member) operation_->result = *member;
  operation_->result.name = directory_.name_of(id);
  change(
      {MemberChange::Kind::remove, id, ""}, [this, id] { return replica_.members().find(id) == nullptr; },
      [this, id] {
        spdlog::info("controller: {} (node {}) is no member any more", operation_->result.name, id);
        operation_->removed = fmt::format("node {} is removed, but ", id);
        if (operation_->plan.add) return add();
        finish(operation_->result);
      });
}

void MemberChanges::add() {
  const auto& newcomer = *operation_->plan.add;
  const raft::NodeId id = replica_.members().highest_id + 1;
  const auto is_it = [this, id] {
    const Member* member = replica_.members().find(id);
    return member && member->token == operation_->token;
  };
  change({MemberChange::Kind::add_learner, id, newcomer.address, newcomer.name, operation_->token}, is_it, [this, id] {
    const Member member = *replica_.members().find(id);
    spdlog::info("controller: {} at {} is a member, node {}; a voter when it has caught up", member.name,
                 member.address, id);
    finish(member);
  });
}

void MemberChanges::change(MemberChange change, std::function<bool()> happened, std::function<void()> then) {
  env_.change(std::move(change), of_this([this, happened = std::move(happened),
                                          then = std::move(then)](const Result<raft::Proposal>& proposed) {
                if (!proposed) return finish(std::unexpected(proposed.error()));
                operation_->at = proposed->index;
                operation_->happened = happened;
                operation_->then = then;
                tick();
              }));
}

void MemberChanges::finish(const Result<Member>& result) {
  Operation ended = std::move(*operation_);
  operation_.reset();
  if (result) return ended.done(result);
  ended.done(std::unexpected(Error{result.error().code, ended.removed + result.error().message}));
}

void MemberChanges::hand_over(const std::string& name, Done done) {
  if (!start("transfer", std::move(done))) return;
  status(of_this([this, name](const raft::GroupStatus& status) {
    const auto to = plan_transfer(name, status);
    if (!to) return finish(std::unexpected(to.error()));
    operation_->result = std::ranges::find(status.members, *to, [](const auto& m) { return m.member.id; })->member;
    if (*to == status.id) return finish(operation_->result);  // it leads
    env_.transfer(*to, of_this([this, to = *to](const Result<void>& begun) {
      if (!begun) return finish(std::unexpected(begun.error()));
      operation_->at = 0;
      operation_->transfer_to = to;
      operation_->happened = [this, to] { return replica_.leadership().leader == to; };
      operation_->then = [this] { finish(operation_->result); };
    }));
  }));
}

void MemberChanges::tick() {
  if (!operation_) return promote_when_ready();
  if (operation_->deadline <= replica_.now()) {
    if (operation_->transfer_to && replica_.leads()) return transfer_failed();
    return finish(fail(Errc::timeout, "{}: the outcome is unknown; see gantry controller members", operation_->what));
  }
  if (!operation_->at || replica_.applied() < *operation_->at) return;
  if (!operation_->happened()) {
    if (*operation_->at == 0) return;  // of a transfer: not yet
    return finish(fail(Errc::unavailable, "another leader took over before it was replicated; try again"));
  }
  operation_->at.reset();
  std::exchange(operation_->then, nullptr)();
}

// Raft gives a transfer up long before our deadline, so who leads then goes on.
void MemberChanges::transfer_failed() {
  const raft::NodeId to = *std::exchange(operation_->transfer_to, std::nullopt);
  operation_->at.reset();
  status(of_this([this, to](const raft::GroupStatus& status) {
    const auto member = std::ranges::find(status.members, to, [](const auto& m) { return m.member.id; });
    if (member == status.members.end())
      return finish(fail(Errc::not_found, "{} is not a member any more", operation_->result.name));
    finish(
        fail(Errc::invalid_argument,
             "{} (node {}, at {}) did not take the leadership over in time, and {} leads as before: {} {}; look at its "
             "log, or choose another one (gantry controller members)",
             member->member.name, to, member->member.address, directory_.name_of(status.id), member->member.name,
             how_silent(*member)));
  }));
}

// The members are watched by every node, so a leader that is new goes on where the former one stopped.
void MemberChanges::promote_when_ready() {
  if (!replica_.leads() || replica_.now() < look_at_) return;
  look_at_ = replica_.now() + kLookEveryMs;
  if (std::ranges::all_of(replica_.members().list, &Member::voter)) return;
  start("promote", [](const Result<Member>& done) {
    if (!done) spdlog::warn("controller: a learner is not made a voter: {}", done.error().message);
  });
  status(of_this([this](const raft::GroupStatus& status) {
    const auto id = promotable(status);
    if (!id) {
      operation_.reset();
      return;
    }
    change(
        {MemberChange::Kind::promote, *id, ""},
        [this, id] {
          const Member* member = replica_.members().find(*id);
          return member && member->voter;
        },
        [this, id] {
          const Member member = *replica_.members().find(*id);
          spdlog::info("controller: {} (node {}) has caught up and is a voter", directory_.name_of(*id), *id);
          finish(member);
        });
  }));
}

}  // namespace gantry::controller
