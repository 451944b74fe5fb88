// What every Kubernetes object carries, and the annotations that mean something to us.
#pragma once

#include "kube/schema.h"

namespace gantry::kube {

struct ObjectMeta {
  std::string name;
  std::string namespace_ = "default";
  StringMap labels;
  StringMap annotations;
};

const Schema<ObjectMeta>& object_meta_schema();

// Reads a `gantry/…` annotation with a reader of its own. The value is YAML (JSON is YAML) in a string.
template <class T>
struct Annotation {
  std::string_view key;  // "gantry/generator"
  Reader<T> read;        // gets the value as parsed YAML, its lines those of the annotation
};

// Reads the annotations in the table out of `object` (metadata.annotations) and reports `gantry/…` annotations that are
// not in it: a misspelt one would be without effect.
template <class T>
void read_gantry_annotations(Reading& reading, const Node& object, const std::vector<Annotation<T>>& table, T& out);

// The text of one annotation as a document; nullopt when it is none. Problems are reported at the annotation's line.
std::optional<Node> annotation_document(Reading& reading, const Node& annotation);

template <class T>
void read_gantry_annotations(Reading& reading, const Node& object, const std::vector<Annotation<T>>& table, T& out) {
  const Node* metadata = object.find("metadata");
  const Node* annotations = metadata == nullptr ? nullptr : metadata->find("annotations");
  if (annotations == nullptr) return;
  Reading::Scope in_metadata(reading, "metadata");
  Reading::Scope in_annotations(reading, "annotations");
  std::vector<std::string_view> known;
  for (const auto& annotation : table) known.push_back(annotation.key);
  for (const Entry& entry : annotations->entries) {
    if (!entry.key.starts_with("gantry/")) continue;
    Reading::Scope scope(reading, entry.key);
    bool found = false;
    for (const auto& annotation : table) {
      if (annotation.key != entry.key) continue;
      found = true;
      const bool is_text = entry.value.kind == Node::Kind::scalar && entry.value.type == Node::Type::text;
      if (!is_text) continue;  // reported when the map of strings was read
      if (auto document = annotation_document(reading, entry.value)) annotation.read(reading, *document, out);
    }
    if (!found) reading.problem(entry.line, unknown_field_message(entry.key, known));
  }
}

}  // namespace gantry::kube
