#include "cli/message_line.h"

namespace gantry::cli {

boost::json::object message_line(const std::string& message_id, const std::string& keys,
                                 const rocketmq::MessageQueue& queue, std::int64_t queue_offset,
                                 std::string_view status) {
  boost::json::object line;
  line["msg_id"] = message_id;
  line["key"] = keys.empty() ? boost::json::value(nullptr) : boost::json::value(keys);
  line["broker"] = queue.broker_name;
  line["queue_id"] = queue.queue_id;
  line["queue_offset"] = queue_offset;
  line["status"] = status;
  return line;
}

}  // namespace gantry::cli
