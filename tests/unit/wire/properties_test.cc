#include "wire/properties.h"

#include <gtest/gtest.h>

namespace gantry::wire {
namespace {

TEST(Properties, GivenPropertiesWhenEncodedThenTheFormIsThatOfMessageDecoder) {
  Properties properties;
  properties.add("KEYS", "k1 k2");
  properties.add("EMPTY", "");
  properties.add("TAGS", "A");
  std::string out;
  ASSERT_TRUE(encode_properties(properties, out));
  EXPECT_EQ(out,
            "KEYS\x01k1 k2\x02TAGS\x01"
            "A\x02");
  properties.erase("EMPTY");
  EXPECT_EQ(decode_properties(out), properties);
  EXPECT_EQ(find_property(out, "TAGS"), "A");
  EXPECT_EQ(find_property(out, "TAG"), std::nullopt);
}

TEST(Properties, GivenTextThatIsNotQuiteRightWhenReadThenWhatCanBeReadIs) {
  Properties properties = decode_properties(
      "a\x01"
      "1\x02\x02\x01"
      "2\x02"
      "b\x02"
      "c\x01\x02"
      "d\x01"
      "4");
  ASSERT_EQ(properties.size(), 2U);
  EXPECT_EQ(properties.get("a"), "1");
  EXPECT_EQ(properties.get("d"), "4");
  EXPECT_TRUE(decode_properties("").empty());
}

TEST(Properties, GivenWhatCannotBeWrittenWhenEncodedThenNothingIsAppended) {
  struct Case {
    std::string name;
    std::string value;
  };
  const Case cases[] = {{"", "v"}, {"n\x01", "v"}, {"n", "v\x02"}, {"n", std::string(40000, 'v')}};
  for (const Case& c : cases) {
    Properties properties;
    properties.add("ok", "1");
    properties.add(c.name, c.value);
    std::string out = "kept";
    Result<void> result = encode_properties(properties, out);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::invalid_argument);
    EXPECT_EQ(out, "kept");
    EXPECT_FALSE(set_property(out, c.name, c.value));
    EXPECT_EQ(out, "kept");
  }
}

TEST(Properties, GivenAnEncodedStringWhenPropertiesAreSetAndErasedThenTheOthersStay) {
  std::string encoded =
      "a\x01"
      "1\x02"
      "b\x01"
      "2";  // without the last separator, as some clients write
  ASSERT_TRUE(set_property(encoded, "c", "3"));
  EXPECT_EQ(encoded,
            "a\x01"
            "1\x02"
            "b\x01"
            "2\x02"
            "c\x01"
            "3\x02");
  ASSERT_TRUE(set_property(encoded, "a", "9"));
  EXPECT_EQ(encoded,
            "b\x01"
            "2\x02"
            "c\x01"
            "3\x02"
            "a\x01"
            "9\x02");
  erase_property(encoded, "c");
  erase_property(encoded, "none");
  EXPECT_EQ(encoded,
            "b\x01"
            "2\x02"
            "a\x01"
            "9\x02");
  std::string empty;
  ASSERT_TRUE(set_property(empty, "a", "1"));
  EXPECT_EQ(empty,
            "a\x01"
            "1\x02");
}

TEST(TagsCode, GivenTagsThenTheCodeIsJavasHashOfTheString) {
  struct Case {
    const char* tag;
    std::int64_t code;
  };
  const Case cases[] = {
      {"", 0},           {"TagA", 2598919},
      {"a", 97},         {"polygenelubricants", -2147483648LL},  // the known string whose hash is Integer.MIN_VALUE
      {"\xC3\xA9", 233}, {"\xF0\x9F\x98\x80", 1772899}};         // U+1F600 is two UTF-16 units: 0xd83d * 31 + 0xde00
  for (const Case& c : cases) EXPECT_EQ(tags_code(c.tag), c.code) << c.tag;
}

}  // namespace
}  // namespace gantry::wire
