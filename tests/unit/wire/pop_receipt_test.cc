#include "wire/pop_receipt.h"

#include <gtest/gtest.h>

namespace gantry::wire {
namespace {

TEST(PopReceipt, GivenAReceiptWhenWrittenThenTheFormIsThatOfExtraInfoUtil) {
  PopReceipt receipt{.start_offset = 10,
                     .pop_time_ms = 1700000000000,
                     .invisible_time_ms = 60000,
                     .revive_queue_id = 3,
                     .retry = RetryKind::retry_v1,
                     .broker_name = "broker-a",
                     .queue_id = 2,
                     .queue_offset = 12};
  EXPECT_EQ(encode_receipt(receipt), "10 1700000000000 60000 3 1 broker-a 2 12");
  EXPECT_EQ(decode_receipt(encode_receipt(receipt)).value(), receipt);
  receipt.queue_offset.reset();
  EXPECT_EQ(encode_receipt(receipt), "10 1700000000000 60000 3 1 broker-a 2");
  EXPECT_EQ(decode_receipt(encode_receipt(receipt)).value(), receipt);
}

TEST(PopReceipt, GivenTextThatIsNoReceiptWhenReadThenTheErrorShowsIt) {
  for (const char* bad : {"", "1 2 3 4 0 b", "x 2 3 4 0 b 1", "1 2 3 4 5 b 1", "1 2 3 4 00 b 1", "1 2 3 4 0 b 1 ",
                          "1 2 3 4 0 b 1 2 3", "1 2 3 4 0 b -", "1  2 3 4 0 b 1"}) {
    auto receipt = decode_receipt(bad);
    ASSERT_FALSE(receipt) << bad;
    EXPECT_EQ(receipt.error().code, Errc::invalid_argument);
  }
}

TEST(PopTables, GivenWhatAJavaBrokerAnsweredWhenReadAndWrittenThenNothingChanges) {
  const std::string starts = "0 1 0;0 2 0;1 3 5";
  EXPECT_EQ(decode_start_offsets(starts).value()[2], (PopStartOffset{RetryKind::retry_v1, 3, 5}));
  EXPECT_EQ(encode_start_offsets(decode_start_offsets(starts).value()), starts);

  const std::string offsets = "0 1 0,1,2,3;2 0 12";
  EXPECT_EQ(decode_message_offsets(offsets).value()[0], (PopMessageOffsets{RetryKind::normal, 1, {0, 1, 2, 3}}));
  EXPECT_EQ(encode_message_offsets(decode_message_offsets(offsets).value()), offsets);

  const std::string counts = "0 1 4;0 qo1%77 5";
  EXPECT_EQ(decode_order_counts(counts).value()[0], (PopOrderCount{RetryKind::normal, 1, std::nullopt, 4}));
  EXPECT_EQ(decode_order_counts(counts).value()[1], (PopOrderCount{RetryKind::normal, 1, 77, 5}));
  EXPECT_EQ(encode_order_counts(decode_order_counts(counts).value()), counts);

  EXPECT_TRUE(decode_start_offsets("").value().empty());
}

TEST(PopTables, GivenMalformedEntriesWhenReadThenTheWholeIsRefused) {
  for (const char* bad : {"0 1", "0 1 2 3", "9 1 2", "0 x 2", "0 1 x", "0 1 2;;0 1 2", "0 1 2;0"}) {
    EXPECT_FALSE(decode_start_offsets(bad)) << bad;
    EXPECT_FALSE(decode_message_offsets(bad)) << bad;
    EXPECT_FALSE(decode_order_counts(bad)) << bad;
  }
  EXPECT_FALSE(decode_message_offsets("0 1 1,,2"));
  EXPECT_FALSE(decode_message_offsets("0 1 1,2,"));
  EXPECT_FALSE(decode_order_counts("0 qo1 5"));
  EXPECT_FALSE(decode_order_counts("0 qo1%x 5"));
  std::string many;
  for (int i = 0; i < 70000; ++i) many += "0 1 2;";
  EXPECT_EQ(decode_start_offsets(many).error().code, Errc::resource_exhausted);
}

TEST(PopRetryTopic, GivenTopicAndGroupThenBothNamingsAreKnown) {
  EXPECT_EQ(pop_retry_topic_v1("T", "G"), "%RETRY%G_T");
  EXPECT_EQ(pop_retry_topic_v2("T", "G"), "%RETRY%G+T");
  EXPECT_EQ(retry_kind_of("T"), RetryKind::normal);
  EXPECT_EQ(retry_kind_of("T+U"), RetryKind::normal);
  EXPECT_EQ(retry_kind_of("%RETRY%G_T"), RetryKind::retry_v1);
  EXPECT_EQ(retry_kind_of("%RETRY%G+T"), RetryKind::retry_v2);
  for (RetryKind kind : {RetryKind::normal, RetryKind::retry_v1, RetryKind::retry_v2}) {
    EXPECT_EQ(retry_kind_of(real_topic("T", "G", kind)), kind);
  }
}

}  // namespace
}  // namespace gantry::wire
