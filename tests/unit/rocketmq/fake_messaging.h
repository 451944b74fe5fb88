// What the fake broker answers to producers and consumers, as a Java broker does.
#pragma once

#include "unit/rocketmq/fake_broker.h"
#include "wire/batch.h"
#include "wire/bodies/consumer.h"
#include "wire/bodies/heartbeat.h"
#include "wire/body.h"
#include "wire/headers/offset.h"
#include "wire/headers/pop.h"
#include "wire/headers/pull.h"

namespace gantry::rocketmq::fake {

// A short long poll that nothing ended.
template <class Header>
void answer_later(Broker& broker, remoting::Request& request, std::int32_t response_code, const Header& header) {
  auto timer = std::make_shared<asio::steady_timer>(broker.io, 10ms);
  auto held = std::make_shared<remoting::Request>(std::move(request));
  timer->async_wait([timer, held, response_code, header](boost::system::error_code) {
    auto response = held->reply.response(response_code);
    wire::encode_header(header, response.fields);
    held->reply.send(std::move(response));
  });
}

inline void serve_sending(Broker& broker) {
  auto store_sent = [&broker](remoting::Request& request) {
    auto header = wire::decode_send_header(request.command);
    ASSERT_TRUE(header) << header.error().message;
    broker.sent.push_back(*header);
    wire::SendMessageResponseHeader answer;
    answer.msg_id = "7F00000100002A9F0000000000000000";
    answer.queue_id = header->queue_id;
    if (header->batch.value_or(false)) {
      auto entries = wire::decode_batch(request.command.body);
      ASSERT_TRUE(entries);
      answer.queue_offset = broker.max_of(header->topic, header->queue_id);
      for (const auto& entry : *entries) {
        broker.store(header->topic, header->queue_id, std::string(entry.body), std::string(entry.properties));
      }
    } else {
      answer.queue_offset =
          broker.store(header->topic, header->queue_id, request.command.body, header->properties.value_or(""));
    }
    Broker::answer_header(request, answer);
  };
  broker.on(code::kSendMessageV2, store_sent);
  broker.on(code::kSendBatchMessage, store_sent);
  broker.on(code::kConsumerSendMsgBack, [&broker](remoting::Request& request) {
    broker.sent_back.push_back(Broker::header_of<wire::ConsumerSendMsgBackRequestHeader>(request));
    request.reply.send(rc::kSuccess);
  });
}

inline void pull(Broker& broker, remoting::Request& request) {
  auto header = Broker::header_of<wire::PullMessageRequestHeader>(request);
  wire::PullMessageResponseHeader answer;
  answer.min_offset = broker.min_offsets[{header.topic, header.queue_id}];
  answer.max_offset = broker.max_of(header.topic, header.queue_id);
  answer.next_begin_offset = header.queue_offset;
  auto respond = [&](std::int32_t response_code, std::string body) {
    auto response = request.reply.response(response_code);
    wire::encode_header(answer, response.fields);
    response.body = std::move(body);
    request.reply.send(std::move(response));
  };
  if (header.queue_offset < answer.min_offset || header.queue_offset > answer.max_offset) {
    answer.next_begin_offset = header.queue_offset < answer.min_offset ? answer.min_offset : answer.max_offset;
    return respond(rc::kPullOffsetMoved, {});
  }
  if (header.queue_offset == answer.max_offset) return answer_later(broker, request, rc::kPullNotFound, answer);
  std::string body;
  const auto& queue = broker.queues[{header.topic, header.queue_id}];
  std::int64_t offset = header.queue_offset;
  const std::int64_t end = header.queue_offset + std::min<std::int64_t>(header.max_messages, broker.pull_max);
  for (; offset < answer.max_offset && offset < end; ++offset) {
    EXPECT_TRUE(wire::encode_record(queue[static_cast<std::size_t>(offset)], body));
  }
  answer.next_begin_offset = offset;
  respond(rc::kSuccess, std::move(body));
}

inline void serve_consuming(Broker& broker) {
  broker.on(code::kHeartBeat, [&broker](remoting::Request& request) {
    auto beat = wire::decode_heartbeat(request.command.body);
    ASSERT_TRUE(beat) << beat.error().message;
    for (const auto& consumer : beat->consumer_data_set) {
      broker.members[consumer.group_name][beat->client_id] = request.from;
      broker.consume_types[consumer.group_name] = consumer.consume_type;
    }
    request.reply.send(rc::kSuccess);
  });
  broker.on(code::kUnregisterClient, [&broker](remoting::Request& request) {
    auto header = Broker::header_of<wire::UnregisterClientRequestHeader>(request);
    broker.members[header.consumer_group.value_or("")].erase(header.client_id);
    request.reply.send(rc::kSuccess);
  });
  broker.on(code::kGetConsumerListByGroup, [&broker](remoting::Request& request) {
    wire::GetConsumerListByGroupResponseBody body;
    for (auto& [id, peer] :
         broker.members[Broker::header_of<wire::GetConsumerListByGroupRequestHeader>(request).consumer_group]) {
      body.consumer_id_list.push_back(id);
    }
    Broker::answer_body(request, wire::encode_body(body));
  });
  broker.on(code::kQueryConsumerOffset, [&broker](remoting::Request& request) {
    auto header = Broker::header_of<wire::QueryConsumerOffsetRequestHeader>(request);
    auto it = broker.offsets.find({header.consumer_group, header.topic, header.queue_id});
    if (it == broker.offsets.end()) return request.reply.send(rc::kQueryNotFound, "Not found");
    Broker::answer_header(request, wire::QueryConsumerOffsetResponseHeader{it->second});
  });
  broker.on(code::kUpdateConsumerOffset, [&broker](remoting::Request& request) {
    auto header = Broker::header_of<wire::UpdateConsumerOffsetRequestHeader>(request);
    broker.offsets[{header.consumer_group, header.topic, header.queue_id}] = header.commit_offset;
    request.reply.send(rc::kSuccess);
  });
  broker.on(code::kGetMinOffset, [&broker](remoting::Request& request) {
    auto header = Broker::header_of<wire::GetMinOffsetRequestHeader>(request);
    Broker::answer_header(request,
                          wire::GetMinOffsetResponseHeader{broker.min_offsets[{header.topic, header.queue_id}]});
  });
  broker.on(code::kGetMaxOffset, [&broker](remoting::Request& request) {
    auto header = Broker::header_of<wire::GetMaxOffsetRequestHeader>(request);
    Broker::answer_header(request, wire::GetMaxOffsetResponseHeader{broker.max_of(header.topic, header.queue_id)});
  });
  broker.on(code::kSearchOffsetByTimestamp, [&broker](remoting::Request& request) {
    Broker::answer_header(request, wire::SearchOffsetResponseHeader{1});
  });
  broker.on(code::kPullMessage, [&broker](remoting::Request& request) { pull(broker, request); });
}

inline void pop(Broker& broker, remoting::Request& request) {
  auto header = Broker::header_of<wire::PopMessageRequestHeader>(request);
  auto& next = broker.popped[header.topic];
  const std::int64_t max = broker.max_of(header.topic, 0);
  if (next == max) return answer_later(broker, request, rc::kPollingTimeout, wire::PopMessageResponseHeader{});
  wire::PopMessageResponseHeader answer;
  answer.pop_time_ms = 1;
  answer.invisible_time_ms = header.invisible_time_ms;
  answer.start_offset_info = "0 0 " + std::to_string(next);
  std::string body, list;
  for (int n = 0; n < header.max_messages && next < max; ++n, ++next) {
    EXPECT_TRUE(wire::encode_record(broker.queues[{header.topic, 0}][static_cast<std::size_t>(next)], body));
    list += (list.empty() ? "" : ",") + std::to_string(next);
  }
  answer.msg_offset_info = "0 0 " + list;
  auto response = request.reply.response(rc::kSuccess);
  wire::encode_header(answer, response.fields);
  response.body = std::move(body);
  request.reply.send(std::move(response));
}

inline void serve_pop(Broker& broker) {
  broker.on(code::kPopMessage, [&broker](remoting::Request& request) { pop(broker, request); });
  broker.on(code::kAckMessage, [&broker](remoting::Request& request) {
    broker.acked.push_back(Broker::header_of<wire::AckMessageRequestHeader>(request).extra_info);
    request.reply.send(rc::kSuccess);
  });
  broker.on(code::kChangeMessageInvisibletime, [&broker](remoting::Request& request) {
    broker.changed.push_back(Broker::header_of<wire::ChangeInvisibleTimeRequestHeader>(request).extra_info);
    wire::ChangeInvisibleTimeResponseHeader answer;
    answer.pop_time_ms = 2;
    answer.invisible_time_ms = 3;
    Broker::answer_header(request, answer);
  });
}

inline void serve_messaging(Broker& broker) {
  serve_sending(broker);
  serve_consuming(broker);
  serve_pop(broker);
}

}  // namespace gantry::rocketmq::fake
