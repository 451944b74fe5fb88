// Counts the requests of each code and how they ended, and times them. On the service's thread; a counted request costs
// an addition or two, a timed one two readings of the clock beside. Heartbeats are counted alone: nobody waits for them.
#pragma once

#include <cstdint>
#include <vector>

#include "prometheus/histogram.h"
#include "remoting/server.h"

namespace gantry::controller {

class RequestMeter final : public remoting::ReplyObserver {
 public:
  // As the Java controller tells them apart: decided, whatever was decided; not decided; nobody knows (2015).
  enum class Ending { success, failed, timeout };
  static constexpr std::size_t kEndings = 3;
  struct Kind {
    std::uint64_t ended[kEndings] = {};
    prometheus::LatencyHistogram<> latency;
  };

  explicit RequestMeter(std::size_t kinds) : kinds_(kinds) {}

  // The request is of that kind, a place in [0, kinds).
  void begin(remoting::Request& request, std::uint32_t kind, bool timed);
  void answered(std::uint32_t kind, std::int64_t since_us, std::int32_t code) override;

  const std::vector<Kind>& kinds() const { return kinds_; }
  static Ending ending_of(std::int32_t code);

 private:
  std::vector<Kind> kinds_;
};

}  // namespace gantry::controller
