#include "replication/checks.h"

#include <algorithm>

#include "replication/limits.h"

namespace gantry::replication {
namespace {

// Bytes of the UTF-8 character that `text` begins with; 0: none (overlong forms and surrogates count as none).
std::size_t character_bytes(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  const std::size_t size = first >= 0xc2 && first < 0xe0   ? 2
                           : first >= 0xe0 && first < 0xf0 ? 3
                           : first >= 0xf0 && first < 0xf5 ? 4
                                                           : 0;
  if (size == 0 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) >= 0xa0)) return 0;
  if ((first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) >= 0x90)) return 0;
  return size;
}

template <class Range, class Projection>
bool strictly_ascending(const Range& range, Projection projection) {
  return std::ranges::adjacent_find(range, std::ranges::greater_equal{}, projection) == std::ranges::end(range);
}

std::string fault_of_history(const ReplicaSet& set) {
  if (set.elections.size() > kElectionsKept) return fmt::format("it has {} elections", set.elections.size());
  if (!strictly_ascending(set.elections, &ElectionRecord::master_epoch)) return "its elections are out of order";
  for (const ElectionRecord& record : set.elections) {
    if (record.reason < ElectionReason::broker_asked || record.reason > ElectionReason::imported) {
      return fmt::format("an election has the unknown reason {}", static_cast<int>(record.reason));
    }
    if (record.master_epoch < 0 || record.master_epoch > set.master_epoch) return "an election has an impossible epoch";
  }
  if (set.candidates.size() > kMembersMax) return fmt::format("its election has {} candidates", set.candidates.size());
  for (const Candidate& candidate : set.candidates) {
    if (candidate.verdict < CandidateVerdict::elected || candidate.verdict > CandidateVerdict::master_stays) {
      return fmt::format("a candidate has the unknown verdict {}", static_cast<int>(candidate.verdict));
    }
  }
  return {};
}

}  // namespace

bool is_text(std::string_view text, std::size_t bytes_max) {
  if (text.empty() || text.size() > bytes_max) return false;
  while (!text.empty()) {
    const std::size_t size = character_bytes(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

bool is_name(std::string_view text) { return is_text(text, kNameBytesMax); }
bool is_address(std::string_view text) { return is_text(text, kAddressBytesMax); }

std::string fault_of(const ReplicaSet& set) {
  if (!is_name(set.broker_name)) return "its name is empty, too long, or has characters that no name has";
  if (!is_name(set.cluster_name)) return "its cluster's name is empty, too long, or has characters that no name has";
  if (set.members.empty()) return "it has no members";
  if (set.members.size() > kMembersMax)
    return fmt::format("it has {} members, {} at most", set.members.size(), kMembersMax);
  if (!strictly_ascending(set.members, &Member::broker_id))
    return "a broker id is there twice, or they are out of order";
  for (const Member& member : set.members) {
    if (member.broker_id < kFirstBrokerId || member.broker_id >= kBrokerIdMax) {
      return fmt::format("broker id {} is out of range", member.broker_id);
    }
    if (!is_address(member.address)) return fmt::format("the address of broker {} is malformed", member.broker_id);
    if (!member.check_code.empty() && !is_text(member.check_code, kCheckCodeBytesMax)) {
      return fmt::format("the check code of broker {} is malformed", member.broker_id);
    }
  }
  if (set.next_broker_id <= set.members.back().broker_id || set.next_broker_id > kBrokerIdMax) {
    return fmt::format("the next broker id {} must be above all ids, the highest of which is {}", set.next_broker_id,
                       set.members.back().broker_id);
  }
  if (set.master_epoch < 0 || set.sync_state_set_epoch < 0) return "an epoch is negative";
  if (!strictly_ascending(set.sync_state_set, std::identity{})) return "its sync-state set is out of order";
  for (const std::int64_t id : set.sync_state_set) {
    if (set.member(id) == nullptr) return fmt::format("broker {} of its sync-state set is not a member", id);
  }
  if (set.master_id && !set.in_sync(*set.master_id)) {
    return fmt::format("its master {} is not in its sync-state set", *set.master_id);
  }
  if (set.master_id && set.master_epoch < 1) return "it has a master, but no master epoch";
  return fault_of_history(set);
}

std::vector<std::int64_t> sorted_ids(std::vector<std::int64_t> ids) {
  std::ranges::sort(ids);
  const auto doubles = std::ranges::unique(ids);
  ids.erase(doubles.begin(), doubles.end());
  return ids;
}

Outcome answer_of(const ReplicaSet& set) {
  return Outcome{.master_id = set.master_id,
                 .master_address = std::string(set.master_address()),
                 .master_epoch = set.master_epoch,
                 .sync_state_set_epoch = set.sync_state_set_epoch,
                 .sync_state_set = set.sync_state_set};
}

std::vector<MemberAddress> addresses_of(const ReplicaSet& set) {
  std::vector<MemberAddress> addresses;
  addresses.reserve(set.members.size());
  for (const Member& member : set.members) addresses.push_back({member.broker_id, member.address});
  return addresses;
}

std::optional<Applied> refuse_broker_name(std::string_view broker_name) {
  if (is_name(broker_name)) return std::nullopt;
  return refuse(Verdict::invalid_request,
                "brokerName is empty, longer than {} bytes, no UTF-8 or has control characters: correct it",
                kNameBytesMax);
}

std::optional<Applied> refuse_other_cluster(std::string_view cluster_name, const ReplicaSet* set) {
  if (set == nullptr || cluster_name.empty() || cluster_name == set->cluster_name) return std::nullopt;
  return refuse(Verdict::invalid_request,
                "broker name {} belongs to cluster {}: use a broker name that no other cluster of this controller has",
                set->broker_name, set->cluster_name);
}

RoleChanged begin_epoch(ReplicaSet& set, std::optional<std::int64_t> master, ElectionRecord record,
                        std::vector<Candidate> candidates) {
  if (set.master_id) set.previous_master_id = set.master_id;
  record.old_master = set.master_id;
  record.new_master = master;
  record.master_epoch = ++set.master_epoch;
  set.master_id = master;
  if (set.elections.size() >= kElectionsKept) set.elections.erase(set.elections.begin());
  set.elections.push_back(record);
  set.candidates = std::move(candidates);
  return RoleChanged{.cluster_name = set.cluster_name,
                     .broker_name = set.broker_name,
                     .master_id = set.master_id,
                     .master_address = std::string(set.master_address()),
                     .master_epoch = set.master_epoch,
                     .sync_state_set_epoch = set.sync_state_set_epoch,
                     .sync_state_set = set.sync_state_set,
                     .members = addresses_of(set),
                     .record = record};
}

}  // namespace gantry::replication
