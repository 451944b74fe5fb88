#include "rocketmq/controller_export.h"

#include <algorithm>
#include <set>

namespace gantry::rocketmq {

namespace asio = boost::asio;

namespace {
constexpr std::size_t kNamesAtOnce = 200;
constexpr int kTries = 3;  // of a set that changes while it is read
}  // namespace

Result<ExportedSet> put_together(std::string cluster_name, std::string broker_name, const wire::ReplicasInfo& members,
                                 const ReplicaInfo& info, std::int64_t next_broker_id) {
  ExportedSet set;
  set.cluster_name = std::move(cluster_name);
  set.broker_name = std::move(broker_name);
  set.master_id = info.master.master_broker_id;
  set.master_epoch = members.master_epoch;
  set.sync_state_set_epoch = info.in_sync.sync_state_set_epoch;
  set.sync_state_set = info.in_sync.sync_state_set;
  std::ranges::sort(set.sync_state_set);
  set.next_broker_id = std::max<std::int64_t>(next_broker_id, 1);
  std::set<std::int64_t> in_sync;
  for (const auto& replica : members.in_sync_replicas) in_sync.insert(replica.broker_id);
  for (const auto* replicas : {&members.in_sync_replicas, &members.not_in_sync_replicas}) {
    for (const auto& replica : *replicas) {
      set.replicas.emplace(replica.broker_id, replica.broker_address);
      set.next_broker_id = std::max(set.next_broker_id, replica.broker_id + 1);
    }
  }
  const bool same = members.sync_state_set_epoch == set.sync_state_set_epoch &&
                    info.master.master_epoch.value_or(set.master_epoch) == set.master_epoch &&
                    members.master_broker_id == set.master_id && std::ranges::equal(in_sync, set.sync_state_set);
  if (!same) return fail(Errc::unavailable, "it changes while it is read");
  return set;
}

namespace {

// The outer error: the controllers do not answer. The inner one is this set's alone.
using SetResult = ControllerResult<Result<ExportedSet>>;

SetResult of_this_set(const ControllerError& error) {
  if (!error.response_code) return std::unexpected(error);
  return Result<ExportedSet>(std::unexpected(error.error));
}

asio::awaitable<SetResult> read_set(std::shared_ptr<ControllerClient> client, std::string cluster, std::string name,
                                    wire::ReplicasInfo members) {
  Result<ExportedSet> set = fail(Errc::unavailable, "");
  for (int i = 0; i < kTries; ++i) {
    auto info = co_await client->replica_info(name);
    if (!info) co_return of_this_set(info.error());
    wire::GetNextBrokerIdRequestHeader header;
    header.cluster_name = cluster;
    header.broker_name = name;
    auto next = co_await client->next_broker_id(std::move(header));
    if (!next) co_return of_this_set(next.error());
    set = put_together(cluster, name, members, *info, *next);
    if (set) break;
    wire::BrokerNames names;
    names.push_back(name);
    auto again = co_await client->sync_state_data(std::move(names));
    if (!again) co_return of_this_set(again.error());
    const auto found = again->replicas_info_table.find(name);
    if (found != again->replicas_info_table.end()) members = found->second;
  }
  co_return set;
}

}  // namespace

asio::awaitable<ControllerResult<ControllerExport>> export_sets(std::shared_ptr<ControllerClient> client,
                                                                std::map<std::string, std::string> sets) {
  ControllerExport all;
  for (auto next = sets.begin(); next != sets.end();) {
    wire::BrokerNames names;
    auto first = next;
    for (; next != sets.end() && names.size() < kNamesAtOnce; ++next) names.push_back(next->first);
    auto members = co_await client->sync_state_data(std::move(names));
    if (!members) co_return std::unexpected(members.error());
    for (; first != next; ++first) {
      const auto found = members->replicas_info_table.find(first->first);
      if (found == members->replicas_info_table.end()) {
        all.not_learned.emplace(first->first, "the controllers do not know it");
        continue;
      }
      auto set = co_await read_set(client, first->second, first->first, found->second);
      if (!set) co_return std::unexpected(set.error());
      if (*set) {
        all.sets.push_back(std::move(**set));
      } else {
        all.not_learned.emplace(first->first, set->error().message);
      }
    }
  }
  co_return all;
}

}  // namespace gantry::rocketmq
