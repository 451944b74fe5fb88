#include "lag/held.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

namespace gantry::lag {
namespace {

std::string address_in(const std::string& text) {
  boost::system::error_code error;
  auto address = boost::asio::ip::make_address(text, error);
  if (error) return "";
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

// Queue -> the client, by index, that holds it.
std::map<QueueName, std::size_t> holders_of(const std::vector<GroupClient>& clients) {
  std::map<QueueName, std::size_t> holders;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    if (!clients[i].queues) continue;
    for (const auto& [queue, pulled_ms] : *clients[i].queues) {
      auto [holder, fresh] = holders.emplace(queue, i);
      if (!fresh && clients[holder->second].queues->at(queue) < pulled_ms) holder->second = i;
    }
  }
  return holders;
}

void add(ClientLag& client, const QueueReading& queue, const LagReading& reading) {
  ++client.queues;
  const auto unknown = [&] {
    client.unknown = reading.unknown.empty()
                         ? fmt::format("the lag of {} queue {} of {}", reading.topic, queue.queue_id, queue.broker)
                         : reading.unknown.front();
  };
  if (client.lag && queue.lag) {
    *client.lag += *queue.lag;
  } else {
    client.lag.reset();
  }
  if (client.oldest_age_ms && queue.oldest_age_ms) {
    client.oldest_age_ms = std::max(*client.oldest_age_ms, *queue.oldest_age_ms);
  } else {
    client.oldest_age_ms.reset();
  }
  if (!queue.lag || !queue.oldest_age_ms) unknown();
}

// The queue of `holders` is of a broker that did not answer.
void add_unread(ClientLag& client, const QueueName& queue) {
  ++client.queues;
  client.lag.reset();
  client.oldest_age_ms.reset();
  client.unknown = fmt::format("the lag of {} queue {} of {} was not read", queue.topic, queue.queue_id, queue.broker);
}

}  // namespace

HeldLag hold(const std::vector<LagReading>& readings, const GroupClients& clients) {
  HeldLag held;
  held.pop = clients.pop || std::ranges::any_of(readings, &LagReading::pop);
  if (held.pop) return held;
  auto holders = holders_of(clients.clients);
  for (const GroupClient& client : clients.clients) {
    ClientLag& lag = held.clients.emplace_back();
    lag.client_id = client.client_id;
    lag.addresses = client.addresses;
    if (client.queues) {
      lag.lag = 0;
      lag.oldest_age_ms = 0;
    } else {
      lag.unknown = client.why;
    }
  }
  std::size_t waiting = 0;
  for (const LagReading& reading : readings) {
    for (const QueueReading& queue : reading.queues) {
      const auto holder = holders.find({reading.topic, queue.broker, queue.queue_id});
      if (holder == holders.end()) {
        ++held.queues_without_client;
        if (queue.lag != 0) ++waiting;
        continue;
      }
      add(held.clients[holder->second], queue, reading);
      holders.erase(holder);
    }
  }
  for (const auto& [queue, client] : holders) {
    if (std::ranges::find(readings, queue.topic, &LagReading::topic) == readings.end()) continue;
    add_unread(held.clients[client], queue);
  }
  if (std::ranges::all_of(clients.clients, [](const GroupClient& client) { return client.queues.has_value(); })) {
    held.waiting_without_client = waiting;
  }
  return held;
}

std::string address_of_remote(const std::string& remote) {
  std::string text = remote.starts_with('/') ? remote.substr(1) : remote;
  if (text.starts_with('[')) return address_in(text.substr(1, text.find(']') - 1));
  const std::size_t colon = text.rfind(':');
  const std::string host = colon == std::string::npos ? text : text.substr(0, colon);
  return address_in(host);
}

std::string address_of_client_id(const std::string& client_id) {
  const std::size_t at = client_id.find('@');
  return at == std::string::npos ? "" : address_in(client_id.substr(0, at));
}

}  // namespace gantry::lag
