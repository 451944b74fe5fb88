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

void LogDriver::snapshot(raft::Index index, std::string_view bytes) {
  if (failed_) return;
  const auto offered = group_.offer_snapshot(index, bytes);
  if (!offered) spdlog::warn("raft: no snapshot at entry {}: {}", index, offered.error().message);
  const bool too_large = !offered && offered.error().code == Errc::resource_exhausted;  // it goes on without
  check(too_large ? Result<void>{} : offered);
}

}  // namespace gantry::controller
