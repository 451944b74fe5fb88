#include "wire/message.h"

#include <gtest/gtest.h>

#include "unit/wire/bytes_of.h"
#include "wire/message_id.h"

namespace gantry::wire {
namespace {

MessageRecord sample() {
  MessageRecord record;
  record.queue_id = 3;
  record.flag = 7;
  record.queue_offset = 11;
  record.physical_offset = 0x1234;
  record.sys_flag = sys_flag::kMultiTags;
  record.born_timestamp_ms = 1700000000000;
  record.born_host = parse_host("10.0.0.1:5000").value();
  record.store_timestamp_ms = 1700000000001;
  record.store_host = parse_host("127.0.0.2:10911").value();
  record.reconsume_times = 2;
  record.prepared_transaction_offset = 9;
  record.body = "hello";
  record.topic = "T";
  record.properties = "K\x01v\x02";
  return record;
}

TEST(MessageRecord, GivenTheLayoutOfMessageDecoderWhenEncodedThenTheBytesAreThose) {
  std::string out;
  ASSERT_TRUE(encode_record(sample(), out));
  EXPECT_EQ(hex_of(out), hex_of(bytes_of("00000065 daa320a7 3610a686 00000003 00000007"
                                         "000000000000000b 0000000000001234 00000002"
                                         "0000018bcfe56800 0a000001 00001388"
                                         "0000018bcfe56801 7f000002 00002a9f"
                                         "00000002 0000000000000009"
                                         "00000005 68656c6c6f 01 54 0004 4b017602")));
  EXPECT_EQ(record_bytes(sample().view()), out.size());
}

TEST(MessageRecord, GivenEveryKindOfHostAndTopicWhenEncodedAndDecodedThenNothingIsLost) {
  for (const char* born : {"10.0.0.1:5000", "[fd00::1]:5000"}) {
    for (const char* store : {"10.0.0.2:10911", "[fd00::2]:10911"}) {
      for (std::size_t topic_bytes : {0, 1, 127, 128, 32767}) {
        MessageRecord record = sample();
        record.born_host = parse_host(born).value();
        record.store_host = parse_host(store).value();
        record.topic.assign(topic_bytes, 't');
        std::string out = "before";
        ASSERT_TRUE(encode_record(record, out));
        out.erase(0, 6);
        const std::string buffer = out + "what follows";
        auto view = decode_record(buffer, CheckCrc::yes);
        ASSERT_TRUE(view) << view.error().message;
        EXPECT_EQ(view->magic, topic_bytes > 127 ? kMagicV2 : kMagicV1);
        EXPECT_EQ(view->record, out);
        if (record.born_host.v6) record.sys_flag |= sys_flag::kBornHostV6;
        if (record.store_host.v6) record.sys_flag |= sys_flag::kStoreHostV6;
        EXPECT_EQ(to_record(*view), record);
        EXPECT_EQ(view->property("K"), "v");
        EXPECT_EQ(view->property("L"), std::nullopt);
      }
    }
  }
}

TEST(MessageRecord, GivenAnEncodedRecordWhenPatchedThenOnlyThatChanges) {
  for (const char* born : {"10.0.0.1:5000", "[fd00::1]:5000"}) {
    MessageRecord record = sample();
    record.born_host = parse_host(born).value();
    if (record.born_host.v6) record.sys_flag |= sys_flag::kBornHostV6;
    std::string bytes;
    ASSERT_TRUE(encode_record(record, bytes));
    patch_queue_id(bytes, record.queue_id = 5);
    patch_queue_offset(bytes, record.queue_offset = -1);
    patch_physical_offset(bytes, record.physical_offset = 1LL << 40);
    patch_store_timestamp(bytes, record.store_timestamp_ms = 42);
    EXPECT_EQ(to_record(decode_record(bytes, CheckCrc::yes).value()), record);
  }
  std::string small(40, 'x');
  patch_queue_offset(std::span(small).first(20), 1);
  patch_store_timestamp(small, 1);
  EXPECT_EQ(small, std::string(40, 'x'));
}

TEST(MessageRecord, GivenPartsThatAreTooLongWhenEncodedThenNothingIsWritten) {
  std::string out;
  MessageRecord long_topic = sample();
  long_topic.topic.assign(32768, 't');
  EXPECT_EQ(encode_record(long_topic, out).error().code, Errc::invalid_argument);
  MessageRecord long_properties = sample();
  long_properties.properties.assign(32768, 'p');
  EXPECT_FALSE(encode_record(long_properties, out));
  EXPECT_TRUE(out.empty());
}

TEST(MessageRecord, GivenDamagedBytesWhenDecodedThenTheyAreCorrupt) {
  std::string good;
  ASSERT_TRUE(encode_record(sample(), good));
  auto broken = [&](std::size_t at, std::string_view hex) {
    std::string bytes = good;
    const std::string patch = bytes_of(hex);
    return bytes.replace(at, patch.size(), patch);
  };
  const std::string cases[] = {
      "",
      good.substr(0, 7),
      good.substr(0, good.size() - 1),
      broken(0, "00000066"),  // longer than the buffer
      broken(0, "00000010"),  // shorter than any record
      broken(0, "ffffffff"),
      broken(4, "daa320a8"),   // unknown magic
      broken(4, "cbd43194"),   // blank
      broken(36, "00000012"),  // says IPv6
      broken(84, "00000006"),  // body one longer
      broken(84, "ffffffff"),
      broken(84 + 4 + 5, "ff"),        // topic of -1
      broken(84 + 4 + 5 + 2, "0003"),  // properties one shorter
  };
  for (const std::string& bytes : cases) {
    auto view = decode_record(bytes);
    ASSERT_FALSE(view) << hex_of(bytes);
    EXPECT_EQ(view.error().code, Errc::corrupt);
  }
  const std::string wrong_body = broken(88, "00");
  EXPECT_TRUE(decode_record(wrong_body));
  EXPECT_FALSE(decode_record(wrong_body, CheckCrc::yes));
}

TEST(MessageBuffer, GivenSeveralRecordsWhenWalkedThenEachIsSeenOnceInOrder) {
  std::string buffer;
  MessageRecord record = sample();
  for (int i = 0; i < 3; ++i) {
    record.queue_offset = i;
    ASSERT_TRUE(encode_record(record, buffer));
  }
  std::vector<std::int64_t> seen;
  auto note = [&](const MessageView& view) { seen.push_back(view.queue_offset); };
  EXPECT_EQ(for_each_message(buffer, note).value(), 3U);
  EXPECT_EQ(seen, (std::vector<std::int64_t>{0, 1, 2}));

  seen.clear();
  EXPECT_EQ(for_each_message(buffer + bytes_of("00000100 cbd43194 ff"), note).value(), 3U) << "a blank ends the buffer";
  EXPECT_EQ(for_each_message(buffer, [](const MessageView& view) { return view.queue_offset < 1; }).value(), 2U);
  EXPECT_FALSE(for_each_message(buffer.substr(0, buffer.size() - 1), note));
  std::string damaged = buffer;
  damaged[88] ^= 1;
  EXPECT_FALSE(for_each_message(damaged, note, CheckCrc::yes));
  EXPECT_EQ(for_each_message("", note).value(), 0U);
}

TEST(Host, GivenTextWhenReadThenItIsWrittenInItsShortForm) {
  struct Case {
    const char* text;
    const char* written;
  };
  const Case cases[] = {{"0.0.0.0:0", "0.0.0.0:0"},
                        {"255.254.253.252:65535", "255.254.253.252:65535"},
                        {"[::]:1", "[::]:1"},
                        {"[::1]:1", "[::1]:1"},
                        {"[1::]:1", "[1::]:1"},
                        {"[2001:DB8:0:0:1:0:0:1]:9876", "[2001:db8::1:0:0:1]:9876"},
                        {"[1:2:3:4:5:6:7:8]:1", "[1:2:3:4:5:6:7:8]:1"},
                        {"[1:0:3:4:5:6:7:8]:1", "[1:0:3:4:5:6:7:8]:1"},
                        {"[::ffff:10.0.0.1]:1", "[::ffff:a00:1]:1"}};
  for (const Case& c : cases) {
    auto host = parse_host(c.text);
    ASSERT_TRUE(host) << c.text;
    EXPECT_EQ(to_string(*host), c.written);
    EXPECT_EQ(parse_host(to_string(*host)).value(), *host);
  }
  for (const char* bad : {"", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3:1", "1.2.3.4.5:1", "1.2.3.256:1",
                          "a.b.c.d:1", "broker:10911", "[::1]", "[1]:1", "[1:2:3:4:5:6:7:8:9]:1", "[1::2::3]:1",
                          "[12345::]:1", "[::1.2.3]:1", "[:]:1", "[1:2:3:4:5:6:7::8]:1", "[g::]:1", "[1:]:1"}) {
    EXPECT_FALSE(parse_host(bad)) << bad;
  }
}

TEST(OffsetMessageId, GivenAPlaceWhenWrittenThenJavaReadsTheSame) {
  const OffsetMessageId v4{parse_host("127.0.0.2:19230").value(), 28473};
  EXPECT_EQ(encode_offset_message_id(v4), "7F00000200004B1E0000000000006F39");  // as a Java broker wrote it
  EXPECT_EQ(decode_offset_message_id("7f00000200004B1E0000000000006F39").value(), v4);
  const OffsetMessageId v6{parse_host("[fd00::1]:1").value(), 1};
  EXPECT_EQ(encode_offset_message_id(v6), "FD000000000000000000000000000001000000010000000000000001");
  EXPECT_EQ(decode_offset_message_id(encode_offset_message_id(v6)).value(), v6);
  for (const char* bad : {"", "7F", "7F00000200004B1E0000000000006F3X", "7F00000200004B1E0000000000006F3900"}) {
    EXPECT_EQ(decode_offset_message_id(bad).error().code, Errc::invalid_argument) << bad;
  }
}

TEST(UniqueMessageId, GivenTheSameInputsThenTheSameIdAndElseAnother) {
  const UniqueIdSource source{parse_host("10.1.2.3:0").value(), 0x1234, 0xdeadbeef};
  constexpr std::int64_t kMonth = 1698796800000;  // 2023-11-01
  EXPECT_EQ(unique_message_id(source, kMonth + 0x01020304, 7), "0A0102031234DEADBEEF010203040007");
  EXPECT_NE(unique_message_id(source, kMonth, 7), unique_message_id(source, kMonth, 8));
  const UniqueIdSource v6{parse_host("[fd00::1]:0").value(), 1, 2};
  EXPECT_EQ(unique_message_id(v6, kMonth, 7).size(), 56U);
}

TEST(MonthStart, GivenATimeThenItIsTheFirstOfItsMonth) {
  struct Case {
    std::int64_t now_ms;
    std::int64_t start_ms;
  };
  const Case cases[] = {{0, 0},
                        {-1, -2678400000},
                        {1700000000000, 1698796800000},
                        {951782399999, 949363200000},   // 2000-02-28, a leap year
                        {951868799999, 949363200000},   // 2000-02-29
                        {951868800000, 951868800000}};  // 2000-03-01
  for (const Case& c : cases) EXPECT_EQ(month_start_ms(c.now_ms), c.start_ms) << c.now_ms;
}

}  // namespace
}  // namespace gantry::wire
