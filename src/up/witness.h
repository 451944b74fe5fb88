// What workers do, as far as it tells what became of messages: their lines, how they end, and whether somebody else is
// in their groups. It goes into a DeliveryTally.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lag/reading.h"
#include "lag/source.h"
#include "up/delivery_tally.h"
#include "workload/deployment.h"

namespace gantry::up {

// The group that a deployment's workers consume as, for all we know: that of the first trigger which scales it; its own
// name when there is none.
std::string consumer_group_of(const kube::Manifest& manifest, const kube::Deployment& deployment);

// How many consumers each group has by the readings of one sample, as far as they say so. A group that reads several
// topics has a reading for each of them, and all of these see the same consumers.
std::map<std::string, std::int64_t> consumers_by_group(const std::vector<lag::LagQuery>& watched,
                                                       const std::vector<Result<lag::LagReading>>& readings);

class Witness {
 public:
  explicit Witness(std::shared_ptr<DeliveryTally> tally) : tally_(std::move(tally)) {}

  // Listens to all that is started from the template with these options, a Deployment's or a JobSet's.
  template <class Options>
  void watch(const std::string& group, const kube::PodTemplate& pod, Options& options) {
    options.on_line = line_listener(group);
    options.on_end = end_listener(group, pod);
  }
  // Once a sample and group: so many processes of the group exist, and the broker counts so many consumers.
  void count(const std::string& group, std::int64_t processes, std::int64_t consumers);

 private:
  using LineListener = std::function<void(std::string_view, std::string_view line)>;
  using EndListener = std::function<void(std::string_view, const workload::Exit& exit)>;
  LineListener line_listener(const std::string& group) const;
  EndListener end_listener(const std::string& group, const kube::PodTemplate& pod) const;

  struct Head {
    std::int64_t processes = 0;  // at the last sample
    bool crowded = false;        // there were more consumers than that
  };

  std::shared_ptr<DeliveryTally> tally_;
  std::map<std::string, Head> heads_;  // by group
};

}  // namespace gantry::up
