#include "triggers/cluster_pool.h"

#include <gtest/gtest.h>

namespace gantry::triggers {
namespace {

TEST(ClusterPool, GivenTheSameNameServersWrittenInAnotherWayThenItIsTheSameCluster) {
  for (const char* text : {"a:9876;b:9876", "b:9876;a:9876", " a:9876 ; b:9876 ", "a:9876,b:9876",
                           "a:9876;b:9876;a:9876;", "A:9876;b:9876"}) {
    EXPECT_EQ(normal_name_servers(text), "a:9876;b:9876") << text;
  }
  EXPECT_EQ(normal_name_servers(" ; "), "");
  EXPECT_NE(normal_name_servers("a:9877"), normal_name_servers("a:9876"));
}

}  // namespace
}  // namespace gantry::triggers
