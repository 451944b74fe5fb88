// The settings that mqadmin reads and changes while the controller runs (1009, 1010), under the Java controller's names.
// A change is this node's own, as in Java, and is gone with the process unless it is in the configuration too.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "controller/config.h"

namespace gantry::controller {

class LiveSettings {
 public:
  // black_list: names that may not be changed from afar, beside those that never may (configBlackList).
  explicit LiveSettings(const Config& config);

  std::string text() const;  // "name=value\n", ascending by name

  // Lines as of a Java properties file. permission_denied: one of the names may not be changed; invalid_argument: a value
  // is none; then nothing changes. Names that are not ours are passed over, as Java does; they are returned.
  Result<std::vector<std::string>> update(std::string_view properties);

  bool unclean_election() const { return get_bool("enableElectUncleanMaster"); }
  bool notify_role_changed() const { return get_bool("notifyBrokerRoleChanged"); }
  std::function<void()> on_change;

 private:
  bool get_bool(std::string_view name) const { return values_.find(name)->second == "true"; }

  std::map<std::string, std::string, std::less<>> values_;
  std::vector<std::string> black_list_;
};

}  // namespace gantry::controller
