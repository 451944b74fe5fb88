// The requests that brokers and operators make of a controller, typed: who leads, what a replica set looks like, and the
// changes of it. Works with the Java controllers (DLedger, JRaft) and with ours. One client lives on one io_context that
// is run by one thread; every call is made there.
//
// `address` is where to ask ("host:port"). Empty: the leader, found by 1005 at the endpoints and remembered. A leader
// that says that it is none (2007), or is not to be reached, is forgotten; after 2007, which is refused before anything
// is done, the request is made once more of the leader that is found then. Nothing else is sent twice: a change whose
// answer did not come may have been made.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "remoting/client.h"
#include "wire/bodies/controller.h"
#include "wire/command.h"
#include "wire/headers/controller.h"
#include "wire/signature.h"

namespace gantry::rocketmq {

// response_code: what the controller answered (wire/codes.h); absent when there was no answer, or none to be read: then
// whether a change was made is unknown.
struct ControllerError {
  std::optional<std::int32_t> response_code;
  Error error;
};

template <class T>
using ControllerResult = std::expected<T, ControllerError>;

struct ControllerClientConfig {
  std::string endpoints = "127.0.0.1:9878";  // "host:port;host:port" of all controllers that are known
  std::optional<wire::Credentials> credentials;
  std::shared_ptr<net::TlsContext> tls;
  std::chrono::milliseconds connect_timeout{1'000};
  std::chrono::milliseconds request_timeout{3'000};  // as Java's brokers
};

// The master's parts are absent while there is none.
struct ReplicaInfo {
  wire::GetReplicaInfoResponseHeader master;
  wire::SyncStateSet in_sync;
};

struct AlteredSyncStateSet {
  std::int32_t epoch = 0;
  wire::SyncStateSet in_sync;
};

// changed: false when the old master stays (2011), which is no failure.
struct ElectedMaster {
  bool changed = false;
  wire::ElectMasterResponseHeader master;
  wire::ElectMasterResponseBody body;
};

struct RegisteredBroker {
  wire::RegisterBrokerToControllerResponseHeader master;
  wire::SyncStateSet in_sync;
};

// A broker that has no id yet, in the words of 1012, 1013 and 1003.
struct NewBroker {
  std::string cluster_name;
  std::string broker_name;
  std::string broker_address;
  std::string register_check_code;  // ADDRESS;MILLISECONDS, kept over restarts: the same one gets the same id again
};

struct JoinedBroker {
  std::int64_t broker_id = 0;
  RegisteredBroker registered;
};

class ControllerClient {
 public:
  template <class T>
  using Awaitable = boost::asio::awaitable<ControllerResult<T>>;

  // Fails with invalid_argument when the endpoints cannot be read.
  static Result<std::shared_ptr<ControllerClient>> create(boost::asio::io_context& io, ControllerClientConfig config);

  // 1005 of one controller.
  Awaitable<wire::GetMetaDataResponseHeader> metadata(std::string address);
  // Asks the endpoints in turn, the one that answered last first, and remembers the leader that one names. unavailable:
  // none answered, or all said that there is no leader; the message says of each which.
  Awaitable<std::string> find_leader();
  void forget_leader() { leader_.clear(); }

  Awaitable<ReplicaInfo> replica_info(std::string broker_name, std::string address = {});  // 1004
  Awaitable<wire::BrokerReplicasInfo> sync_state_data(wire::BrokerNames broker_names,
                                                      std::string address = {});  // 1006
  Awaitable<AlteredSyncStateSet> alter_sync_state_set(wire::AlterSyncStateSetRequestHeader header,
                                                      wire::SyncStateSet body, std::string address = {});       // 1001
  Awaitable<ElectedMaster> elect_master(wire::ElectMasterRequestHeader header, std::string address = {});       // 1002
  Awaitable<std::int64_t> next_broker_id(wire::GetNextBrokerIdRequestHeader header, std::string address = {});  // 1012
  Awaitable<void> apply_broker_id(wire::ApplyBrokerIdRequestHeader header, std::string address = {});           // 1013
  Awaitable<RegisteredBroker> register_broker(wire::RegisterBrokerToControllerRequestHeader header,
                                              std::string address = {});  // 1003
  // 1012, 1013 and 1003 one after the other, as a broker that starts for the first time.
  Awaitable<JoinedBroker> join(NewBroker broker, std::string address = {});
  Awaitable<void> clean_broker_data(wire::CleanControllerBrokerDataRequestHeader header,
                                    std::string address = {});  // 1011
  // 1010 and 1009: settings of one controller, Java properties. Values are the text after the first '='.
  Awaitable<std::map<std::string, std::string>> config(std::string address);
  Awaitable<void> update_config(std::string address, std::map<std::string, std::string> properties);

  // 904 of one controller, one-way: whether it arrived is not said. Brokers send it to every controller.
  void heartbeat(std::string address, const wire::BrokerHeartbeatRequestHeader& header);

  const std::vector<std::string>& endpoints() const { return endpoints_; }
  remoting::Client& remoting() { return *client_; }
  void stop() { client_->stop(); }

 private:
  ControllerClient(boost::asio::io_context& io, ControllerClientConfig config, std::vector<std::string> endpoints);
  // A response other than SUCCESS, and `also` if given, is an error.
  Awaitable<wire::Command> call(std::string address, wire::Command request, std::optional<std::int32_t> also = {});
  Awaitable<wire::Command> call_one(std::string address, wire::Command request, std::optional<std::int32_t> also);

  ControllerClientConfig config_;
  std::vector<std::string> endpoints_;
  std::unique_ptr<remoting::Client> client_;
  std::string leader_;       // empty: not known
  std::size_t current_ = 0;  // the endpoint that is asked first: the one that answered last
};

}  // namespace gantry::rocketmq
