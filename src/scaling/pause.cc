#include "scaling/pause.h"

#include "base/parse_number.h"

namespace gantry::scaling {
namespace {

bool is_on(const std::map<std::string, std::string>& annotations, std::string_view name) {
  const auto found = annotations.find(std::string(name));
  if (found == annotations.end()) return false;
  for (std::string_view off : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (found->second == off) return false;
  }
  return true;
}

}  // namespace

Result<PauseSpec> pause_from_annotations(const std::map<std::string, std::string>& annotations) {
  PauseSpec pause;
  pause.paused = is_on(annotations, kPausedAnnotation);
  pause.scale_in_paused = is_on(annotations, kPausedScaleInAnnotation);
  pause.scale_out_paused = is_on(annotations, kPausedScaleOutAnnotation);
  pause.force_activation = is_on(annotations, kForceActivationAnnotation);
  if (const auto found = annotations.find(std::string(kPausedReplicasAnnotation)); found != annotations.end()) {
    const std::string& text = found->second;
    int32_t count = 0;
    if (!parse_number(text, count) || count < 0) {
      return fail(Errc::invalid_argument, "{}: expected a whole number of 0 or more, got \"{}\"",
                  kPausedReplicasAnnotation, text);
    }
    pause.paused_replicas = count;
  }
  return pause;
}

}  // namespace gantry::scaling
