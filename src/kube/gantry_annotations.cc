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

const std::vector<Annotation<GantryAnnotations>>& table() {
  static const std::vector<Annotation<GantryAnnotations>> rows = {
      {"gantry/generator", [](Reading& r, const Node& n,
                              GantryAnnotations& out) { generator_schema().read(r, n, out.generator.emplace()); }},
      {"gantry/hpa-sync-period",
       [](Reading& r, const Node& n, GantryAnnotations& out) {
         std::int64_t period_ms = 1;
         duration_ms()(r, n, period_ms);
         if (period_ms == 0) return r.expected(n, "a duration above 0");
         out.hpa_sync_period_ms = period_ms;
       }},
      {"gantry/embedded-broker",
       [](Reading& r, const Node& n, GantryAnnotations& out) { boolean()(r, n, out.embedded_broker); }},
  };
  return rows;
}

}  // namespace

void read_gantry_annotations_of_scaled_object(Reading& reading, const Node& object, GantryAnnotations& out) {
  read_gantry_annotations(reading, object, table(), out);
}

}  // namespace gantry::kube
