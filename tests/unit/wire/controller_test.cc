// The controller's headers and bodies: names and types as Java writes them, what may be missing, in both forms of header.
#include "wire/headers/controller.h"

#include <gtest/gtest.h>

#include "wire/bodies/controller.h"
#include "wire/codes.h"
#include "wire/frame.h"

namespace gantry::wire {
namespace {

using FieldList = std::vector<std::pair<std::string, std::string>>;

Fields fields_of(const FieldList& list) {
  Fields fields;
  for (const auto& [name, value] : list) fields.add(name, value);
  return fields;
}

// What Java writes is read, and written again as it was, through the typed header and either form of frame.
template <class Header>
void expect_all_of(std::int32_t code, const FieldList& list) {
  SCOPED_TRACE(code);
  for (Serialization serialization : {Serialization::json, Serialization::rocketmq}) {
    Command command = make_request(code);
    command.serialization = serialization;
    command.fields = fields_of(list);
    std::string bytes;
    ASSERT_TRUE(encode_frame(command, bytes));
    auto read = decode_frame(bytes, {});
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->code, code);
    auto header = decode_header<Header>(read->fields);
    ASSERT_TRUE(header) << header.error().message;
    Fields again;
    encode_header(*header, again);
    EXPECT_EQ(again, command.fields);
  }
}

// `required` cannot be missing; all else can.
template <class Header>
void expect_required(const FieldList& list, const std::vector<std::string>& required) {
  for (const auto& [name, value] : list) {
    Fields fields = fields_of(list);
    fields.erase(name);
    auto header = decode_header<Header>(fields);
    const bool needed = std::ranges::find(required, name) != required.end();
    EXPECT_EQ(header.has_value(), !needed) << name;
    if (!header) {
      EXPECT_EQ(header.error().message, "header field " + name + " is missing");
    }
  }
}

template <class Header>
void expect_header(std::int32_t code, const FieldList& list, const std::vector<std::string>& required = {}) {
  expect_all_of<Header>(code, list);
  expect_required<Header>(list, required);
}

TEST(ControllerHeader, GivenAllFieldsOfAJavaRequestWhenReadAndWrittenThenNoneIsLostAndTheRequiredAreRequired) {
  using namespace request_code;
  const std::string time = "1795370057583";
  expect_header<AlterSyncStateSetRequestHeader>(
      kControllerAlterSyncStateSet,
      {{"brokerName", "b"}, {"masterBrokerId", "9223372036854775807"}, {"masterEpoch", "7"}, {"invokeTime", time}},
      {"brokerName", "masterBrokerId", "masterEpoch"});
  expect_header<ElectMasterRequestHeader>(
      kControllerElectMaster,
      {{"clusterName", "c"}, {"brokerName", "b"}, {"brokerId", "-1"}, {"designateElect", "true"}, {"invokeTime", time}},
      {"brokerName"});
  expect_header<RegisterBrokerToControllerRequestHeader>(kControllerRegisterBroker,
                                                         {{"clusterName", "c"},
                                                          {"brokerName", "b"},
                                                          {"brokerId", "2"},
                                                          {"brokerAddress", "127.0.0.1:10911"},
                                                          {"invokeTime", time}},
                                                         {"clusterName", "brokerName", "brokerId", "brokerAddress"});
  expect_header<GetReplicaInfoRequestHeader>(kControllerGetReplicaInfo, {{"brokerName", "b"}}, {"brokerName"});
  expect_header<NotifyBrokerRoleChangedRequestHeader>(kNotifyBrokerRoleChanged, {{"masterAddress", "127.0.0.1:10911"},
                                                                                 {"masterEpoch", "2"},
                                                                                 {"syncStateSetEpoch", "3"},
                                                                                 {"masterBrokerId", "1"}});
  expect_header<CleanControllerBrokerDataRequestHeader>(kCleanBrokerData,
                                                        {{"clusterName", "c"},
                                                         {"brokerName", "b"},
                                                         {"brokerControllerIdsToClean", "1;2"},
                                                         {"isCleanLivingBroker", "false"},
                                                         {"invokeTime", time}},
                                                        {"brokerName"});
  expect_header<GetNextBrokerIdRequestHeader>(kControllerGetNextBrokerId, {{"clusterName", "c"}, {"brokerName", "b"}},
                                              {"clusterName", "brokerName"});
  expect_header<ApplyBrokerIdRequestHeader>(kControllerApplyBrokerId,
                                            {{"clusterName", "c"},
                                             {"brokerName", "b"},
                                             {"appliedBrokerId", "1"},
                                             {"registerCheckCode", "127.0.0.1:10911;1795370057583"}},
                                            {"clusterName", "brokerName", "appliedBrokerId", "registerCheckCode"});
  expect_header<BrokerHeartbeatRequestHeader>(kBrokerHeartbeat,
                                              {{"clusterName", "c"},
                                               {"brokerAddr", "127.0.0.1:10911"},
                                               {"brokerName", "b"},
                                               {"brokerId", "1"},
                                               {"epoch", "2"},
                                               {"maxOffset", "1099511627776"},
                                               {"confirmOffset", "-1"},
                                               {"heartbeatTimeoutMills", "10000"},
                                               {"electionPriority", "2147483647"}},
                                              {"clusterName", "brokerAddr", "brokerName"});
}

TEST(ControllerHeader, GivenAllFieldsOfAJavaAnswerWhenReadAndWrittenThenNoneIsLost) {
  using namespace request_code;
  const FieldList master = {
      {"masterBrokerId", "1"}, {"masterAddress", "127.0.0.1:10911"}, {"masterEpoch", "1"}, {"syncStateSetEpoch", "2"}};
  FieldList named = {{"clusterName", "c"}, {"brokerName", "b"}};
  expect_header<ApplyBrokerIdResponseHeader>(kControllerApplyBrokerId, named);
  FieldList next = named;
  next.emplace_back("nextBrokerId", "3");
  expect_header<GetNextBrokerIdResponseHeader>(kControllerGetNextBrokerId, next, {"nextBrokerId"});
  expect_header<ElectMasterResponseHeader>(kControllerElectMaster, master);
  named.insert(named.end(), master.begin(), master.end());
  expect_header<RegisterBrokerToControllerResponseHeader>(kControllerRegisterBroker, named);
  expect_header<GetReplicaInfoResponseHeader>(kControllerGetReplicaInfo, {master.begin(), master.begin() + 3});
  expect_header<AlterSyncStateSetResponseHeader>(kControllerAlterSyncStateSet, {{"newSyncStateSetEpoch", "4"}},
                                                 {"newSyncStateSetEpoch"});
  expect_header<GetMetaDataResponseHeader>(kControllerGetMetadataInfo, {{"group", "group1"},
                                                                        {"controllerLeaderId", "n0"},
                                                                        {"controllerLeaderAddress", "127.0.0.1:9870"},
                                                                        {"isLeader", "true"},
                                                                        {"peers", "n0:127.0.0.1:9870;"}});
}

TEST(ControllerHeader, GivenAnEpochBeyond32BitsWhenReadThenTheErrorNamesIt) {
  auto header = decode_header<AlterSyncStateSetRequestHeader>(
      fields_of({{"brokerName", "b"}, {"masterBrokerId", "1"}, {"masterEpoch", "2147483648"}}));
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().message, "header field masterEpoch: expected an integer, got \"2147483648\"");
}

