#include "up/generator.h"

#include <algorithm>

#include "net/spawn.h"

namespace gantry::up {

using boost::asio::awaitable;

constexpr std::chrono::milliseconds kRetryPause{500};

BurstGenerator::BurstGenerator(std::shared_ptr<rocketmq::Cluster> cluster, kube::Generator burst,
                               std::shared_ptr<DeliveryTally> tally)
    : cluster_(std::move(cluster)),
      burst_(std::move(burst)),
      tally_(std::move(tally)),
      producer_(cluster_, rocketmq::ProducerConfig{.group = "gantry-generator"}),
      begin_(cluster_->io()) {}

void BurstGenerator::start() { net::spawn(cluster_->io(), "the generator", run(shared_from_this())); }

awaitable<void> BurstGenerator::run(std::shared_ptr<BurstGenerator> self) {
  co_await begin_.wait(std::chrono::milliseconds(burst_.start_after_ms));
  began_ = std::chrono::steady_clock::now();
  const int workers = static_cast<int>(std::min<std::int64_t>(kInFlight, burst_.messages));
  for (int i = 0; i < workers && !stopped_; ++i) net::spawn(cluster_->io(), "a sender of the generator", worker(self));
}

awaitable<void> BurstGenerator::worker(std::shared_ptr<BurstGenerator> self) {
  rocketmq::Wakeup pause(cluster_->io());
  while (!self->stopped_ && next_ < burst_.messages) {
    const std::int64_t number = next_++;
    if (burst_.rate_per_s > 0) {
      const auto due = began_ + std::chrono::milliseconds(number * 1'000 / burst_.rate_per_s);
      const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(due - std::chrono::steady_clock::now());
      if (wait.count() > 0) co_await pause.wait(wait);
    }
    rocketmq::Message message;
    message.topic = burst_.topic;
    message.keys = tally_->key_of(number);
    message.body.assign(static_cast<std::size_t>(burst_.body_size_bytes), 'x');
    tally_->offered(number);
    while (!stopped_) {
      auto receipt = co_await producer_.send(message);
      if (receipt) {
        ++sent_;
        tally_->sent(number);
        last_error_.clear();
        break;
      }
      last_error_ = receipt.error().message;
      co_await pause.wait(kRetryPause);
    }
  }
}

}  // namespace gantry::up
