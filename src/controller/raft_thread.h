// Consensus on a thread of its own: the Raft group, its log on the disk, and the connections to the peers. It may wait
// for the disk; the service's thread never does. The two meet by post alone: questions in, answers out, in order. The file of
// a snapshot, which is large, is written and synced on a second one that does nothing else, so that the log does not wait for it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "controller/raft_gauges.h"
#include "controller/replicated_log.h"
#include "raft/group.h"
#include "raft/transport.h"

namespace gantry::controller {

struct RaftThreadConfig {
  raft::NodeId id = 0;
  raft::Members founding;  // with whom an empty store begins, when it may
  bool form = false;       // it may: formation.h
  raft::Members
      seeds;  // of a node that joins: whom it answers until the log tells it the members; its log may be missing
  // Called in open(), after what the group begins with was written and before anything is promised to a peer.
  std::function<Result<void>()> formed;
  std::string directory;  // of the log; made when it is not there
  raft::GroupConfig group;
  raft::TransportConfig transport;
  std::chrono::milliseconds tick = kRaftTick;
  std::shared_ptr<RaftGauges> gauges = std::make_shared<RaftGauges>();  // filled by the thread
};

class RaftThread final : public ReplicatedLog {
 public:
  // Opens the log (here, before it returns). The listener is called on `service`, which is run by one thread, the one that
  // all of this class is used on; not any more after stop(). Errors name the file and what to do. Nothing is said to
  // anybody, and nothing answered, before take_part().
  static Result<std::unique_ptr<RaftThread>> open(boost::asio::io_context& service, RaftThreadConfig config,
                                                  LogListener& listener);
  void take_part();  // starts the thread; once
  // At which address the group knows this node, as the log said when it was opened; empty: it does not.
  const std::string& own_address() const;
  ~RaftThread() override;  // stop()

  void propose(Token token, std::string entry) override;
  void read(Token token) override;
  void applied(raft::Index index) override;
  void snapshot(raft::Index index, std::string bytes) override;

  // A peer's connection, its first bytes unread.
  void accept(boost::asio::ip::tcp::socket socket, const boost::asio::ip::tcp::endpoint& remote);

  // In place of those of the configuration, for connections that begin from now on; not before take_part().
  void use_tls(std::shared_ptr<net::TlsContext> client, std::shared_ptr<net::TlsContext> server);

  using StatusCallback = std::function<void(const raft::GroupStatus&)>;
  void status(StatusCallback done);
  void status_after_snapshots(StatusCallback done);  // once those given to snapshot() are on the disk, or failed
  using Proposed = std::function<void(const Result<raft::Proposal>&)>;
  void change(raft::MemberChange change, Proposed done);  // done: where it will stand if it is committed
  using Done = std::function<void(const Result<void>&)>;
  void transfer(raft::NodeId to, Done done);  // done: it was begun

  void stop();  // waits for the thread, which may be writing to the disk; idempotent

 private:
  class Impl;
  explicit RaftThread(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gantry::controller
