// The election rule as a table: members 1, 2 and 3, all in the sync-state set unless said otherwise.
#include "replication/election.h"

#include "sets.h"

namespace gantry::replication::testing {
namespace {

using V = CandidateVerdict;

struct ElectionCase {
  std::string name;
  std::vector<BrokerFacts> facts;
  std::vector<std::int64_t> in_sync = {1, 2, 3};
  std::optional<std::int64_t> master;  // the current one
  std::optional<std::int64_t> previous;
  std::optional<std::int64_t> designated;
  bool unclean_allowed = false;
  std::optional<std::int64_t> elected;
  bool kept = false;
  bool unclean = false;
  std::vector<V> verdicts = {};  // of 1, 2, 3
};

class ElectionRule : public ::testing::TestWithParam<ElectionCase> {};

TEST_P(ElectionRule, GivenFactsWhenElectedThenMasterAndReasons) {
  const ElectionCase& c = GetParam();
  ReplicaSet set{.cluster_name = "c",
                 .broker_name = "b",
                 .next_broker_id = 4,
                 .master_id = c.master,
                 .previous_master_id = c.previous,
                 .sync_state_set = c.in_sync};
  for (const std::int64_t id : {1, 2, 3}) set.members.push_back({id, address(id), ""});
  const ElectionResult result =
      elect(set, {.facts = c.facts, .designated = c.designated, .unclean_allowed = c.unclean_allowed});
  EXPECT_EQ(result.master, c.elected);
  EXPECT_EQ(result.kept, c.kept);
  EXPECT_EQ(result.unclean, c.unclean);
  std::vector<V> verdicts;
  for (const Candidate& candidate : result.candidates) verdicts.push_back(candidate.verdict);
  if (!c.verdicts.empty()) {
    EXPECT_EQ(verdicts, c.verdicts);
  }
}

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
constexpr std::int32_t kLast = std::numeric_limits<std::int32_t>::max();

INSTANTIATE_TEST_SUITE_P(
    Table, ElectionRule,
    ::testing::Values(
        ElectionCase{.name = "higher_epoch_beats_offset",
                     .facts = {dead(1), alive(2, 2, 10), alive(3, 1, 9'000)},
                     .master = 1,
                     .elected = 2,
                     .verdicts = {V::not_alive, V::elected, V::lower_epoch}},
        ElectionCase{.name = "higher_offset",
                     .facts = {dead(1), alive(2, 1, 10), alive(3, 1, 11)},
                     .master = 1,
                     .elected = 3,
                     .verdicts = {V::not_alive, V::lower_offset, V::elected}},
        // (int)(2^32 + 1 - 1) is 0 and (int)(2^31) is negative: the Java comparator takes the wrong one
        ElectionCase{.name = "offsets_that_differ_by_two_to_the_32",
                     .facts = {dead(1), alive(2, 1, 1), alive(3, 1, (std::int64_t{1} << 32) + 1)},
                     .master = 1,
                     .elected = 3},
        ElectionCase{.name = "offsets_that_differ_by_two_to_the_31",
                     .facts = {dead(1), alive(2, 1, 0), alive(3, 1, std::int64_t{1} << 31)},
                     .master = 1,
                     .elected = 3},
        ElectionCase{.name = "offsets_at_the_ends_of_int64",
                     .facts = {dead(1), alive(2, 1, std::numeric_limits<std::int64_t>::min()), alive(3, 1, kHuge)},
                     .master = 1,
                     .elected = 3},
        ElectionCase{.name = "epochs_at_the_ends_of_int32",
                     .facts = {dead(1), alive(2, std::numeric_limits<std::int32_t>::min(), 5), alive(3, kLast, 1)},
                     .master = 1,
                     .elected = 3},
        ElectionCase{.name = "lower_priority_number_is_preferred",
                     .facts = {dead(1), alive(2, 1, 7, 2), alive(3, 1, 7, 1)},
                     .master = 1,
                     .elected = 3,
                     .verdicts = {V::not_alive, V::lower_priority, V::elected}},
        ElectionCase{.name = "priorities_at_the_ends_of_int32",
                     .facts = {dead(1), alive(2, 1, 7, kLast), alive(3, 1, 7, -1)},
                     .master = 1,
                     .elected = 3},
        ElectionCase{.name = "data_beats_priority",
                     .facts = {dead(1), alive(2, 1, 8, 5), alive(3, 1, 7, 1)},
                     .master = 1,
                     .elected = 2},
        ElectionCase{.name = "previous_master_when_all_is_equal",
                     .facts = {alive(1), alive(2), alive(3)},
                     .previous = 3,
                     .elected = 3,
                     .verdicts = {V::not_previous, V::not_previous, V::elected}},
        ElectionCase{.name = "lowest_id_when_all_is_equal",
                     .facts = {dead(1), alive(2), alive(3)},
                     .master = 1,
                     .elected = 2,
                     .verdicts = {V::not_alive, V::elected, V::higher_id}},
        ElectionCase{.name = "lowest_id_whatever_the_order_of_facts",
                     .facts = {alive(3), alive(2), dead(1)},
                     .master = 1,
                     .elected = 2},
        ElectionCase{.name = "master_stays_although_another_has_more",
                     .facts = {alive(1, 1, 5), alive(2, 1, 9), dead(3)},
                     .master = 1,
                     .elected = 1,
                     .kept = true,
                     .verdicts = {V::elected, V::master_stays, V::not_alive}},
        ElectionCase{.name = "designated_instead_of_a_live_master",
                     .facts = {alive(1, 1, 9), alive(2, 1, 1), alive(3, 1, 8)},
                     .master = 1,
                     .designated = 2,
                     .elected = 2,
                     .verdicts = {V::not_designated, V::elected, V::not_designated}},
        ElectionCase{.name = "designated_master_stays",
                     .facts = all_alive({1, 2, 3}),
                     .master = 1,
                     .designated = 1,
                     .elected = 1,
                     .kept = true},
        ElectionCase{.name = "designated_dead", .facts = {alive(1), dead(2), alive(3)}, .master = 1, .designated = 2},
        ElectionCase{.name = "designated_out_of_sync",
                     .facts = all_alive({1, 2, 3}),
                     .in_sync = {1, 2},
                     .master = 1,
                     .designated = 3,
                     .verdicts = {V::not_designated, V::not_designated, V::not_in_sync}},
        ElectionCase{.name = "designated_out_of_sync_even_if_unclean_is_allowed_while_one_in_sync_lives",
                     .facts = {dead(1), alive(2), alive(3)},
                     .in_sync = {1, 2},
                     .master = 1,
                     .designated = 3,
                     .unclean_allowed = true},
        ElectionCase{.name = "designated_unclean",
                     .facts = {dead(1), alive(2, 1, 9), alive(3)},
                     .in_sync = {1},
                     .master = 1,
                     .designated = 3,
                     .unclean_allowed = true,
                     .elected = 3,
                     .unclean = true},
        ElectionCase{.name = "out_of_sync_is_never_elected",
                     .facts = {dead(1), alive(2, 9, 9'000), alive(3)},
                     .in_sync = {1, 3},
                     .master = 1,
                     .elected = 3,
                     .verdicts = {V::not_alive, V::not_in_sync, V::elected}},
        ElectionCase{.name = "nobody_in_sync_alive",
                     .facts = {dead(1), alive(2), alive(3)},
                     .in_sync = {1},
                     .master = 1,
                     .verdicts = {V::not_alive, V::not_in_sync, V::not_in_sync}},
        ElectionCase{.name = "unclean",
                     .facts = {dead(1), alive(2, 1, 1), alive(3, 1, 2)},
                     .in_sync = {1},
                     .master = 1,
                     .unclean_allowed = true,
                     .elected = 3,
                     .unclean = true,
                     .verdicts = {V::not_alive, V::lower_offset, V::elected}},
        ElectionCase{.name = "unclean_allowed_but_not_needed",
                     .facts = {dead(1), alive(2, 1, 1), alive(3, 1, 2)},
                     .in_sync = {1, 2},
                     .master = 1,
                     .unclean_allowed = true,
                     .elected = 2},
        ElectionCase{.name = "no_facts_at_all", .facts = {}, .master = 1, .unclean_allowed = true},
        ElectionCase{.name = "facts_of_strangers", .facts = all_alive({7, 8}), .master = 1, .unclean_allowed = true},
        ElectionCase{.name = "facts_twice_the_first_counts",
                     .facts = {dead(1), alive(2), dead(2), alive(3)},
                     .master = 1,
                     .elected = 2}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace gantry::replication::testing
