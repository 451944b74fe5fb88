// What the simulated group must agree about: its application, and what is true for all nodes.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "base/checksum.h"
#include "raft/bytes.h"
#include "raft/group.h"

namespace gantry::raft::sim {

// Ends the run; simulate() reports it.
struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class... Args>
[[noreturn]] void broken(fmt::format_string<Args...> text, Args&&... args) {
  throw Broken(fmt::format(text, std::forward<Args>(args)...));
}

inline std::uint64_t mix(std::uint64_t before, std::uint64_t value) {
  std::uint64_t x = (before ^ value) + 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  return x ^ (x >> 31);
}

// The application: a hash over everything that was applied, in order.
struct App {
  Index index = 0;
  std::uint64_t hash = 0;

  void apply(Index at, std::string_view data) {
    if (at != index + 1) broken("entry {} is handed out after entry {}", at, index);
    index = at;
    if (!data.empty()) hash = mix(hash, crc32c(data));
  }
  std::string snapshot() const {
    std::string bytes;
    put_fixed(bytes, hash);
    return bytes;
  }
  void restore(const Output::Restore& from) {
    index = from.index;
    hash = from.bytes.empty() ? 0 : ByteReader(from.bytes).number<std::uint64_t>();
  }
};

// What is true for the whole group, as told by the nodes; a contradiction is a bug.
class Truth {
 public:
  void committed(NodeId node, Index index, Term term, std::string_view data) {
    auto [it, fresh] = entries_.try_emplace(index, std::pair{term, crc32c(data)});
    if (!fresh && it->second != std::pair{term, crc32c(data)}) {
      broken("node {} hands out another entry {} (term {}) than was committed (term {})", node, index, term,
             it->second.first);
    }
  }
  void state(NodeId node, const App& app) {
    auto [it, fresh] = states_.try_emplace(app.index, app.hash);
    if (!fresh && it->second != app.hash) broken("node {} has another state after entry {}", node, app.index);
  }
  void leads(NodeId node, Term term) {
    auto [it, fresh] = leaders_.try_emplace(term, node);
    if (!fresh && it->second != node) broken("nodes {} and {} both lead in term {}", it->second, node, term);
  }
  void told_client(Index index) { told_ = std::max(told_, index); }

  Index told() const { return told_; }
  std::size_t committed_count() const { return entries_.size(); }
  std::size_t elections() const { return leaders_.size(); }

 private:
  std::map<Index, std::pair<Term, std::uint32_t>> entries_;
  std::map<Index, std::uint64_t> states_;
  std::map<Term, NodeId> leaders_;
  Index told_ = 0;  // the newest entry of which a client knows that it is committed
};

}  // namespace gantry::raft::sim
