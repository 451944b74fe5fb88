#include "triggers/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace gantry::triggers {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

const CredentialsUse kOwn{std::nullopt, {"ns:9876"}};

class CredentialsTest : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(directory / "orders"); }
  void TearDown() override { fs::remove_all(directory); }
  void put(const std::string& file, const std::string& text) {
    std::ofstream(directory / file, std::ios::trunc) << text;
  }

  fs::path directory = fs::temp_directory_path() / ("gantry-credentials-" + std::to_string(getpid()));
  Credentials credentials{{}, directory.string()};
};

TEST_F(CredentialsTest, GivenFilesThenTheyAreReadEachTimeSoARotationNeedsNoRestart) {
  put("orders/accessKey", "reader\n");
  put("orders/secretKey", "one");
  auto first = credentials.find("orders", kOwn);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->access_key, "reader");
  EXPECT_EQ(first->secret_key, "one");
  put("orders/secretKey", "two\r\n");
  EXPECT_EQ(credentials.find("orders", kOwn)->secret_key, "two");
}

TEST_F(CredentialsTest, GivenConfiguredOnesThenTheyComeFirst) {
  NamedCredentials own;
  own.keys.access_key = "own";
  Credentials both({{"orders", own}}, directory.string());
  EXPECT_EQ(both.find("orders", kOwn)->access_key, "own");
}

TEST_F(CredentialsTest, GivenSomethingWrongThenTheErrorSaysWhatAndHoldsNoSecret) {
  put("orders/accessKey", "hunter2");
  const auto missing = credentials.find("orders", kOwn);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("orders/secretKey cannot be read"));
  put("orders/secretKey", "\n");
  EXPECT_THAT(credentials.find("orders", kOwn).error().message, HasSubstr("secretKey is empty"));
  put("orders/secretKey", std::string(10'000, 'x'));
  EXPECT_THAT(credentials.find("orders", kOwn).error().message, HasSubstr("larger than 4096 bytes"));
  EXPECT_THAT(credentials.find("orders", kOwn).error().message, Not(HasSubstr("hunter2")));
  for (const char* name : {"../orders", "a/b", ".", "", "a b"}) {
    const auto found = credentials.find(name, kOwn);
    ASSERT_FALSE(found) << name;
    EXPECT_EQ(found.error().code, Errc::invalid_argument) << name;
  }
  EXPECT_EQ(Credentials({}, "").find("orders", kOwn).error().code, Errc::not_found);
}

TEST_F(CredentialsTest, GivenNamespacesAndNameServersThenNobodyElseMayUseThem) {
  put("orders/accessKey", "reader");
  put("orders/secretKey", "hunter2");
  EXPECT_TRUE(credentials.find("orders", {"anybody", {"anywhere:1"}})) << "a name that is for everybody";
  put("orders/namespaces", "shop, billing\n");
  put("orders/nameServers", "a:9876;b:9876");
  struct Case {
    CredentialsUse use;
    const char* refused;  // null: allowed
  };
  for (const Case& test : std::vector<Case>{
           {{"shop", {"a:9876"}}, nullptr},
           {{"billing", {"b:9876", "a:9876"}}, nullptr},
           {{std::nullopt, {"a:9876"}}, nullptr},
           {{"other", {"a:9876"}}, "credentials: orders are not for objects of namespace other"},
           {{"", {"a:9876"}}, "credentials: orders are not for objects of namespace "},
           {{"shop", {"a:9876", "evil:9876"}}, "credentials: orders are not for name server evil:9876"},
           {{std::nullopt, {"evil:9876"}}, "credentials: orders are not for name server evil:9876"},
       }) {
    const auto found = credentials.find("orders", test.use);
    EXPECT_EQ(found.has_value(), test.refused == nullptr);
    if (test.refused == nullptr || found) continue;
    EXPECT_EQ(found.error().code, Errc::permission_denied);
    EXPECT_EQ(found.error().message, test.refused);
  }
  put("orders/namespaces", " \n");  // nobody is not everybody
  EXPECT_THAT(credentials.find("orders", {"shop", {"a:9876"}}).error().message, HasSubstr("namespaces is empty"));
}

}  // namespace
}  // namespace gantry::triggers
