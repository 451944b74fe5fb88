#include "kube/scalar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/quantity.h"
#include "kube/selector.h"

namespace gantry::kube {
namespace {

using testing::ElementsAre;

TEST(Scalar, GivenPlainTextThenItResolvesAsKubernetesDoes) {
  for (auto t : {"y", "Yes", "no", "true", "FALSE", "on", "Off"})
    EXPECT_EQ(resolve_plain_scalar(t), Node::Type::boolean) << t;
  for (auto t : {"0", "-5", "+5", "0x1F", "0b10", "0o17", "1_000"})
    EXPECT_EQ(resolve_plain_scalar(t), Node::Type::integer) << t;
  for (auto t : {"1.5", ".5", "5.", "1e3", "-1.5E-3", ".inf", "-.Inf", ".nan"})
    EXPECT_EQ(resolve_plain_scalar(t), Node::Type::real) << t;
  for (auto t : {"", "tRue", "5x", "0x", "-", ".", "1e", "1e+", "1.2.3", "2001-01-01", "a", "0xg"}) {
    EXPECT_EQ(resolve_plain_scalar(t), Node::Type::text) << t;
  }
}

TEST(Scalar, GivenDurationsWhenParsedThenTheyAreMilliseconds) {
  const std::pair<std::string_view, std::int64_t> good[] = {
      {"0", 0}, {"0s", 0}, {"500ms", 500}, {"1.5s", 1500}, {"1h2m3s", 3'723'000}, {"1500us", 2}, {"1\xc2\xb5s", 0}};
  for (const auto& [text, ms] : good) EXPECT_EQ(parse_duration_ms(text).value_or(-1), ms) << text;
  for (auto bad : {"", "5", "s", "-1s", "1 s", "1x", "1.2.3s", "1s2", "99999999999h"})
    EXPECT_FALSE(parse_duration_ms(bad)) << bad;
}

TEST(Scalar, GivenBase64WhenDecodedThenOnlySoundTextIsTaken) {
  EXPECT_EQ(decode_base64("").value(), "");
  EXPECT_EQ(decode_base64("YQ==").value(), "a");
  EXPECT_EQ(decode_base64("YWI=").value(), "ab");
  EXPECT_EQ(decode_base64("YW\nJj\r\n").value(), "abc");
  EXPECT_EQ(decode_base64("+/+/").value(), "\xfb\xff\xbf");
  for (auto bad : {"Y", "YQ", "YQ=", "YQ===", "Y=Q=", "YQ==YQ==", "Y Q=", "====", "a-b_"})
    EXPECT_FALSE(decode_base64(bad)) << bad;
}

TEST(Scalar, GivenACommandLineWhenSplitThenQuotesGroup) {
  EXPECT_THAT(split_command("").value(), ElementsAre());
  EXPECT_THAT(split_command("  a\tb\nc ").value(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(split_command(R"(a 'b c' "d 'e'" f\ g '' x"y"z 'a\b' "q\"r")").value(),
              ElementsAre("a", "b c", "d 'e'", "f g", "", "xyz", "a\\b", "q\"r"));
  for (auto bad : {"'a", "\"a", "a\\"}) EXPECT_FALSE(split_command(bad)) << bad;
}

TEST(Scalar, GivenLongOrOddTextWhenShownThenItIsShortAndPrintable) {
  EXPECT_EQ(quoted("a\nb\x01"), "\"a\\nb?\"");
  EXPECT_EQ(shortened(std::string(100, 'x')), std::string(60, 'x') + "...");
  EXPECT_EQ(shortened(std::string(59, 'x') + "\xc3\xa4y"), std::string(59, 'x') + "...");
}

TEST(Quantity, GivenTextWhenParsedThenSuffixesScale) {
  const std::pair<std::string_view, double> good[] = {{"0", 0},        {"100m", 0.1},   {"1.5", 1.5}, {"-2", -2},
                                                      {"+3k", 3000},   {"1Gi", 0x1p30}, {"1E", 1e18}, {"2e3", 2000},
                                                      {"2E-3", 0.002}, {"5n", 5e-9},    {".5", .5}};
  for (const auto& [text, value] : good) {
    auto parsed = parse_quantity(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_DOUBLE_EQ(parsed->value, value) << text;
  }
  for (auto bad : {"", "m", "1 m", "1mm", "1ki", "0x1", "1e", "1e99", "1e+", "9Ei9", "1.2.3", "99Ei"})
    EXPECT_FALSE(parse_quantity(bad)) << bad;
}

TEST(Selector, GivenTextWhenParsedThenItMatchesAsKubectlDoes) {
  struct Case {
    std::string_view selector;
    StringMap labels;
    bool matches;
  };
  const Case cases[] = {{"", {}, true},
                        {"a=1", {{"a", "1"}}, true},
                        {"a==1", {{"a", "1"}}, true},
                        {"a = 1 , b", {{"a", "1"}, {"b", ""}}, true},
                        {"a=1", {{"a", "2"}}, false},
                        {"a!=1", {{"a", "1"}}, false},
                        {"a!=1", {}, true},
                        {"a in (1, 2),c notin (3)", {{"a", "2"}}, true},
                        {"a in (1,2)", {}, false},
                        {"a notin (1,2)", {{"a", "1"}}, false},
                        {"!a", {}, true},
                        {"!a", {{"a", ""}}, false},
                        {"x.io/a", {{"x.io/a", ""}}, true},
                        {"a", {}, false}};
  for (const Case& c : cases) {
    auto parsed = parse_label_selector(c.selector);
    ASSERT_TRUE(parsed) << c.selector;
    EXPECT_EQ(parsed->matches(c.labels), c.matches) << c.selector;
  }
  for (auto bad :
       {"=1", "a=b=c", "a in 1", "a in (1", "in (1)", "a is (1)", "a b", "a,", "a=1,,b", "a in (b c)", "!"}) {
    EXPECT_FALSE(parse_label_selector(bad)) << bad;
  }
}

}  // namespace
}  // namespace gantry::kube
