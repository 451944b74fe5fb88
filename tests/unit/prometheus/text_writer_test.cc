// The text form of samples and histograms.
#include "prometheus/text_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace gantry::prometheus {
namespace {

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

TEST(Writer, GivenAHistogramThenItsBucketsAddUpAndEndWithAll) {
  LatencyHistogram<> values;
  for (const std::int64_t us : {-5, 1, 2, 3, 30'000, 20'000'000}) values.record(us);
  TextWriter out(100'000);
  out.family("x_seconds", SeriesType::histogram, "How long.");
  out.histogram("l=\"1\"", values, 1'000'000);
  const std::string text = out.take();
  for (const char* line : {"# TYPE x_seconds histogram\nx_seconds_bucket{l=\"1\",le=\"1e-06\"} 2\n",
                           "x_seconds_bucket{l=\"1\",le=\"3e-06\"} 4\n", "x_seconds_bucket{l=\"1\",le=\"0.01\"} 4\n",
                           "x_seconds_bucket{l=\"1\",le=\"0.03\"} 5\n", "x_seconds_bucket{l=\"1\",le=\"10\"} 5\n",
                           "x_seconds_bucket{l=\"1\",le=\"+Inf\"} 6\n", "x_seconds_sum{l=\"1\"} 20.030006\n",
                           "x_seconds_count{l=\"1\"} 6\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST(Writer, GivenNoRoomForAHistogramThenNothingOfItIsWritten) {
  TextWriter out(500);
  out.family("x_seconds", SeriesType::histogram, "How long.");
  out.histogram({}, LatencyHistogram<>{}, 1);
  EXPECT_EQ(out.samples(), 0U);
  EXPECT_GT(out.dropped(), 0U);
  EXPECT_EQ(out.take(), "");
}

}  // namespace
}  // namespace gantry::prometheus
