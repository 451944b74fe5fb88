// How a controller comes to take part in its group, from the directory that it starts with to the Raft thread: it founds the
// group with its peers, is taken in by one, or goes on as the member that it was; but not while another process has its
// directory, or a copy of it, under the same name. Lives on the service's thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "controller/certificates.h"
#include "controller/config.h"
#include "controller/directory_lock.h"
#include "controller/founding.h"
#include "controller/identity.h"
#include "controller/raft_thread.h"
#include "controller/twins.h"
#include "controller/view.h"
#include "remoting/client.h"

namespace gantry::controller {

class Participation {
 public:
  struct Env {
    std::function<void(raft::NodeId self)> takes_part;  // once; raft() is there from now on
    std::function<void(const Error&)> failed;           // this node cannot go on
  };

  // All must outlive it. The listener is told what the log says; gauges are filled by the Raft thread.
  Participation(boost::asio::io_context& io, remoting::Client& client, const Config& config,
                const WatchedCertificates& certificates, std::shared_ptr<RaftGauges> gauges, LogListener& listener,
                Env env);

  // Takes the directory and, of a member, opens its log. Errors name the file and what to do.
  Result<void> open();
  void start();  // asks the peers, when it is of no group; the server must answer by now
  void stop();   // waits for the Raft thread, which may be writing to the disk; idempotent

  RaftThread* raft() { return raft_.get(); }  // null: takes no part
  void use_certificates();                    // what is current counts for connections from now on
  const Identity& identity() const { return identity_; }
  Twins& twins() { return twins_; }

  // An operator says that silent peers have no data, nor will have. Errors: why not even so.
  Result<void> force_founding();

  void members_changed(const raft::Members& members);  // as the log says it
  bool removed(const raft::Members& members) const;    // from the group

  void describe(NodeView& view, const raft::Members& members) const;  // what concerns belonging

 private:
  RaftThreadConfig raft_config() const;
  Result<void> begin(RaftThreadConfig config);
  void take_part(raft::NodeId self);
  void form(std::map<std::string, std::string> tokens);
  void join(const Invitation& invitation);
  Result<void> store() const { return store_identity(config_.data_directory, identity_); }

  boost::asio::io_context& io_;
  remoting::Client& client_;
  const Config& config_;
  const WatchedCertificates& certificates_;
  std::shared_ptr<RaftGauges> gauges_;
  LogListener& listener_;
  Env env_;
  Identity identity_;
  std::optional<DirectoryLock> lock_;
  std::optional<Founding> founding_;
  Twins twins_;
  std::unique_ptr<RaftThread> held_;  // until twins_ lets it take part
  std::unique_ptr<RaftThread> raft_;
};

}  // namespace gantry::controller
