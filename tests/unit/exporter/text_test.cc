// The text form, and the small parts that make its numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "exporter/member_names.h"
#include "exporter/rates.h"
#include "exporter/runtime_numbers.h"
#include "exporter/text_writer.h"

namespace gantry::exporter {
namespace {

using testing::ElementsAre;

TEST(Labels, GivenValuesOfAnyBytesThenTheyAreEscaped) {
  struct Case {
    std::string value, text;
  };
  for (const Case& c :
       {Case{"plain", "plain"}, Case{"", ""}, Case{"a\"b", "a\\\"b"}, Case{"a\\b", "a\\\\b"}, Case{"a\nb", "a\\nb"},
        Case{"Bücher", "Bücher"}, Case{"\xff", "\xef\xbf\xbd"}, Case{"%RETRY%g", "%RETRY%g"}, Case{"{},=", "{},="}}) {
    EXPECT_EQ(labels({{"l", c.value}}), "l=\"" + c.text + "\"");
  }
  EXPECT_EQ(labels({{"a", "1"}, {"b", "2"}}), "a=\"1\",b=\"2\"");
  EXPECT_EQ(labels({}), "");
}

TEST(Writer, GivenSamplesThenHelpAndTypeComeOnceAndBeforeThem) {
  TextWriter out(1'000);
  out.family("x_messages", SeriesType::gauge, "What x is.");
  out.sample("l=\"1\"", 5);
  out.sample("l=\"2\"", 0.25);
  out.family("y_total", SeriesType::counter, "What y is.");
  out.sample({}, std::uint64_t{7});
  EXPECT_EQ(out.samples(), 3U);
  EXPECT_EQ(out.take(),
            "# HELP x_messages What x is.\n# TYPE x_messages gauge\nx_messages{l=\"1\"} 5\nx_messages{l=\"2\"} 0.25\n"
            "# HELP y_total What y is.\n# TYPE y_total counter\ny_total 7\n");
}

TEST(Writer, GivenNoSampleThenTheFamilyLeavesNoTraceAndNoNumberIsMadeUp) {
  TextWriter out(1'000);
  out.family("x", SeriesType::gauge, "x");
  out.sample({}, std::nan(""));
  out.sample({}, std::numeric_limits<double>::infinity());
  EXPECT_EQ(out.take(), "");
}

TEST(Writer, GivenNoRoomThenWholeSamplesAreDroppedAndCounted) {
  TextWriter out(120);
  out.family("x", SeriesType::gauge, "x");
  for (int i = 0; i < 100; ++i) out.sample("l=\"1\"", i);
  EXPECT_GT(out.dropped(), 0U);
  EXPECT_EQ(out.samples() + out.dropped(), 100U);
  const std::string text = out.take();
  EXPECT_LE(text.size(), 120U);
  EXPECT_TRUE(text.ends_with('\n'));
}

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
