#include "metrics_api/pod_values.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/words.h"

namespace gantry::metrics_api {
namespace {

constexpr std::size_t kNobody = static_cast<std::size_t>(-1);

// Address -> index of the pod that has it; kNobody: several have.
std::map<std::string, std::size_t> pods_by_address(const std::vector<kube_api::Pod>& pods) {
  std::map<std::string, std::size_t> by_address;
  for (std::size_t i = 0; i < pods.size(); ++i) {
    auto [entry, fresh] = by_address.emplace(pods[i].ip, i);
    if (!fresh) entry->second = kNobody;
  }
  return by_address;
}

std::optional<double> value_of(const lag::ClientLag& client, Unit unit) {
  const auto& number = unit == Unit::messages ? client.lag : client.oldest_age_ms;
  if (!number) return std::nullopt;
  return static_cast<double>(*number) / (unit == Unit::messages ? 1.0 : 1'000.0);
}

struct Sum {
  bool seen = false;
  bool unknown = false;
  double value = 0;
};

}  // namespace

Result<std::vector<PodValue>> pod_values(const std::vector<kube_api::Pod>& pods, const lag::HeldLag& held, Unit unit) {
  if (held.pop) {
    return fail(Errc::invalid_argument,
                "the consumers of a POP group share all queues, so no part of the lag is one pod's: use an External or "
                "an Object metric");
  }
  if (const std::size_t waiting = held.waiting_without_client.value_or(0); waiting > 0 && !held.clients.empty()) {
    return fail(Errc::unavailable, "messages wait in {} that no consumer holds: the group shares its queues out anew",
                plural(waiting, "queue"));
  }
  const auto by_address = pods_by_address(pods);
  std::vector<Sum> sums(pods.size());
  std::string why;
  for (const lag::ClientLag& client : held.clients) {
    const auto known = std::ranges::find_if(client.addresses, [&](const auto& a) { return by_address.contains(a); });
    if (known == client.addresses.end()) continue;
    const std::size_t index = by_address.at(*known);
    if (index == kNobody) {
      why = fmt::format("several pods have the address {}", *known);
      continue;
    }
    Sum& sum = sums[index];
    sum.seen = true;
    if (const auto value = value_of(client, unit)) {
      sum.value = unit == Unit::messages ? sum.value + *value : std::max(sum.value, *value);
    } else {
      sum.unknown = true;
      why = client.unknown;
    }
  }
  std::vector<PodValue> values;
  for (std::size_t i = 0; i < pods.size(); ++i) {
    if (sums[i].seen && !sums[i].unknown) values.push_back({pods[i].name, sums[i].value});
  }
  if (!values.empty()) return values;
  if (!why.empty()) return fail(Errc::unavailable, "of no pod the lag is known: {}", why);
  return fail(Errc::not_found, "no consumer connects from {}: the group has {}", plural(pods.size(), "such pod"),
              plural(held.clients.size(), "consumer"));
}

}  // namespace gantry::metrics_api
