#include "wire/fastjson.h"

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

namespace gantry::wire {
namespace {

TEST(Fastjson, GivenFormsOfFastjsonWhenReadThenTheyBecomePlainJson) {
  struct Case {
    const char* text;
    const char* json;
  };
  const Case cases[] = {
      {R"({1:"a",2:"b"})", R"({"1":"a","2":"b"})"},
      {R"({"a":1,})", R"({"a":1})"},
      {R"({key:'x'})", R"({"key":"x"})"},
      {R"([1,,2,-3,1.5,1e3,true,false,null,NaN,undefined])", R"([1,2,-3,1.5E0,1E3,true,false,null,null,null])"},
      {R"([1L,2.5D,3F,4B])", R"([1,2.5E0,3,4])"},
      {R"({{"brokerName":"b","queueId":0,"topic":"t"}:{"n":1}})",
       R"({"{\"brokerName\":\"b\",\"queueId\":0,\"topic\":\"t\"}":{"n":1}})"},
      {R"({[1]:2})", R"({"[1]":2})"},
      {R"({"a":1,"a":2})", R"({"a":2})"},
      {R"("\u0041\n")", R"("A\n")"},
      {"12345678901234567890", "1.2345678901234567E19"},
      {" [ ] ", "[]"},
  };
  for (const Case& c : cases) {
    auto value = parse_fastjson(c.text);
    ASSERT_TRUE(value) << c.text << ": " << value.error().message;
    EXPECT_EQ(boost::json::serialize(*value), c.json) << c.text;
  }
}

TEST(Fastjson, GivenTextThatIsNotJsonWhenReadThenItIsCorrupt) {
  for (const char* text :
       {"",   "{",    "[",    "{\"a\"}", "{\"a\":", "{\"a\":}",      "[1",   "[x]",        "1 2", "{{\"a\":1}", "{{:1}",
        "\"", "{\"a", "{:1}", "1e999",   "inf",     "{key:'it''s'}", "[\"]", "{\"a\":\"}", "-",   "[1:2]"}) {
    auto value = parse_fastjson(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().code, Errc::corrupt) << text;
  }
}

TEST(Fastjson, GivenMoreThanALimitWhenReadThenTheLimitIsNamed) {
  JsonLimits limits{.bytes_max = 20, .depth_max = 3, .values_max = 5};
  EXPECT_TRUE(parse_fastjson("[[[1]]]", limits));
  EXPECT_EQ(parse_fastjson("[[[[1]]]]", limits).error().code, Errc::resource_exhausted);
  EXPECT_EQ(parse_fastjson("[1,2,3,4,5]", limits).error().code, Errc::resource_exhausted);
  EXPECT_EQ(parse_fastjson("[\"123456789012345678\"]", limits).error().code, Errc::resource_exhausted);
  EXPECT_FALSE(parse_fastjson(std::string(100000, '[')));
}

TEST(Fastjson, GivenReferencesWhenReadThenTheyAreResolved) {
  auto value =
      parse_fastjson(R"({"a":[{"x":{"n":1}},{"$ref":"$.a[0]"}],"b.c":{"$ref":"$.a[1].x"},"d":{"$ref":"$.b\\.c"}})");
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(boost::json::serialize(*value), R"({"a":[{"x":{"n":1}},{"x":{"n":1}}],"b.c":{"n":1},"d":{"n":1}})");
}

TEST(Fastjson, GivenReferencesThatLeadNowhereOrAroundWhenReadThenTheyAreRefused) {
  for (const char* text :
       {R"({"a":{"$ref":"$"}})", R"({"a":{"$ref":".."}})", R"({"a":{"$ref":"$.b"}})", R"({"a":{"$ref":"$.a"}})",
        R"([{"$ref":"$[1]"},{"$ref":"$[0]"}])", R"([{"$ref":1}])", R"([{"$ref":"$[9]"}])", R"([{"$ref":"$[x]"}])",
        R"([{"$ref":"$[0"}])", R"([1,{"$ref":"$[0].a"}])", R"([{"$ref":"$x"}])", R"({"a":1,"b":{"$ref":"$.a[0]"}})"}) {
    EXPECT_FALSE(parse_fastjson(text)) << text;
  }
  std::string bomb = "[[1,1,1,1,1,1,1,1]";
  for (int i = 0; i < 12; ++i) {
    bomb += ",[";
    for (int j = 0; j < 8; ++j) bomb += fmt::format("{}{{\"$ref\":\"$[{}]\"}}", j == 0 ? "" : ",", i);
    bomb += "]";
  }
  EXPECT_EQ(parse_fastjson(bomb + "]").error().code, Errc::resource_exhausted);
}

}  // namespace
}  // namespace gantry::wire
