#include "bench/controller_cases.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/spawn.h"
#include "wire/codes.h"

namespace gantry::bench {
namespace {

using boost::asio::awaitable;
namespace code = wire::request_code;
namespace rc = wire::response_code;

constexpr std::size_t kMixOf = 1'000;
constexpr std::size_t kMixReplicaInfo = 60;
constexpr std::size_t kMixMetadata = 30;
constexpr std::size_t kMixAlter = 5;
constexpr std::size_t kMixStep = 389;  // coprime to 1,000, so that the kinds come in a mix and not in blocks

// of a fleet, as Java's brokers have it
constexpr std::chrono::milliseconds kFleetTimeout{10'000};
constexpr std::chrono::milliseconds kFleetTick{5};
constexpr std::uint64_t kFleetInfoEvery_s = 5;
constexpr std::uint64_t kFleetMetadataEvery_s = 10;
constexpr std::uint64_t kFleetAlterEvery_s = 60;

bool tally_answer(ControllerCount& count, const Window& window, SteadyClock::time_point started,
                  const Result<wire::Command>& response) {
  const bool good = response && response->code == rc::kSuccess;
  const auto now = SteadyClock::now();
  if (now < window.begin || now > window.end) return good;
  if (good) {
    ++count.operations;
    count.latency.add(now - started);
    return true;
  }
  ++count.failed;
  ++count.errors[response ? std::to_string(response->code) : std::string(to_string(response.error().code))];
  if (count.first_error.empty()) {
    count.first_error =
        response ? fmt::format("code {}: {}", response->code, response->remark) : response.error().message;
  }
  return false;
}

wire::Command replica_info_of(const ReplicaSet& set) {
  const wire::GetReplicaInfoRequestHeader header{set.name};
  return wire::make_request(code::kControllerGetReplicaInfo, header);
}

awaitable<void> ask_metadata(ControllerSession& session, std::size_t index, Window& window, ControllerCount& count) {
  while (!window.over()) {
    const auto started = SteadyClock::now();
    auto response =
        co_await session.call(index, session.leader(), wire::make_request(code::kControllerGetMetadataInfo));
    tally_answer(count, window, started, response);
  }
}

awaitable<void> ask_replica_info(ControllerSession& session, std::size_t index, Window& window, ControllerCount& count,
                                 bool of_followers) {
  if (of_followers && session.followers().empty()) co_return;
  for (std::size_t at = index; !window.over(); at += 1) {
    const auto started = SteadyClock::now();
    const std::string& node = of_followers ? session.followers()[at % session.followers().size()] : session.leader();
    auto response =
        co_await session.call(index, node, replica_info_of(session.sets()[at * 31 % session.sets().size()]));
    tally_answer(count, window, started, response);
  }
}

awaitable<void> send_heartbeats(ControllerSession& session, std::size_t index, Window& window, ControllerCount& count) {
  for (std::size_t at = index; !window.over(); ++at) {
    const auto started = SteadyClock::now();
    const ReplicaSet& set = session.sets()[at % session.sets().size()];
    auto response = co_await session.call(index, session.leader(),
                                          session.heartbeat(set.name, static_cast<std::int64_t>(at % 2) + 1));
    tally_answer(count, window, started, response);
  }
}

// A worker's own sets, in turn: those whose number is its index modulo the workers.
ReplicaSet& own_set(ControllerSession& session, std::size_t index, std::size_t workers, std::size_t turn) {
  const std::size_t own = (session.sets().size() - index + workers - 1) / workers;
  return session.sets()[index + turn % own * workers];
}

awaitable<void> alter_sets(ControllerSession& session, std::size_t index, Window& window, ControllerCount& count,
                           std::size_t workers) {
  for (std::size_t turn = 0; !window.over(); ++turn) {
    ReplicaSet& set = own_set(session, index, workers, turn);
    const bool all = set.in_sync.sync_state_set.size() < session.options().replicas;
    const auto started = SteadyClock::now();
    auto response = co_await session.alter(index, set, all);
    if (!tally_answer(count, window, started, response)) co_await session.look_again(index, set);
  }
}

awaitable<void> elect_masters(ControllerSession& session, std::size_t index, Window& window, ControllerCount& count,
                              std::size_t workers) {
  for (std::size_t turn = 0; !window.over(); ++turn) {
    ReplicaSet& set = own_set(session, index, workers, turn);
    if (set.in_sync.sync_state_set.size() < session.options().replicas) {
      auto altered = co_await session.alter(index, set, true);
      if (!altered || altered->code != rc::kSuccess) co_await session.look_again(index, set);
    }
    const std::int64_t next = set.master % static_cast<std::int64_t>(session.options().replicas) + 1;
    const wire::ElectMasterRequestHeader header{
        kBenchCluster, set.name, next, true,
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count()};
    const auto started = SteadyClock::now();
    auto response =
        co_await session.call(index, session.leader(), wire::make_request(code::kControllerElectMaster, header));
    const bool good = tally_answer(count, window, started, response);
    auto elected = good ? wire::decode_header<wire::ElectMasterResponseHeader>(response->fields)
                        : fail(Errc::unavailable, "no answer");
    if (elected && elected->master_epoch && elected->sync_state_set_epoch) {
      set.master = next;
      set.master_epoch = *elected->master_epoch;
      set.in_sync = {{next}, *elected->sync_state_set_epoch};
    } else {
      co_await session.look_again(index, set);
    }
  }
}

awaitable<void> mixed(ControllerSession& session, std::size_t index, Window& window, ControllerCount& count,
                      std::size_t workers) {
  const auto& nodes = session.endpoints();
  std::size_t turn = 0;
  for (std::size_t at = index; !window.over(); ++at) {
    const std::size_t kind = at * kMixStep % kMixOf;
    ReplicaSet& set = session.sets()[at * 31 % session.sets().size()];
    const auto started = SteadyClock::now();
    Result<wire::Command> response = fail(Errc::internal, "not asked");
    if (kind < kMixReplicaInfo) {
      response = co_await session.call(index, session.leader(), replica_info_of(set));
    } else if (kind < kMixReplicaInfo + kMixMetadata) {
      response =
          co_await session.call(index, nodes[at % nodes.size()], wire::make_request(code::kControllerGetMetadataInfo));
    } else if (kind < kMixReplicaInfo + kMixMetadata + kMixAlter) {
      ReplicaSet& own = own_set(session, index, workers, turn++);
      response = co_await session.alter(index, own, own.in_sync.sync_state_set.size() < session.options().replicas);
      if (!response || response->code != rc::kSuccess) co_await session.look_again(index, own);
    } else {
      response = co_await session.call(index, nodes[at % nodes.size()],
                                       session.heartbeat(set.name, static_cast<std::int64_t>(at % 2) + 1));
    }
    tally_answer(count, window, started, response);
  }
}

awaitable<void> register_sets(ControllerSession& session, std::size_t index, Window& window, ControllerCount& count,
                              std::shared_ptr<std::size_t> left) {
  while (!window.over()) {
    const auto started = SteadyClock::now();
    if (started >= window.begin) {  // what warms up is not counted
      if (*left == 0) {
        window.end_now();
        break;
      }
      --*left;
    }
    auto response = co_await session.register_set(index, session.new_name());
    tally_answer(count, window, started, response);
  }
}

// What the fleet asked and has no answer to yet.
struct Asked {
  std::size_t& open;
  explicit Asked(std::size_t& count) : open(count) { ++open; }
  Asked(const Asked&) = delete;
  ~Asked() { --open; }
};

awaitable<void> fleet_ask(ControllerSession& session, std::size_t index, std::string node, wire::Command request,
                          Window& window, ControllerCount& count, std::size_t& open) {
  const Asked asked(open);
  const auto started = SteadyClock::now();
  auto response = co_await session.call(index, std::move(node), std::move(request));
  tally_answer(count, window, started, response);
}

awaitable<void> fleet_alter(ControllerSession& session, std::size_t index, Window& window, ControllerCount& count,
                            std::size_t& open) {
  const Asked asked(open);
  ReplicaSet& set = session.sets()[index];
  const auto started = SteadyClock::now();
  auto response = co_await session.alter(index, set, set.in_sync.sync_state_set.size() < session.options().replicas);
  if (!tally_answer(count, window, started, response)) co_await session.look_again(index, set);
}

// What one broker does in one second.
void fleet_turn(ControllerSession& session, const boost::asio::any_io_executor& executor, std::uint64_t second,
                std::size_t broker, Window& window, ControllerCount& count, std::size_t& open) {
  const auto& nodes = session.endpoints();
  const std::size_t index = broker / session.options().replicas;
  const std::size_t replica = broker % session.options().replicas;
  const ReplicaSet& set = session.sets()[index];
  const wire::Command beat = session.heartbeat(set.name, static_cast<std::int64_t>(replica) + 1, kFleetTimeout);
  for (const std::string& node : nodes) session.tell(index, node, beat);
  const auto now = SteadyClock::now();
  if (now >= window.begin && now <= window.end) count.operations += nodes.size();
  if ((second + broker) % kFleetInfoEvery_s == 0) {
    net::spawn(executor, "a broker of the bench",
               fleet_ask(session, index, session.leader(), replica_info_of(set), window, count, open));
  }
  if ((second + broker) % kFleetMetadataEvery_s == 3) {
    net::spawn(executor, "a broker of the bench",
               fleet_ask(session, index, nodes[broker % nodes.size()],
                         wire::make_request(code::kControllerGetMetadataInfo), window, count, open));
  }
  if (replica == 0 && (second + index) % kFleetAlterEvery_s == 0) {
    net::spawn(executor, "a broker of the bench", fleet_alter(session, index, window, count, open));
  }
}

awaitable<void> run_fleet(ControllerSession& session, std::size_t, Window& window, ControllerCount& count) {
  const auto executor = co_await boost::asio::this_coro::executor;
  boost::asio::steady_timer timer(executor);
  const std::uint64_t brokers = session.sets().size() * session.options().replicas;
  const std::uint64_t turn_max = brokers / 20 + 1;  // then answers are read, however late we are
  std::size_t open = 0;
  session.keep_alive_by_itself(false);
  const auto started = SteadyClock::now();
  for (std::uint64_t sent = 0; !window.over();) {
    const double elapsed_s = std::chrono::duration<double>(SteadyClock::now() - started).count();
    const auto due = static_cast<std::uint64_t>(elapsed_s * static_cast<double>(brokers));
    for (std::uint64_t turn = 0; turn < turn_max && sent < due; ++turn, ++sent) {
      fleet_turn(session, executor, sent / brokers, sent % brokers, window, count, open);
    }
    if (SteadyClock::now() >= window.begin) {
      const double late_s = elapsed_s - static_cast<double>(sent) / static_cast<double>(brokers);
      count.behind_ms = std::max(count.behind_ms, late_s * 1e3);
    }
    timer.expires_after(sent < due ? std::chrono::milliseconds(0) : kFleetTick);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
  while (open > 0) {
    timer.expires_after(kFleetTick);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
  session.keep_alive_by_itself(true);
}

}  // namespace

ControllerWorker controller_worker(const std::string& name, std::size_t in_flight, std::size_t registered_max) {
  if (name == "metadata") return ask_metadata;
  if (name == "heartbeat") return send_heartbeats;
  if (name == kPacedCase) return run_fleet;
  if (name == "replica-info" || name == "replica-info-followers") {
    return [followers = name != "replica-info"](ControllerSession& s, std::size_t i, Window& w, ControllerCount& c) {
      return ask_replica_info(s, i, w, c, followers);
    };
  }
  const auto with_workers = [in_flight](auto coroutine) -> ControllerWorker {
    return [=](ControllerSession& s, std::size_t i, Window& w, ControllerCount& c) {
      return coroutine(s, i, w, c, in_flight);
    };
  };
  if (name == "alter") return with_workers(alter_sets);
  if (name == "elect") return with_workers(elect_masters);
  if (name == "mix") return with_workers(mixed);
  if (name == "registration") {
    return [left = std::make_shared<std::size_t>(registered_max)](ControllerSession& s, std::size_t i, Window& w,
                                                                  ControllerCount& c) {
      return register_sets(s, i, w, c, left);
    };
  }
  return {};
}

}  // namespace gantry::bench
