#include "kube/node.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <map>
#include <set>
#include <streambuf>

#include "kube/scalar.h"

namespace gantry::kube {
namespace {

// Thrown through yaml-cpp by the handler and caught below: the parser has no other way to be stopped.
struct Stop {
  Problem problem;
};

class Builder final : public YAML::EventHandler {
 public:
  Builder(std::string_view file, const Limits& limits, Documents& out) : file_(file), limits_(limits), out_(out) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    stack_.clear();
    // yaml-cpp 0.7 hands out empty documents for ever at a character that it does not expect, such as a lone ','
    if (mark.pos == document_at_) stop(line_of(mark), "expected YAML: a character that cannot stand here");
    document_at_ = mark.pos;
    anchors_.clear();
    root_ = Node{};
  }

  void OnDocumentEnd() override {
    if (root_.kind == Node::Kind::null) return;
    if (out_.documents.size() >= limits_.documents_max) {
      stop(root_.line, fmt::format("expected at most {} documents", limits_.documents_max));
    }
    out_.documents.push_back(std::move(root_));
  }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.line = line_of(mark);
    finish(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      stop(line_of(mark), "expected an alias of a finished value, got one that contains itself");
    count(found->second.nodes, found->second.bytes, line_of(mark));
    add(Node(found->second.node), line_of(mark));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node;
    node.line = line_of(mark);
    node.kind = Node::Kind::scalar;
    node.text = value;
    if (value.find('\0') != std::string::npos) stop(node.line, "expected text without NUL characters");
    if (tag == "?" || tag.empty()) {
      node.type = resolve_plain_scalar(value);
    } else if (tag != "!" && tag != "tag:yaml.org,2002:str") {
      stop(node.line, fmt::format("expected a value without a tag, got the tag {}", tag));
    }
    count(1, value.size(), node.line);
    finish(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    start(Node::Kind::sequence, mark, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    start(Node::Kind::mapping, mark, anchor);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapEnd() override { end(); }

 private:
  struct Frame {
    Node node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    Entry entry;  // of a mapping: the key that waits for its value
    std::set<std::string, std::less<>> keys;
    std::vector<Node> merges;
    std::size_t nodes_before = 0, bytes_before = 0;
  };
  struct Anchored {
    Node node;
    std::size_t nodes = 1, bytes = 0;
  };

  static int line_of(const YAML::Mark& mark) { return mark.line + 1; }

  [[noreturn]] void stop(int line, std::string message) const {
    throw Stop{Problem{file_, line, path(), std::move(message)}};
  }

  void count(std::size_t nodes, std::size_t bytes, int line) {
    nodes_ += nodes;
    bytes_ += bytes;
    if (nodes_ > limits_.nodes_max) stop(line, fmt::format("expected at most {} values in a file", limits_.nodes_max));
    if (bytes_ > limits_.expanded_bytes_max) {
      stop(line, fmt::format("expected at most {} bytes after aliases are expanded", limits_.expanded_bytes_max));
    }
  }

  std::string path() const {
    std::string out;
    for (const Frame& frame : stack_) {
      if (frame.node.kind == Node::Kind::sequence) {
        out += fmt::format("[{}]", frame.node.items.size());
      } else if (frame.has_key) {
        if (!out.empty()) out += '.';
        out += frame.entry.key;
      }
    }
    return out;
  }

  void start(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    const int line = line_of(mark);
    if (stack_.size() >= limits_.depth_max) {
      stop(line, fmt::format("expected at most {} levels of nesting", limits_.depth_max));
    }
    if (!stack_.empty() && stack_.back().node.kind == Node::Kind::mapping && !stack_.back().has_key) {
      stop(line, "expected a plain key, got a list or mapping as a key (is a bracket not closed?)");
    }
    Frame frame;
    frame.node.kind = kind;
    frame.node.line = line;
    frame.anchor = anchor;
    frame.nodes_before = nodes_;
    frame.bytes_before = bytes_;
    count(1, 0, line);
    stack_.push_back(std::move(frame));
  }

  void end() {
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    for (Node& merged : frame.merges) {
      for (Entry& entry : merged.entries) {
        if (frame.keys.insert(entry.key).second) frame.node.entries.push_back(std::move(entry));
      }
    }
    finish(std::move(frame.node), frame.anchor, nodes_ - frame.nodes_before, bytes_ - frame.bytes_before);
  }

  void finish(Node node, YAML::anchor_t anchor, std::size_t nodes = 1, std::size_t bytes = 0) {
    if (anchor != 0) {
      if (node.kind == Node::Kind::scalar) bytes = node.text.size();
      count(nodes, bytes, node.line);  // the copy that is kept for the aliases
      anchors_[anchor] = Anchored{node, nodes, bytes};
    }
    const int line = node.line;
    add(std::move(node), line);
  }

  void add(Node node, int line) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& top = stack_.back();
    if (top.node.kind == Node::Kind::sequence) {
      top.node.items.push_back(std::move(node));
      return;
    }
    if (!top.has_key) {
      if (node.kind != Node::Kind::scalar) stop(line, fmt::format("expected a key, got {}", describe(node)));
      top.entry.key = std::move(node.text);
      top.entry.line = line;
      top.has_key = true;
      return;
    }
    if (top.entry.key == "<<") {
      merge(top, std::move(node), line);
    } else if (!top.keys.insert(top.entry.key).second) {
      if (out_.problems.size() >= limits_.problems_max)
        stop(line, "too many problems: the rest of the file was not read");
      out_.problems.push_back({file_, top.entry.line, path(), "expected each key once, got it a second time"});
    } else {
      top.entry.value = std::move(node);
      top.node.entries.push_back(std::move(top.entry));
    }
    top.entry = Entry{};
    top.has_key = false;
  }

  void merge(Frame& top, Node node, int line) {
    if (node.kind == Node::Kind::mapping) {
      top.merges.push_back(std::move(node));
    } else if (node.kind == Node::Kind::sequence &&
               std::ranges::all_of(node.items, [](const Node& n) { return n.kind == Node::Kind::mapping; })) {
      for (Node& item : node.items) top.merges.push_back(std::move(item));
    } else {
      stop(line, fmt::format("expected a mapping or a list of mappings to merge, got {}", describe(node)));
    }
  }

  std::string file_;
  const Limits& limits_;
  Documents& out_;
  std::vector<Frame> stack_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  Node root_;
  std::size_t nodes_ = 0, bytes_ = 0;
  int document_at_ = -1;
};

// A stream over text that is not copied.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

std::string describe(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null: return "nothing";
    case Node::Kind::sequence: return "a list";
    case Node::Kind::mapping: return "a mapping";
    case Node::Kind::scalar: break;
  }
  return node.type == Node::Type::text ? quoted(node.text) : shortened(node.text);
}

Documents read_documents(std::string_view text, std::string_view file, const Limits& limits) {
  Documents out;
  const std::string name(file);
  if (text.size() > limits.text_bytes_max) {
    out.problems.push_back(
        {name, 0, "", fmt::format("expected at most {} bytes, got {}", limits.text_bytes_max, text.size())});
    return out;
  }
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    Builder builder(file, limits, out);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop& stop) {
    out.problems.push_back(stop.problem);
  } catch (const YAML::Exception& error) {
    out.problems.push_back({name, error.mark.line + 1, "", "expected YAML: " + error.msg});
  } catch (const std::exception& error) {
    out.problems.push_back({name, 0, "", fmt::format("expected YAML: {}", error.what())});
  }
  return out;
}

}  // namespace gantry::kube
