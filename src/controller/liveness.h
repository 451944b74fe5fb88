// The book of heartbeats (904): which broker of which replica set was seen when, on which connection, with what data. It
// says who became silent, by a timer wheel: a heartbeat costs one look-up, and time passing costs only what is due.
//
// Values and time in, values out: no clock, no socket. Times are milliseconds of a monotonic clock. One replica set's
// brokers are kept together, so that the facts of a set are read in one place.
//
// A leader presumes more than it saw: until one heartbeat timeout after its own election a broker is not called silent,
// since it may just not have spoken to this node yet.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "controller/spread.h"
#include "replication/facts.h"
#include "replication/replica_set.h"

namespace gantry::controller {

using MonotonicMs = std::int64_t;

struct Heartbeat {
  std::string_view cluster_name;
  std::string_view broker_name;
  std::int64_t broker_id = 0;
  std::string_view address;  // brokerAddr: where the broker serves clients
  std::int32_t epoch = -1;
  std::int64_t max_offset = -1;
  std::int64_t timeout_ms = 10'000;
  std::int32_t priority = 2'147'483'647;
  std::uint64_t connection = 0;  // that it came on
};

struct LostBroker {
  enum class Why {
    connection_closed,
    silent,
    never_heard
  };  // never_heard: presumed alive at the election, for nothing
  std::string cluster_name;
  std::string broker_name;
  std::int64_t broker_id = 0;
  Why why = Why::silent;
};

class Liveness {
 public:
  static constexpr std::size_t kBrokersMax =
      400'000;  // heartbeats of further ones are dropped; members have a place always
  static constexpr MonotonicMs kForgottenAfterMs = 600'000;  // of silence beyond its timeout, unless it is a member
  static constexpr std::int64_t kTimeoutMinMs = 100;         // shorter and longer ones are taken as these
  static constexpr std::int64_t kTimeoutMaxMs = 3'600'000;
  static constexpr MonotonicMs kSlotMs = 25;  // how late expire() may tell, at most, beside the time between its calls

  explicit Liveness(std::size_t brokers_max = kBrokersMax) : brokers_max_(brokers_max) {}

  enum class Seen { again, back, refused };  // back: it was not alive before; refused: kBrokersMax
  // member: of a replica set, whose number has a limit of its own. Need not be known at first: it counts when refused.
  Seen on_heartbeat(const Heartbeat& heartbeat, MonotonicMs now, bool member = false);

  // Its peer has ended the connection: the brokers whose newest heartbeats came on it are lost, at once.
  void on_closed(std::uint64_t connection, std::vector<LostBroker>& lost);
  // It has ended, but not by the brokers' doing: they have the rest of their timeouts to be heard on another one.
  void on_dropped(std::uint64_t connection);

  // Who became silent since the last call; each loss is told once. To be called every kSlotMs or so.
  void expire(MonotonicMs now, std::vector<LostBroker>& lost);

  // This node leads: it judges nobody before a full timeout from now. `expect` names brokers that must be there (the
  // masters), so that one that was never heard is lost after default_timeout_ms.
  void lead(MonotonicMs now);
  void expect(std::string_view cluster_name, std::string_view broker_name, std::int64_t broker_id,
              std::int64_t default_timeout_ms, MonotonicMs now);
  // One of them that was heard before but not lately has spoken otherwise: it has a full timeout of its own to be heard.
  void returning(std::string_view cluster_name, std::string_view broker_name, std::int64_t broker_id, MonotonicMs now);
  void follow();

  bool alive(std::string_view cluster_name, std::string_view broker_name, std::int64_t broker_id,
             MonotonicMs now) const;
  // Of every member. The master also counts as alive while the leader only presumes it.
  std::vector<replication::BrokerFacts> facts(const replication::ReplicaSet& set, MonotonicMs now) const;
  // Where its heartbeats say that it serves; empty when it is not alive.
  std::string_view address(std::string_view cluster_name, std::string_view broker_name, std::int64_t broker_id,
                           MonotonicMs now) const;

  // Whose heartbeats come on the connection, of several anyone, the same each time; nullopt: nobody's. Valid until the
  // next change.
  std::optional<BrokerIdentity> identity(std::uint64_t connection) const;

  void forget(std::string_view cluster_name, std::string_view broker_name, std::int64_t broker_id);
  // Looks at the next `count` brokers, and forgets those that are silent since long and no members. To be called often.
  using IsMember = std::function<bool(std::string_view cluster_name, std::string_view broker_name, std::int64_t id)>;
  void forget_silent(MonotonicMs now, std::size_t count, const IsMember& is_member);
  std::size_t size() const { return brokers_.size() - free_.size(); }
  std::size_t alive_count(MonotonicMs now) const;

 private:
  static constexpr std::uint32_t kNone = 0xffff'ffff;
  static constexpr std::size_t kSlots = 1'024;

  // What facts() reads comes first, in one cache line: writes ask for the facts of sets at random.
  struct alignas(64) Broker {
    std::int64_t id = 0;
    MonotonicMs last_seen = 0;
    std::int64_t timeout_ms = 0;
    MonotonicMs presumed_until = 0;
    std::int64_t max_offset = -1;
    std::int32_t epoch = -1;
    std::int32_t priority = 0;
    bool heard = false;            // ever
    bool closed = true;            // its connection has ended; also before its first heartbeat
    bool told = false;             // its loss was
    std::uint32_t generation = 0;  // of this place in brokers_
    std::uint64_t connection = 0;
    const std::string* set = nullptr;  // the key in sets_; null: free
    std::string address;
    MonotonicMs due = -1;  // when the wheel looks at it; -1: it does not
  };
  struct Place {
    std::uint32_t broker = kNone;
    std::uint32_t generation = 0;
    MonotonicMs due = 0;
  };
  struct KeyHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>{}(key); }
  };
  using Sets = std::unordered_map<std::string, std::vector<std::uint32_t>, KeyHash, std::equal_to<>>;

  std::string_view key(std::string_view cluster_name, std::string_view broker_name) const;
  std::uint32_t find(std::string_view cluster_name, std::string_view broker_name, std::int64_t broker_id) const;
  std::uint32_t add(std::string_view cluster_name, std::string_view broker_name, std::int64_t broker_id);
  void remove(std::uint32_t index);
  bool alive(const Broker& broker, MonotonicMs now) const {
    return !broker.closed && now <= broker.last_seen + broker.timeout_ms;
  }
  MonotonicMs deadline(const Broker& broker) const;
  void begin(MonotonicMs now);
  void presume(std::uint32_t index, MonotonicMs until);  // to be alive; a loss is told once more after it
  void schedule(std::uint32_t index, MonotonicMs due);
  void take_off(std::uint32_t index);
  LostBroker lost(const Broker& broker, LostBroker::Why why) const;

  std::size_t brokers_max_;
  Sets sets_;  // by "cluster\0broker"
  std::vector<Broker> brokers_;
  std::vector<std::uint32_t> free_;
  std::size_t swept_ = 0;  // where forget_silent() goes on
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> connections_;
  std::array<std::vector<Place>, kSlots> wheel_;
  MonotonicMs turned_ = 0;  // slots before this time are done
  bool begun_ = false;      // turned_ is set
  bool leading_ = false;
  mutable std::string key_;  // of the look-up under way: its memory is used again
};

}  // namespace gantry::controller
