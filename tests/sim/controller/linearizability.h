// Whether a history of concurrent operations could have come from one object that does one operation at a time, each
// between its call and its return (Herlihy and Wing). The search is that of Wing and Gong, with Lowe's memory of what was
// tried: the same operations done, leading to the same state, are looked at once.
//
// An operation without an output may have happened at any time after its call, or never. A history of many objects is
// linearizable when that of each object is, so it is best judged object by object.
//
// Model:  struct { using State; using Input; using Output;
//                  static bool step(State&, const Input&, const Output*);  // changes the state; false: another output
//                  static std::string key(const State&); }                 // the same for equal states only
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace gantry::sim {

inline constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

template <class Model>
struct Operation {
  typename Model::Input input;
  std::optional<typename Model::Output> output;  // none: nobody knows whether it happened
  std::uint64_t called = 0;
  std::uint64_t returned = kNever;  // after `called`; with an output only
  std::uint64_t hint = kNever;      // lower ones are tried first: finds an order sooner, and decides nothing
};

enum class Finding { linearizable, not_linearizable, undecided };

struct Judgement {
  Finding finding = Finding::linearizable;
  std::size_t steps = 0;
  std::size_t longest = 0;         // as many operations could be put in order
  std::vector<std::size_t> stuck;  // by their place in the history: could come next there by time, and did not fit
};

template <class Model>
class Linearizability {
 public:
  using Op = Operation<Model>;
  using State = typename Model::State;

  // steps_max: operations tried, after which the judgement is `undecided`.
  Linearizability(const std::vector<Op>& history, std::size_t steps_max) : history_(history), steps_max_(steps_max) {
    for (std::size_t i = 0; i < history.size(); ++i) order_.push_back(i);
    std::ranges::stable_sort(order_, {}, [&](std::size_t i) { return history[i].called; });
    done_.assign(history.size(), false);
    for (const auto& op : history) open_ += op.output.has_value();
  }

  Judgement judge(State initial) {
    frames_.push_back({std::move(initial), candidates(0)});
    while (open_ > 0 && !frames_.empty()) {
      auto& frame = frames_.back();
      if (frame.next == frame.candidates.size()) {
        note_stuck(frame);
        go_back();
      } else if (result_.steps++ == steps_max_) {
        result_.finding = Finding::undecided;
        return result_;
      } else {
        attempt(frame, frame.candidates[frame.next++]);
      }
    }
    if (open_ > 0) result_.finding = Finding::not_linearizable;
    return result_;
  }

 private:
  struct Frame {
    State state;
    std::vector<std::size_t> candidates;
    std::size_t next = 0;
    std::optional<std::size_t> came_by = {};
  };

  // What may come next: nothing that is not done yet returned before it was called. What was passed over where its hint
  // stands, because it changed nothing there, comes last.
  std::vector<std::size_t> candidates(std::uint64_t hint) {
    std::vector<std::size_t> out;
    std::uint64_t first_return = kNever;
    for (const std::size_t i : order_) {
      if (done_[i]) continue;
      if (history_[i].called > first_return) break;
      out.push_back(i);
      first_return = std::min(first_return, history_[i].returned);
    }
    std::erase_if(out, [&](std::size_t i) { return history_[i].called > first_return; });
    std::ranges::stable_sort(out, {},
                             [&](std::size_t i) { return std::pair(history_[i].hint < hint, history_[i].hint); });
    return out;
  }

  void attempt(const Frame& frame, std::size_t i) {
    const Op& op = history_[i];
    State state = frame.state;
    if (!Model::step(state, op.input, op.output ? &*op.output : nullptr)) return;
    if (!op.output && state == frame.state) return;  // as if it had not happened: it can wait
    done_[i] = true;
    if (!seen_.insert(name_of_place(state)).second) {
      done_[i] = false;
      return;
    }
    open_ -= op.output.has_value();
    frames_.push_back({std::move(state), candidates(op.hint == kNever ? 0 : op.hint), 0, i});
  }

  void go_back() {
    if (auto i = frames_.back().came_by) {
      done_[*i] = false;
      open_ += history_[*i].output.has_value();
    }
    frames_.pop_back();
  }

  void note_stuck(const Frame& frame) {
    if (frames_.size() - 1 < result_.longest) return;
    result_.longest = frames_.size() - 1;
    result_.stuck = frame.candidates;
  }

  std::string name_of_place(const State& state) const {
    std::string name(done_.size() / 8 + 1, '\0');
    for (std::size_t i = 0; i < done_.size(); ++i) {
      if (done_[i]) name[i / 8] = static_cast<char>(name[i / 8] | (1 << (i % 8)));
    }
    return name + Model::key(state);
  }

  const std::vector<Op>& history_;
  std::size_t steps_max_;
  std::vector<std::size_t> order_;  // by the time of the call
  std::vector<bool> done_;
  std::size_t open_ = 0;  // with an output, and not done
  std::vector<Frame> frames_;
  std::unordered_set<std::string> seen_;
  Judgement result_;
};

template <class Model>
Judgement judge(const std::vector<Operation<Model>>& history, typename Model::State initial, std::size_t steps_max) {
  return Linearizability<Model>(history, steps_max).judge(std::move(initial));
}

}  // namespace gantry::sim
