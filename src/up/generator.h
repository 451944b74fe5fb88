// Sends the burst that a scaled object's annotation asks for, and counts what the broker acknowledged.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "kube/gantry_annotations.h"
#include "rocketmq/cluster.h"
#include "rocketmq/producer.h"
#include "rocketmq/wakeup.h"
#include "up/delivery_tally.h"

namespace gantry::up {

// Made by std::make_shared; on the thread of the cluster's io_context.
class BurstGenerator : public std::enable_shared_from_this<BurstGenerator> {
 public:
  BurstGenerator(std::shared_ptr<rocketmq::Cluster> cluster, kube::Generator burst,
                 std::shared_ptr<DeliveryTally> tally);

  void start();
  void stop() {
    stopped_ = true;
    begin_.notify();
  }

  std::int64_t total() const { return burst_.messages; }
  std::int64_t sent() const { return sent_; }  // acknowledged
  bool begun() const { return next_ > 0; }
  bool complete() const { return sent_ >= burst_.messages; }
  const std::string& topic() const { return burst_.topic; }
  const std::string& last_error() const { return last_error_; }  // a failed send is tried again until stop()

 private:
  static constexpr int kInFlight = 16;

  boost::asio::awaitable<void> run(std::shared_ptr<BurstGenerator> self);
  boost::asio::awaitable<void> worker(std::shared_ptr<BurstGenerator> self);

  std::shared_ptr<rocketmq::Cluster> cluster_;
  kube::Generator burst_;
  std::shared_ptr<DeliveryTally> tally_;
  rocketmq::Producer producer_;
  rocketmq::Wakeup begin_;
  std::chrono::steady_clock::time_point began_;
  std::int64_t next_ = 0;
  std::int64_t sent_ = 0;
  std::string last_error_;
  bool stopped_ = false;
};

}  // namespace gantry::up
