// The broker as a process: killed in mid-burst and started again, stopped by signals, started where it cannot run.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "integration/small_disk.h"
#include "remoting/client.h"
#include "wire/codes.h"
#include "wire/headers/pull.h"
#include "wire/headers/send.h"
#include "wire/message.h"

namespace gantry {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// A port that was free a moment ago.
std::uint16_t free_port() {
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor acceptor(io, {boost::asio::ip::make_address("127.0.0.1"), 0});
  return acceptor.local_endpoint().port();
}

struct BrokerProcess {
  BrokerProcess() {
    char name[] = "/tmp/gantry-restart-XXXXXX";
    directory = mkdtemp(name);
  }
  ~BrokerProcess() {
    if (pid > 0) kill_hard();
    std::filesystem::remove_all(directory);
  }

  void spawn(const std::string& flush, std::string data = {}) {
    if (data.empty()) data = directory + "/data";
    const std::string namesrv = "127.0.0.1:" + std::to_string(namesrv_port), listen = address();
    pid = fork();
    if (pid == 0) {
      const int log = open((directory + "/log").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      dup2(log, 1);
      dup2(log, 2);
      execl(GANTRY_BINARY, "gantry", "broker", "--namesrv-listen", namesrv.c_str(), "--listen", listen.c_str(),
            "--data", data.c_str(), "--flush", flush.c_str(), nullptr);
      _exit(127);
    }
  }
  void kill_hard() {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    pid = -1;
  }
  int wait_exit() {
    int status = 0;
    waitpid(pid, &status, 0);
    pid = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string log() const {
    std::ifstream file(directory + "/log");
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port); }

  std::string directory;
  std::uint16_t namesrv_port = free_port(), port = free_port();
  pid_t pid = -1;
};

struct Sender {
  boost::asio::io_context io{1};
  remoting::Client client{io, {}};
  std::string address;
  std::set<std::string> acknowledged;
  int sent = 0, in_flight = 0, failed = 0;

  explicit Sender(std::string to) : address(std::move(to)) {}

  bool run_until(const std::function<bool()>& done, std::chrono::seconds deadline = 20s) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!done() && std::chrono::steady_clock::now() < end) {
      io.restart();
      io.run_one_for(20ms);
    }
    return done();
  }
  std::optional<wire::Command> call(wire::Command request) {
    std::optional<Result<wire::Command>> answer;
    client.call(address, std::move(request), 5s, [&](Result<wire::Command> result) { answer = std::move(result); });
    run_until([&] { return answer.has_value(); });
    if (!answer || !*answer) return std::nullopt;
    return std::move(**answer);
  }
  bool wait_ready() {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (std::chrono::steady_clock::now() < end) {
      if (call(wire::make_request(wire::request_code::kGetBrokerClusterInfo))) return true;
      run_until([] { return false; }, 0s);
      std::this_thread::yield();
    }
    return false;
  }
  void send_one() {
    wire::SendMessageRequestHeader header;
    header.producer_group = "p";
    header.topic = "burst";
    header.default_topic = "TBW102";
    header.default_topic_queue_nums = 4;
    header.queue_id = sent % 4;
    wire::Command request = wire::make_request(wire::request_code::kSendMessage, header);
    request.body = "message " + std::to_string(sent++);
    ++in_flight;
    client.call(address, request, 5s, [this, body = request.body](Result<wire::Command> answer) {
      --in_flight;
      if (answer && answer->code == wire::response_code::kSuccess) {
        acknowledged.insert(body);
      } else {
        ++failed;
      }
    });
  }
  std::multiset<std::string> read_all() {
    std::multiset<std::string> found;
    for (int queue = 0; queue < 4; ++queue) {
      for (std::int64_t offset = 0;;) {
        wire::PullMessageRequestHeader header;
        header.consumer_group = "g";
        header.topic = "burst";
        header.queue_id = queue;
        header.queue_offset = offset;
        header.max_messages = 32;
        header.sys_flag = wire::pull_flag::kSubscription;
        auto answer = call(wire::make_request(wire::request_code::kPullMessage, header));
        if (!answer || answer->code != wire::response_code::kSuccess) break;
        (void)wire::for_each_message(answer->body,
                                     [&](const wire::MessageView& view) { found.insert(std::string(view.body)); });
        offset = std::stoll(std::string(answer->fields.get("nextBeginOffset")));
      }
    }
    return found;
  }
};

class Restart : public testing::TestWithParam<const char*> {};

