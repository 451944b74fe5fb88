// Carries Raft messages between the nodes of a group. To each peer one connection of ours is open, and opened again for
// as long as there is something to say; from each peer one comes in by accept(). Raft repeats what is lost, so nothing
// is ever waited for: what cannot be sent is dropped and said by `unreachable`. Lives on one io_context that is run by
// one thread; everything here is called there.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "net/endpoint.h"
#include "net/log_limit.h"
#include "net/tls.h"

namespace gantry::raft {

class Intake;
class Link;

struct TransportConfig {
  std::uint64_t self = 0;   // our node's id
  std::string group;        // nodes of other groups are refused; at most kGroupNameMax bytes
  std::uint32_t reads = 1;  // the highest version that we understand (frames.h), at most 255: peers are told
  std::size_t message_bytes_max = 64 * 1024 * 1024;
  std::size_t large_bytes_max = 1024 * 1024 * 1024;  // of a message in pieces; one at a time from and to each peer
  std::size_t piece_bytes = 256 * 1024;
  std::size_t unsent_bytes_max = 128 * 1024 * 1024;  // to one peer; further messages are dropped
  // Of parts of messages from all who connect; who asks for more is closed. A leader's snapshot, and another one's that was cut
  // off, fit.
  std::size_t held_bytes_max = std::size_t{1536} * 1024 * 1024;
  // Connections that come in. At the limit the oldest one that has not said who it is makes room, then one of a node that is
  // none of the peers; when all are of peers the new one is closed.
  std::size_t intakes_max = 64;
  std::chrono::milliseconds connect_timeout{500};  // a first packet that is lost is repeated by TCP only after a second
  std::chrono::milliseconds retry_after{100};      // the wait after a connection was lost or refused
  // Sent bytes that stay unacknowledged for that long: the connection is given up, since a new one is through at once
  // when the network heals, and TCP's own repetition only after seconds.
  std::chrono::milliseconds unacknowledged_max{1'500};
  std::chrono::milliseconds hello_timeout{5'000};  // for what comes before the first frame
  // Both or none: then every connection is TLS, and with a CA on the server's side nobody without a certificate of it
  // comes in.
  std::shared_ptr<net::TlsContext> client_tls;
  std::shared_ptr<net::TlsContext> server_tls;
};

class Transport {
 public:
  using Received = std::function<void(std::uint64_t from, std::string_view message)>;
  using Unreachable = std::function<void(std::uint64_t peer)>;

  Transport(boost::asio::io_context& io, TransportConfig config, Received received, Unreachable unreachable);
  ~Transport();  // stop()
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // Who is where; ourselves are skipped. Connections to who is no longer there are closed.
  void set_peers(const std::map<std::uint64_t, net::Endpoint>& peers);
  // Gathered, and written at the end of the turn. To an unknown peer: dropped.
  void send(std::uint64_t to, std::string_view message);
  // One that may be larger than a frame: goes in pieces, other messages between them, so it may come after later ones. Its fate
  // is told to on_large_sent, later: false when it surely does not arrive whole, or another one is on its way.
  void send_large(std::uint64_t to, std::string message);
  std::function<void(std::uint64_t peer, bool delivered)> on_large_sent;
  // A peer has said which version it understands; the newest word of each is kept; of others,
  // which may become peers, while they are few.
  std::function<void()> on_announced;
  std::optional<std::uint32_t> reads(std::uint64_t peer) const;
  // Whether the node with this id may speak to us; everyone may when it is not set. Ids prove nothing, certificates do.
  std::function<bool(std::uint64_t from)> admits;
  // What was gathered is given to the kernel now, as far as it takes it: for a caller that will be busy, as with a disk.
  void flush();
  // In place of those of the configuration, for connections that begin from now on. All are set, or none.
  void use_tls(std::shared_ptr<net::TlsContext> client, std::shared_ptr<net::TlsContext> server);
  // A connection whose first byte was kMagic's, unread; of this io_context.
  void accept(boost::asio::ip::tcp::socket socket, const boost::asio::ip::tcp::endpoint& remote);
  void stop();  // idempotent; nothing is called back after it

  struct Stats {
    std::size_t connected = 0;    // of our connections, those that are open
    std::size_t intakes = 0;      // connections that came in and are open
    std::uint64_t dropped = 0;    // messages that could not be sent
    std::uint64_t sent = 0;       // messages handed to connections
    std::uint64_t received = 0;   // messages that came whole
    std::uint64_t contested = 0;  // times that a peer's connections were found to drive each other out
  };
  Stats stats() const;

 private:
  friend class Intake;
  friend class Link;

  boost::asio::io_context& io_;
  TransportConfig config_;
  Received received_;
  Unreachable unreachable_;
  std::map<std::uint64_t, std::shared_ptr<Link>> links_;
  std::map<std::uint64_t, std::shared_ptr<Intake>> intakes_;  // by a number of our own
  void tell_large(std::uint64_t peer, bool delivered);        // later

  bool make_room();
  // A peer has come again while its former connection was open. One process does so now and then, when the network lost the
  // former; two with the same id do it without end, and each drives the other out.
  void displaced(std::uint64_t peer, const std::string& former, const std::string& newer);

  void announced(std::uint64_t peer, std::uint32_t reads);

  std::map<std::uint64_t, std::uint32_t> reads_;      // of peers, and of at most intakes_max others
  std::map<std::uint64_t, std::uint64_t> intake_of_;  // peer -> the newest of its intakes
  std::uint64_t next_intake_ = 0;
  struct Displacements {
    std::chrono::steady_clock::time_point since;
    std::size_t count = 0;
  };
  std::map<std::uint64_t, Displacements> displacements_;  // of peers that have intakes
  net::LogLimit contested_log_{std::chrono::seconds(30)};
  std::size_t held_bytes_ = 0;
  Stats stats_;
  net::LogLimit refused_log_;
  bool stopped_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>();
};

}  // namespace gantry::raft
