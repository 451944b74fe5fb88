#include "controller/java_properties.h"

#include <algorithm>
#include <cstdlib>

#include "base/near_name.h"
#include "controller/peer_list.h"
#include "controller/properties.h"

namespace gantry::controller {

namespace {

// Setters of ControllerConfig, JraftConfig, NettyServerConfig and NettyClientConfig that tune the Java process, each by
// its name: a beginning that they share would pass typing errors. Then those of the other form of the file.
constexpr std::string_view kWithoutEffect[] = {"scanNotActiveBrokerInterval",
                                               "scanInactiveMasterInterval",
                                               "controllerThreadPoolNums",
                                               "controllerRequestThreadPoolQueueCapacity",
                                               "mappedFileSize",
                                               "electMasterMaxRetryCount",
                                               "isProcessReadEvent",
                                               "processReadEvent",
                                               "rocketmqHome",
                                               "configStorePath",
                                               "metricsExporterType",
                                               "metricsGrpcExporterTarget",
                                               "metricsGrpcExporterHeader",
                                               "metricGrpcExporterTimeOutInMills",
                                               "metricGrpcExporterIntervalInMills",
                                               "metricLoggingExporterIntervalInMills",
                                               "metricsPromExporterPort",
                                               "metricsPromExporterHost",
                                               "metricsLabel",
                                               "metricsInDelta",
                                               "jRaftElectionTimeoutMs",
                                               "jRaftScanWaitTimeoutMs",
                                               "jRaftSnapshotIntervalSecs",
                                               "listenPort",
                                               "bindAddress",
                                               "serverWorkerThreads",
                                               "serverCallbackExecutorThreads",
                                               "serverSelectorThreads",
                                               "serverOnewaySemaphoreValue",
                                               "serverAsyncSemaphoreValue",
                                               "serverChannelMaxIdleTimeSeconds",
                                               "serverSocketSndBufSize",
                                               "serverSocketRcvBufSize",
                                               "serverSocketBacklog",
                                               "serverNettyWorkerGroupEnable",
                                               "serverPooledByteBufAllocatorEnable",
                                               "writeBufferHighWaterMark",
                                               "writeBufferLowWaterMark",
                                               "enableShutdownGracefully",
                                               "shutdownWaitTimeSeconds",
                                               "useEpollNativeSelector",
                                               "clientWorkerThreads",
                                               "clientCallbackExecutorThreads",
                                               "clientOnewaySemaphoreValue",
                                               "clientAsyncSemaphoreValue",
                                               "clientChannelMaxIdleTimeSeconds",
                                               "clientSocketSndBufSize",
                                               "clientSocketRcvBufSize",
                                               "clientPooledByteBufAllocatorEnable",
                                               "clientCloseSocketIfTimeout",
                                               "connectTimeoutMillis",
                                               "channelNotActiveInterval",
                                               "scanAvailableNameSrv",
                                               "circuitBreakerEnable",
                                               "circuitBreakerRecoverSecond",
                                               "circuitBreakerDegradeRuleCount",
                                               "circuitBreakerDegradeRuleSecond",
                                               "useTLS",
                                               "socksProxyConfig",
                                               "disableCallbackExecutor",
                                               "disableNettyWorkerGroup",
                                               "maxReconnectIntervalTimeSeconds",
                                               "enableReconnectForGoAway",
                                               "enableTransparentRetry",
                                               "controllerDLegerGroup",
                                               "controllerDLegerPeers",
                                               "controllerDLegerSelfId",
                                               "jRaftGroupId",
                                               "jRaftServerId",
                                               "jRaftInitConf",
                                               "jRaftControllerRPCAddr"};

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto end = text.find_first_of(separators);
    std::string_view word = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

// The properties, and what was taken of them.
class Taker {
 public:
  Taker(std::string_view text, std::string_view file) : all_(parse_numbered_properties(text)), file_(file) {}

  std::string take(std::string_view name, std::string_view otherwise = {}) {
    auto node = all_.find(name);
    if (node == all_.end()) return std::string(otherwise);
    std::string value = std::move(node->second.value);
    lines_.insert_or_assign(std::string(name), node->second.line);
    all_.erase(node);
    while (value.ends_with(' ')) value.pop_back();
    return value;
  }
  Result<bool> take_bool(std::string_view name, bool otherwise) {
    const std::string value = take(name, otherwise ? "true" : "false");
    if (value == "true" || value == "false") return value == "true";
    return fail(Errc::invalid_argument, "{}: {}: expected true or false, got {}", place(name), name, value);
  }
  std::unexpected<Error> wrong(std::string_view name, std::string_view expected, std::string_view got) const {
    return fail(Errc::invalid_argument, "{}: {}: expected {}, got \"{}\"", place(name), name, expected, got);
  }
  // "controller.properties:3" of one that was taken; the file alone of one that is not there.
  std::string place(std::string_view name) const {
    const auto line = lines_.find(name);
    return line == lines_.end() ? std::string(file_) : fmt::format("{}:{}", file_, line->second);
  }
  const NumberedProperties& rest() const { return all_; }