TEST_P(Restart, GivenABurstWhenTheBrokerIsKilledThenNothingAcknowledgedIsLost) {
  BrokerProcess broker;
  std::set<std::string> acknowledged;
  for (int life = 0; life < 3; ++life) {
    broker.spawn(GetParam());
    Sender sender(broker.address());
    ASSERT_TRUE(sender.wait_ready()) << broker.log();
    sender.sent = life * 100'000;
    const auto enough = acknowledged.size() + 400;
    sender.run_until([&] {
      while (sender.in_flight < 64) sender.send_one();
      return acknowledged.size() + sender.acknowledged.size() >= enough;
    });
    broker.kill_hard();
    sender.run_until([&] { return sender.in_flight == 0; });
    EXPECT_GT(sender.failed, 0) << "the kill did not hit the burst";
    acknowledged.merge(sender.acknowledged);
  }
  broker.spawn(GetParam());
  Sender reader(broker.address());
  ASSERT_TRUE(reader.wait_ready()) << broker.log();
  const auto found = reader.read_all();
  for (const auto& body : acknowledged) EXPECT_EQ(found.count(body), 1u) << body;
}

INSTANTIATE_TEST_SUITE_P(Flush, Restart, testing::Values("async", "sync"),
                         [](const auto& info) { return std::string(info.param); });

TEST(BrokerCommand, GivenASignalThenItStopsWithinTwoSecondsAndSaysWhatItIs) {
  BrokerProcess broker;
  broker.spawn("async");
  Sender sender(broker.address());
  ASSERT_TRUE(sender.wait_ready()) << broker.log();
  const auto before = std::chrono::steady_clock::now();
  kill(broker.pid, SIGTERM);
  EXPECT_EQ(broker.wait_exit(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 2s);
  EXPECT_THAT(broker.log(), HasSubstr("one node"));
}

TEST(BrokerCommand, GivenWhereItCannotRunThenItSaysWhyAndWhatToDo) {
  BrokerProcess first;
  first.spawn("async");
  Sender sender(first.address());
  ASSERT_TRUE(sender.wait_ready()) << first.log();

  BrokerProcess same_port;
  same_port.port = first.port;
  same_port.spawn("async");
  EXPECT_EQ(same_port.wait_exit(), 1);
  EXPECT_THAT(same_port.log(), HasSubstr(std::to_string(first.port)));

  BrokerProcess same_data;
  same_data.spawn("async", first.directory + "/data");
  EXPECT_EQ(same_data.wait_exit(), 1);
  EXPECT_THAT(same_data.log(), HasSubstr("in use by another process"));

  BrokerProcess no_data;
  no_data.spawn("async", "/proc/nowhere");
  EXPECT_EQ(no_data.wait_exit(), 1);
  EXPECT_THAT(no_data.log(), HasSubstr("--data"));
}

// With RocksDB's own log file the start ended in an assertion: the first failed write of it was not the last.
TEST(BrokerCommand, GivenADiskWithoutAByteLeftWhenStartedThenItSaysSoAndAllIsThereWithSpace) {
  BrokerProcess broker;
  const std::string disk = broker.directory + "/disk";
  const SmallDisk small(disk, "192m");
  if (!small.mounted()) GTEST_SKIP() << "needs root, to mount a small tmpfs";
  std::set<std::string> acknowledged;
  {
    broker.spawn("async", disk + "/data");
    Sender sender(broker.address());
    ASSERT_TRUE(sender.wait_ready()) << broker.log();
    for (int i = 0; i < 100; ++i) sender.send_one();
    ASSERT_TRUE(sender.run_until([&] { return sender.in_flight == 0; }));
    acknowledged = sender.acknowledged;
    broker.kill_hard();
  }
  const int filler = open((disk + "/filler").c_str(), O_WRONLY | O_CREAT, 0600);
  const std::string block(4096, 'x');
  while (write(filler, block.data(), block.size()) > 0) {
  }
  close(filler);

  broker.spawn("async", disk + "/data");
  EXPECT_EQ(broker.wait_exit(), 1) << broker.log();
  EXPECT_THAT(broker.log(), testing::AnyOf(HasSubstr("No space left"), HasSubstr("disk is full"))) << broker.log();

  std::filesystem::remove(disk + "/filler");
  broker.spawn("async", disk + "/data");
  Sender reader(broker.address());
  ASSERT_TRUE(reader.wait_ready()) << broker.log();
  const auto found = reader.read_all();
  EXPECT_EQ(std::set<std::string>(found.begin(), found.end()), acknowledged);
  EXPECT_EQ(acknowledged.size(), 100u);
}

}  // namespace
}  // namespace gantry
