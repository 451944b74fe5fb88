// Puts a group anywhere in a queue, which no command does: UPDATE_CONSUMER_OFFSET as a consumer sends it.
#pragma once

#include <string>

#include "rocketmq/cluster.h"
#include "unit/drive.h"
#include "wire/codes.h"
#include "wire/headers/offset.h"

namespace gantry::integration {

inline Result<void> commit_offset(const std::string& broker, const std::string& group, const std::string& topic,
                                  std::int32_t queue_id, std::int64_t offset) {
  boost::asio::io_context io{1};
  auto cluster = rocketmq::Cluster::create(io, {});
  if (!cluster) return std::unexpected(cluster.error());
  wire::UpdateConsumerOffsetRequestHeader header;
  header.consumer_group = group;
  header.topic = topic;
  header.queue_id = queue_id;
  header.commit_offset = offset;
  auto request = wire::make_request(wire::request_code::kUpdateConsumerOffset, header);
  auto response = test::await(io, (*cluster)->call_ok(broker, std::move(request)));
  (*cluster)->stop();
  io.restart();
  io.poll();
  if (!response) return std::unexpected(response.error());
  return {};
}

}  // namespace gantry::integration