 private:
  NumberedProperties all_;
  std::map<std::string, std::size_t, std::less<>> lines_;  // of those that were taken
  std::string_view file_;
};

Result<void> read_dledger(Taker& properties, Config& config) {
  config.group = properties.take("controllerDLegerGroup", "gantry-controller");
  const std::string peers = properties.take("controllerDLegerPeers");
  config.self = properties.take("controllerDLegerSelfId");
  auto parsed = parse_peers(peers);
  if (!parsed) {
    return fail(Errc::invalid_argument, "{}: controllerDLegerPeers: {}", properties.place("controllerDLegerPeers"),
                parsed.error().message);
  }
  config.peers = std::move(*parsed);
  if (config.peers.empty())
    return properties.wrong("controllerDLegerPeers", "the controllers, as n0-host:port;n1-host:port", peers);
  if (!config.own())
    return properties.wrong("controllerDLegerSelfId", "the id of one of controllerDLegerPeers", config.self);
  return {};
}

Result<void> read_jraft(Taker& properties, Config& config) {
  config.group = properties.take("jRaftGroupId", "jRaft-Controller");
  const std::string raft = properties.take("jRaftInitConf");
  const std::string clients = properties.take("jRaftControllerRPCAddr");
  const std::string own = properties.take("jRaftServerId");
  const auto names = split(raft, ",");
  const auto addresses = split(clients, ",");
  if (names.empty()) return properties.wrong("jRaftInitConf", "the controllers, as host:port,host:port", raft);
  if (names.size() != addresses.size())
    return properties.wrong("jRaftControllerRPCAddr", fmt::format("{} addresses, as jRaftInitConf has", names.size()),
                            clients);
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto endpoint = net::parse_endpoint(addresses[i]);
    if (!endpoint) return properties.wrong("jRaftControllerRPCAddr", "host:port,host:port", addresses[i]);
    config.peers.push_back({std::string(names[i]), *endpoint});
  }
  config.self = own;
  if (!config.own()) return properties.wrong("jRaftServerId", "one of jRaftInitConf", own);
  return {};
}

constexpr std::string_view kTaken[] = {"controllerType", "controllerStorePath", "enableElectUncleanMaster",
                                       "notifyBrokerRoleChanged", "configBlackList"};

// Where there is something of ours in its place.
std::string advice_on(std::string_view name, std::string_view value) {
  if (name == "metricsPromExporterPort")
    return fmt::format("metrics for Prometheus are served, at /metrics, by the option --http :{}", value);
  if (name.starts_with("metrics")) return "metrics for Prometheus are served, at /metrics, by the option --http";
  return {};
}

// A fifth of the letters may be wrong: "controllerAddr", of brokers, is not meant for "controllerType".
std::string meant_by(std::string_view name) {
  std::vector<std::string_view> known(std::begin(kWithoutEffect), std::end(kWithoutEffect));
  known.insert(known.end(), std::begin(kTaken), std::end(kTaken));
  const std::string_view nearest = nearest_name(name, known, std::max<std::size_t>(2, name.size() / 5));
  return nearest.empty() ? std::string() : fmt::format("did you mean {}?", nearest);
}

bool is_known(std::string_view name) { return std::ranges::find(kWithoutEffect, name) != std::end(kWithoutEffect); }

// Behind an error that may come of it: "; f:3: controllerDLegerPeer is unknown: did you mean controllerDLegerPeers?"
std::string misspelt(const NumberedProperties& rest, std::string_view file) {
  std::string all;
  for (const auto& [name, property] : rest) {
    if (is_known(name)) continue;
    if (const std::string advice = meant_by(name); !advice.empty())
      all += fmt::format("; {}:{}: {} is unknown: {}", file, property.line, name, advice);
  }
  return all;
}

}  // namespace

Result<JavaConfig> read_java_properties(std::string_view text, std::string_view file) {
  Taker properties(text, file);
  JavaConfig java;
  Config& config = java.config;
  const std::string type = properties.take("controllerType", "DLedger");
  if (type != "DLedger" && type != "jRaft") return properties.wrong("controllerType", "DLedger or jRaft", type);
  if (auto read = type == "jRaft" ? read_jraft(properties, config) : read_dledger(properties, config); !read)
    return fail(read.error().code, "{}{}", read.error().message, misspelt(properties.rest(), file));

  const char* home = std::getenv("HOME");
  const std::string directory =
      properties.take("controllerStorePath", fmt::format("{}/{}Controller", home ? home : "/tmp", type));
  // beside the Java controller's own files, which stay as they are for the way back
  std::string folder = "gantry-" + config.self;
  std::ranges::replace(folder, ':', '-');
  config.data_directory = directory + "/" + folder;

  auto unclean = properties.take_bool("enableElectUncleanMaster", config.unclean_election);
  if (!unclean) return std::unexpected(unclean.error());
  config.unclean_election = *unclean;
  auto notify = properties.take_bool("notifyBrokerRoleChanged", config.notify_role_changed);
  if (!notify) return std::unexpected(notify.error());
  config.notify_role_changed = *notify;
  for (const std::string_view name : split(properties.take("configBlackList"), ";"))
    config.config_black_list.emplace_back(name);

  for (const auto& [name, property] : properties.rest()) {
    if (is_known(name)) {
      java.without_effect.push_back({name, property.line, advice_on(name, property.value)});
    } else {
      java.unknown.push_back({name, property.line, meant_by(name)});
    }
  }
  return java;
}

}  // namespace gantry::controller
