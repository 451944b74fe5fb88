// How many messages a broker holds back for a topic until their delivery time, timers and delay levels together. One
// reading of a broker serves all who ask about any of its topics within a short while:
//
//   202 of SCHEDULE_TOPIC_XXXX   where each delay level ends; then, because what came meanwhile does not count,
//   45                           where each is delivered
//   61                           timers, which the broker counts by topic itself
//   11                           the messages between the two that were not read yet (delayed_messages.h)
//
// A level is delivered in order and stands behind a message when it is in its topic, so who reads the lag of the topic
// after this misses none, and may count one twice that became due since. A timer is counted by an Apache broker from
// when it is entered in its wheel, up to 0.1 s after it was sent (more when many come at once), and until just before it
// is put into its topic; for a moment of its roll over (every two days) it is not. Of our own broker, whose delay levels
// are timers, every number is exact at each moment. What a broker's counter of timers says is what is known: one that is
// below 0 is an error.
//
// Messages that are not read in a reading are read in the background, slowly; until then the answer is an error that
// says how far it is. On the thread of the cluster's io_context; must outlive its reads, not the background's.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "lag/delayed_messages.h"
#include "rocketmq/cluster.h"

namespace gantry::lag {

struct DelayedReaderConfig {
  std::int64_t waiting_max = DelayedMessages::kWaitingMax;
  std::int64_t read_at_once_max = 4'096;     // messages that a reading waits for
  std::chrono::milliseconds time_max{500};   // that a reading waits for them
  std::chrono::milliseconds share_for{500};  // a reading answers all who ask so soon after
};

class DelayedReader {
 public:
  explicit DelayedReader(std::shared_ptr<rocketmq::Cluster> cluster, DelayedReaderConfig config = {});
  ~DelayedReader();
  DelayedReader(const DelayedReader&) = delete;
  DelayedReader& operator=(const DelayedReader&) = delete;

  // Messages held back at the broker for each of the topics. Errors: those of the requests; DelayedMessages::count's.
  boost::asio::awaitable<Result<std::vector<std::int64_t>>> read(std::string address, std::vector<std::string> topics);

 private:
  struct Broker;
  class UnderWay;

  static boost::asio::awaitable<std::optional<Error>> refresh(std::shared_ptr<rocketmq::Cluster> cluster,
                                                              std::shared_ptr<Broker> broker,
                                                              DelayedReaderConfig config);
  static boost::asio::awaitable<void> go_on(std::shared_ptr<rocketmq::Cluster> cluster, std::shared_ptr<Broker> broker);
  static boost::asio::awaitable<Result<bool>> pull_all(std::shared_ptr<rocketmq::Cluster> cluster,
                                                       std::shared_ptr<Broker> broker);
  static boost::asio::awaitable<Result<bool>> pull(std::shared_ptr<rocketmq::Cluster> cluster,
                                                   std::shared_ptr<Broker> broker, DelayedMessages::Pull pull);

  std::shared_ptr<rocketmq::Cluster> cluster_;
  DelayedReaderConfig config_;
  // By address: another one has another log, though it may have the name of one that is gone.
  std::map<std::string, std::shared_ptr<Broker>> brokers_;
};

}  // namespace gantry::lag
