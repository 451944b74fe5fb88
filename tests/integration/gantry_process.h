// Running our own binary as people do: a broker in the background, commands to their end.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace gantry::integration {

namespace json = boost::json;

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// Two ports that nobody listens on now.
inline std::pair<int, int> free_ports() {
  using boost::asio::ip::tcp;
  boost::asio::io_context io;
  tcp::acceptor a(io, {boost::asio::ip::address_v4::loopback(), 0});
  tcp::acceptor b(io, {boost::asio::ip::address_v4::loopback(), 0});
  return {a.local_endpoint().port(), b.local_endpoint().port()};
}

struct Ended {
  int code = -1;
  std::string out;
  std::string err;

  std::vector<json::object> lines() const {
    std::vector<json::object> result;
    std::istringstream in(out);
    for (std::string line; std::getline(in, line);) result.push_back(json::parse(line).as_object());
    return result;
  }
};

// A process of ours, its output in files of `directory`.
class Running {
 public:
  Running(std::filesystem::path directory, std::vector<std::string> arguments,
          std::vector<std::string> environment = {})
      : directory_(std::move(directory)) {
    static int number = 0;
    name_ = std::to_string(number++);
    pid_ = fork();
    if (pid_ == 0) {
      for (const std::string& variable : environment) putenv(const_cast<char*>(variable.c_str()));
      redirect(out_path(), 1);
      redirect(err_path(), 2);
      std::vector<char*> argv = {const_cast<char*>(GANTRY_BINARY)};
      for (std::string& argument : arguments) argv.push_back(argument.data());
      argv.push_back(nullptr);
      execv(GANTRY_BINARY, argv.data());
      _exit(127);
    }
  }
  ~Running() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }
  Running(const Running&) = delete;

  pid_t pid() const { return pid_; }  // 0 once it has ended
  void signal(int number) { kill(pid_, number); }
  bool ended() {
    if (pid_ > 0 && waitpid(pid_, &status_, WNOHANG) == pid_) pid_ = 0;
    return pid_ <= 0;
  }
  Ended wait(std::chrono::seconds within = std::chrono::seconds(30)) {
    const auto deadline = std::chrono::steady_clock::now() + within;
    while (!ended() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield(), usleep(2'000);
    EXPECT_TRUE(pid_ == 0) << "still running\n" << err();
    return {WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_), out(), err()};
  }
  std::string out() const { return read_file(out_path()); }
  std::string err() const { return read_file(err_path()); }

 private:
  std::filesystem::path out_path() const { return directory_ / (name_ + ".out"); }
  std::filesystem::path err_path() const { return directory_ / (name_ + ".err"); }
  static void redirect(const std::filesystem::path& path, int to) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    dup2(file, to);
  }

  std::filesystem::path directory_;
  std::string name_;
  pid_t pid_ = -1;
  int status_ = 0;
};

inline bool eventually(const std::function<bool()>& condition, std::chrono::seconds within = std::chrono::seconds(20)) {
  const auto deadline = std::chrono::steady_clock::now() + within;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    usleep(10'000);
  }
  return true;
}

// A broker of ours and commands that talk to it.
class WithBroker : public testing::Test {
 protected:
  void SetUp() override {
    directory = std::filesystem::temp_directory_path() / ("gantry-test-" + std::to_string(getpid()));
    std::filesystem::create_directories(directory);
    const auto [a, b] = free_ports();
    name_server = "127.0.0.1:" + std::to_string(a);
    broker_address = "127.0.0.1:" + std::to_string(b);
    start_broker();
  }
  void TearDown() override {
    broker.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }

  void start_broker(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {
        "broker", "--namesrv-listen", name_server, "--listen", broker_address, "--data", (directory / "data").string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    broker = std::make_unique<Running>(directory, arguments);
    const bool up = eventually([&] { return broker->ended() || run({"topic", "list"}).code != 1; });
    EXPECT_TRUE(up && !broker->ended()) << broker->err();
  }

  std::unique_ptr<Running> start(std::vector<std::string> arguments) {
    return std::make_unique<Running>(directory, std::move(arguments),
                                     std::vector<std::string>{"NAMESRV_ADDR=" + name_server});
  }
  Ended run(std::vector<std::string> arguments) { return start(std::move(arguments))->wait(); }
  json::object lag(const std::string& topic, const std::string& group) {
    const Ended ended = run({"lag", "--topic", topic, "--group", group, "-o", "json"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    return ended.code == 0 ? json::parse(ended.out).as_object() : json::object{};
  }

  std::filesystem::path directory;
  std::string name_server;
  std::string broker_address;
  std::unique_ptr<Running> broker;
};

}  // namespace gantry::integration
