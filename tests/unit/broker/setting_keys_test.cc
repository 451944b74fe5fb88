// The broker's names of settings, byte by byte as they are on the disk: a directory of another version must be read.
#include "broker/setting_keys.h"

#include <gtest/gtest.h>

#include <limits>

namespace gantry::broker::setting_keys {
namespace {

using namespace std::string_literals;

constexpr std::int32_t kQueueIdMax = std::numeric_limits<std::int32_t>::max();

TEST(SettingKeys, GivenNamesThenTheirBytesStayAsTheyWereStored) {
  EXPECT_EQ(topic_key("orders"), "topic/orders");
  EXPECT_EQ(group_key("billing"), "group/billing");
  EXPECT_EQ(offset_key({"billing", "orders", 258}), "offset/billing\0orders\0\0\0\1\2"s);
  EXPECT_EQ(pop_next_key({"billing", "orders", 258}), "pop-next\nbilling\norders\n258");
  EXPECT_EQ(pop_batch_key({"billing", "orders", 258}, {41, 1'700'000'000'000}),
            "pop-batch\nbilling\norders\n258\n41\n1700000000000");
  EXPECT_EQ(request_mode_key("orders", "billing"), "request-mode\norders\nbilling");
  EXPECT_EQ(half_key(0x0102), "half/\0\0\0\0\0\0\1\2"s);
  EXPECT_EQ(kv_key({"space", "key"}), "kv/space\0key"s);
}

TEST(SettingKeys, GivenAQueueOfAGroupThenBothFormsGiveItBack) {
  const GroupQueue queues[] = {
      {"g", "t", 0},
      {"billing", "orders", 10},      // a line feed among the 4 bytes
      {"billing", "orders", 0x2f00},  // a NUL among them
      {"billing", "orders", kQueueIdMax},
      {"billing", "orders", -1},
      {"%RETRY%billing", "offset/orders", 7},
  };
  for (const GroupQueue& queue : queues) {
    EXPECT_EQ(parse_offset_key(offset_key(queue)), queue) << queue.queue_id;
    EXPECT_EQ(parse_pop_next_key(pop_next_key(queue)), queue) << queue.queue_id;
    EXPECT_EQ(parse_pop_batch_key(pop_batch_key(queue, {41, 42})), queue) << queue.queue_id;
  }
}

TEST(SettingKeys, GivenMalformedOffsetKeysThenNothingIsRead) {
  for (const std::string& name :
       {""s, "offset/"s, "offset/group"s, "offset/group\0"s, "offset/group\0topic"s, "offset/group\0\0\0\0\0\1"s,
        "offset/group\0t\0\0\0\1"s, "offset/group\0topic!\0\0\0\1"s, "half/g\0t\0\0\0\0\1"s}) {
    EXPECT_EQ(parse_offset_key(name), std::nullopt) << name;
  }
}

TEST(SettingKeys, GivenMalformedPopKeysThenNothingIsRead) {
  for (const std::string key :
       {"", "group", "group\n", "group\ntopic", "group\ntopic\n", "\ntopic\n0", "group\n\n0", "group\ntopic\nzero",
        "group\ntopic\n0x", "group\ntopic\n 0", "group\ntopic\n\n0", "group\ntopic\n4294967296"}) {
    EXPECT_EQ(parse_pop_next_key("pop-next\n" + key), std::nullopt) << key;
    EXPECT_EQ(parse_pop_batch_key("pop-batch\n" + key), std::nullopt) << key;
  }
  EXPECT_EQ(parse_pop_next_key(pop_batch_key({"group", "topic", 0}, {1, 2})), std::nullopt);
  EXPECT_EQ(parse_pop_batch_key(pop_next_key({"group", "topic", 0})), std::nullopt);
}

TEST(SettingKeys, GivenHalfMessagesThenTheirOffsetIsReadBackAndNothingElse) {
  for (const std::int64_t offset : {std::int64_t{0}, std::int64_t{10}, std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(parse_half_key(half_key(offset)), offset);
  }
  for (const std::string& name : {""s, "half/"s, "half/1234567"s, "half/123456789"s, "kv/12345678"s}) {
    EXPECT_EQ(parse_half_key(name), std::nullopt) << name;
  }
}

TEST(SettingKeys, GivenKvConfigurationsThenTheKeyMayHoldAnything) {
  for (const KvName& name :
       {KvName{"space", "key"}, KvName{"a/b", std::string_view("k\0\n", 3)}, KvName{"space", ""}}) {
    EXPECT_EQ(parse_kv_key(kv_key(name)), name) << name.name_space;
  }
  for (const std::string& name : {""s, "kv/"s, "kv/space"s, "kx/space\0key"s}) {
    EXPECT_EQ(parse_kv_key(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace gantry::broker::setting_keys
