// How the verbs of `gantry controller` ask several controllers, which the test plays: what is asked again, and what is not.
#include "cli/commands/controller_requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "remoting/server.h"
#include "unit/drive.h"
#include "wire/codes.h"
#include "wire/gantry_codes.h"

namespace gantry::cli {
namespace {

namespace rc = wire::response_code;
namespace codes = wire::request_code;
using testing::HasSubstr;

TEST(ControllerEndpoints, GivenTheVariableAndTheOptionOfOneCommandThenTheOptionCounts) {
  ASSERT_EQ(::setenv("ROCKETMQ_CONTROLLER_ADDR", "variable:1", 1), 0);
  CLI::App app;
  ControllersOptions options;  // as all commands share them
  add_controller_options(*app.add_subcommand("members"), options);
  add_controller_options(*app.add_subcommand("sets"), options);
  EXPECT_EQ(options.endpoints, "variable:1");
  app.parse("sets --endpoints option:2");
  EXPECT_EQ(options.endpoints, "option:2");
  ::unsetenv("ROCKETMQ_CONTROLLER_ADDR");
}

TEST(ControllerEndpoints, GivenAFileForTlsAsAnOptionThenTlsIsMeantAndOfTheEnvironmentAloneItIsNot) {
  ASSERT_EQ(::setenv("GANTRY_TLS_CA", "/ca.crt", 1), 0);
  CLI::App app;
  ControllersOptions options;
  add_controller_options(*app.add_subcommand("sets"), options);
  app.parse("sets");
  EXPECT_EQ(options.connection.ca_file, "/ca.crt");
  EXPECT_FALSE(options.connection.tls);
  ::unsetenv("GANTRY_TLS_CA");
  app.parse("sets --tls-ca /no/such/file");
  EXPECT_TRUE(options.connection.tls);
  const auto tls = tls_of(options.connection);
  ASSERT_FALSE(tls);
  EXPECT_THAT(tls.error().message, HasSubstr("/no/such/file"));
}

class PlayedController {
 public:
  explicit PlayedController(boost::asio::io_context& io) : server(io, {}) {
    server.handle(codes::kGantryControllerStatus,
                  [](remoting::Request request) { request.reply.send(rc::kSuccess, {}); });
    server.handle(codes::kGantryControllerTransfer, [this](remoting::Request request) {
      ++asked;
      if (hangs_up) return request.from->close();
      auto response = request.reply.response(code, "of the test");
      if (code == rc::kSuccess) response.body = R"({"name":"n1"})";
      request.reply.send(std::move(response));
    });
    EXPECT_TRUE(server.start());
  }
  std::string address() const { return fmt::format("127.0.0.1:{}", server.port()); }

  remoting::Server server;
  std::int32_t code = rc::kSuccess;
  bool hangs_up = false;
  int asked = 0;
};

class ControllerRequests : public testing::Test {
 protected:
  void SetUp() override {
    auto made = controller_client(io, one.address() + ";" + two.address(), {});
    ASSERT_TRUE(made);
    client = *made;
  }
  void TearDown() override { client->stop(); }
  Result<boost::json::value> change() {
    return test::await(io, change_by_any_controller(client, codes::kGantryControllerTransfer, {}));
  }
  Result<boost::json::value> question() {
    return test::await(io, ask_any_controller(client, codes::kGantryControllerTransfer, {}));
  }

  boost::asio::io_context io;
  PlayedController one{io}, two{io};
  ClientPtr client;
};

TEST_F(ControllerRequests, GivenAChangeWhoseAnswerDoesNotComeThenNobodyElseIsAskedAndTheOutcomeIsUnknown) {
  one.hangs_up = true;
  const auto changed = change();
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, Errc::timeout);
  EXPECT_THAT(changed.error().message, HasSubstr("whether it was done is unknown"));
  EXPECT_EQ(one.asked, 1);
  EXPECT_EQ(two.asked, 0);
}

TEST_F(ControllerRequests, GivenAControllerThatIsDownOrDidNothingThenTheNextOneMakesTheChange) {
  one.code = rc::kControllerNotLeader;
  ASSERT_TRUE(change());
  EXPECT_EQ(two.asked, 1);
  one.server.stop();
  ASSERT_TRUE(change());
  EXPECT_EQ(two.asked, 2);
}

TEST_F(ControllerRequests, GivenARefusalForGoodThenNobodyElseIsAsked) {
  for (const auto& [code, expected] : {std::pair{rc::kControllerInvalidRequest, Errc::invalid_argument},
                                       std::pair{rc::kNoPermission, Errc::permission_denied},
                                       std::pair{rc::kControllerJraftInternalError, Errc::timeout}}) {
    one.code = code;
    const auto changed = change();
    ASSERT_FALSE(changed) << code;
    EXPECT_EQ(changed.error().code, expected);
  }
  EXPECT_EQ(two.asked, 0);
}

TEST_F(ControllerRequests, GivenAQuestionThenEachIsAskedUntilOneAnswers) {
  one.hangs_up = true;
  ASSERT_TRUE(question());
  EXPECT_EQ(one.asked, 1);
  EXPECT_EQ(two.asked, 1);
}

}  // namespace
}  // namespace gantry::cli
