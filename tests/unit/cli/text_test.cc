// What people type and what they read: values, tables, YAML, completion scripts, explanations.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "cli/command_table.h"
#include "cli/completion.h"
#include "cli/connection.h"
#include "cli/explanation.h"
#include "cli/output.h"
#include "cli/values.h"

namespace gantry::cli {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::Not;

TEST(Duration, GivenTextThenMicroseconds) {
  const std::vector<std::pair<const char*, std::int64_t>> good = {
      {"5ms", 5'000},         {"2s", 2'000'000}, {"1.5m", 90'000'000},  {"1h", 3'600'000'000},
      {"250us", 250},         {"0s", 0},         {"1m30s", 90'000'000}, {"1h2m3s4ms5us", 3'723'004'005},
      {"3d", 259'200'000'000}};
  for (const auto& [text, us] : good) {
    auto parsed = parse_duration(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->count(), us) << text;
  }
  for (const char* text :
       {"", "5", "ms", "5 ms", "-1s", "1m30", "1m 30s", "1e3s", "366d", "nan s", "nans", "infs", "1e30h", "5msx"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Time, GivenTextThenUnixMilliseconds) {
  constexpr std::int64_t kNow = 1'000'000'000;
  const std::vector<std::pair<const char*, std::int64_t>> good = {{"now", -1},
                                                                  {"latest", -1},
                                                                  {"earliest", 0},
                                                                  {"0", 0},
                                                                  {"1767225600123", 1767225600123},
                                                                  {"-10m", kNow - 600'000},
                                                                  {"1970-01-02T00:00:00Z", 86'400'000}};
  for (const auto& [text, ms] : good) {
    auto parsed = parse_time(text, kNow);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(*parsed, ms) << text;
  }
  for (const char* text : {"", "yesterday", "-10", "-5x", "2026-13-01T00:00:00Z", "12x", "1767225600", "99"}) {
    EXPECT_FALSE(parse_time(text, kNow)) << text;
  }
}

TEST(Table, GivenRowsThenColumnsAlignAndNumbersStandRight) {
  EXPECT_EQ(to_table({{"NAME", "LAG"}, {"orders", "7"}, {"x", "1200"}}),
            "NAME     LAG\n"
            "orders     7\n"
            "x       1200\n");
  EXPECT_EQ(to_table({{"ONLY"}}), "ONLY\n");
}

TEST(Yaml, GivenValuesThenBlockStyleThatReadsBackTheSame) {
  const json::value value = json::parse(
      R"({"topic":"orders","lag":7,"age":null,"list":[{"a":1,"b":[]},{"a":2,"b":[1,2]}],"empty":{},"text":"yes","number":"12","colon":"a: b","line":"a\nb"})");
  EXPECT_EQ(to_yaml(value),
            "topic: orders\n"
            "lag: 7\n"
            "age: null\n"
            "list:\n"
            "  - a: 1\n"
            "    b: []\n"
            "  - a: 2\n"
            "    b:\n"
            "      - 1\n"
            "      - 2\n"
            "empty: {}\n"
            "text: \"yes\"\n"
            "number: \"12\"\n"
            "colon: \"a: b\"\n"
            "line: \"a\\nb\"\n");
  EXPECT_EQ(to_yaml(json::array{}), "[]\n");
}

TEST(Cell, GivenValuesThenPlainText) {
  EXPECT_EQ(to_cell(nullptr), "-");
  EXPECT_EQ(to_cell("text"), "text");
  EXPECT_EQ(to_cell(12), "12");
  EXPECT_EQ(to_cell(json::array{1, 2}), "[1,2]");
}

TEST(Completion, GivenTheCommandsThenEveryShellKnowsThemAndTheirOptions) {
  CLI::App app("gantry", "gantry");
  Invocation invocation;
  declare_all(app, invocation);
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string script = completion_script(shell, app);
    for (const Command& command : commands()) EXPECT_THAT(script, HasSubstr(command.name)) << shell;
    for (const char* word : {"namesrv", "describe", "cost"}) EXPECT_THAT(script, HasSubstr(word)) << shell;
  }
}

struct Usage {
  std::vector<const char*> words;
  bool good;
};

TEST(Parser, GivenCommandLinesThenWrongUsageIsRefused) {
  const std::vector<Usage> cases = {
      {{"gantry", "send", "--topic", "t"}, true},
      {{"gantry", "send"}, false},
      {{"gantry", "send", "--topic", "t", "--count", "0"}, false},
      {{"gantry", "send", "--topic", "t", "--unknown"}, false},
      {{"gantry", "consume", "--topic", "t", "--group", "g", "--mode", "pull", "--cost", "5ms"}, true},
      {{"gantry", "consume", "--topic", "t", "--group", "g", "--cost", "5"}, false},
      {{"gantry", "consume", "--topic", "t", "--group", "g", "--mode", "other"}, false},
      {{"gantry", "consume", "--topic", "t"}, false},
      {{"gantry", "lag", "--topic", "t", "--group", "g", "-o", "yaml"}, true},
      {{"gantry", "lag", "--topic", "t", "--group", "g", "-o", "xml"}, false},
      {{"gantry", "topic", "list"}, true},
      {{"gantry", "topic"}, false},
      {{"gantry", "topic", "create", "--topic", "t", "--queues", "0"}, false},
      {{"gantry", "group", "reset", "--group", "g", "--topic", "t", "--to", "-10m"}, true},
      {{"gantry", "broker", "--flush", "maybe"}, false},
      {{"gantry", "completion", "tcsh"}, false},
      {{"gantry"}, false},
  };
  for (const Usage& usage : cases) {
    CLI::App app("gantry", "gantry");
    Invocation invocation;
    declare_all(app, invocation);
    bool good = true;
    try {
      app.parse(static_cast<int>(usage.words.size()), const_cast<char**>(usage.words.data()));
    } catch (const CLI::ParseError&) {
      good = false;
    }
    std::string line;
    for (const char* word : usage.words) line += std::string(word) + " ";
    EXPECT_EQ(good, usage.good) << line;
    if (good) {
      EXPECT_TRUE(invocation.run) << line;
    }
  }
}

TEST(Parser, GivenASecretInTheEnvironmentThenHelpDoesNotShowIt) {
  setenv("GANTRY_SECRET_KEY", "do-not-show-me", 1);
  setenv("GANTRY_ACCESS_KEY", "me", 1);
  CLI::App app("gantry", "gantry");
  Invocation invocation;
  declare_all(app, invocation);
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    EXPECT_THAT(command->help(), Not(HasSubstr("do-not-show-me")));
  }
  unsetenv("GANTRY_SECRET_KEY");
  unsetenv("GANTRY_ACCESS_KEY");
}

TEST(Connection, GivenHalfACredentialThenTheErrorSaysWhatIsMissing) {
  ConnectionOptions options;
  options.access_key = "me";
  auto config = cluster_config(options);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, Errc::invalid_argument);
  options.secret_key = "secret";
  config = cluster_config(options);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->credentials->access_key, "me");
}

TEST(Report, GivenErrorsThenExitCodes) {
  EXPECT_EQ(report(Error{Errc::invalid_argument, "x"}), kUsage);
  EXPECT_EQ(report(Error{Errc::unavailable, "x"}), kFailed);
}

json::object state() {
  return json::parse(R"({"scaled_objects":[
    {"name":"orders","target":"Deployment/worker","current":2,"desired":4,"min":0,"max":10,"last_error":"",
     "explanation":[{"key":"reading","text":"lag is 400"},{"key":"desired","text":"4 replicas"}]},
    {"name":"quiet","target":"Deployment/other","current":0,"desired":null,"min":0,"max":1,"last_error":"no answer",
     "explanation":[]},
    {"name":"single","target":"Deployment/one","current":0,"desired":1,"min":0,"max":1,"last_error":"","explanation":[]}]})")
      .as_object();
}

TEST(Explanation, GivenAStateThenEachScaledObjectLineByLine) {
  auto objects = scaled_objects(state(), "");
  ASSERT_TRUE(objects);
  const std::string text = explanation_text(*objects);
  EXPECT_THAT(text, HasSubstr("orders (Deployment/worker): 2 of 4 replicas wanted, 0..10 allowed\n"));
  EXPECT_THAT(text, HasSubstr("single (Deployment/one): 0 of 1 replica wanted"));
  EXPECT_THAT(text, HasSubstr("  reading  lag is 400\n  desired  4 replicas\n"));
  EXPECT_THAT(text, HasSubstr("nothing was decided yet"));
  EXPECT_THAT(text, HasSubstr("last error: no answer"));
}

TEST(Explanation, GivenANameThenOnlyThatOneOrAnErrorThatNamesTheOthers) {
  EXPECT_EQ(scaled_objects(state(), "quiet")->size(), 1U);
  auto missing = scaled_objects(state(), "nobody");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("orders, quiet"));
  EXPECT_FALSE(scaled_objects(json::object{}, ""));
  EXPECT_EQ(explanation_text({}), "no scaled objects\n");
}

TEST(Explanation, GivenAScaledJobThenItsJobsAreCountedAndTheirLastFailureIsTold) {
  const json::value state = json::parse(
      R"({"scaled_objects":[],"scaled_jobs":[{"name":"resize","strategy":"accurate","running":2,"pending":1,
          "succeeded":30,"failed":4,"min":0,"max":8,"last_error":"","last_failure":"resize-9: DeadlineExceeded",
          "explanation":[{"key":"decision","text":"1 job created, 1 running before"}]}]})");
  auto objects = scaled_objects(state.as_object(), "resize");
  ASSERT_TRUE(objects);
  EXPECT_EQ(explanation_text(*objects),
            "resize (jobs, strategy accurate): 2 running, 1 pending, 30 succeeded, 4 failed, 0..8 allowed\n"
            "  decision  1 job created, 1 running before\n"
            "  last failure: resize-9: DeadlineExceeded\n");
}

}  // namespace
}  // namespace gantry::cli
