// The schema of an object as one table: known field -> where its value goes and how it is read, or "ignored". What is
// in no table is an error, so a misspelt field is found and not silently without effect. Readers collect problems and
// go on.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kube/node.h"

namespace gantry::kube {

// Where reading is (file, path), and what it found.
class Reading {
 public:
  explicit Reading(std::string_view file, std::size_t problems_max = Limits{}.problems_max)
      : file_(file), problems_max_(problems_max) {}

  // Goes down into a field or an item for as long as the returned object lives.
  class Scope {
   public:
    Scope(Reading& reading, std::string_view key);
    Scope(Reading& reading, std::size_t index);
    ~Scope() { reading_.path_.resize(size_); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Reading& reading_;
    std::size_t size_;
  };

  // From here on values are secrets: no problem shows one.
  class Secrecy {
   public:
    explicit Secrecy(Reading& reading) : reading_(reading), before_(reading.secret_) { reading.secret_ = true; }
    ~Secrecy() { reading_.secret_ = before_; }
    Secrecy(const Secrecy&) = delete;
    Secrecy& operator=(const Secrecy&) = delete;

   private:
    Reading& reading_;
    bool before_;
  };

  void problem(int line, std::string message);
  void expected(const Node& node, std::string_view what);  // "expected <what>, got <node>"
  void ignore(std::string_view key);                       // a field that Kubernetes knows and this machine cannot use
  void ignore_entry(std::string_view words);               // the same, for what is no field: "container \"sidecar\""
  void object(std::string_view kind) { kind_ = kind; }     // the kind that ignored fields are listed under

  const std::string& file() const { return file_; }
  const std::string& path() const { return path_; }
  std::vector<Problem>& problems() { return problems_; }
  const std::set<std::string>& ignored() const { return ignored_; }  // "Deployment spec.template.spec.affinity"

 private:
  std::string file_;
  std::size_t problems_max_;
  std::string kind_;
  std::string path_;
  bool secret_ = false;
  std::vector<Problem> problems_;
  std::set<std::string> ignored_;
};

template <class T>
using Reader = std::function<void(Reading&, const Node&, T&)>;

using StringMap = std::map<std::string, std::string>;

// Readers of single values. Each leaves the target unchanged when it reports a problem.
Reader<std::string> text();           // any string
Reader<std::string> word();           // a string that is not empty
Reader<std::string> dns_subdomain();  // RFC 1123: what most objects are named by
Reader<std::string> dns_label();      // RFC 1123, at most 63 characters
Reader<std::string> one_of(std::vector<std::string_view> allowed);
Reader<bool> boolean();
Reader<std::int32_t> integer(std::int32_t min, std::int32_t max = std::numeric_limits<std::int32_t>::max());
Reader<std::int64_t> duration_ms();  // a string: "500ms", "2s"
Reader<StringMap> string_map();      // values must be strings, as Kubernetes demands

// A value out of a small set, by name.
template <class E>
Reader<E> choice(std::vector<std::pair<std::string_view, E>> names) {
  std::vector<std::string_view> words;
  words.reserve(names.size());
  for (const auto& [name, value] : names) words.push_back(name);
  return [names = std::move(names), read = one_of(std::move(words))](Reading& reading, const Node& node, E& out) {
    std::string found;
    read(reading, node, found);
    for (const auto& [name, value] : names) {
      if (name == found) out = value;
    }
  };
}

template <class T>
Reader<std::vector<T>> list_of(Reader<T> item, std::size_t count_min = 0) {
  return [item = std::move(item), count_min](Reading& reading, const Node& node, std::vector<T>& out) {
    if (node.kind != Node::Kind::sequence) return reading.expected(node, "a list");
    if (node.items.size() < count_min)
      return reading.problem(node.line, "expected at least one item, got an empty list");
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      Reading::Scope scope(reading, i);
      item(reading, node.items[i], out.emplace_back());
    }
  };
}

// A list in which what comes twice counts once.
template <class T>
Reader<std::set<T>> set_of(Reader<T> item) {
  return [read = list_of(std::move(item))](Reading& reading, const Node& node, std::set<T>& out) {
    std::vector<T> items;
    read(reading, node, items);
    out.insert(items.begin(), items.end());
  };
}

std::string unknown_field_message(std::string_view name, const std::vector<std::string_view>& known);

template <class T>
class Schema {
 public:
  template <class M>
  Schema& required(std::string_view name, M T::* member, Reader<M> reader) {
    return add(name, true, [=](Reading& r, const Node& node, T& out) { reader(r, node, out.*member); });
  }
  template <class M>
  Schema& optional(std::string_view name, M T::* member, Reader<M> reader) {
    return add(name, false, [=](Reading& r, const Node& node, T& out) { reader(r, node, out.*member); });
  }
  template <class M>
  Schema& optional(std::string_view name, std::optional<M> T::* member, Reader<M> reader) {
    return add(name, false, [=](Reading& r, const Node& node, T& out) { reader(r, node, (out.*member).emplace()); });
  }
  // One whose reader sees the whole.
  Schema& optional_as(std::string_view name, Reader<T> reader) { return add(name, false, std::move(reader)); }
  // Fields that are known and of no use here.
  Schema& ignored(std::initializer_list<std::string_view> names) {
    for (std::string_view name : names) add(name, false, nullptr);
    return *this;
  }
  // A sub-object whose fields are members of the same struct, such as an object's `spec`. Required.
  Schema& part(std::string_view name, const Schema& schema) { return add(name, true, schema.reader()); }
  Schema& optional_part(std::string_view name, const Schema& schema) { return add(name, false, schema.reader()); }
  // A field that is known in Kubernetes, would change what happens, and is not served here: refused, not ignored.
  Schema& refused(std::string_view name) {
    return add(name, false, [name](Reading& reading, const Node& node, T&) {
      if (node.kind == Node::Kind::mapping && node.entries.empty()) return;
      reading.problem(node.line,
                      fmt::format("expected nothing, because {} is not supported here, got {}", name, describe(node)));
    });
  }
  // A field that is checked, and has no effect here.
  Schema& optional_check(std::string_view name, std::function<void(Reading&, const Node&)> check) {
    return add(name, false,
               [name, check = std::move(check)](Reading& reading, const Node& node, T&) { check(reading, node); });
  }
  // Fields that whoever chose this schema has read.
  Schema& read_before(std::initializer_list<std::string_view> names) {
    for (std::string_view name : names) add(name, false, [](Reading&, const Node&, T&) {});
    return *this;
  }
  // A rule over several fields, run after all of them were read.
  Schema& rule(Reader<T> check) {
    rules_.push_back(std::move(check));
    return *this;
  }

