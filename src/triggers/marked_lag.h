// Readings of another source, with what the readings before say of them: which queues are behind and see no commit.
#pragma once

#include <chrono>
#include <memory>

#include "lag/commit_history.h"
#include "lag/source.h"

namespace gantry::triggers {

// What excludePersistentLag calls persistent, unless the scaler is told otherwise: KEDA's default polling interval, as its
// Kafka scaler compares one poll with the one before.
inline constexpr std::chrono::milliseconds kPersistentAfter{30'000};

class MarkedLag : public lag::LagSource {
 public:
  explicit MarkedLag(std::shared_ptr<lag::LagSource> source,
                     std::chrono::milliseconds persistent_after = kPersistentAfter)
      : source_(std::move(source)), history_(persistent_after) {}

  boost::asio::awaitable<Result<lag::LagReading>> read(lag::LagQuery query) override {
    auto reading = co_await source_->read(query);
    if (reading) {
      history_.mark(*reading, std::chrono::steady_clock::now());
    } else {
      history_.failed(query.topic, query.group);
    }
    co_return reading;
  }

 private:
  std::shared_ptr<lag::LagSource> source_;
  lag::CommitHistory history_;
};

}  // namespace gantry::triggers
