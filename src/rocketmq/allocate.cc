#include "rocketmq/allocate.h"

#include <algorithm>

namespace gantry::rocketmq {

std::vector<MessageQueue> allocate_averagely(std::vector<MessageQueue> queues, std::vector<std::string> members,
                                             const std::string& self) {
  std::sort(queues.begin(), queues.end());
  std::sort(members.begin(), members.end());
  members.erase(std::unique(members.begin(), members.end()), members.end());
  auto found = std::lower_bound(members.begin(), members.end(), self);
  if (found == members.end() || *found != self) return {};

  // runs of neighbours; the first `rest` members get one queue more
  const std::size_t index = static_cast<std::size_t>(found - members.begin());
  const std::size_t each = queues.size() / members.size();
  const std::size_t rest = queues.size() % members.size();
  const std::size_t begin = index * each + std::min(index, rest);
  const std::size_t count = each + (index < rest ? 1 : 0);
  return {queues.begin() + static_cast<std::ptrdiff_t>(begin),
          queues.begin() + static_cast<std::ptrdiff_t>(begin + count)};
}

}  // namespace gantry::rocketmq
