#include "wire/header_json.h"

#include <gtest/gtest.h>

#include "wire/codes.h"
#include "wire/json_text.h"
#include "wire/language.h"

namespace gantry::wire {
namespace {

Result<Command> decode(std::string_view text, FrameLimits limits = {}) {
  Command command;
  Result<void> result = decode_json_header(text, limits, command);
  if (!result) return std::unexpected(result.error());
  return command;
}

TEST(HeaderJson, GivenWhatTheJavaClientWritesWhenReadThenEveryMemberIsThere) {
  Command command = decode(R"({"code":310,"extFields":{"a":"p","b":"T","c":"TBW102","d":"4","e":"1","f":"0",)"
                           R"("g":"1700000000000","h":"0","i":"WAIT\u0001true\u0002","j":"0","k":"false","m":"false",)"
                           R"("n":"broker-a"},"flag":0,"language":"JAVA","opaque":12,)"
                           R"("serializeTypeCurrentRPC":"JSON","version":479})")
                        .value();
  EXPECT_EQ(command.code, request_code::kSendMessageV2);
  EXPECT_EQ(command.opaque, 12);
  EXPECT_EQ(command.version, 479);
  EXPECT_EQ(command.language, (Language{0, {}}));
  EXPECT_EQ(command.fields.size(), 13U);
  EXPECT_EQ(command.fields.get("i"), "WAIT\x01true\x02");
  EXPECT_EQ(command.fields.get("n"), "broker-a");
}

TEST(HeaderJson, GivenACommandWhenWrittenThenItIsWhatFastjsonWouldWrite) {
  Command command = make_request(request_code::kGetRouteinfoByTopic);
  command.opaque = 3;
  command.fields.add("topic", "a\"b\\c/\x01\x7f\n\r\t");
  std::string out;
  encode_json_header(command, out);
  EXPECT_EQ(out, R"({"code":105,"extFields":{"topic":"a\"b\\c/\u0001\u007f\n\r\t"},"flag":0,"language":"CPP",)"
                 R"("opaque":3,"serializeTypeCurrentRPC":"JSON","version":479})");
  command.fields = {};
  command.fields.add("a", "");
  command.fields.add("b", "2");
  command.remark = "r";
  command.language = {200, {}};
  out.clear();
  encode_json_header(command, out);
  EXPECT_EQ(out, R"({"code":105,"extFields":{"a":"","b":"2"},"flag":0,"language":"OTHER","opaque":3,"remark":"r",)"
                 R"("serializeTypeCurrentRPC":"JSON","version":479})");
}

TEST(HeaderJson, GivenFormsThatFastjsonTakesWhenReadThenTheyAreTakenToo) {
  struct Case {
    const char* text;
    const char* value;  // of field x
  };
  const Case cases[] = {
      {R"({"extFields":{"x":1}})", "1"},
      {R"({"extFields":{"x":-1.5e3}})", "-1.5e3"},
      {R"({"extFields":{"x":true}})", "true"},
      {R"({extFields:{x:"y"}})", "y"},
      {R"({'extFields':{'x':'it\'s'}})", "it's"},
      {R"( { "extFields" : { "x" : "y" , } , } )", "y"},
      {R"({"unknown":{"deep":[1,{"a":"]"}]},"extFields":{"x":"y"}})", "y"},
      {R"({"extFields":{"x":{"a":[1,2]}}})", R"({"a":[1,2]})"},
      {R"({"extFields":{"x":[]}})", "[]"},
      {R"({"extFields":{"x":"\u00e9\ud83d\ude00\/\b\f\v"}})", "\xC3\xA9\xF0\x9F\x98\x80/\b\f\v"},
      {R"({"extFields":{"x":"\ud83d!"}})", "\xEF\xBF\xBD!"},
      {R"({"extFields":{"x":"\ud83d\u0041"}})",
       "\xEF\xBF\xBD"
       "A"},
      {R"({"extFields":{"x":"\ude00"}})", "\xEF\xBF\xBD"},
      {R"({"extFields":{"y":null,"x":""}})", ""},
  };
  for (const Case& c : cases) {
    auto command = decode(c.text);
    ASSERT_TRUE(command) << c.text << ": " << command.error().message;
    ASSERT_EQ(command->fields.size(), 1U) << c.text;
    EXPECT_EQ(command->fields.get("x"), c.value) << c.text;
  }
}

