#include "controller/spread.h"

namespace gantry::controller {

namespace {

// FNV-1a, then the finalizer of SplitMix64: the first alone barely mixes what comes last, which is the node.
class Hash {
 public:
  void add(std::string_view text) {
    for (const char c : text) add_byte(static_cast<std::uint8_t>(c));
    add_byte(0);
  }
  void add(std::uint64_t number) {
    for (int i = 0; i < 8; ++i) add_byte(static_cast<std::uint8_t>(number >> (8 * i)));
  }
  std::uint64_t value() const {
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
  }

 private:
  void add_byte(std::uint8_t byte) { state_ = (state_ ^ byte) * 0x100000001b3u; }
  std::uint64_t state_ = 0xcbf29ce484222325u;
};

}  // namespace

raft::NodeId node_for(const BrokerIdentity& broker, std::span<const raft::NodeId> nodes) {
  Hash identity;
  identity.add(broker.cluster_name);
  identity.add(broker.broker_name);
  identity.add(static_cast<std::uint64_t>(broker.broker_id));
  raft::NodeId best = nodes.front();
  std::uint64_t best_value = 0;
  for (const raft::NodeId node : nodes) {
    Hash hash = identity;
    hash.add(node);
    if (const std::uint64_t value = hash.value(); value > best_value || (value == best_value && node < best)) {
      best = node;
      best_value = value;
    }
  }
  return best;
}

}  // namespace gantry::controller
