#include "replication/malformed.h"

#include "replication/checks.h"
#include "replication/limits.h"

namespace gantry::replication {
namespace {

std::string text_fault(std::string_view field, std::size_t bytes_max) {
  return fmt::format("{} is empty, longer than {} bytes, no UTF-8 or has control characters: correct it", field,
                     bytes_max);
}
std::string facts_fault(std::size_t count) {
  return count > kFactsMax ? fmt::format("facts of {} brokers are more than {}", count, kFactsMax) : std::string();
}
std::string ids_fault(std::size_t count) {
  if (count <= kFactsMax) return {};
  return fmt::format("{} broker ids in one request are more than a set can have, which is {}: send fewer", count,
                     kMembersMax);
}
std::string cluster_fault(std::string_view cluster_name, bool may_be_empty) {
  if (is_name(cluster_name) || (may_be_empty && cluster_name.empty())) return {};
  return text_fault("clusterName", kNameBytesMax);
}
std::string first_of(std::initializer_list<std::string> faults) {
  for (const std::string& fault : faults) {
    if (!fault.empty()) return fault;
  }
  return {};
}

// Each without what all have in common, the broker name. Empty: fine.
struct Fault {
  std::string operator()(const AlterSyncStateSet& c) const {
    return first_of({ids_fault(c.sync_state_set.size()), facts_fault(c.facts.size())});
  }

  std::string operator()(const ElectMaster& c) const {
    if (c.reason < ElectionReason::broker_asked || c.reason > ElectionReason::member_returned) {
      return fmt::format("no election is held for the reason {}", static_cast<int>(c.reason));
    }
    const bool any = c.reason == ElectionReason::operator_asked || c.reason == ElectionReason::member_returned;
    if (!any && !c.broker_id) return "an election of this kind needs a broker id: set brokerId";
    return first_of({cluster_fault(c.cluster_name, true), facts_fault(c.facts.size())});
  }

  std::string operator()(const ApplyBrokerId& c) const {
    if (!is_text(c.check_code, kCheckCodeBytesMax) || !is_address(address_in(c.check_code))) {
      return fmt::format(
          "registerCheckCode must be the broker's address, a semicolon and a time, at most {} bytes: correct it",
          kCheckCodeBytesMax);
    }
    return cluster_fault(c.cluster_name, false);
  }

  std::string operator()(const RegisterBroker& c) const {
    if (!is_address(c.address)) return text_fault("brokerAddress", kAddressBytesMax);
    if (c.heartbeat_address.size() > kAddressBytesMax) return text_fault("brokerAddr", kAddressBytesMax);
    return first_of({cluster_fault(c.cluster_name, true), facts_fault(c.facts.size())});
  }

  std::string operator()(const CleanBrokerData& c) const {
    return first_of({cluster_fault(c.cluster_name, true), ids_fault(c.broker_ids.size()), facts_fault(c.facts.size())});
  }

  std::string operator()(const ImportReplicaSet& c) const {
    if (c.members.size() > kMembersMax) return fmt::format("a broker set has at most {} members", kMembersMax);
    for (const Member& member : c.members) {
      if (member.address.size() > kAddressBytesMax || member.check_code.size() > kCheckCodeBytesMax) {
        return fmt::format("the address or the check code of broker {} is too long", member.broker_id);
      }
    }
    return first_of({cluster_fault(c.cluster_name, false), ids_fault(c.sync_state_set.size())});
  }
};

}  // namespace

std::optional<Outcome> refuse_malformed(const Command& command) {
  std::string fault =
      is_name(broker_name_of(command)) ? std::visit(Fault{}, command) : text_fault("brokerName", kNameBytesMax);
  if (fault.empty()) return std::nullopt;
  return Outcome{.verdict = Verdict::invalid_request, .remark = std::move(fault)};
}

}  // namespace gantry::replication
