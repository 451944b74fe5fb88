// How many small requests a server and a client on one core do together, and what idle connections cost. Not run by
// default:
//   unit_remoting --gtest_also_run_disabled_tests --gtest_filter='*Bench*'
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <ctime>
#include <fstream>

#include "net/open_files.h"
#include "unit/remoting/support.h"

namespace gantry::remoting {
namespace {

class EchoBench : public RemotingTest,
                  public testing::WithParamInterface<std::pair<wire::Serialization, std::size_t>> {};

asio::awaitable<void> worker(Client& client, std::string address, wire::Command request, std::int64_t& left,
                             int& running) {
  while (left > 0) {
    --left;
    auto response = co_await client.call(address, request, 3s);
    if (!response) {
      ADD_FAILURE() << response.error().message;
      break;
    }
  }
  --running;
}

TEST_P(EchoBench, DISABLED_EchoRequestsPerSecond) {
  start();
  Client client(io, {});
  auto request = echo_request(std::string(GetParam().second, 'x'));
  request.serialization = GetParam().first;
  for (const int in_flight : {1, 16, 64, 256}) {
    const std::int64_t total = in_flight == 1 ? 30'000 : 400'000;
    std::int64_t left = total;
    int running = in_flight;
    const auto begin = std::chrono::steady_clock::now();
    const auto cpu_begin = std::clock();
    for (int i = 0; i < in_flight; ++i) {
      asio::co_spawn(io, worker(client, address, request, left, running), asio::detached);
    }
    io.restart();
    while (running > 0) io.run_one();
    const double s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const double cpu = static_cast<double>(std::clock() - cpu_begin) / CLOCKS_PER_SEC;
    fmt::print("{} {} B, {} in flight: {:.0f} requests/s of wall, {:.0f} a CPU second\n",
               GetParam().first == wire::Serialization::json ? "JSON" : "ROCKETMQ", GetParam().second, in_flight,
               total / s, total / cpu);
  }
  client.stop();
}

INSTANTIATE_TEST_SUITE_P(Serializations, EchoBench,
                         testing::Values(std::pair(wire::Serialization::json, 16),
                                         std::pair(wire::Serialization::rocketmq, 16),
                                         std::pair(wire::Serialization::rocketmq, 1024),
                                         std::pair(wire::Serialization::rocketmq, 16384)));

double resident_mib() {
  std::ifstream statm("/proc/self/statm");
  double total = 0;
  double resident = 0;
  statm >> total >> resident;
  return resident * 4096 / (1 << 20);
}

using IdleBench = RemotingTest;

TEST_F(IdleBench, DISABLED_IdleConnections) {
  const std::size_t count = std::min<std::size_t>(9'900, net::raise_open_files_max() / 2 - 100);
  start();
  const double before = resident_mib();
  const std::string request = frame_of(echo_request("hello"));
  std::vector<tcp::socket> idle;
  idle.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    idle.emplace_back(io).connect({asio::ip::address_v4::loopback(), server->port()});
    asio::write(idle.back(), asio::buffer(request));  // each has been used once
    if (i % 64 == 0) run_ready(io);
  }
  ASSERT_TRUE(until([&] { return server->stats().connections == count; }));
  run_ready(io);
  const auto cpu_begin = std::clock();
  io.restart();
  io.run_for(5s);
  const double cpu = static_cast<double>(std::clock() - cpu_begin) / CLOCKS_PER_SEC;
  fmt::print("{} idle connections: {:.1f} MiB resident for both ends, {:.2f} % of a core\n", count,
             resident_mib() - before, cpu / 5 * 100);
}

}  // namespace
}  // namespace gantry::remoting
