// The Java controller's controller.properties as our configuration, so that a team moves by changing nothing. Rule:
// org.apache.rocketmq.common.ControllerConfig and JraftConfig.
//
//   DLedger (controllerType=DLedger, the default)
//     controllerDLegerGroup, controllerDLegerPeers=n0-host:port;n1-host:port, controllerDLegerSelfId=n0
//   JRaft (controllerType=jRaft)
//     jraftConfig.jRaftGroupId, jRaftInitConf=host:raftPort,... jRaftServerId=host:raftPort and
//     jRaftControllerRPCAddr=host:port,...: clients and our peers use the latter, in the order of jRaftInitConf
//   both
//     controllerStorePath, enableElectUncleanMaster, notifyBrokerRoleChanged, configBlackList
//   what tunes the Java process alone (thread pools, mapped files, scan intervals, its exporter) is accepted and listed
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "controller/config.h"

namespace gantry::controller {

struct JavaConfig {
  struct Left {  // not taken
    std::string name;
    std::size_t line = 0;
    std::string advice{};  // of one that is unknown: which known name is meant; may be empty

    bool operator==(const Left&) const = default;
  };
  Config config;
  std::vector<Left> without_effect;  // known to the Java controller, of no use here
  std::vector<Left> unknown;         // known to neither: of another part, or a typing error where there is advice
};

// `file`: named in errors, which name the property, its value and what was expected.
Result<JavaConfig> read_java_properties(std::string_view text, std::string_view file);

}  // namespace gantry::controller
