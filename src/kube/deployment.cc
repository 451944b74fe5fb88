#include "kube/deployment.h"

namespace gantry::kube {
namespace {

const Schema<Deployment>& deployment_spec_schema() {
  static const Schema<Deployment> schema =
      Schema<Deployment>()
          .optional("replicas", &Deployment::replicas, integer(0))
          .required("selector", &Deployment::selector, label_selector_reader())
          .required("template", &Deployment::pod, pod_template_schema().reader())
          .ignored({"strategy", "minReadySeconds", "revisionHistoryLimit", "paused", "progressDeadlineSeconds"})
          .rule([](Reading& reading, const Node& node, Deployment& out) {
            if (node.find("selector") == nullptr || node.find("template") == nullptr) return;
            if (out.selector.matches(out.pod.metadata.labels)) return;
            Reading::Scope scope(reading, "selector");
            reading.problem(line_of(node, {"selector"}), "expected a selector that matches the labels of the template");
          });
  return schema;
}

void read_annotations(Reading& reading, const Node& node, Deployment& out) {
  static const std::vector<Annotation<PodTemplate>> table = {{"gantry/local-command", read_local_command}};
  read_gantry_annotations(reading, node, table, out.pod);
}

void check_runnable(Reading& reading, const Node& node, Deployment& out) {
  settle_main_container(reading, node, out.metadata, {"spec", "template"}, out.pod);
}

}  // namespace

const Schema<Deployment>& deployment_schema() {
  static const Schema<Deployment> schema =
      Schema<Deployment>()
          .required("metadata", &Deployment::metadata, object_meta_schema().reader())
          .part("spec", deployment_spec_schema())
          .read_before({"apiVersion", "kind"})
          .ignored({"status"})
          .rule(read_annotations)
          .rule(check_runnable);
  return schema;
}

}  // namespace gantry::kube
