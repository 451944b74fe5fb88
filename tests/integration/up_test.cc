// gantry up as a user runs it: the example scales workers from zero and back, bad input starts nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace gantry {
namespace {

using testing::HasSubstr;

struct Outcome {
  int exit_code = -1;
  std::string output;
};

Outcome run(const std::string& arguments, const std::string& before = "") {
  const std::string command = before + std::string(GANTRY_BINARY) + " " + arguments + " 2>&1";
  Outcome outcome;
  FILE* pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> buffer;
  while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe))
    outcome.output.append(buffer.data(), n);
  const int status = ::pclose(pipe);
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

class Up : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "gantry-up-test-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string file(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name) << text;
    return (directory_ / name).string();
  }
  static std::string example() {
    std::ifstream in(std::string(GANTRY_SOURCE_DIR) + "/examples/orders.yaml");
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  static std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    if (at != std::string::npos) text.replace(at, from.size(), to);
    return text;
  }
  static constexpr const char* kAnyPorts = " --http 127.0.0.1:0 --namesrv-listen 127.0.0.1:0 --listen 127.0.0.1:0 ";

  std::filesystem::path directory_;
};

TEST_F(Up, GivenTheExampleThenWorkersComeFromZeroAbsorbTheBurstAndGo) {
  const std::string report = (directory_ / "r.json").string();
  const std::string yaml =
      file("orders.yaml", replaced(replaced(example(), "\"messages\": 12000", "\"messages\": 1200"),
                                   "start_after\": \"2s", "start_after\": \"0s"));
  const Outcome outcome = run("up -f " + yaml + kAnyPorts + "--duration 60s --report " + report);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  std::ifstream in(report);
  std::stringstream text;
  text << in.rdbuf();
  const auto json = boost::json::parse(text.str());
  const auto& verdict = json.at("verdict");
  EXPECT_TRUE(verdict.at("ok").as_bool()) << text.str();
  EXPECT_GE(verdict.at("max_replicas").as_int64(), 4);
  EXPECT_EQ(verdict.at("final_replicas").as_int64(), 0);
  EXPECT_EQ(verdict.at("final_lag").as_int64(), 0);
  EXPECT_EQ(verdict.at("lost").as_int64(), 0);
  EXPECT_GT(verdict.at("max_lag").as_int64(), 500);
  EXPECT_EQ(json.at("samples").as_array().front().at("replicas").as_int64(), 0);
}

TEST_F(Up, GivenABadFieldThenItIsNamedAndNothingStarts) {
  const std::string yaml = file("bad.yaml", replaced(example(), "lagThreshold: \"300\"", "lagThreshold: \"5x\""));
  const Outcome outcome = run("up -f " + yaml + kAnyPorts + "--duration 5s");
  EXPECT_EQ(outcome.exit_code, 2) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("bad.yaml:"));
  EXPECT_THAT(outcome.output,
              HasSubstr("spec.triggers[0].metadata.lagThreshold: expected a positive integer, got \"5x\""));
  EXPECT_THAT(outcome.output, testing::Not(HasSubstr("page")));
}

TEST_F(Up, GivenAKeyThatIsNotInItsConfigMapThenItIsNamedAndNothingStarts) {
  const std::string yaml = file("bad.yaml", replaced(example(), "key: namesrv", "key: nomesrv"));
  const Outcome outcome = run("up -f " + yaml + kAnyPorts + "--duration 5s");
  EXPECT_EQ(outcome.exit_code, 2) << outcome.output;
  EXPECT_THAT(outcome.output,
              testing::ContainsRegex("bad.yaml:1[56]: Deployment orders-worker: container worker: env NAMESRV: "
                                     "ConfigMap \"orders\" has no key \"nomesrv\""));
}

TEST_F(Up, GivenNothingToScaleOrNoClusterThenItSaysWhatToDo) {
  const Outcome nothing =
      run("up -f " + file("cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n") + kAnyPorts);
  EXPECT_EQ(nothing.exit_code, 2) << nothing.output;
  EXPECT_THAT(nothing.output, HasSubstr("no ScaledObject"));
  const Outcome missing = run("up -f " + (directory_ / "absent.yaml").string());
  EXPECT_EQ(missing.exit_code, 2) << missing.output;
  EXPECT_THAT(missing.output, HasSubstr("absent.yaml"));
}

TEST_F(Up, GivenNoFileThenTheExampleRunsWhereverItIsStarted) {
  const Outcome outcome = run("up --duration 2s" + std::string(kAnyPorts), "cd " + directory_.string() + " && ");
  EXPECT_THAT(outcome.output, HasSubstr("a burst of 12,000 messages is about to be sent"));
}

TEST_F(Up, GivenAClusterThatIsNotOursThenNothingIsSentToItAndWhatHasNoEffectIsRefused) {
  const std::string yaml = " -f " + file("orders.yaml", example()) + " --http 127.0.0.1:0 --namesrv 127.0.0.1:1 ";
  const Outcome outcome = run("up" + yaml + "--duration 2s");
  EXPECT_THAT(outcome.output, HasSubstr("the generator of orders.yaml is off on a cluster that is not embedded; "
                                        "--generate turns it on\n"));
  EXPECT_THAT(outcome.output, testing::Not(HasSubstr("the burst")));
  for (const std::string option : {"--namesrv-listen 127.0.0.1:0", "--listen 127.0.0.1:0", "--data /tmp/none"}) {
    const Outcome refused = run("up" + yaml + option);
    EXPECT_EQ(refused.exit_code, 2) << refused.output;
    EXPECT_THAT(refused.output, HasSubstr(option.substr(0, option.find(' ')) + ": without effect"));
  }
}

TEST_F(Up, GivenAnUnreachableClusterThenItGoesOnAndTheVerdictSaysUnknown) {
  const std::string report = (directory_ / "r.json").string();
  const Outcome outcome = run("up -f " + file("orders.yaml", example()) +
                              " --http 127.0.0.1:0 --namesrv 127.0.0.1:1 --duration 4s --report " + report);
  EXPECT_EQ(outcome.exit_code, 1) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("the lag is unknown"));
  EXPECT_THAT(outcome.output, HasSubstr("not ok: the lag was never known"));
  EXPECT_TRUE(std::filesystem::exists(report));
}

}  // namespace
}  // namespace gantry
