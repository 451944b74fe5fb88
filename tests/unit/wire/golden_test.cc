// Every frame that was recorded from the Java client, name server and broker (tests/golden): it must decode, its typed
// header and typed body must be able to say all of it, and what we encode again must mean the same.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>

#include "wire/batch.h"
#include "wire/bodies/assignment.h"
#include "wire/bodies/batch_ack.h"
#include "wire/bodies/consumer.h"
#include "wire/bodies/controller.h"
#include "wire/bodies/heartbeat.h"
#include "wire/bodies/kv_table.h"
#include "wire/bodies/queue_lock.h"
#include "wire/bodies/reset_offset.h"
#include "wire/bodies/route.h"
#include "wire/bodies/stats.h"
#include "wire/bodies/subscription_group.h"
#include "wire/bodies/topic.h"
#include "wire/codes.h"
#include "wire/compression.h"
#include "wire/frame.h"
#include "wire/header_binary.h"
#include "wire/header_json.h"
#include "wire/headers/admin.h"
#include "wire/headers/controller.h"
#include "wire/headers/group.h"
#include "wire/headers/offset.h"
#include "wire/headers/pop.h"
#include "wire/headers/pull.h"
#include "wire/headers/route.h"
#include "wire/headers/send.h"
#include "wire/message.h"
#include "wire/message_id.h"
#include "wire/pop_receipt.h"
#include "wire/signature.h"

