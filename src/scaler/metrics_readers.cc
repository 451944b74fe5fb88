#include "scaler/metrics_readers.h"

#include "lag/group_clients.h"

namespace gantry::scaler {

using boost::asio::awaitable;

namespace {

awaitable<Result<scaling::TriggerReading>> read_value(std::shared_ptr<triggers::TriggerReader> reader,
                                                      kube::RocketmqTriggerMetadata trigger) {
  auto read = co_await reader->read(std::move(trigger));
  if (!read) co_return std::unexpected(read.error());
  co_return std::move(read->value);
}

awaitable<Result<lag::HeldLag>> read_held(std::shared_ptr<triggers::TriggerReader> reader,
                                          kube::RocketmqTriggerMetadata trigger) {
  auto read = co_await reader->read(trigger);
  if (!read) co_return std::unexpected(read.error());
  std::vector<lag::LagReading> readings;
  std::vector<std::string> topics;
  std::string group;
  for (auto& reading : read->readings) {
    if (!reading) co_return std::unexpected(reading.error());
    topics.push_back(reading->topic);
    group = reading->group;
    readings.push_back(std::move(*reading));
  }
  auto cluster = reader->cluster_of(trigger);
  if (!cluster) co_return std::unexpected(cluster.error());
  auto clients = co_await lag::read_group_clients(cluster->cluster, std::move(group), std::move(topics));
  if (!clients) co_return std::unexpected(clients.error());
  co_return lag::hold(readings, *clients);
}

}  // namespace

metrics_api::Readers metrics_readers(std::shared_ptr<triggers::TriggerReader> reader) {
  metrics_api::Readers readers;
  readers.read_trigger = [reader](kube::RocketmqTriggerMetadata trigger) {
    return read_value(reader, std::move(trigger));
  };
  readers.read_held = [reader](kube::RocketmqTriggerMetadata trigger) { return read_held(reader, std::move(trigger)); };
  return readers;
}

}  // namespace gantry::scaler
