#include "raft/transport.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "raft/intake.h"
#include "raft/link.h"

namespace gantry::raft {

namespace asio = boost::asio;

namespace {
constexpr std::chrono::seconds kContestedWithin{5};
constexpr std::size_t kContestedFrom = 10;  // displacements: more than a bad network brings
}  // namespace

Transport::Transport(boost::asio::io_context& io, TransportConfig config, Received received, Unreachable unreachable)
    : io_(io), config_(std::move(config)), received_(std::move(received)), unreachable_(std::move(unreachable)) {}

Transport::~Transport() { stop(); }

void Transport::set_peers(const std::map<std::uint64_t, net::Endpoint>& peers) {
  if (stopped_) return;
  for (auto link = links_.begin(); link != links_.end();) {
    const auto peer = peers.find(link->first);
    if (peer != peers.end() && peer->second == link->second->endpoint()) {
      ++link;
      continue;
    }
    if (link->second->has_large()) tell_large(link->first, false);
    link->second->close();
    link = links_.erase(link);
  }
  for (const auto& [id, endpoint] : peers) {
    if (id != config_.self && !links_.contains(id)) links_.emplace(id, std::make_shared<Link>(*this, id, endpoint));
  }
}

void Transport::use_tls(std::shared_ptr<net::TlsContext> client, std::shared_ptr<net::TlsContext> server) {
  config_.client_tls = std::move(client);
  config_.server_tls = std::move(server);
}

void Transport::send(std::uint64_t to, std::string_view message) {
  const auto link = links_.find(to);
  if (link == links_.end()) {
    ++stats_.dropped;
    return;
  }
  const auto kept = link->second;
  kept->send(message);
}

void Transport::send_large(std::uint64_t to, std::string message) {
  const auto link = links_.find(to);
  if (link == links_.end() || message.size() > config_.large_bytes_max) {
    ++stats_.dropped;
    return tell_large(to, false);
  }
  const auto kept = link->second;
  kept->send_large(std::move(message));
}

void Transport::tell_large(std::uint64_t peer, bool delivered) {
  asio::post(io_, [this, alive = std::weak_ptr<bool>(alive_), peer, delivered] {
    if (!alive.expired() && !stopped_ && on_large_sent) on_large_sent(peer, delivered);
  });
}

void Transport::announced(std::uint64_t peer, std::uint32_t reads) {
  // ids are easily invented; one that is forgotten says it again with its next connection
  if (!links_.contains(peer) && reads_.size() >= links_.size() + config_.intakes_max)
    std::erase_if(reads_, [this](const auto& known) { return !links_.contains(known.first); });
  reads_[peer] = reads;
}

std::optional<std::uint32_t> Transport::reads(std::uint64_t peer) const {
  const auto known = reads_.find(peer);
  return known == reads_.end() ? std::nullopt : std::optional(known->second);
}

void Transport::flush() {
  for (const auto& [id, link] : std::map(links_)) link->flush();  // a copy: a link that breaks is told to the owner
}

void Transport::accept(boost::asio::ip::tcp::socket socket, const boost::asio::ip::tcp::endpoint& remote) {
  if (stopped_) return;
  if (intakes_.size() >= config_.intakes_max && !make_room()) {
    if (refused_log_.admit())
      spdlog::warn("raft: refused a connection of {}: {} are open", net::to_string(remote), intakes_.size());
    return;
  }
  const std::uint64_t number = ++next_intake_;
  auto intake = std::make_shared<Intake>(*this, number, std::move(socket), net::to_string(remote));
  intakes_.emplace(number, intake);
  intake->start();
}

bool Transport::make_room() {
  auto goes = std::ranges::find_if(intakes_, [](const auto& entry) { return !entry.second->from(); });  // oldest first
  if (goes == intakes_.end()) {
    goes =
        std::ranges::find_if(intakes_, [this](const auto& entry) { return !links_.contains(*entry.second->from()); });
  }
  if (goes == intakes_.end()) return false;
  const auto intake = goes->second;
  intake->refuse({Errc::resource_exhausted,
                  fmt::format("{} are open, and it is the oldest that is not of a known peer", intakes_.size())});
  return true;
}

void Transport::displaced(std::uint64_t peer, const std::string& former, const std::string& newer) {
  const auto now = std::chrono::steady_clock::now();
  if (displacements_.size() > config_.intakes_max) displacements_.clear();
  Displacements& its = displacements_[peer];
  if (its.count == 0 || now - its.since > kContestedWithin) its = {now, 0};
  if (++its.count < kContestedFrom) return;
  its.count = 0;
  ++stats_.contested;
  if (!contested_log_.admit()) return;
  const auto link = links_.find(peer);
  spdlog::error(
      "raft: two processes seem to be node {}: their connections, of {} and {}, drive each other out. Does a copy of "
      "its "
      "directory run? Stop the one that is not at {}",
      peer, former, newer, link == links_.end() ? "its address" : net::to_string(link->second->endpoint()));
}

void Transport::stop() {
  if (stopped_) return;
  stopped_ = true;
  for (auto& [id, link] : links_) link->close();
  links_.clear();
  while (!intakes_.empty()) {
    const auto intake = intakes_.begin()->second;
    intake->close();
  }
}

Transport::Stats Transport::stats() const {
  Stats stats = stats_;
  stats.intakes = intakes_.size();
  stats.connected = static_cast<std::size_t>(
      std::count_if(links_.begin(), links_.end(), [](const auto& link) { return link.second->is_open(); }));
  return stats;
}

}  // namespace gantry::raft
