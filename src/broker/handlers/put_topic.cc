// UPDATE_AND_CREATE_TOPIC (17). Rule: AdminBrokerProcessor.updateAndCreateTopic.
#include "broker/handlers/handlers.h"
#include "broker/topics.h"
#include "wire/headers/admin.h"

namespace gantry::broker {

namespace {

// "+key=value,-key": attributes to set and to remove.
std::map<std::string, std::string> changed_attributes(std::map<std::string, std::string> attributes,
                                                      std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find(',');
    const std::string_view change = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (change.size() < 2) continue;
    const std::size_t equals = change.find('=');
    const std::string key(change.substr(1, equals == std::string_view::npos ? change.npos : equals - 1));
    if (change.front() == '+' && equals != std::string_view::npos) {
      attributes[key] = change.substr(equals + 1);
    } else if (change.front() == '-') {
      attributes.erase(key);
    }
  }
  return attributes;
}

}  // namespace

void handle_put_topic(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::CreateTopicRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  wire::TopicConfig config;
  config.topic_name = header->topic;
  config.read_queue_nums = header->read_queue_nums;
  config.write_queue_nums = header->write_queue_nums;
  config.perm = header->perm;
  config.topic_filter_type = header->topic_filter_type;
  config.topic_sys_flag = header->topic_sys_flag.value_or(0);
  config.order = header->order;
  if (const Topic* old = broker.topics.find(header->topic)) config.attributes = old->config.attributes;
  config.attributes = changed_attributes(std::move(config.attributes), header->attributes.value_or(""));
  if (auto put = broker.topics.put(std::move(config)); !put) {
    const std::int32_t code = put.error().code == Errc::invalid_argument || put.error().code == Errc::permission_denied
                                  ? wire::response_code::kInvalidParameter
                                  : wire::response_code::kSystemError;
    return request.reply.send(code, put.error().message);
  }
  broker.reply_when_durable(std::move(request.reply));
}

}  // namespace gantry::broker
