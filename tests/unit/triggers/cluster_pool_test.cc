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

// What a cluster was seen to hold is remembered by its reader: a broker that is down must not be forgotten, and its
// messages with it, because a key was rotated meanwhile.
TEST(ClusterPool, GivenKeysOfANameThatAreRotatedThenTheClusterStaysAndOtherKeysAreAnother) {
  boost::asio::io_context io;
  ClusterPool pool(io, {});
  ClusterAddress named{"127.0.0.1:9", false, "orders", "reader", "one"};
  const auto first = pool.get(named);
  ASSERT_TRUE(first) << first.error().message;
  named.secret_key = "two";
  const auto rotated = pool.get(named);
  ASSERT_TRUE(rotated);
  EXPECT_EQ(first->cluster, rotated->cluster);
  EXPECT_EQ(pool.size(), 1u);
  // without a name the keys are who asks: with a wrong one nobody reads by the right one of another
  ClusterAddress own{"127.0.0.1:9", false, "", "reader", "two"};
  const auto right = pool.get(own);
  own.secret_key = "guess";
  const auto wrong = pool.get(own);
  ASSERT_TRUE(right && wrong);
  EXPECT_NE(right->cluster, wrong->cluster);
  EXPECT_NE(right->cluster, first->cluster);
}

}  // namespace
}  // namespace gantry::triggers
