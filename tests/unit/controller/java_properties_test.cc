#include "controller/java_properties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/live_settings.h"
#include "controller/peer_list.h"
#include "controller/properties.h"

namespace gantry::controller {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using Left = JavaConfig::Left;

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
  EXPECT_THAT(java->without_effect,
              ElementsAre(Left{"jRaftSnapshotIntervalSecs", 7}, Left{"scanNotActiveBrokerInterval", 8}));
  EXPECT_THAT(java->unknown, ElementsAre(Left{"enableElectUncleanMastr", 9, "did you mean enableElectUncleanMaster?"}));
}

TEST(JavaProperties, GivenATypingErrorThatBeginsAsAKnownNameThenItIsUnknownAllTheSame) {
  auto java = read_java_properties(std::string(kDledger) +
                                       "serverWorkerThreads=8\nserverWorkerThread=8\nclientSocketSndBufSiz=1\n"
                                       "jRaftGroupId=other\njRaftSnapshotInterval=1\ncontrollerAddr=/x\n",
                                   "f");
  ASSERT_TRUE(java) << java.error().message;
  EXPECT_THAT(java->without_effect, ElementsAre(Left{"jRaftGroupId", 8}, Left{"serverWorkerThreads", 5}));
  EXPECT_THAT(java->unknown, ElementsAre(Left{"clientSocketSndBufSiz", 7, "did you mean clientSocketSndBufSize?"},
                                         Left{"controllerAddr", 10, ""},
                                         Left{"jRaftSnapshotInterval", 9, "did you mean jRaftSnapshotIntervalSecs?"},
                                         Left{"serverWorkerThread", 6, "did you mean serverWorkerThreads?"}))
      << "controllerAddr is of brokers";
}

TEST(JavaProperties, GivenThePortOfItsExporterThenTheAdviceIsOurOption) {
  auto java = read_java_properties(std::string(kDledger) + "metricsPromExporterPort=5557\n", "f");
  ASSERT_TRUE(java) << java.error().message;
  ASSERT_EQ(java->without_effect.size(), 1u);
  EXPECT_THAT(java->without_effect[0].advice, HasSubstr("--http :5557"));
}

TEST(PeerList, GivenWhatCannotBeThenTheErrorHasTheEntryAndWhatIsWrongWithIt) {
  EXPECT_THAT(parse_peers("").value(), IsEmpty());
  EXPECT_THAT(parse_peers(" n0-a-b:1 ;; n1-[::1]:2").value(),
              ElementsAre(Peer{"n0", {"a-b", 1}}, Peer{"n1", {"::1", 2}}));
  const std::pair<const char*, const char*> cases[] = {
      {"n0-a:1;n1-b:99999", "got \"n1-b:99999\": expected an address"},
      {"n1-b:99999", "the port must be a number from"},
      {"n1-b:0", "the port must be a number from 1 to 65535"},
      {"n0:a:1", "the name, with a dash behind it, is missing"},
      {"-a:1", "the name, with a dash behind it, is missing"},
      {"n0-a", "the port is missing"},
  };
  for (const auto& [text, expected] : cases) {
    const auto peers = parse_peers(text);
    ASSERT_FALSE(peers) << text;
    EXPECT_THAT(peers.error().message, HasSubstr(expected));
    EXPECT_THAT(peers.error().message, HasSubstr("expected n0-host:port;n1-host:port"));
  }
}

TEST(JavaProperties, GivenWhatCannotBeThenTheErrorNamesPropertyValueAndWhatWasExpected) {
  const std::string good = kDledger;
  const std::tuple<std::string, const char*> cases[] = {
      {"", "f: controllerDLegerPeers: expected the controllers, as n0-host:port;n1-host:port, got \"\""},
      {"controllerType=Zookeeper", "f:1: controllerType: expected DLedger or jRaft, got \"Zookeeper\""},
      {"controllerDLegerPeers=n0:127.0.0.1:1\ncontrollerDLegerSelfId=n0",
       "got \"n0:127.0.0.1:1\": the name, with a dash"},
      {"controllerDLegerPeers=n0-127.0.0.1\ncontrollerDLegerSelfId=n0", "got \"n0-127.0.0.1\""},
      {"controllerDLegerPeers=n0-a:1\ncontrollerDLegerSelfId=n7",
       "f:2: controllerDLegerSelfId: expected the id of one of"},
      {"controllerDLegerPeer=n0-a:1\ncontrollerDLegerSelfId=n0",
       "got \"\"; f:1: controllerDLegerPeer is unknown: did you mean controllerDLegerPeers?"},
      {good + "enableElectUncleanMaster=yes", "f:5: enableElectUncleanMaster: expected true or false, got yes"},
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
