// The two ways to a replica set, by name in order and by hash, always lead to the same one.
#include "replication/replica_sets.h"

#include <gtest/gtest.h>

namespace gantry::replication {
namespace {

// Whoever lists and whoever looks up must see one object.
void expect_consistent(ReplicaSets& sets, const std::vector<std::string>& names) {
  ASSERT_EQ(sets.size(), names.size());
  std::vector<std::string> listed;
  for (const auto& [name, set] : sets.ascending()) {
    listed.push_back(name);
    EXPECT_EQ(sets.find(name), &set);
  }
  EXPECT_EQ(listed, names);
}

ReplicaSets three() {
  ReplicaSets sets;
  for (const char* name : {"b", "a", "c"}) sets.add(name).broker_name = name;
  return sets;
}

TEST(ReplicaSets, GivenSetsWhenAddedAndErasedThenBothWaysAgree) {
  ReplicaSets sets = three();
  expect_consistent(sets, {"a", "b", "c"});
  EXPECT_EQ(&sets.add("a"), sets.find("a"));
  sets.erase(sets.find("b")->broker_name);  // a name that goes with its set
  sets.erase("unknown");
  expect_consistent(sets, {"a", "c"});
  EXPECT_EQ(sets.find("b"), nullptr);
}

TEST(ReplicaSets, GivenACopyWhenEitherChangesThenTheOtherDoesNot) {
  ReplicaSets sets = three();
  ReplicaSets copy = sets;
  copy.find("a")->master_epoch = 7;
  EXPECT_EQ(sets.find("a")->master_epoch, 0);
  sets.erase("a");
  expect_consistent(copy, {"a", "b", "c"});
  copy = sets;
  expect_consistent(copy, {"b", "c"});
  EXPECT_EQ(copy, sets);
}

TEST(ReplicaSets, GivenSetsWhenMovedThenTheyAreFoundWhereTheyWent) {
  ReplicaSets sets = three();
  ReplicaSets moved = std::move(sets);
  expect_consistent(moved, {"a", "b", "c"});
  sets = std::move(moved);
  expect_consistent(sets, {"a", "b", "c"});
  ReplicaSets from_map(ReplicaSets::Ascending(sets.ascending()));
  expect_consistent(from_map, {"a", "b", "c"});
}

}  // namespace
}  // namespace gantry::replication
