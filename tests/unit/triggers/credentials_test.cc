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
  auto first = credentials.find("orders");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->access_key, "reader");
  EXPECT_EQ(first->secret_key, "one");
  put("orders/secretKey", "two\r\n");
  EXPECT_EQ(credentials.find("orders")->secret_key, "two");
}

TEST_F(CredentialsTest, GivenConfiguredOnesThenTheyComeFirst) {
  wire::Credentials own;
  own.access_key = "own";
  Credentials both({{"orders", own}}, directory.string());
  EXPECT_EQ(both.find("orders")->access_key, "own");
}

TEST_F(CredentialsTest, GivenSomethingWrongThenTheErrorSaysWhatAndHoldsNoSecret) {
  put("orders/accessKey", "hunter2");
  const auto missing = credentials.find("orders");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("orders/secretKey cannot be read"));
  put("orders/secretKey", "\n");
  EXPECT_THAT(credentials.find("orders").error().message, HasSubstr("secretKey is empty"));
  put("orders/secretKey", std::string(10'000, 'x'));
  EXPECT_THAT(credentials.find("orders").error().message, HasSubstr("larger than 4096 bytes"));
  EXPECT_THAT(credentials.find("orders").error().message, Not(HasSubstr("hunter2")));
  for (const char* name : {"../orders", "a/b", ".", "", "a b"}) {
    const auto found = credentials.find(name);
    ASSERT_FALSE(found) << name;
    EXPECT_EQ(found.error().code, Errc::invalid_argument) << name;
  }
  EXPECT_EQ(Credentials({}, "").find("orders").error().code, Errc::not_found);
}

}  // namespace
}  // namespace gantry::triggers
