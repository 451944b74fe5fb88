// What the functions of State share: is a text fit to be stored, is a set one that apply can lead to, and the parts of
// an answer.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "replication/outcome.h"
#include "replication/replica_set.h"

namespace gantry::replication {

// UTF-8 without control characters, 1 to `bytes_max` bytes.
bool is_text(std::string_view text, std::size_t bytes_max);
bool is_name(std::string_view text);     // of a cluster or a broker
bool is_address(std::string_view text);  // only its length and characters: it is the broker's business

// What stands before the first ';' of a check code.
inline std::string_view address_in(std::string_view check_code) { return check_code.substr(0, check_code.find(';')); }

// What is wrong with a set that comes from outside (import, snapshot): empty when nothing is.
std::string fault_of(const ReplicaSet& set);

// Ascending, each once.
std::vector<std::int64_t> sorted_ids(std::vector<std::int64_t> ids);

// A refusal; without a set, without values.
template <class... Args>
Applied refuse(Verdict verdict, fmt::format_string<Args...> remark, Args&&... args) {
  Applied applied;
  applied.outcome.verdict = verdict;
  applied.outcome.remark = fmt::format(remark, std::forward<Args>(args)...);
  return applied;
}
// The same, with the values of the set.
template <class... Args>
Applied refuse(const ReplicaSet& set, Verdict verdict, fmt::format_string<Args...> remark, Args&&... args);

// The set's values as an answer.
Outcome answer_of(const ReplicaSet& set);
std::vector<MemberAddress> addresses_of(const ReplicaSet& set);

// Refuses a malformed broker name; nullopt: fine.
std::optional<Applied> refuse_broker_name(std::string_view broker_name);
// Refuses a broker name that another cluster uses. `set`: nullptr when unknown; an empty cluster matches any.
std::optional<Applied> refuse_other_cluster(std::string_view cluster_name, const ReplicaSet* set);

// Begins the next master epoch with `master`, records why, and says so to others. The epoch must be below kEpochMax.
RoleChanged begin_epoch(ReplicaSet& set, std::optional<std::int64_t> master, ElectionRecord record,
                        std::vector<Candidate> candidates);

template <class... Args>
Applied refuse(const ReplicaSet& set, Verdict verdict, fmt::format_string<Args...> remark, Args&&... args) {
  Applied applied;
  applied.outcome = answer_of(set);
  applied.outcome.verdict = verdict;
  applied.outcome.remark = fmt::format(remark, std::forward<Args>(args)...);
  return applied;
}

}  // namespace gantry::replication
