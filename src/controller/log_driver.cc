#include "controller/log_driver.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace gantry::controller {

using raft::Output;

namespace {

constexpr int kTurnsAtOnce = 16;  // then messages have their turn

}  // namespace

void LogDriver::schedule() {
  if (!failed_ && !std::exchange(scheduled_, true)) host_.run_soon();
}

// The code of an error does not tell whether the group goes on: a disk that fails is as `unavailable` as a leader.
void LogDriver::check(const Result<void>& result) {
  if (const auto failure = group_.failure()) return fail(*failure);
  if (!result && result.error().code != Errc::invalid_argument && result.error().code != Errc::unavailable)
    fail(result.error());
}

void LogDriver::fail(const Error& error) {
  if (std::exchange(failed_, true)) return;
  host_.stopped();
  host_.to_listener([waiters = std::exchange(snapshot_waiters_, {})](LogListener&) {});
  host_.to_listener([error](LogListener& listener) { listener.on_failed(error); });
}

void LogDriver::tick() {
  if (failed_) return;
  check(group_.tick());
  schedule();
}

void LogDriver::step(std::string_view message) {
  if (failed_) return;
  const auto stepped = group_.step(message);
  if (!stepped && !group_.failure() && stepped.error().code == Errc::invalid_argument)
    return host_.dropped(stepped.error());
  check(stepped);
  schedule();
}

void LogDriver::report_unreachable(raft::NodeId peer) {
  if (!failed_) check(group_.report_unreachable(peer));
}

void LogDriver::report_snapshot(raft::NodeId peer, bool delivered) {
  if (failed_) return;
  check(group_.report_snapshot(peer, delivered));
  schedule();
}

void LogDriver::run() {
  scheduled_ = false;
  for (int i = 0; i < kTurnsAtOnce && !failed_ && group_.has_work(); ++i) {
    // appends leave before our own disk has them, so that all disks work at the same time
    auto output = group_.turn([this](std::vector<Output::Message> early) {
      send(std::move(early));
      host_.flush();
    });
    if (!output) return fail(output.error());
    hand_out(std::move(*output));
  }
  if (!failed_ && group_.has_work()) schedule();
}

void LogDriver::send(std::vector<Output::Message> messages) {
  for (auto& message : messages) {
    const raft::NodeId to = message.to;
    if (!message.snapshot) {
      host_.send(message);
    } else if (!host_.send_snapshot(std::move(message))) {
      snapshots_sent_.push_back(to);  // reported after the turn, not within it
    }
  }
}

void LogDriver::hand_out(Output output) {
  if (output.members) host_.set_peers(*output.members);
  send(std::exchange(output.messages, {}));
  for (const raft::NodeId peer : std::exchange(snapshots_sent_, {})) check(group_.report_snapshot(peer, true));
  host_.to_listener([output = std::move(output), this](LogListener& listener) mutable { tell(listener, output); });
}

// ---- on the listener's side

void LogDriver::tell(LogListener& listener, Output& output) {
  if (output.members) listener.on_members(*output.members);
  if (output.restore) listener.on_restore(output.restore->index, output.restore->bytes);
  if (!output.committed.empty()) listener.on_committed(std::move(output.committed));
  if (output.snapshot_wanted) listener.on_snapshot_wanted();
  if (output.leadership) listener.on_leadership(*output.leadership);
  for (const auto& answer : output.reads) tell_read(listener, answer.round, answer.index);
  for (const auto round : output.failed_reads) {
    tell_read(listener, round, gantry::fail(Errc::unavailable, "no controller leads for sure just now; try again"));
  }
}

void LogDriver::tell_read(LogListener& listener, raft::ReadRound round, const Result<raft::Index>& index) {
  auto token = rounds_.extract(round);
  if (!token.empty()) listener.on_read(token.mapped(), index);
}

// ---- questions

void LogDriver::propose(Token token, std::string_view entry) {
  if (failed_) return;
  auto proposal = group_.propose(entry);
  host_.to_listener(
      [token, proposal = std::move(proposal)](LogListener& listener) { listener.on_proposed(token, proposal); });
  schedule();
}

void LogDriver::read(Token token) {
  if (failed_) return;
  const std::uint64_t now = host_.lease_clock_ms();
  // the clock once more, after the index: a process that was paused in between may have been replaced
  if (const auto index = group_.read_by_lease(now); index && group_.read_by_lease(host_.lease_clock_ms())) {
    return host_.to_listener([token, index = *index](LogListener& listener) { listener.on_read(token, index); });
  }
  auto round = group_.read_round(now);
  host_.to_listener([this, token, round = std::move(round)](LogListener& listener) {
    if (!round) return listener.on_read(token, std::unexpected(round.error()));
    rounds_.emplace(*round, token);
  });
  check({});
  schedule();
}

void LogDriver::applied(raft::Index index) {
  if (failed_) return;
  check(group_.advance_applied(index));
  if (!failed_ && group_.has_work()) schedule();
}

void LogDriver::snapshot(raft::Index index, std::string bytes) {
  if (failed_) return;
  if (writing_snapshot_) {
    next_snapshot_.emplace(index, std::move(bytes));
    return;
  }
  auto begun = group_.begin_snapshot(index, std::move(bytes));
  if (begun && *begun) {
    writing_snapshot_ = true;
    return host_.in_background(std::move(**begun));
  }
  if (begun) return;
  spdlog::warn("raft: no snapshot at entry {}: {}", index, begun.error().message);
  if (begun.error().code != Errc::resource_exhausted)
    check(std::unexpected(begun.error()));  // too large: it goes on without
}

void LogDriver::snapshot_written(const Result<void>& written) {
  writing_snapshot_ = false;
  if (failed_) return;
  const auto ended = group_.end_snapshot(written);
  if (!ended) spdlog::warn("raft: no snapshot: {}", ended.error().message);
  check(ended);
  schedule();  // a member may wait for it
  if (auto next = std::exchange(next_snapshot_, std::nullopt)) snapshot(next->first, std::move(next->second));
  answer_snapshot_waiters();
}

void LogDriver::status_after_snapshots(StatusAnswer answer) {
  if (failed_ || !writing_snapshot_) return ask([](raft::Group& group) { return group.status(); }, std::move(answer));
  // without one that waits it is the one that is written, which ends before any other begins
  snapshot_waiters_.emplace_back(next_snapshot_ ? next_snapshot_->first : 0, std::move(answer));
}

// Of those that came meanwhile only the newest is written, so who waits for an older one waits for it.
void LogDriver::answer_snapshot_waiters() {
  if (failed_ || snapshot_waiters_.empty()) return;
  const raft::GroupStatus status = group_.status();
  std::erase_if(snapshot_waiters_, [&](auto& waiter) {
    if (writing_snapshot_ && waiter.first > status.snapshot) return false;
    host_.to_listener([status, answer = std::move(waiter.second)](LogListener&) { answer(status); });
    return true;
  });
}

}  // namespace gantry::controller
