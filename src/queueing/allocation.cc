#include "queueing/allocation.h"

#include <algorithm>
#include <optional>

namespace gantry::queueing {
namespace {

std::optional<std::size_t> index_of(std::string_view client, std::span<const std::string> clients) {
  const auto at = std::find(clients.begin(), clients.end(), client);
  if (at == clients.end()) return std::nullopt;
  return static_cast<std::size_t>(at - clients.begin());
}

}  // namespace

std::vector<wire::MessageQueue> allocate_averagely(std::string_view client, std::span<const wire::MessageQueue> queues,
                                                   std::span<const std::string> clients) {
  const auto index = index_of(client, clients);
  if (!index) return {};
  const std::size_t share = queues.size() / clients.size();
  const std::size_t rest = queues.size() % clients.size();
  // the first `rest` clients take one more
  const std::size_t begin = *index * share + std::min(*index, rest);
  const std::size_t end = begin + share + (*index < rest ? 1 : 0);
  return {queues.begin() + static_cast<std::ptrdiff_t>(begin), queues.begin() + static_cast<std::ptrdiff_t>(end)};
}

std::vector<wire::MessageQueue> allocate_by_circle(std::string_view client, std::span<const wire::MessageQueue> queues,
                                                   std::span<const std::string> clients) {
  const auto index = index_of(client, clients);
  if (!index) return {};
  std::vector<wire::MessageQueue> mine;
  for (std::size_t i = *index; i < queues.size(); i += clients.size()) mine.push_back(queues[i]);
  return mine;
}

std::vector<wire::MessageQueue> allocate_for_pop(std::string_view client, std::span<const wire::MessageQueue> queues,
                                                 std::span<const std::string> clients, std::int32_t share) {
  if (share <= 0 || static_cast<std::size_t>(share) + 1 >= clients.size()) {
    std::vector<wire::MessageQueue> everywhere;
    for (const wire::MessageQueue& queue : queues) everywhere.push_back({queue.broker_name, -1, queue.topic});
    everywhere.erase(std::unique(everywhere.begin(), everywhere.end()), everywhere.end());
    return everywhere;
  }
  const auto index = index_of(client, clients);
  if (!index || queues.empty()) return {};
  if (clients.size() > queues.size()) return {queues[*index % queues.size()]};
  std::vector<wire::MessageQueue> mine;
  for (std::size_t i = 0; i <= static_cast<std::size_t>(share); ++i) {
    const std::string& neighbour = clients[(*index + i) % clients.size()];
    const auto theirs = allocate_averagely(neighbour, queues, clients);
    mine.insert(mine.end(), theirs.begin(), theirs.end());
  }
  return mine;
}

}  // namespace gantry::queueing
