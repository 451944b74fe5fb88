// `gantry up` as a process: the example's YAML with what a test changes in it, the state that its page shows, its end.
#pragma once

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <set>

#include "http/client.h"
#include "integration/gantry_process.h"

namespace gantry::integration {

inline std::string example_yaml() { return read_file(std::string(GANTRY_SOURCE_DIR) + "/examples/orders.yaml"); }

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

// The example with another burst, and over within seconds: replicas go as soon as nothing waits.
inline std::string quick_example(const std::string& generator = R"({"topic": "orders", "messages": 600})") {
  std::string yaml = example_yaml();
  const auto begin = yaml.find("gantry/generator: '") + 19;
  yaml.replace(begin, yaml.find('\'', begin) - begin, generator);
  yaml = replaced(yaml, "cooldownPeriod: 8", "cooldownPeriod: 2");
  yaml = replaced(yaml, "stabilizationWindowSeconds: 5", "stabilizationWindowSeconds: 0");
  return replaced(yaml, "lagThreshold: \"300\"", "lagThreshold: \"100\"");
}

inline Result<http::GetResult> http_get(const std::string& url) {
  boost::asio::io_context io(1);
  Result<http::GetResult> result = fail(Errc::internal, "not run");
  boost::asio::co_spawn(io, http::get(url),
                        [&](std::exception_ptr, Result<http::GetResult> answer) { result = std::move(answer); });
  io.run();
  return result;
}

class WithUp : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "gantry-up-test-XXXXXX";
    directory = ::mkdtemp(pattern.data());
  }
  void TearDown() override {
    up.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }

  std::string file(const std::string& name, const std::string& text) {
    std::ofstream(directory / name) << text;
    return (directory / name).string();
  }

  // On free ports. `more`: further arguments.
  void start_up(const std::string& yaml, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {
        "up", "-f", file("up.yaml", yaml), "--http", "127.0.0.1:0", "--report", (directory / "report.json").string()};
    if (std::ranges::find(more, "--namesrv") == more.end() && std::ranges::find(more, "--listen") == more.end()) {
      arguments.insert(arguments.end(), {"--namesrv-listen", "127.0.0.1:0", "--listen", "127.0.0.1:0"});
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    up = std::make_unique<Running>(directory, arguments);
    ASSERT_TRUE(eventually([&] { return up->ended() || url() != ""; })) << up->err();
  }
  // Of the page, once it was printed.
  std::string url() const {
    const std::string out = up->out();
    const auto at = out.find("http://");
    const auto end = out.find_first_of("/\n", at == std::string::npos ? at : at + 7);
    return at == std::string::npos || end == std::string::npos ? "" : out.substr(at, end - at);
  }
  // What the page shows now; empty when it does not answer.
  json::object state() const {
    auto answer = http_get(url() + "/api/state");
    if (!answer || answer->status != 200) return {};
    return json::parse(answer->body).as_object();
  }
  bool state_comes(const std::function<bool(const json::object&)>& condition,
                   std::chrono::seconds within = std::chrono::seconds(20)) {
    json::object last;
    const bool came = eventually(
        [&] {
          last = state();
          return !last.empty() && condition(last);
        },
        within);
    if (!came) ADD_FAILURE() << json::serialize(last) << "\n" << up->out() << up->err();
    return came;
  }
  json::object report() const { return json::parse(read_file(directory / "report.json")).as_object(); }

  std::filesystem::path directory;
  std::unique_ptr<Running> up;
};

}  // namespace gantry::integration
