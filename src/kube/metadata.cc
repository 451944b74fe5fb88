#include "kube/metadata.h"

namespace gantry::kube {
namespace {

void move_to_line(Node& node, int line) {
  node.line = line;
  for (Node& item : node.items) move_to_line(item, line);
  for (Entry& entry : node.entries) {
    entry.line = line;
    move_to_line(entry.value, line);
  }
}

}  // namespace

const Schema<ObjectMeta>& object_meta_schema() {
  static const Schema<ObjectMeta> schema =
      Schema<ObjectMeta>()
          .required("name", &ObjectMeta::name, dns_subdomain())
          .optional("namespace", &ObjectMeta::namespace_, dns_label())
          .optional("labels", &ObjectMeta::labels, string_map())
          .optional("annotations", &ObjectMeta::annotations, string_map())
          .ignored({"generateName", "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp",
                    "deletionTimestamp", "deletionGracePeriodSeconds", "ownerReferences", "finalizers",
                    "managedFields"});
  return schema;
}

std::optional<Node> annotation_document(Reading& reading, const Node& annotation) {
  Documents read = read_documents(annotation.text, reading.file());
  for (const Problem& problem : read.problems) reading.problem(annotation.line, problem.message);
  if (!read.problems.empty()) return std::nullopt;
  Node node;
  if (read.documents.size() == 1) {
    node = std::move(read.documents[0]);
  } else if (read.documents.size() > 1) {
    reading.problem(annotation.line, "expected one value, got several documents");
    return std::nullopt;
  }
  move_to_line(node, annotation.line);
  return node;
}

}  // namespace gantry::kube
