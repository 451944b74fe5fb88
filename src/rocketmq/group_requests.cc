#include "rocketmq/group_requests.h"

#include <utility>

#include "wire/bodies/reset_offset.h"
#include "wire/body.h"
#include "wire/codes.h"
#include "wire/headers/admin.h"
#include "wire/headers/group.h"

namespace gantry::rocketmq {
namespace {

// The map form is what brokers send to Java clients, the list form to all others.
Result<std::map<MessageQueue, std::int64_t>> decode_reset(std::string_view body) {
  if (auto map = wire::decode_body<wire::ResetOffsetBody>(body)) return std::move(map->offset_table);
  auto list = wire::decode_body<wire::ResetOffsetBodyForC>(body);
  if (!list) return std::unexpected(list.error());
  std::map<MessageQueue, std::int64_t> offsets;
  for (const auto& queue : list->offset_table) {
    MessageQueue key{queue.broker_name, queue.queue_id, queue.topic};
    offsets[key] = queue.offset;
  }
  return offsets;
}

}  // namespace

class GroupRequests::Listeners {
 public:
  void add(const std::string& group, std::weak_ptr<GroupListener> listener) {
    std::erase_if(of_group_, [](const auto& entry) { return entry.second.expired(); });
    of_group_.emplace(group, std::move(listener));
  }

  // Alive while the caller uses them, whatever the callbacks do.
  std::vector<std::shared_ptr<GroupListener>> of(const std::string& group) const {
    std::vector<std::shared_ptr<GroupListener>> found;
    const auto [begin, end] = of_group_.equal_range(group);
    for (auto it = begin; it != end; ++it) {
      if (auto listener = it->second.lock()) found.push_back(std::move(listener));
    }
    return found;
  }

 private:
  std::multimap<std::string, std::weak_ptr<GroupListener>> of_group_;
};

GroupRequests::GroupRequests(remoting::Client& client) : listeners_(std::make_shared<Listeners>()) {
  client.handle(wire::request_code::kNotifyConsumerIdsChanged, [all = listeners_](remoting::Request request) {
    auto header = wire::decode_header<wire::NotifyConsumerIdsChangedRequestHeader>(request.command.fields);
    if (header) {
      for (const auto& listener : all->of(header->consumer_group)) {
        if (listener->members_changed) listener->members_changed();
      }
    }
    request.reply.send(wire::response_code::kSuccess);
  });
  client.handle(wire::request_code::kResetConsumerClientOffset, [all = listeners_](remoting::Request request) {
    auto header = wire::decode_header<wire::ResetOffsetRequestHeader>(request.command.fields);
    auto offsets = decode_reset(request.command.body);
    if (header && offsets) {
      for (const auto& listener : all->of(header->group)) {
        if (listener->offsets_reset) listener->offsets_reset(*offsets);
      }
    }
    request.reply.send(wire::response_code::kSuccess);
  });
  client.handle(wire::request_code::kGetConsumerRunningInfo, [all = listeners_](remoting::Request request) {
    auto header = wire::decode_header<wire::GetConsumerRunningInfoRequestHeader>(request.command.fields);
    if (!header) return request.reply.send(wire::response_code::kSystemError, header.error().message);
    for (const auto& listener : all->of(header->consumer_group)) {
      if (listener->client_id != header->client_id || !listener->running_info) continue;
      wire::Command answer = request.reply.response(wire::response_code::kSuccess);
      answer.body = wire::encode_body(listener->running_info());
      return request.reply.send(std::move(answer));
    }
    request.reply.send(wire::response_code::kSystemError, fmt::format("The Consumer Group <{}> has no client {} here",
                                                                      header->consumer_group, header->client_id));
  });
}

void GroupRequests::listen(const std::string& group, std::weak_ptr<GroupListener> listener) {
  listeners_->add(group, std::move(listener));
}

}  // namespace gantry::rocketmq