TEST(SyncStateSet, GivenTheTextOfFastjsonWhenReadAndWrittenThenItIsTheSame) {
  const std::string text = R"({"syncStateSet":[1,2,9223372036854775807],"syncStateSetEpoch":3})";
  auto set = decode_body<SyncStateSet>(text);
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(set->sync_state_set, (std::vector<std::int64_t>{1, 2, INT64_MAX}));
  EXPECT_EQ(set->sync_state_set_epoch, 3);
  EXPECT_EQ(encode_body(*set), text);
  EXPECT_EQ(decode_body<SyncStateSet>(R"({"syncStateSet":["x"]})").error().message,
            "syncStateSet: [0]: expected an integer in range, got \"x\"");
  EXPECT_EQ(decode_body<SyncStateSet>("1;2").error().code, Errc::corrupt);
}

TEST(ElectMasterResponseBody, GivenUnquotedBrokerIdsWhenReadThenTheMembersAreThere) {
  auto body = decode_body<ElectMasterResponseBody>(
      R"({"brokerMemberGroup":{"brokerAddrs":{1:"127.0.0.1:1",2:"127.0.0.1:2"},"brokerName":"b","cluster":"c"},)"
      R"("syncStateSet":[2]})");
  ASSERT_TRUE(body) << body.error().message;
  ASSERT_TRUE(body->broker_member_group);
  EXPECT_EQ(body->broker_member_group->broker_addrs.at(2), "127.0.0.1:2");
  EXPECT_EQ(body->broker_member_group->cluster, "c");
  EXPECT_EQ(body->sync_state_set, std::vector<std::int64_t>{2});
  EXPECT_EQ(encode_body(ElectMasterResponseBody{std::nullopt, {1}}), R"({"syncStateSet":[1]})");
}

TEST(BrokerReplicasInfo, GivenASetWithoutAMasterWhenReadAndWrittenThenItStaysWithout) {
  const std::string text =
      R"({"replicasInfoTable":{"b":{"inSyncReplicas":[{"alive":false,"brokerAddress":"127.0.0.1:1","brokerId":1,)"
      R"("brokerName":"b"}],"masterEpoch":1,"notInSyncReplicas":[],"syncStateSetEpoch":2}}})";
  auto info = decode_body<BrokerReplicasInfo>(text);
  ASSERT_TRUE(info) << info.error().message;
  const ReplicasInfo& set = info->replicas_info_table.at("b");
  EXPECT_EQ(set.master_broker_id, std::nullopt);
  EXPECT_EQ(set.in_sync_replicas.at(0).alive, false);
  EXPECT_EQ(encode_body(*info), text);
}

TEST(BrokerNames, GivenABareArrayWhenReadAndWrittenThenItIsTheSame) {
  auto names = decode_body<BrokerNames>(R"(["a","b"])");
  ASSERT_TRUE(names) << names.error().message;
  EXPECT_EQ(*names, (BrokerNames{"a", "b"}));
  EXPECT_EQ(encode_body(*names), R"(["a","b"])");
  EXPECT_EQ(decode_body<BrokerNames>(R"("a")").error().message, "expected an array, got \"a\"");
}

}  // namespace
}  // namespace gantry::wire
