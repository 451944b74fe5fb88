// The small parts that make the numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporter/member_names.h"
#include "exporter/rates.h"
#include "exporter/runtime_numbers.h"

namespace gantry::exporter {
namespace {

using testing::ElementsAre;

TEST(RatesOfCounters, GivenSamplesThenTheRateIsOverTheWindow) {
  Rates rates(60'000);
  EXPECT_EQ(rates.update("k", 0, 1'000), std::nullopt);  // one sample is no rate
  EXPECT_EQ(rates.update("k", 10'000, 1'500), 50.0);
  EXPECT_EQ(rates.update("k", 20'000, 2'000), 50.0);
  EXPECT_EQ(rates.update("k", 30'000, 2'000), 1'000.0 / 30);
  // long after, only the last window counts
  for (std::int64_t at = 40'000; at <= 200'000; at += 10'000) rates.update("k", at, 2'000);
  EXPECT_EQ(rates.update("k", 210'000, 2'000), 0.0);
}

TEST(RatesOfCounters, GivenANumberThatShrankThenItBeginsAnew) {
  Rates rates(60'000);
  rates.update("k", 0, 1'000);
  EXPECT_EQ(rates.update("k", 10'000, 10), std::nullopt);
  EXPECT_EQ(rates.update("k", 20'000, 20), 1.0);
}

TEST(RatesOfCounters, GivenKeysThatAreGoneThenTheyAreForgotten) {
  Rates rates(60'000);
  rates.update("a", 0, 1);
  rates.update("b", 0, 1);
  rates.update("b", 130'000, 1);
  rates.forget(130'000);
  EXPECT_EQ(rates.size(), 1U);
}

struct RuntimeCase {
  const char* text;
  RuntimeNumber number;
  std::optional<double> value;
};

TEST(RuntimeNumbers, GivenTheTextsOfABrokerThenTheirNumbersOrNothing) {
  constexpr auto kUnknown = std::nullopt;
  using enum RuntimeForm;
  const char* buckets = "[<=0ms]:12 [0~10ms]:3 [10s~]:0 ";
  const char* disk = "Total : 250.0 GiB, Free : 1.5 TiB.";
  const RuntimeCase cases[] = {
      {"42", {"k"}, 42.0},
      {"0.76", {"k"}, 0.76},
      {"-1", {"k"}, -1.0},
      {"", {"k"}, kUnknown},
      {"NaN", {"k"}, kUnknown},
      {"Infinity", {"k"}, kUnknown},
      {"42 ms", {"k"}, kUnknown},
      {"1.5 2.5 3.5", {"k", word, 0}, 1.5},
      {"1.5 2.5 3.5", {"k", word, 2}, 3.5},
      {"1.5 2.5", {"k", word, 2}, kUnknown},
      {"0 B", {"k", bytes}, 0.0},
      {"1.5 KiB", {"k", bytes}, 1'536.0},
      {"2.0 GiB", {"k", bytes}, 2.0 * 1024 * 1024 * 1024},
      {"2.0 parsecs", {"k", bytes}, kUnknown},
      {"2.0", {"k", bytes}, kUnknown},
      {disk, {"k", capacity, 0}, 250.0 * 1024 * 1024 * 1024},
      {disk, {"k", capacity, 1}, 1.5 * 1024 * 1024 * 1024 * 1024},
      {"Total : ", {"k", capacity, 1}, kUnknown},
      {buckets, {"k", bucket, 0, "<=0ms"}, 12.0},
      {buckets, {"k", bucket, 0, "10s~"}, 0.0},
      {buckets, {"k", bucket, 0, "1~2s"}, kUnknown},
      {"null", {"k", bucket, 0, "<=0ms"}, kUnknown},
  };
  for (const RuntimeCase& c : cases) {
    EXPECT_EQ(read_runtime({{"k", c.text}}, c.number), c.value) << c.text;
    EXPECT_EQ(read_runtime({{"other", c.text}}, c.number), kUnknown);
  }
}

TEST(MemberNames, GivenAnObjectThenTheNamesOfItsMembersAlone) {
  const char* json = R"({"dataVersion":{"counter":1},"table":{"a":{"x":{"y":[1,2]}},b:{},"c":3},"more":[1]})";
  EXPECT_THAT(*member_names(json, "table", 10), ElementsAre("a", "b", "c"));
  EXPECT_THAT(*member_names(json, "table", 2), ElementsAre("a", "b"));
  EXPECT_THAT(*member_names(json, "none", 10), ElementsAre());
  EXPECT_THAT(*member_names(R"({"table":null})", "table", 10), ElementsAre());
  for (const char* bad : {"", "[]", "{", R"({"table":{"a")", R"({"table":{"a":{})", "nonsense"}) {
    EXPECT_FALSE(member_names(bad, "table", 10)) << bad;
  }
}

}  // namespace
}  // namespace gantry::exporter