TEST(HeaderJson, GivenNullMembersWhenReadThenTheyCountAsAbsent) {
  Command command = decode(R"({"code":null,"language":null,"remark":null,"extFields":null,"flag":1})").value();
  EXPECT_EQ(command.code, 0);
  EXPECT_TRUE(command.remark.empty());
  EXPECT_TRUE(command.fields.empty());
  EXPECT_TRUE(command.is_response());
}

TEST(HeaderJson, GivenLanguagesWhenReadThenUnknownOnesArePassedOn) {
  struct Case {
    const char* text;
    Language language;
    const char* written;
  };
  const Case cases[] = {{"\"GO\"", {9, {}}, "GO"},
                        {"\"COBOL\"", {7, "COBOL"}, "COBOL"},
                        {"\"a b\"", {7, {}}, "OTHER"},
                        {"12", {12, {}}, "RUST"},
                        {"99", {99, {}}, "OTHER"}};
  for (const Case& c : cases) {
    Command command = decode(fmt::format(R"({{"language":{}}})", c.text)).value();
    EXPECT_EQ(command.language, c.language);
    EXPECT_EQ(language_name(command.language), c.written);
  }
}

TEST(HeaderJson, GivenAnythingElseWhenReadThenItIsCorrupt) {
  const char* cases[] = {"",
                         "x",
                         "[]",
                         "{",
                         "{\"code\"",
                         "{\"code\":",
                         "{\"code\":}",
                         "{\"code\":1",
                         "{\"code\":1}x",
                         "{\"code\":1.5}",
                         "{\"code\":99999999999}",
                         "{\"version\":40000}",
                         "{\"code\":[1]}",
                         "{\"code\":{}}",
                         "{\"code\":{]}",
                         "{\"code",
                         "{:1}",
                         "{\"remark\":\"",
                         "{\"remark\":\"\\",
                         "{\"remark\":\"\\q\"}",
                         "{\"remark\":\"\\u12\"}",
                         "{\"remark\":\"\\u12zz\"}",
                         "{\"remark\":\"\\ud83d\\u12\"}",
                         "{\"remark\":\"\\n",
                         "{\"language\":}",
                         "{\"extFields\":1}",
                         "{\"extFields\":}",
                         "{\"extFields\":{\"a\":}}",
                         "{\"extFields\":{\"a\":\"b\"}",
                         "{\"u\":[\"}",
                         "{\"u\":[,",
                         "{\"u\":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}"};
  for (const char* text : cases) {
    auto command = decode(text);
    ASSERT_FALSE(command) << text;
    EXPECT_EQ(command.error().code, Errc::corrupt) << text;
  }
}

TEST(HeaderJson, GivenTooManyFieldsWhenReadThenTheLimitIsNamed) {
  auto command = decode(R"({"extFields":{"a":"1","b":"2","c":"3"}})", FrameLimits{.fields_max = 2});
  ASSERT_FALSE(command);
  EXPECT_EQ(command.error().code, Errc::resource_exhausted);
}

TEST(JsonString, GivenBytesThatAreNotUtf8WhenWrittenThenTheOutputIs) {
  struct Case {
    const char* bytes;
    const char* json;
  };
  const Case cases[] = {
      {"\xC3\xA9", "\"\xC3\xA9\""},
      {"\xE6\x97\xA5", "\"\xE6\x97\xA5\""},
      {"\xF0\x9F\x98\x80", "\"\xF0\x9F\x98\x80\""},
      {"\xff", "\"\xEF\xBF\xBD\""},
      {"\xC3", "\"\xEF\xBF\xBD\""},                  // cut short
      {"\xC0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},  // longer than need be
      {"\xE0\x80\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},  // a surrogate
      {"\xC3(", "\"\xEF\xBF\xBD(\""},
  };
  for (const Case& c : cases) {
    std::string out;
    append_json_string(c.bytes, out);
    EXPECT_EQ(out, c.json);
  }
}

TEST(JsonScanner, GivenNestingBeyondTheMostThatItCanHoldThenItGivesUp) {
  const std::string deep(70, '[');
  std::string_view raw;
  EXPECT_FALSE(JsonScanner(deep).raw_value(100, raw));
  EXPECT_FALSE(JsonScanner("]").raw_value(4, raw));
  EXPECT_FALSE(JsonScanner(":").raw_value(4, raw));
  EXPECT_FALSE(JsonScanner("{\"\\").raw_value(4, raw));
  EXPECT_TRUE(JsonScanner(" {\"a\\\"\":1} ").raw_value(4, raw));
  EXPECT_EQ(raw, "{\"a\\\"\":1}");
}

}  // namespace
}  // namespace gantry::wire
