#include "controller/metrics_text.h"

#include <fmt/format.h>

#include "controller/table.h"
#include "prometheus/text_writer.h"

namespace gantry::controller {

namespace {

using prometheus::labels;
using prometheus::SeriesType;
using prometheus::TextWriter;

constexpr std::size_t kTextBytesMax = 64u << 20;  // 100,000 sets and their elections
constexpr double kSecondUs = 1'000'000;

// MemberState.Role, as ControllerMetricsManager counts it.
int role_number(const NodeView& node) {
  if (!node.member) return 0;
  switch (node.role) {
    case raft::Role::precandidate:
    case raft::Role::candidate: return 1;
    case raft::Role::follower: return 2;
    case raft::Role::leader: return 3;
  }
  return 0;
}

class Text {
 public:
  Text(const NumbersView& numbers, const std::vector<SetView>& sets)
      : numbers_(numbers), node_(numbers.node), sets_(sets) {
    own_ = labels({{"otel_scope_name", "controller"},
                   {"address", node_.address},
                   {"group", node_.group},
                   {"peer_id", node_.name}});
  }

  void java(std::optional<std::uint64_t> disk_bytes) {
    gauge("role", "0: of no group, 1: candidate, 2: follower, 3: leader.", own_, role_number(node_));
    if (disk_bytes) {
      gauge("dledger_disk_usage_bytes", "Bytes of the files below the controller's directory.", own_, *disk_bytes);
    }
    out_.family("active_broker_num", SeriesType::gauge, "Brokers of a set whose heartbeats come here.");
    for (const SetView& view : sets_) {
      out_.sample(with({{"cluster", view.set.cluster_name}, {"broker_set", view.set.broker_name}}), view.alive());
    }
    requests();
    operations();
    elections();
  }