namespace gantry::wire {
namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

// Extension fields that belong to every request class of Java (RpcRequestHeader) or to a layer of its own.
const std::set<std::string> kEveryHeader = {"ns",        "nsd",       "bname",         "oway", "lo",
                                            "AccessKey", "Signature", "SecurityToken", "ReqT"};

// Members that Java computes from the others for people to read, and those of features that are not served (static
// topics, groups forbidden by topic).
const std::set<std::string> kLeftOut = {
    "consumeTimeStampStr",        "maxTimeStampStr",          "minTimeStampStr", "mappingDataVersion",
    "topicQueueMappingDetailMap", "topicQueueMappingInfoMap", "forbiddenTable"};

using CheckHeader = std::function<void(const Fields&)>;
using CheckBody = std::function<void(std::string_view)>;

template <class Header>
void check_header(const Fields& fields) {
  auto header = decode_header<Header>(fields);
  ASSERT_TRUE(header) << header.error().message;
  Fields again;
  encode_header(*header, again);
  for (const auto& [name, value] : fields) {
    if (kEveryHeader.contains(name)) continue;
    EXPECT_NE(again.find(name), nullptr) << "the typed header loses " << name << " = " << value;
    EXPECT_EQ(again.get(name), value) << name;
  }
}

// Everything in `java` is in `ours`, with the same value.
void expect_within(const json::value& java, const json::value& ours, const std::string& path) {
  if (java.is_object()) {
    ASSERT_TRUE(ours.is_object()) << path;
    for (const auto& member : java.get_object()) {
      if (kLeftOut.contains(std::string(member.key())) || member.value().is_null()) continue;
      const json::value* other = ours.get_object().if_contains(member.key());
      ASSERT_NE(other, nullptr) << "the typed body loses " << path << "." << member.key();
      expect_within(member.value(), *other, path + "." + std::string(member.key()));
    }
  } else if (java.is_array()) {
    ASSERT_TRUE(ours.is_array()) << path;
    ASSERT_EQ(java.get_array().size(), ours.get_array().size()) << path;
    for (std::size_t i = 0; i < java.get_array().size(); ++i) {
      expect_within(java.get_array()[i], ours.get_array()[i], fmt::format("{}[{}]", path, i));
    }
  } else if (java.is_number() && ours.is_number()) {
    EXPECT_EQ(java.to_number<double>(), ours.to_number<double>()) << path;
  } else if (ours.is_string() && !java.is_string()) {
    EXPECT_EQ(json::serialize(java), ours.get_string()) << path;  // values of java.util.Properties become text
  } else {
    EXPECT_EQ(java, ours) << path;
  }
}

template <class Body>
void check_body(std::string_view text) {
  auto body = decode_body<Body>(text);
  ASSERT_TRUE(body) << body.error().message;
  const std::string written = encode_body(*body);
  expect_within(parse_fastjson(text).value(), parse_fastjson(written).value(), "$");
  EXPECT_EQ(decode_body<Body>(written).value(), *body);
}

void check_messages(std::string_view buffer) {
  auto count = for_each_message(
      buffer,
      [](const MessageView& view) {
        std::string again;
        ASSERT_TRUE(encode_record(view, again));
        EXPECT_EQ(again, view.record) << "a Java record is written back byte for byte";
        std::string properties;
        ASSERT_TRUE(encode_properties(decode_properties(view.properties), properties));
        EXPECT_EQ(properties, view.properties);
        if (is_compressed(view.sys_flag)) {
          auto compression = compression_of(view.sys_flag);
          ASSERT_TRUE(compression);
          auto body = decompress(*compression, view.body, 1 << 20);
          ASSERT_TRUE(body) << body.error().message;
          EXPECT_GT(body->size(), view.body.size());
        }
      },
      CheckCrc::yes);
  ASSERT_TRUE(count) << count.error().message;
  EXPECT_GT(*count, 0U);
}

void check_batch(std::string_view body) {
  auto entries = decode_batch(body);
  ASSERT_TRUE(entries) << entries.error().message;
  std::string again;
  for (const BatchEntry& entry : *entries) ASSERT_TRUE(encode_batch_entry(entry, again));
  EXPECT_EQ(again, body);
}

void check_pop_response(const Fields& fields) {
  check_header<PopMessageResponseHeader>(fields);
  auto header = decode_header<PopMessageResponseHeader>(fields);
  if (!header) return;
  if (header->start_offset_info) {
    auto table = decode_start_offsets(*header->start_offset_info);
    ASSERT_TRUE(table);
    EXPECT_EQ(encode_start_offsets(*table), *header->start_offset_info);
  }
  if (header->msg_offset_info) {
    auto table = decode_message_offsets(*header->msg_offset_info);
    ASSERT_TRUE(table);
    EXPECT_EQ(encode_message_offsets(*table), *header->msg_offset_info);
  }
  if (header->order_count_info) {
    auto table = decode_order_counts(*header->order_count_info);
    ASSERT_TRUE(table);
    EXPECT_EQ(encode_order_counts(*table), *header->order_count_info);
  }
}

template <class Header>
void check_receipt(const Fields& fields) {
  check_header<Header>(fields);
  auto receipt = decode_receipt(fields.get("extraInfo"));
  ASSERT_TRUE(receipt) << receipt.error().message;
  EXPECT_EQ(encode_receipt(*receipt), fields.get("extraInfo"));
}

void check_send_response(const Fields& fields) {
  check_header<SendMessageResponseHeader>(fields);
  for (std::string_view ids = fields.get("msgId"); !ids.empty();) {  // a batch has one id a message, joined by commas
    const std::size_t comma = ids.find(',');
    auto id = decode_offset_message_id(ids.substr(0, comma));
    ASSERT_TRUE(id) << id.error().message;
    EXPECT_EQ(encode_offset_message_id(*id), ids.substr(0, comma));
    ids.remove_prefix(comma == std::string_view::npos ? ids.size() : comma + 1);
  }
}

struct Checks {
  CheckHeader request_header;
  CheckHeader response_header;
  CheckBody request_body;
  CheckBody response_body;
};

const std::map<std::int32_t, Checks>& checks() {
  using namespace request_code;
  static const std::map<std::int32_t, Checks> kChecks = {
      {kSendMessage, {check_header<SendMessageRequestHeader>, check_send_response, {}, {}}},
      {kSendMessageV2, {check_header<SendMessageRequestHeaderV2>, check_send_response, {}, {}}},
      {kSendBatchMessage, {check_header<SendMessageRequestHeaderV2>, check_send_response, check_batch, {}}},
      {kConsumerSendMsgBack, {check_header<ConsumerSendMsgBackRequestHeader>, {}, {}, {}}},
      {kEndTransaction, {check_header<EndTransactionRequestHeader>, {}, {}, {}}},
      {kCheckTransactionState, {check_header<CheckTransactionStateRequestHeader>, {}, check_messages, {}}},
      {kPullMessage,
       {check_header<PullMessageRequestHeader>, check_header<PullMessageResponseHeader>, {}, check_messages}},
      {kLitePullMessage,
       {check_header<PullMessageRequestHeader>, check_header<PullMessageResponseHeader>, {}, check_messages}},
      {kQueryMessage,
       {check_header<QueryMessageRequestHeader>, check_header<QueryMessageResponseHeader>, {}, check_messages}},
      {kViewMessageById, {check_header<ViewMessageRequestHeader>, {}, {}, check_messages}},
      {kQueryConsumerOffset,
       {check_header<QueryConsumerOffsetRequestHeader>, check_header<QueryConsumerOffsetResponseHeader>, {}, {}}},
      {kUpdateConsumerOffset, {check_header<UpdateConsumerOffsetRequestHeader>, {}, {}, {}}},
      {kSearchOffsetByTimestamp,
       {check_header<SearchOffsetRequestHeader>, check_header<SearchOffsetResponseHeader>, {}, {}}},
      {kGetMaxOffset, {check_header<GetMaxOffsetRequestHeader>, check_header<GetMaxOffsetResponseHeader>, {}, {}}},
      {kGetMinOffset, {check_header<GetMinOffsetRequestHeader>, check_header<GetMinOffsetResponseHeader>, {}, {}}},
      {kGetEarliestMsgStoretime,
       {check_header<GetEarliestMsgStoretimeRequestHeader>,
        check_header<GetEarliestMsgStoretimeResponseHeader>,
        {},
        {}}},
      {kHeartBeat, {{}, check_header<HeartbeatResponseHeader>, check_body<HeartbeatData>, {}}},
      {kUnregisterClient, {check_header<UnregisterClientRequestHeader>, {}, {}, {}}},
      {kGetConsumerListByGroup,
       {check_header<GetConsumerListByGroupRequestHeader>, {}, {}, check_body<GetConsumerListByGroupResponseBody>}},
      {kNotifyConsumerIdsChanged, {check_header<NotifyConsumerIdsChangedRequestHeader>, {}, {}, {}}},
      {kLockBatchMq, {{}, {}, check_body<LockBatchRequestBody>, check_body<LockBatchResponseBody>}},
      {kUnlockBatchMq, {{}, {}, check_body<UnlockBatchRequestBody>, {}}},
      {kUpdateAndCreateTopic, {check_header<CreateTopicRequestHeader>, {}, {}, {}}},
      {kGetAllTopicConfig, {{}, {}, {}, check_body<TopicConfigSerializeWrapper>}},
      {kGetTopicConfig, {check_header<GetTopicConfigRequestHeader>, {}, {}, check_body<TopicConfig>}},
      {kGetBrokerConfig, {{}, check_header<GetBrokerConfigResponseHeader>, {}, {}}},
      {kGetBrokerRuntimeInfo, {{}, {}, {}, check_body<KVTable>}},
      {kPutKvConfig, {check_header<PutKVConfigRequestHeader>, {}, {}, {}}},
      {kDeleteKvConfig, {check_header<DeleteKVConfigRequestHeader>, {}, {}, {}}},
      {kRegisterBroker,
       {check_header<RegisterBrokerRequestHeader>,
        check_header<RegisterBrokerResponseHeader>,
        {},
        check_body<KVTable>}},
      {kUnregisterBroker, {check_header<UnRegisterBrokerRequestHeader>, {}, {}, {}}},
      {kWipeWritePermOfBroker,
       {check_header<WipeWritePermOfBrokerRequestHeader>, check_header<WipeWritePermOfBrokerResponseHeader>, {}, {}}},
      {kAddWritePermOfBroker,
       {check_header<AddWritePermOfBrokerRequestHeader>, check_header<AddWritePermOfBrokerResponseHeader>, {}, {}}},
      {kGetRouteinfoByTopic, {check_header<GetRouteInfoRequestHeader>, {}, {}, check_body<TopicRouteData>}},
      {kGetBrokerClusterInfo, {{}, {}, {}, check_body<ClusterInfo>}},
      {kUpdateAndCreateSubscriptiongroup, {{}, {}, check_body<SubscriptionGroupConfig>, {}}},
      {kGetAllSubscriptiongroupConfig, {{}, {}, {}, check_body<SubscriptionGroupWrapper>}},
      {kGetSubscriptiongroupConfig,
       {check_header<GetSubscriptionGroupConfigRequestHeader>, {}, {}, check_body<SubscriptionGroupConfig>}},
      {kDeleteSubscriptiongroup, {check_header<DeleteSubscriptionGroupRequestHeader>, {}, {}, {}}},
      {kGetTopicStatsInfo, {check_header<GetTopicStatsInfoRequestHeader>, {}, {}, check_body<TopicStatsTable>}},
      {kGetConsumerConnectionList,
       {check_header<GetConsumerConnectionListRequestHeader>, {}, {}, check_body<ConsumerConnection>}},
      {kGetProducerConnectionList,
       {check_header<GetProducerConnectionListRequestHeader>, {}, {}, check_body<ProducerConnection>}},
      {kGetAllTopicListFromNameserver, {{}, {}, {}, check_body<TopicList>}},
      {kGetTopicsByCluster, {check_header<GetTopicsByClusterRequestHeader>, {}, {}, check_body<TopicList>}},
      {kQueryTopicsByConsumer, {check_header<QueryTopicsByConsumerRequestHeader>, {}, {}, check_body<TopicList>}},
      {kQueryTopicConsumeByWho, {check_header<QueryTopicConsumeByWhoRequestHeader>, {}, {}, check_body<GroupList>}},
      {kGetConsumeStats, {check_header<GetConsumeStatsRequestHeader>, {}, {}, check_body<ConsumeStats>}},
      {kDeleteTopicInBroker, {check_header<DeleteTopicRequestHeader>, {}, {}, {}}},
      {kDeleteTopicInNamesrv, {check_header<DeleteTopicFromNamesrvRequestHeader>, {}, {}, {}}},
      {kResetConsumerClientOffset, {check_header<ResetOffsetRequestHeader>, {}, check_body<ResetOffsetBody>, {}}},
      {kInvokeBrokerToResetOffset, {check_header<ResetOffsetRequestHeader>, {}, {}, check_body<ResetOffsetBody>}},
      {kQueryConsumeTimeSpan,
       {check_header<QueryConsumeTimeSpanRequestHeader>, {}, {}, check_body<QueryConsumeTimeSpanBody>}},
      {kGetConsumerRunningInfo,
       {check_header<GetConsumerRunningInfoRequestHeader>, {}, {}, check_body<ConsumerRunningInfo>}},
      {kViewBrokerStatsData, {check_header<ViewBrokerStatsDataRequestHeader>, {}, {}, check_body<BrokerStatsData>}},
      {kQueryAssignment, {{}, {}, check_body<QueryAssignmentRequestBody>, check_body<QueryAssignmentResponseBody>}},
      {kSetMessageRequestMode, {{}, {}, check_body<SetMessageRequestModeRequestBody>, {}}},
      {kPopMessage, {check_header<PopMessageRequestHeader>, check_pop_response, {}, check_messages}},
      {kAckMessage, {check_receipt<AckMessageRequestHeader>, {}, {}, {}}},
      {kBatchAckMessage, {{}, {}, check_body<BatchAckMessageRequestBody>, {}}},
      {kChangeMessageInvisibletime,
       {check_receipt<ChangeInvisibleTimeRequestHeader>, check_header<ChangeInvisibleTimeResponseHeader>, {}, {}}},
      {kNotification, {check_header<NotificationRequestHeader>, check_header<NotificationResponseHeader>, {}, {}}},
      {kPollingInfo, {check_header<PollingInfoRequestHeader>, check_header<PollingInfoResponseHeader>, {}, {}}},
      {kBrokerHeartbeat, {check_header<BrokerHeartbeatRequestHeader>, {}, {}, {}}},
      {kControllerAlterSyncStateSet,
       {check_header<AlterSyncStateSetRequestHeader>, check_header<AlterSyncStateSetResponseHeader>,
        check_body<SyncStateSet>, check_body<SyncStateSet>}},
      {kControllerElectMaster,
       {check_header<ElectMasterRequestHeader>,
        check_header<ElectMasterResponseHeader>,
        {},
        check_body<ElectMasterResponseBody>}},
      {kControllerRegisterBroker,
       {check_header<RegisterBrokerToControllerRequestHeader>,
        check_header<RegisterBrokerToControllerResponseHeader>,
        {},
        check_body<SyncStateSet>}},
      {kControllerGetReplicaInfo,
       {check_header<GetReplicaInfoRequestHeader>,
        check_header<GetReplicaInfoResponseHeader>,
        {},
        check_body<SyncStateSet>}},
      {kControllerGetMetadataInfo, {{}, check_header<GetMetaDataResponseHeader>, {}, {}}},
      {kControllerGetSyncStateData, {{}, {}, check_body<BrokerNames>, check_body<BrokerReplicasInfo>}},
      {kNotifyBrokerRoleChanged,
       {check_header<NotifyBrokerRoleChangedRequestHeader>, {}, check_body<SyncStateSet>, {}}},
      {kCleanBrokerData, {check_header<CleanControllerBrokerDataRequestHeader>, {}, {}, {}}},
      {kControllerGetNextBrokerId,
       {check_header<GetNextBrokerIdRequestHeader>, check_header<GetNextBrokerIdResponseHeader>, {}, {}}},
      {kControllerApplyBrokerId,
       {check_header<ApplyBrokerIdRequestHeader>, check_header<ApplyBrokerIdResponseHeader>, {}, {}}},
  };
  return kChecks;
}

// Requests that were recorded malformed on purpose: the broker answered them with an error.
const std::set<std::string> kMalformed = {"max offset without fields"};

struct Golden {
  fs::path file;
  std::int32_t code;
  bool is_response;
  std::string scenario;
  std::string description;
  Credentials credentials;  // of signed frames
};

// The index has the code as it stands in the frame, which the binary header cuts down.
std::int32_t code_of(std::int64_t indexed) {
  const auto code = static_cast<std::int32_t>(indexed);
  return code == static_cast<std::int16_t>(code) ? widen_request_code(static_cast<std::int16_t>(code)) : code;
}

Credentials credentials_of(const json::object& item) {
  Credentials credentials;
  if (const json::value* key = item.if_contains("access_key")) credentials.access_key = key->as_string();
  if (const json::value* key = item.if_contains("secret_key")) credentials.secret_key = key->as_string();
  return credentials;
}

std::vector<Golden> golden_frames() {
  const fs::path folder = fs::path(GANTRY_SOURCE_DIR) / "tests/golden";
  std::ifstream in(folder / "index.json");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::vector<Golden> frames;
  if (text.empty()) return frames;
  const json::value index = json::parse(text);
  for (const json::value& item : index.as_array()) {
    const std::string file(item.at("file").as_string());
    const std::string scenario(item.at("scenario").as_string());
    frames.push_back({folder / file, code_of(item.at("code").as_int64()),
                      item.at("direction").as_string() == "response", scenario, file + " (" + scenario + ")",
                      credentials_of(item.as_object())});
  }
  return frames;
}

std::string contents(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Golden, GivenARecordedFrameWhenDecodedAndEncodedThenItMeansTheSame) {
  const std::vector<Golden> frames = golden_frames();
  if (frames.empty()) GTEST_SKIP() << "no golden frames are recorded here";
  for (const Golden& golden : frames) {
    SCOPED_TRACE(golden.description);
    const std::string bytes = contents(golden.file);
    EXPECT_EQ(frame_size(bytes, {}).value_or(0), bytes.size());
    auto command = decode_frame(bytes, {});
    ASSERT_TRUE(command) << command.error().message;
    EXPECT_EQ(command->is_response(), golden.is_response);
    if (!golden.is_response) {
      EXPECT_EQ(command->code, golden.code);
    }
    for (Serialization serialization : {Serialization::json, Serialization::rocketmq}) {
      Command other = *command;
      other.serialization = serialization;
      std::string written;
      ASSERT_TRUE(encode_frame(other, written));
      auto again = decode_frame(written, {});
      ASSERT_TRUE(again) << again.error().message;
      EXPECT_EQ(again->code, command->code);
      EXPECT_EQ(again->language, command->language);
      EXPECT_EQ(again->version, command->version);
      EXPECT_EQ(again->opaque, command->opaque);
      EXPECT_EQ(again->flag, command->flag);
      EXPECT_EQ(again->remark, command->remark);
      EXPECT_EQ(again->fields, command->fields);
      EXPECT_EQ(again->body, command->body);
    }
  }
}

TEST(Golden, GivenARecordedJsonHeaderWhenReadByAnotherParserThenBothAgree) {
  for (const Golden& golden : golden_frames()) {
    SCOPED_TRACE(golden.description);
    const std::string bytes = contents(golden.file);
    auto command = decode_frame(bytes, {});
    if (!command || command->serialization != Serialization::json) continue;
    std::string written;
    encode_json_header(*command, written);
    const std::string_view header(bytes.data() + 8, bytes.size() - 8 - command->body.size());
    json::value java = json::parse(header);
    const json::value ours = json::parse(written);
    if (const json::value* fields = java.as_object().if_contains("extFields"); fields && fields->as_object().empty()) {
      java.as_object().erase("extFields");  // an empty map is written by Java and not by us
    }
    if (command->remark.empty()) java.as_object().erase("remark");
    EXPECT_EQ(java, ours);
  }
}

TEST(Golden, GivenARecordedFrameWhenItsHeaderAndBodyAreReadAsTypesThenNothingIsLost) {
  std::set<std::int32_t> unchecked;
  for (const Golden& golden : golden_frames()) {
    SCOPED_TRACE(golden.description);
    auto command = decode_frame(contents(golden.file), {});
    if (!command || kMalformed.contains(golden.scenario)) continue;
    const auto found = checks().find(golden.code);
    if (found == checks().end()) {
      unchecked.insert(golden.code);
      continue;
    }
    const Checks& check = found->second;
    if (!golden.is_response) {
      if (check.request_header) check.request_header(command->fields);
      if (check.request_body && !command->body.empty()) check.request_body(command->body);
      continue;
    }
    const bool fields_of_an_answer = !command->fields.empty();  // errors come without
    if (check.response_header && fields_of_an_answer) check.response_header(command->fields);
    const bool success = command->code == response_code::kSuccess;
    if (check.response_body && success && !command->body.empty()) check.response_body(command->body);
  }
  std::string codes;
  for (std::int32_t code : unchecked) codes += fmt::format(" {}", code);
  RecordProperty("codes_without_types", codes);
}

TEST(Golden, GivenASignedRequestWhenVerifiedThenOnlyTheOneWithTheWrongKeyIsRefused) {
  for (const Golden& golden : golden_frames()) {
    auto command = decode_frame(contents(golden.file), {});
    if (!command || command->fields.find(kSignatureField) == nullptr || golden.credentials.access_key.empty()) continue;
    SCOPED_TRACE(golden.description);
    const bool wrong_key = golden.scenario.find("wrong key") != std::string::npos;
    EXPECT_EQ(verify(*command, golden.credentials).has_value(), !wrong_key);
  }
}

}  // namespace
}  // namespace gantry::wire
