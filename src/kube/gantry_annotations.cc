#include "kube/gantry_annotations.h"

namespace gantry::kube {
namespace {

const Schema<Generator>& generator_schema() {
  static const Schema<Generator> schema = Schema<Generator>()
                                              .required("topic", &Generator::topic, word())
                                              .required("messages", &Generator::messages, integer(1, 100'000'000))
                                              .optional("body_size", &Generator::body_size_bytes, integer(0, 4 << 20))
                                              .optional("start_after", &Generator::start_after_ms, duration_ms())
                                              .optional("rate_per_s", &Generator::rate_per_s, integer(0, 10'000'000));
  return schema;
}

void read_generator(Reading& reading, const Node& node, GantryAnnotations& out) {
  generator_schema().read(reading, node, out.generator.emplace());
}

void read_embedded_broker(Reading& reading, const Node& node, GantryAnnotations& out) {
  boolean()(reading, node, out.embedded_broker);
}

void read_hpa_sync_period(Reading& reading, const Node& node, GantryAnnotations& out) {
  std::int64_t period_ms = 1;
  duration_ms()(reading, node, period_ms);
  if (period_ms == 0) return reading.expected(node, "a duration above 0");
  out.hpa_sync_period_ms = period_ms;
}

// A ScaledJob's annotations, and the template that one of them changes.
struct OfJob {
  GantryAnnotations& annotations;
  PodTemplate& pod;
};

}  // namespace

void read_gantry_annotations_of_scaled_object(Reading& reading, const Node& object, GantryAnnotations& out) {
  static const std::vector<Annotation<GantryAnnotations>> table = {{"gantry/generator", read_generator},
                                                                   {"gantry/hpa-sync-period", read_hpa_sync_period},
                                                                   {"gantry/embedded-broker", read_embedded_broker}};
  read_gantry_annotations(reading, object, table, out);
}

void read_gantry_annotations_of_scaled_job(Reading& reading, const Node& object, GantryAnnotations& out,
                                           PodTemplate& pod) {
  static const std::vector<Annotation<OfJob>> table = {
      {"gantry/generator", [](Reading& r, const Node& n, OfJob& job) { read_generator(r, n, job.annotations); }},
      {"gantry/embedded-broker",
       [](Reading& r, const Node& n, OfJob& job) { read_embedded_broker(r, n, job.annotations); }},
      {"gantry/local-command", [](Reading& r, const Node& n, OfJob& job) { read_local_command(r, n, job.pod); }}};
  OfJob both{out, pod};
  read_gantry_annotations(reading, object, table, both);
}

}  // namespace gantry::kube
