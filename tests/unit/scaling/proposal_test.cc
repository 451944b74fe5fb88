// From a metric to replicas: ceiling, ratio, tolerance, extremes.
#include "scaling/proposal.h"

#include <gtest/gtest.h>

#include <limits>

#include "unit/scaling/make.h"

namespace gantry::scaling {
namespace {

constexpr int32_t kMost = std::numeric_limits<int32_t>::max();

struct ProposalCase {
  std::string name;
  TargetType type;
  double target;
  double value;
  ReplicaCounts counts;
  int32_t expected;
  bool within_tolerance;
};

class ProposalOf : public ::testing::TestWithParam<ProposalCase> {};

TEST_P(ProposalOf, GivenAMetric_WhenProposed_ThenAsTheHpaCounts) {
  const ProposalCase& given = GetParam();
  const auto proposal = propose_replicas({.name = "lag", .target_type = given.type, .target = given.target},
                                         given.value, given.counts, Tolerances{});
  ASSERT_TRUE(proposal);
  EXPECT_EQ(proposal->replicas, given.expected);
  EXPECT_EQ(proposal->within_tolerance, given.within_tolerance);
}

constexpr TargetType kAverage = TargetType::average_value;
constexpr TargetType kValue = TargetType::value;

INSTANTIATE_TEST_SUITE_P(
    AverageValue, ProposalOf,
    ::testing::Values(ProposalCase{"exact", kAverage, 10, 300, {1, 1, 1}, 30, false},
                      ProposalCase{"rounded_up", kAverage, 10, 301, {1, 1, 1}, 31, false},
                      ProposalCase{"a_fraction_needs_one", kAverage, 10, 0.001, {2, 2, 2}, 1, false},
                      ProposalCase{"below_a_thousandth_is_zero", kAverage, 10, 0.0009, {2, 2, 2}, 0, false},
                      ProposalCase{"zero", kAverage, 10, 0, {2, 2, 2}, 0, false},
                      ProposalCase{"on_target", kAverage, 10, 50, {5, 5, 5}, 5, true},
                      ProposalCase{"upper_edge", kAverage, 10, 55, {5, 5, 5}, 5, true},
                      ProposalCase{"above_upper_edge", kAverage, 10, 55.01, {5, 5, 5}, 6, false},
                      ProposalCase{"lower_edge", kAverage, 10, 45, {5, 5, 5}, 5, true},
                      ProposalCase{"below_lower_edge", kAverage, 10, 44.9, {5, 5, 5}, 5, false},
                      ProposalCase{"far_below", kAverage, 10, 39, {5, 5, 5}, 4, false},
                      ProposalCase{"tolerance_looks_at_existing", kAverage, 10, 30, {5, 3, 3}, 3, true},
                      ProposalCase{"nothing_exists_yet", kAverage, 10, 30, {1, 0, 0}, 3, false},
                      ProposalCase{"nothing_exists_nothing_to_do", kAverage, 10, 0, {1, 0, 0}, 0, false},
                      ProposalCase{"fractional_target", kAverage, 0.5, 3, {1, 1, 1}, 6, false},
                      ProposalCase{"huge", kAverage, 0.001, 1e300, {1, 1, 1}, kMost, false},
                      ProposalCase{"negative", kAverage, 10, -5, {2, 2, 2}, 0, false}),
    [](const auto& info) { return info.param.name; });

// The documented examples: 200m wanted at 100m doubles, 50m halves, a ratio near 1 does nothing.
INSTANTIATE_TEST_SUITE_P(Value, ProposalOf,
                         ::testing::Values(ProposalCase{"double", kValue, 0.1, 0.2, {3, 3, 3}, 6, false},
                                           ProposalCase{"half", kValue, 0.1, 0.05, {4, 4, 4}, 2, false},
                                           ProposalCase{"half_rounded_up", kValue, 0.1, 0.05, {3, 3, 3}, 2, false},
                                           ProposalCase{"near", kValue, 100, 109, {3, 3, 3}, 3, true},
                                           ProposalCase{"near_below", kValue, 100, 91, {3, 3, 3}, 3, true},
                                           ProposalCase{"only_ready_ones_count", kValue, 100, 200, {4, 4, 3}, 6, false},
                                           ProposalCase{"none_ready", kValue, 100, 200, {4, 4, 0}, 0, false},
                                           ProposalCase{"from_zero", kValue, 100, 250, {0, 0, 0}, 3, false},
                                           ProposalCase{"huge", kValue, 0.001, 1e300, {4, 4, 4}, kMost, false}),
                         [](const auto& info) { return info.param.name; });

TEST(Proposal, GivenAValueTarget_WhenNoReplicaExists_ThenThereIsNoProposal) {
  const auto proposal =
      propose_replicas({.name = "lag", .target_type = kValue, .target = 10}, 100, {2, 0, 0}, Tolerances{});
  ASSERT_FALSE(proposal);
  EXPECT_EQ(proposal.error().code, Errc::unavailable);
}

TEST(Proposal, GivenTolerancesOfEachDirection_WhenSet_ThenTheyOverruleTheCommonOne) {
  ScaledObjectSpec spec = test::lag_spec();
  spec.tolerance = 0.2;
  spec.scale_up.tolerance = 0;
  const Tolerances tolerances = tolerances_of(spec);
  EXPECT_TRUE(tolerances.contains(1.0));
  EXPECT_TRUE(tolerances.contains(0.81));
  EXPECT_FALSE(tolerances.contains(0.79));
  EXPECT_FALSE(tolerances.contains(1.01));
}

}  // namespace
}  // namespace gantry::scaling
