#include "cli/failover_advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

namespace gantry::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string told(const Findings& findings) { return boost::json::serialize(findings.list()); }

TEST(FailoverAdvice, GivenABrokerThatIsNotInControllerModeThenNothingIsSaid) {
  Findings findings;
  EXPECT_THAT(advise_on_broker("b", {{"enableControllerMode", "false"}, {"controllerAddr", "c:1"}}, findings),
              IsEmpty());
  EXPECT_THAT(advise_on_broker("b", {}, findings), IsEmpty());
  EXPECT_TRUE(findings.list().empty());
}

TEST(FailoverAdvice, GivenTheDefaultsThenEachThatLosesMessagesIsWarnedOfWithWhatToSet) {
  Findings findings;
  const auto controllers = advise_on_broker(
      "broker a", {{"enableControllerMode", "true"}, {"minInSyncReplicas", "1"}, {"controllerAddr", "c:1;d:2;"}},
      findings);
  EXPECT_THAT(controllers, ElementsAre("c:1", "d:2"));
  ASSERT_EQ(findings.list().size(), 2u);
  EXPECT_THAT(told(findings), HasSubstr("set allAckInSyncStateSet=true"));
  EXPECT_THAT(told(findings), HasSubstr("minInSyncReplicas=1: messages are acknowledged that the master alone has"));
  EXPECT_FALSE(findings.failed()) << "it works, until a master fails";
}

TEST(FailoverAdvice, GivenSafeSettingsThenSo) {
  Findings findings;
  advise_on_broker("broker a",
                   {{"enableControllerMode", "true"}, {"allAckInSyncStateSet", "true"}, {"minInSyncReplicas", "2"}},
                   findings);
  ASSERT_EQ(findings.list().size(), 1u);
  EXPECT_THAT(told(findings), HasSubstr("\"state\":\"ok\""));
}

TEST(FailoverAdvice, GivenAControllerThenUncleanElectionIsWarnedOf) {
  Findings findings;
  advise_on_controller("controller c:1", {{"enableElectUncleanMaster", "true"}}, findings);
  advise_on_controller("controller d:2", {{"enableElectUncleanMaster", "false"}}, findings);
  ASSERT_EQ(findings.list().size(), 2u);
  EXPECT_THAT(boost::json::serialize(findings.list()[0]), HasSubstr("set enableElectUncleanMaster=false"));
  EXPECT_THAT(boost::json::serialize(findings.list()[1]), HasSubstr("\"state\":\"ok\""));
}

}  // namespace
}  // namespace gantry::cli
