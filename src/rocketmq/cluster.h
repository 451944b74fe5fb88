// A RocketMQ cluster as a client sees it: name servers that are asked in turn, routes of topics (kept for a while), and
// brokers that are called by address. One Cluster serves any number of producers, consumers and readers; it lives on
// one io_context that is run by one thread, and every call is made there.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "remoting/client.h"
#include "rocketmq/group_requests.h"
#include "rocketmq/route.h"
#include "wire/command.h"
#include "wire/signature.h"

namespace gantry::rocketmq {

struct ClusterConfig {
  std::string name_servers = "127.0.0.1:9876";  // "host:port;host:port", names or addresses
  std::optional<wire::Credentials> credentials;
  std::shared_ptr<net::TlsContext> tls;
  std::chrono::milliseconds connect_timeout{3'000};
  std::chrono::milliseconds request_timeout{3'000};
  std::chrono::milliseconds route_max_age{30'000};  // Java's pollNameServerInterval
};

enum class Freshness { cached, now };

// Until when a question, of however many requests, must have ended.
using Deadline = std::chrono::steady_clock::time_point;
inline constexpr Deadline kNoDeadline = Deadline::max();

class Cluster {
 public:
  // Fails with invalid_argument when the addresses cannot be read.
  static Result<std::shared_ptr<Cluster>> create(boost::asio::io_context& io, ClusterConfig config);

  // The route of a topic. not_found: the name servers do not know it. With Freshness::cached an old route is given when
  // no name server answers.
  boost::asio::awaitable<Result<Route>> route(std::string topic, Freshness freshness = Freshness::cached,
                                              Deadline deadline = kNoDeadline);
  // The next route() asks the name servers, because what the last one said did not work; it is still what is given when
  // none answers.
  void forget_route(const std::string& topic) {
    if (auto it = routes_.find(topic); it != routes_.end()) it->second.stale = true;
  }

  // Asks the name servers in turn, beginning with the one that answered last. Fails when none answers. What the deadline
  // leaves no time for is asked first by the next question.
  boost::asio::awaitable<Result<wire::Command>> ask_name_server(wire::Command request, Deadline deadline = kNoDeadline);
  // Every response code is a value; errors say which broker and why.
  boost::asio::awaitable<Result<wire::Command>> call(std::string address, wire::Command request,
                                                     std::optional<std::chrono::milliseconds> timeout = {});
  // As call, but a response other than SUCCESS is an error too, in the broker's words.
  boost::asio::awaitable<Result<wire::Command>> call_ok(std::string address, wire::Command request,
                                                        std::optional<std::chrono::milliseconds> timeout = {});
  // As call_ok, of one name server.
  boost::asio::awaitable<Result<wire::Command>> call_name_server(std::string address, wire::Command request);

  // request_timeout, or what is left until the deadline if that is less. Zero: not enough is left, a quarter of
  // request_timeout; a request that gets less may expire at a server that is well, whose connection is then taken for dead
  // with all that waits on it.
  std::chrono::milliseconds time_for_a_request(Deadline deadline) const;

  boost::asio::io_context& io() { return io_; }
  remoting::Client& remoting() { return *client_; }
  GroupRequests& group_requests() { return *group_requests_; }
  const ClusterConfig& config() const { return config_; }
  const std::vector<std::string>& name_servers() const { return name_servers_; }
  // Signs with these from the next request on. Only for a cluster that was made with credentials.
  void rotate(wire::Credentials credentials) {
    if (signing_) *signing_ = std::move(credentials);
  }
  void stop() { client_->stop(); }

 private:
  Cluster(boost::asio::io_context& io, ClusterConfig config, std::vector<std::string> name_servers);
  boost::asio::awaitable<Error> why_no_route(std::string topic, Deadline deadline);

  struct CachedRoute {
    Route route;
    std::chrono::steady_clock::time_point at;
    bool stale = false;
  };

  boost::asio::io_context& io_;
  ClusterConfig config_;
  std::vector<std::string> name_servers_;
  std::shared_ptr<wire::Credentials> signing_;
  std::size_t current_ = 0;  // the name server that is asked first: the one that answered last
  std::unique_ptr<remoting::Client> client_;
  std::unique_ptr<GroupRequests> group_requests_;
  std::map<std::string, CachedRoute> routes_;
};

// What to do when none of them answers: a broker is started by hand on one's own machine only.
std::string advice_to_start(const std::vector<std::string>& name_servers);

// The error that a response other than SUCCESS stands for. `what` says whose answer it is ("broker 127.0.0.1:10911").
Error error_of_response(const wire::Command& response, std::string_view what);
// The same of a name server; an address that does not answer such questions is as a rule a broker's, and that is said.
// `address` may be empty: which one answered is not known.
Error error_of_name_server(const wire::Command& response, std::string_view address);

}  // namespace gantry::rocketmq
