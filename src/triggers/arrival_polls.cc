#include "triggers/arrival_polls.h"

#include "net/spawn.h"
#include "rocketmq/identity.h"
#include "triggers/poll_places.h"
#include "wire/codes.h"
#include "wire/headers/pop.h"

namespace gantry::triggers {

using boost::asio::awaitable;
using std::chrono::milliseconds;

namespace {
constexpr milliseconds kAnswerAfterPoll{5'000};  // a broker answers a little after the time that it was given
}

struct ArrivalPolls::Watched {
  std::string topic;
  std::string group;
  std::set<std::string> held_at;  // brokers whose answer is due
  std::set<std::shared_ptr<rocketmq::Wakeup>> waiting;
  std::uint64_t arrivals = 0;  // answers that said so, and those that failed, since it is watched
  std::uint64_t failures = 0;
};

struct ArrivalPolls::State {
  State(boost::asio::io_context& io, std::shared_ptr<rocketmq::Cluster> routes) : io(io), routes(std::move(routes)) {}

  boost::asio::io_context& io;
  std::shared_ptr<rocketmq::Cluster> routes;
  std::vector<std::shared_ptr<rocketmq::Cluster>> connections;  // each has one to each broker
  PollPlaces places{kHeldByConnectionMax, kConnectionsMax};
  std::map<std::pair<std::string, std::string>, std::shared_ptr<Watched>> watched;
  bool stopped = false;

  // The index of a connection on which a poll of that broker may be held; nothing when all are full.
  std::optional<std::size_t> take_place(const std::string& address) {
    const auto place = places.take(address);
    if (!place || *place < connections.size()) return place;
    auto cluster = rocketmq::Cluster::create(io, routes->config());
    if (cluster) {
      connections.push_back(std::move(*cluster));
      return place;
    }
    places.give_back(*place, address);
    return std::nullopt;
  }

  void forget_if_idle(const Watched& w) {
    if (w.held_at.empty() && w.waiting.empty()) watched.erase({w.topic, w.group});
  }
};

ArrivalPolls::ArrivalPolls(boost::asio::io_context& io, std::shared_ptr<rocketmq::Cluster> cluster)
    : state_(std::make_shared<State>(io, std::move(cluster))) {}

awaitable<void> ArrivalPolls::hold(std::shared_ptr<State> state, std::shared_ptr<Watched> watched,
                                   std::size_t connection, std::string broker, std::string address,
                                   milliseconds at_most) {
  wire::NotificationRequestHeader header;
  header.consumer_group = watched->group;
  header.topic = watched->topic;
  header.queue_id = -1;
  header.poll_time_ms = at_most.count();
  header.born_time_ms = rocketmq::unix_now_ms();
  header.broker_name = broker;
  wire::Command request = wire::make_request(wire::request_code::kNotification, header);
  auto cluster = state->connections[connection];
  auto answer = co_await cluster->call_ok(address, std::move(request), at_most + kAnswerAfterPoll);
  state->places.give_back(connection, address);
  watched->held_at.erase(broker);
  if (answer) {
    auto said = wire::decode_header<wire::NotificationResponseHeader>(answer->fields);
    if (said && said->has_msg) ++watched->arrivals;
    if (!said || said->polling_full) ++watched->failures;
  } else {
    ++watched->failures;
  }
  for (const auto& one : watched->waiting) one->notify();
  state->forget_if_idle(*watched);
}

awaitable<ArrivalPolls::Outcome> ArrivalPolls::wait(std::string topic, std::string group, milliseconds at_most) {
  auto state = state_;
  if (state->stopped) co_return Outcome::impossible;
  auto route = co_await state->routes->route(topic);
  if (!route || state->stopped) co_return Outcome::impossible;
  auto& entry = state->watched[{topic, group}];
  if (!entry) {
    entry = std::make_shared<Watched>();
    entry->topic = topic;
    entry->group = group;
  }
  auto watched = entry;
  const std::uint64_t arrivals = watched->arrivals, failures = watched->failures;
  std::set<std::string> brokers;
  for (const wire::QueueData& queues : route->queues) brokers.insert(queues.broker_name);
  for (const std::string& broker : brokers) {
    if (watched->held_at.contains(broker)) continue;
    const std::string* master = route->master(broker);
    const auto connection = master == nullptr ? std::nullopt : state->take_place(*master);
    if (!connection) {
      ++watched->failures;
      continue;
    }
    watched->held_at.insert(broker);
    net::spawn(state->io, "the wait for messages of " + topic,
               hold(state, watched, *connection, broker, *master, at_most));
  }
  auto wakeup = std::make_shared<rocketmq::Wakeup>(state->io);
  watched->waiting.insert(wakeup);
  const auto deadline = std::chrono::steady_clock::now() + at_most + kAnswerAfterPoll;
  while (watched->arrivals == arrivals && watched->failures == failures && !watched->held_at.empty() &&
         !state->stopped) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left <= milliseconds::zero()) break;
    co_await wakeup->wait(left);
  }
  watched->waiting.erase(wakeup);
  state->forget_if_idle(*watched);
  if (watched->arrivals > arrivals) co_return Outcome::arrived;
  co_return watched->failures > failures || state->stopped ? Outcome::impossible : Outcome::nothing;
}

std::size_t ArrivalPolls::held() const { return state_->places.taken(); }

void ArrivalPolls::stop() {
  state_->stopped = true;
  for (const auto& cluster : state_->connections) cluster->stop();
  for (auto& [key, watched] : state_->watched) {
    for (const auto& one : watched->waiting) one->notify();
  }
}

}  // namespace gantry::triggers
