// A YAML document as a plain tree that remembers lines. It is built from the parser's events, not from its node graph,
// so that every limit (depth, nodes, documents, what aliases expand to) is checked while reading and not after memory
// is gone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "kube/problem.h"

namespace gantry::kube {

struct Limits {
  std::size_t text_bytes_max = 1 << 20;
  std::size_t documents_max = 1000;
  std::size_t depth_max = 64;
  std::size_t nodes_max = 200'000;           // of a file, aliases counted as often as they are used
  std::size_t expanded_bytes_max = 8 << 20;  // of scalars and keys of a file, counted the same way
  std::size_t problems_max = 100;            // the rest is not worth reading
};

struct Entry;

struct Node {
  enum class Kind { null, scalar, sequence, mapping };
  // How YAML 1.1 resolves a scalar, as Kubernetes' own reader does (`yes` is a boolean, "yes" in quotes is text).
  enum class Type { text, integer, real, boolean };

  Kind kind = Kind::null;
  Type type = Type::text;      // of a scalar
  int line = 0;                // from 1
  std::string text;            // of a scalar
  std::vector<Node> items;     // of a sequence
  std::vector<Entry> entries;  // of a mapping, in the order of the file, keys unique

  const Node* find(std::string_view key) const;  // nullptr when absent or not a mapping
};

struct Entry {
  std::string key;
  int line = 0;  // of the key
  Node value;
};

// The words "got ..." of an error message: `5`, `"5x"`, `a list`, `a mapping`, `nothing`. Long text is cut.
std::string describe(const Node& node);

struct Documents {
  std::vector<Node> documents;  // empty documents are left out
  std::vector<Problem> problems;
};

// Reads all documents of `text`. After a syntax error the rest of the text is not read; what came before is returned.
Documents read_documents(std::string_view text, std::string_view file, const Limits& limits = {});

}  // namespace gantry::kube