  void read(Reading& reading, const Node& node, T& out) const {
    if (node.kind != Node::Kind::mapping) return reading.expected(node, "a mapping");
    for (const Entry& entry : node.entries) read_entry(reading, entry, out);
    for (const Field& field : fields_) {
      if (!field.required) continue;
      const Node* value = node.find(field.name);
      if (value != nullptr && value->kind != Node::Kind::null) continue;
      Reading::Scope scope(reading, field.name);
      reading.problem(node.line, "expected a value, got nothing");
    }
    for (const Reader<T>& check : rules_) check(reading, node, out);
  }

  // The schema must outlive the reader: schemas are function-local statics.
  Reader<T> reader() const {
    return [this](Reading& reading, const Node& node, T& out) { read(reading, node, out); };
  }

 private:
  struct Field {
    std::string_view name;
    bool required;
    Reader<T> read;  // empty: ignored
  };

  Schema& add(std::string_view name, bool required, Reader<T> read) {
    fields_.push_back({name, required, std::move(read)});
    return *this;
  }

  void read_entry(Reading& reading, const Entry& entry, T& out) const {
    for (const Field& field : fields_) {
      if (field.name != entry.key) continue;
      if (entry.value.kind == Node::Kind::null) return;  // as if it were not there
      if (!field.read) return reading.ignore(entry.key);
      Reading::Scope scope(reading, entry.key);
      return field.read(reading, entry.value, out);
    }
    std::vector<std::string_view> known;
    known.reserve(fields_.size());
    for (const Field& field : fields_) known.push_back(field.name);
    Reading::Scope scope(reading, entry.key);
    reading.problem(entry.line, unknown_field_message(entry.key, known));
  }

  std::vector<Field> fields_;
  std::vector<Reader<T>> rules_;
};

// Problem lines: that of the field where it is present, else that of the object.
int line_of(const Node& object, std::initializer_list<std::string_view> path);

}  // namespace gantry::kube
