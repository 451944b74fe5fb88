#include "wire/fields.h"

#include <gtest/gtest.h>

#include "wire/codes.h"
#include "wire/headers/admin.h"
#include "wire/headers/pull.h"
#include "wire/headers/send.h"

namespace gantry::wire {
namespace {

PullMessageRequestHeader sample_pull() {
  PullMessageRequestHeader header;
  header.consumer_group = "g";
  header.topic = "t";
  header.queue_offset = 1LL << 40;
  header.subscription = "*";
  return header;
}

TEST(Header, GivenATypedHeaderWhenWrittenAndReadThenItIsTheSame) {
  Command command = make_request(request_code::kPullMessage, sample_pull());
  EXPECT_EQ(command.fields.get("queueOffset"), "1099511627776");
  EXPECT_EQ(command.fields.find("maxMsgBytes"), nullptr) << "what is empty is not written";
  auto header = decode_header<PullMessageRequestHeader>(command.fields);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->consumer_group, "g");
  EXPECT_EQ(header->queue_offset, 1LL << 40);
  EXPECT_EQ(header->subscription, "*");
  EXPECT_EQ(header->max_message_bytes, std::nullopt);
}

TEST(Header, GivenAFieldThatIsMissingOrMalformedWhenReadThenTheErrorNamesIt) {
  Command command = make_request(request_code::kPullMessage, sample_pull());
  struct Case {
    const char* field;
    const char* value;  // nullptr: erase
    const char* message;
  };
  const Case cases[] = {
      {"queueId", nullptr, "header field queueId is missing"},
      {"queueId", "x", "header field queueId: expected an integer, got \"x\""},
      {"queueId", "3000000000", "header field queueId: expected an integer, got \"3000000000\""},
      {"queueId", "", "header field queueId: expected an integer, got \"\""},
      {"maxMsgBytes", "1.5", "header field maxMsgBytes: expected an integer, got \"1.5\""},
  };
  for (const Case& c : cases) {
    Fields fields = command.fields;
    if (c.value == nullptr) {
      fields.erase(c.field);
    } else {
      fields.set(c.field, c.value);
    }
    auto header = decode_header<PullMessageRequestHeader>(fields);
    ASSERT_FALSE(header);
    EXPECT_EQ(header.error(), (Error{Errc::invalid_argument, c.message}));
  }
}

TEST(Header, GivenBooleansAndDefaultsWhenReadThenTheRulesOfTheTableHold) {
  Fields fields;
  fields.add("group", "g");
  fields.add("topic", "t");
  fields.add("timestamp", "-1");
  fields.add("isForce", "true");
  auto header = decode_header<ResetOffsetRequestHeader>(fields);
  ASSERT_TRUE(header);
  EXPECT_TRUE(header->is_force);
  EXPECT_EQ(header->queue_id, -1) << "the default of a field that may be missing";
  fields.set("isForce", "false");
  EXPECT_FALSE(decode_header<ResetOffsetRequestHeader>(fields)->is_force);
  fields.set("isForce", "yes");
  EXPECT_EQ(decode_header<ResetOffsetRequestHeader>(fields).error().message,
            "header field isForce: expected true or false, got \"yes\"");
}

TEST(SendHeader, GivenLongOrShortNamesWhenReadByTheCodeThenBothGiveTheSame) {
  SendMessageRequestHeaderV2 header;
  header.producer_group = "p";
  header.topic = "t";
  header.default_topic = "TBW102";
  header.queue_id = 2;
  header.properties = "K\x01v\x02";
  header.broker_name = "b";
  Command short_names = make_request(request_code::kSendMessageV2, header);
  EXPECT_EQ(short_names.fields.get("n"), "b");
  Command long_names = make_request(request_code::kSendMessage, static_cast<const SendMessageRequestHeader&>(header));
  EXPECT_EQ(long_names.fields.get("bname"), "b");
  for (const Command& command : {short_names, long_names}) {
    auto read = decode_send_header(command);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->producer_group, "p");
    EXPECT_EQ(read->queue_id, 2);
    EXPECT_EQ(read->properties, "K\x01v\x02");
    EXPECT_EQ(read->broker_name, "b");
  }
  short_names.fields.erase("b");
  EXPECT_EQ(decode_send_header(short_names).error().message, "header field b is missing");
}

}  // namespace
}  // namespace gantry::wire