  void ours() {
    const auto& raft = *numbers_.raft;
    const Readiness readiness = readiness_of(node_);
    gauge("gantry_controller_ready", "1: knows a leader and has applied what is committed.", {},
          readiness.ready ? 1 : 0);
    gauge("gantry_controller_leader_known", "1: somebody leads, as far as this controller knows.", {},
          node_.leader ? 1 : 0);
    if (node_.member) log();
    gauge("gantry_controller_members", "Controllers of the group, learners too.", {}, node_.members.size());
    members();
    gauge("gantry_controller_raft_silent_seconds",
          "Since the thread of the log was seen at work: more than moments mean that its disk hangs.", {},
          node_.member ? static_cast<double>(node_.raft_silent_ms) / 1'000 : 0.0);
    out_.family("gantry_controller_log_sync_seconds", SeriesType::histogram, "Synced writes of the log.");
    out_.histogram({}, raft.sync_latency, kSecondUs);
    counter("gantry_controller_log_entries_synced_total", "Entries written, synced.", raft.synced_entries);
    counter("gantry_controller_log_bytes_synced_total", "Bytes of these entries.", raft.synced_bytes);
    counter("gantry_controller_snapshots_total", "Snapshots taken here or received.", raft.snapshots);
    counter("gantry_controller_proposed_bytes_total", "Bytes of the entries proposed here.", numbers_.log.entry_bytes);
    counter("gantry_controller_read_rounds_total", "Rounds of the group that answered reads here.",
            numbers_.log.read_rounds);
    counter("gantry_controller_read_rounds_failed_total", "Of these, those without an answer.",
            numbers_.log.read_rounds_failed);
    gauge("gantry_controller_writes_waiting", "Writes that are not answered yet.", {}, node_.writes_waiting);
    gauge("gantry_controller_reads_waiting", "Reads that are not answered yet.", {}, node_.reads_waiting);
    gauge("gantry_controller_connections", "Connections of brokers and clients.", {}, numbers_.server.connections);
    counter("gantry_controller_connections_refused_total", "Connections closed at once: too many.",
            numbers_.server.refused);
    gauge("gantry_controller_brokers_alive", "Brokers whose heartbeats come here.", {}, node_.brokers_alive);
    counter("gantry_controller_heartbeats_refused_total", "Heartbeats of brokers of no set, dropped at their limit.",
            node_.heartbeats_refused);
    sets();
    out_.family("gantry_controller_master_changes_total", SeriesType::counter,
                "Changes of a master, by reason, counted where this controller led.");
    for (std::size_t reason = 1; reason < numbers_.changes.size(); ++reason) {
      if (numbers_.changes[reason] == 0) continue;
      out_.sample(labels({{"reason", replication::to_string(static_cast<replication::ElectionReason>(reason))}}),
                  numbers_.changes[reason]);
    }
  }

  std::string take() { return out_.take(); }

 private:
  void log() {
    gauge("gantry_controller_term", "Term of the group.", {}, node_.term);
    gauge("gantry_controller_commit_index", "Newest entry of the log known to be committed.", {}, node_.commit);
    gauge("gantry_controller_applied_index", "Newest entry that is applied here.", {}, node_.applied);
    gauge("gantry_controller_log_last_index", "Newest entry of the log here.", {}, node_.last);
    gauge("gantry_controller_snapshot_index", "Entry of the newest snapshot here.", {}, node_.snapshot);
  }
  std::string with(std::initializer_list<prometheus::Label> more) const {
    return fmt::format("{},{}", own_, labels(more));
  }
  template <class Number>
  void gauge(const char* name, const char* help, std::string_view labels, Number value) {
    out_.family(name, SeriesType::gauge, help);
    out_.sample(labels, value);
  }
  void counter(const char* name, const char* help, std::uint64_t value) {
    out_.family(name, SeriesType::counter, help);
    out_.sample({}, value);
  }

  // The leader's alone, also where this node has heard it: what a follower repeats a moment later would hide what is new.
  void members() {
    if (node_.role != raft::Role::leader) return;
    out_.family("gantry_controller_member_alive", SeriesType::gauge,
                "1: the leader heard of this controller within the last second. On the leader only.");
    for (const MemberView& member : node_.members) {
      if (member.alive) out_.sample(labels({{"member", member.name}}), *member.alive ? 1 : 0);
    }
    out_.family("gantry_controller_member_lag_entries", SeriesType::gauge,
                "Entries of the log that a controller that is alive does not have yet. On the leader only.");
    for (const MemberView& member : node_.members) {
      if (member.lag) out_.sample(labels({{"member", member.name}}), *member.lag);
    }
  }

  void requests() {
    static constexpr const char* kEndings[] = {"success", "failed", "timeout"};
    out_.family("request_total", SeriesType::counter,
                "Requests; timeout: the outcome is unknown, failed: not decided, as without a leader.");
    each_kind([&](const RequestMeter::Kind& kind, const std::string& type) {
      for (std::size_t i = 0; i < RequestMeter::kEndings; ++i) {
        if (kind.ended[i] != 0)
          out_.sample(with({{"request_handle_status", kEndings[i]}, {"request_type", type}}), kind.ended[i]);
      }
    });
    out_.family("request_latency_microseconds", SeriesType::histogram,
                "From a request to its answer, the wait for the group included; heartbeats have none.");
    each_kind([&](const RequestMeter::Kind& kind, const std::string& type) {
      if (!kind.latency.empty()) out_.histogram(with({{"request_type", type}}), kind.latency, 1);
    });
  }

  template <class Function>
  void each_kind(Function function) {
    const auto all = routes();
    for (std::size_t i = 0; i < all.size() && i < numbers_.requests.size(); ++i)
      function(numbers_.requests[i], std::string(all[i].name));
  }

  void operations() {
    const auto& log = numbers_.log;
    const auto labels_of = [&](const char* status) {
      return with({{"dLedger_operation_status", status}, {"dledger_operation", "append"}});
    };
    out_.family("dledger_op_total", SeriesType::counter,
                "Entries proposed here; an entry has all writes of a turn. timeout: nobody knows yet.");
    out_.sample(labels_of("success"), log.committed);
    out_.sample(labels_of("failed"), log.refused);
    out_.sample(labels_of("timeout"), log.unknown);
    out_.family("dledger_op_latency_microseconds", SeriesType::histogram, "From an entry's proposal to its commit.");
    out_.histogram(labels_of("success"), log.commit_latency, 1);
  }

  void elections() {
    out_.family("election_total", SeriesType::counter, "Elections held where this controller led.");
    for (const auto& [name, counts] : numbers_.elections) {
      const auto write = [&](const char* result, std::uint64_t count) {
        if (count == 0) return;
        out_.sample(with({{"cluster", counts.cluster_name}, {"broker_set", name}, {"election_result", result}}), count);
      };
      write("new_master_elected", counts.new_master);
      write("keep_current_master", counts.master_kept);
      write("no_master_elected", counts.no_master);
    }
  }

  void sets() {
    std::uint64_t by_state[4] = {};
    for (const SetView& view : sets_) ++by_state[static_cast<std::size_t>(state_of(view))];
    out_.family("gantry_controller_sets", SeriesType::gauge,
                "Replica sets; degraded: a member is silent here or not in sync; new: never had a master.");
    for (const SetState state : {SetState::healthy, SetState::degraded, SetState::no_master, SetState::new_set})
      out_.sample(labels({{"state", to_string(state)}}), by_state[static_cast<std::size_t>(state)]);
  }

  const NumbersView& numbers_;
  const NodeView& node_;
  const std::vector<SetView>& sets_;
  std::string own_;
  TextWriter out_{kTextBytesMax};
};

}  // namespace

std::string metrics_text(const NumbersView& numbers, const std::vector<SetView>& sets,
                         std::optional<std::uint64_t> disk_bytes) {
  Text text(numbers, sets);
  text.java(disk_bytes);
  text.ours();
  return text.take();
}

}  // namespace gantry::controller
