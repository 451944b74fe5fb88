#include "http/content.h"

#include <gtest/gtest.h>

#include "http/message.h"

namespace gantry::http {
namespace {

TEST(Content, GivenAcceptEncodingThenGzipIsTakenOnlyWhereItIsNotRefused) {
  const std::pair<std::string_view, bool> cases[] = {
      {"", false},         {"gzip", true},         {"br, gzip", true},   {"*", true},        {"deflate", false},
      {"gzip;q=0", false}, {"gzip; q=0.0", false}, {"gzip;q=0.5", true}, {"gzip;q=1", true}, {"xgzip", false},
  };
  for (const auto& [header, accepted] : cases) EXPECT_EQ(accepts_gzip(header), accepted) << header;
}

TEST(Content, GivenATagWhenAnyOfTheListIsItThenItMatches) {
  const std::string tag = etag_of("content");
  EXPECT_EQ(tag, etag_of("content"));
  EXPECT_NE(tag, etag_of("other"));
  EXPECT_TRUE(matches_etag(tag, tag));
  EXPECT_TRUE(matches_etag("\"x\" , W/" + tag, tag));
  EXPECT_TRUE(matches_etag("*", tag));
  EXPECT_FALSE(matches_etag("", tag));
  EXPECT_FALSE(matches_etag("\"x\"", tag));
}

TEST(Content, GivenAFileNameThenItsTypeIsKnown) {
  EXPECT_EQ(content_type_of("/a/index.html"), "text/html; charset=utf-8");
  EXPECT_EQ(content_type_of("/font.woff2"), "font/woff2");
  EXPECT_EQ(content_type_of("/what"), "application/octet-stream");
  EXPECT_TRUE(is_compressible("image/svg+xml"));
  EXPECT_FALSE(is_compressible("image/png"));
}

TEST(Message, GivenEveryErrorThenItHasAStatus) {
  for (int c = 0; c <= static_cast<int>(Errc::internal) + 1; ++c) EXPECT_GE(to_status(static_cast<Errc>(c)), 400);
  EXPECT_EQ(error(Error{Errc::not_found, "no \"x\""}).body, R"({"error":"no \"x\""})");
}

TEST(Message, GivenATargetWhenItHasTooManyOrBadParametersThenItIsRefused) {
  std::string many = "/?";
  for (int i = 0; i < 101; ++i) many += "p" + std::to_string(i) + "=1&";
  EXPECT_FALSE(parse_target(many));
  EXPECT_FALSE(parse_target("/?a=%"));
  EXPECT_FALSE(parse_target("/?%f=1"));
  EXPECT_FALSE(parse_target("/.."));
  EXPECT_EQ(parse_target("/?a=1&a=2")->query.at("a"), "2");
  EXPECT_EQ(parse_target("/..a/b..")->path, "/..a/b..");
}

}  // namespace
}  // namespace gantry::http
