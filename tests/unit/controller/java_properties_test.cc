#include "controller/java_properties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/live_settings.h"
#include "controller/properties.h"

namespace gantry::controller {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

TEST(Properties, GivenWhatJavaWritesThenItIsReadAsJavaReadsIt) {
  EXPECT_THAT(parse_properties("# a comment\n! another\r\n\n a = 1 \nb:2\nc 3\nd=x\\\n   y\ne\\=f=g=h\ni=\nj\na=4"),
              ElementsAre(Pair("a", "4"), Pair("b", "2"), Pair("c", "3"), Pair("d", "xy"), Pair("e=f", "g=h"),
                          Pair("i", ""), Pair("j", "")));
}

constexpr const char* kDledger = R"(controllerDLegerGroup = group1
controllerDLegerPeers = n0-127.0.0.1:9878;n1-my-host:9868;n2-[::1]:9858
controllerDLegerSelfId = n1
controllerStorePath = /data/controller
)";

TEST(JavaProperties, GivenTheDledgerFormThenPeersSelfAndDirectoryAreItsOwn) {
  auto java = read_java_properties(kDledger, "controller.properties");
  ASSERT_TRUE(java) << java.error().message;
  EXPECT_EQ(java->config.group, "group1");
  EXPECT_EQ(java->config.self, "n1");
  EXPECT_THAT(java->config.peers,
              ElementsAre(Peer{"n0", {"127.0.0.1", 9878}}, Peer{"n1", {"my-host", 9868}}, Peer{"n2", {"::1", 9858}}));
  EXPECT_EQ(java->config.data_directory, "/data/controller/gantry-n1");
  EXPECT_FALSE(java->config.unclean_election);
  EXPECT_TRUE(java->config.notify_role_changed);
  EXPECT_THAT(java->unknown, IsEmpty());
}

TEST(JavaProperties, GivenTheJraftFormThenClientsAndPeersUseTheAddressesOfClients) {
  auto java = read_java_properties(R"(controllerType=jRaft
jRaftGroupId=g
jRaftServerId=10.0.0.2:9880
jRaftInitConf=10.0.0.1:9880,10.0.0.2:9880
jRaftControllerRPCAddr=10.0.0.1:9770,10.0.0.2:9770
enableElectUncleanMaster=true
jRaftSnapshotIntervalSecs=3600
scanNotActiveBrokerInterval=5000
enableElectUncleanMastr=true
)",
                                   "f");
  ASSERT_TRUE(java) << java.error().message;
  EXPECT_THAT(java->config.peers,
              ElementsAre(Peer{"10.0.0.1:9880", {"10.0.0.1", 9770}}, Peer{"10.0.0.2:9880", {"10.0.0.2", 9770}}));
  EXPECT_EQ(java->config.own()->endpoint.port, 9770);
  EXPECT_THAT(java->config.data_directory, testing::EndsWith("/jRaftController/gantry-10.0.0.2-9880"));
  EXPECT_TRUE(java->config.unclean_election);
  EXPECT_THAT(java->without_effect, ElementsAre("jRaftSnapshotIntervalSecs", "scanNotActiveBrokerInterval"));
  EXPECT_THAT(java->unknown, ElementsAre("enableElectUncleanMastr"));
}

TEST(JavaProperties, GivenATypingErrorThatBeginsAsAKnownNameThenItIsUnknownAllTheSame) {
  auto java = read_java_properties(std::string(kDledger) +
                                       "serverWorkerThreads=8\nserverWorkerThread=8\nclientSocketSndBufSiz=1\n"
                                       "jRaftGroupId=other\njRaftSnapshotInterval=1\ncontrollerDLegerStorePath=/x\n",
                                   "f");
  ASSERT_TRUE(java) << java.error().message;
  EXPECT_THAT(java->without_effect, ElementsAre("jRaftGroupId", "serverWorkerThreads"));
  EXPECT_THAT(java->unknown, ElementsAre("clientSocketSndBufSiz", "controllerDLegerStorePath", "jRaftSnapshotInterval",
                                         "serverWorkerThread"));
}

TEST(JavaProperties, GivenWhatCannotBeThenTheErrorNamesPropertyValueAndWhatWasExpected) {
  const std::string good = kDledger;
  const std::tuple<std::string, const char*> cases[] = {
      {"", "f: controllerDLegerPeers: expected the controllers, as n0-host:port;n1-host:port, got \"\""},
      {"controllerType=Zookeeper", "f: controllerType: expected DLedger or jRaft, got \"Zookeeper\""},
      {"controllerDLegerPeers=n0:127.0.0.1:1\ncontrollerDLegerSelfId=n0", "n0-host:port;n1-host:port, got \"n0:127"},
      {"controllerDLegerPeers=n0-127.0.0.1\ncontrollerDLegerSelfId=n0", "got \"n0-127.0.0.1\""},
      {"controllerDLegerPeers=n0-a:1\ncontrollerDLegerSelfId=n7", "controllerDLegerSelfId: expected the id of one of"},
      {good + "enableElectUncleanMaster=yes", "enableElectUncleanMaster: expected true or false, got yes"},
      {"controllerType=jRaft\njRaftInitConf=a:1,b:1\njRaftControllerRPCAddr=a:2", "expected 2 addresses"},
      {"controllerType=jRaft\njRaftInitConf=a:1\njRaftControllerRPCAddr=a:2\njRaftServerId=c:1", "jRaftServerId"},
  };
  for (const auto& [text, expected] : cases) {
    auto java = read_java_properties(text, "f");
    ASSERT_FALSE(java) << text;
    EXPECT_THAT(java.error().message, HasSubstr(expected)) << text;
  }
}

TEST(LiveSettings, GivenAChangeThenItIsTakenWholeOrNotAtAll) {
  Config config = read_java_properties(kDledger, "f")->config;
  config.config_black_list = {"notifyBrokerRoleChanged"};
  LiveSettings settings(config);
  EXPECT_THAT(settings.text(), HasSubstr("controllerDLegerPeers=n0-127.0.0.1:9878;n1-my-host:9868;n2-[::1]:9858\n"));
  auto updated = settings.update("enableElectUncleanMaster=true\nscanInactiveMasterInterval=1\n");
  ASSERT_TRUE(updated);
  EXPECT_THAT(*updated, ElementsAre("scanInactiveMasterInterval"));
  EXPECT_TRUE(settings.unclean_election());
  for (const char* refused : {"configBlackList=x", "controllerDLegerPeers=n0-a:1", "notifyBrokerRoleChanged=false"}) {
    auto denied = settings.update(std::string("enableElectUncleanMaster=false\n") + refused);
    ASSERT_FALSE(denied) << refused;
    EXPECT_EQ(denied.error().code, Errc::permission_denied);
  }
  EXPECT_FALSE(settings.update("enableElectUncleanMaster=maybe"));
  EXPECT_TRUE(settings.unclean_election());
}

}  // namespace
}  // namespace gantry::controller
