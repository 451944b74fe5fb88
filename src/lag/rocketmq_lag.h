// Lag of a RocketMQ cluster, classic and POP. Every broker of the topic is asked at the same time, and of each broker
// everything at once: topic stats (202), consume stats (208), consume time span (303), connections (203), and the same
// for the retry and dead-letter topics. Our own broker tells the retries with 208; of others they are asked for at every
// reading, also when their topics did not exist a moment ago: a first retry brings its topic with it. Queues at offset 0 are asked about once more (14). What is held back is asked for
// before all that, by those who need it (delayed_reader.h).
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "lag/broker_facts.h"
#include "lag/delayed_reader.h"
#include "lag/source.h"
#include "rocketmq/admin.h"
#include "rocketmq/cluster.h"

namespace gantry::lag {

struct RocketmqLagConfig {
  // A broker that held the topic and left the route is unknown, not gone, for that long: a name server drops a dead
  // broker at once, with all the messages that are still on its disk.
  std::chrono::seconds remember_broker{3'600};
  int attempts = 3;  // readings that contradict themselves are made again
  // A reading ends within this, however many name servers and brokers do not answer: what had no time is unknown.
  // At least the time of one request.
  std::chrono::milliseconds timeout{10'000};
  DelayedReaderConfig delayed{};
};

class RocketmqLag : public LagSource {
 public:
  explicit RocketmqLag(std::shared_ptr<rocketmq::Cluster> cluster, RocketmqLagConfig config = {});

  boost::asio::awaitable<Result<LagReading>> read(LagQuery query) override;

 private:
  struct BrokerPart;

  bool popped_lately(const std::string& group);
  boost::asio::awaitable<BrokerPart> read_broker(rocketmq::AdminQueries admin, std::string name, std::string address,
                                                 LagQuery query, std::int32_t read_queues);
  // What our own broker tells with 208, and others do not: then the retry topics are asked for one by one.
  struct Retries {
    std::int64_t messages = 0;
    std::optional<std::int64_t> ready;
    bool pop = false;    // one of POP exists
    GroupRetries group;  // of these: in the group's own
  };
  boost::asio::awaitable<Result<FactsByQueue>> read_facts(rocketmq::AdminQueries admin, std::string name,
                                                          std::string address, LagQuery query, std::int32_t read_queues,
                                                          std::optional<Retries>* told);
  boost::asio::awaitable<void> ask_committed(rocketmq::AdminQueries admin, std::string name, std::string address,
                                             LagQuery query, FactsByQueue& facts);
  // %RETRY%GROUP_TOPIC, where POP keeps the retries of TOPIC for GROUP, is also the retry topic of a group that is called
  // GROUP_TOPIC. A broker that makes it for POP gives GROUP an offset in it at once, and each POP does; so where it has
  // none, the topic is another group's. '+' of the second naming stands in no group's name.
  enum class RetryTopic { own, own_if_committed };
  // Messages of a retry topic that wait for the group; not_found when it does not exist, or is another group's.
  boost::asio::awaitable<Result<std::int64_t>> pending_in(rocketmq::AdminQueries admin, std::string address,
                                                          std::string topic, std::string group, RetryTopic kind);
  boost::asio::awaitable<Result<std::int64_t>> stored_in(rocketmq::AdminQueries admin, std::string address,
                                                         std::string topic);
  boost::asio::awaitable<Result<Retries>> retries_of(rocketmq::AdminQueries admin, std::string address, LagQuery query);
  boost::asio::awaitable<Result<std::set<std::string>>> connected(rocketmq::AdminQueries admin, std::string address,
                                                                  std::string group, bool* pop);
  // The brokers that hold the topic or held it lately; the address is empty when there is no master.
  std::map<std::string, std::string> brokers_of(const rocketmq::Route& route);

  std::shared_ptr<rocketmq::Cluster> cluster_;
  RocketmqLagConfig config_;
  DelayedReader delayed_;
  // topic -> broker -> last seen in its route
  std::map<std::string, std::map<std::string, std::chrono::steady_clock::time_point>> seen_;
  std::map<std::string, std::chrono::steady_clock::time_point> pop_groups_;  // when last seen to consume by POP
  std::set<std::string> tell_retries_;  // addresses of brokers that told them when last asked
};

}  // namespace gantry::lag
