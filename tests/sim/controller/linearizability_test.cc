#include "sim/controller/linearizability.h"

#include <gtest/gtest.h>

#include <ostream>
#include <random>

namespace gantry::sim {
namespace {

// A register: a write gives nothing back, a read the newest value, a swap the one before.
struct Register {
  struct Input {
    enum class Kind { read, write, swap } kind = Kind::read;
    int value = 0;
  };
  using State = int;
  using Output = int;
  static bool step(State& state, const Input& input, const Output* output) {
    const int before = state;
    if (input.kind != Input::Kind::read) state = input.value;
    return input.kind == Input::Kind::write || output == nullptr || *output == before;
  }
  static std::string key(const State& state) { return std::to_string(state); }
};

using Op = Operation<Register>;

Op read(int value, std::uint64_t called, std::uint64_t returned) {
  return {{Register::Input::Kind::read, 0}, value, called, returned};
}
Op write(int value, std::uint64_t called, std::uint64_t returned) {
  return {{Register::Input::Kind::write, value}, 0, called, returned};
}
Op swap(int value, int before, std::uint64_t called, std::uint64_t returned) {
  return {{Register::Input::Kind::swap, value}, before, called, returned};
}
Op lost_write(int value, std::uint64_t called) { return {{Register::Input::Kind::write, value}, {}, called}; }

struct Known {
  const char* name;
  std::vector<Op> history;
  Finding finding;
  friend void PrintTo(const Known& known, std::ostream* out) { *out << known.name; }
};

constexpr auto kGood = Finding::linearizable;
constexpr auto kBad = Finding::not_linearizable;

class LinearizabilityOf : public testing::TestWithParam<Known> {};

TEST_P(LinearizabilityOf, GivenAKnownHistoryThenTheKnownFinding) {
  EXPECT_EQ(judge<Register>(GetParam().history, 0, 10'000).finding, GetParam().finding);
}

TEST_P(LinearizabilityOf, GivenHintsThatAreWrongThenTheSameFinding) {
  auto history = GetParam().history;
  for (std::size_t i = 0; i < history.size(); ++i) history[i].hint = history.size() - i;
  EXPECT_EQ(judge<Register>(history, 0, 10'000).finding, GetParam().finding);
}

INSTANTIATE_TEST_SUITE_P(
    All, LinearizabilityOf,
    testing::Values(
        Known{"nothing", {}, kGood}, Known{"one_after_the_other", {write(1, 1, 2), read(1, 3, 4)}, kGood},
        Known{"a_stale_read", {write(1, 1, 2), read(0, 3, 4)}, kBad},
        Known{"a_read_during_a_write_sees_either", {write(1, 1, 6), read(0, 2, 3), read(1, 4, 5)}, kGood},
        Known{"and_never_the_old_one_after_the_new_one", {write(1, 1, 6), read(1, 2, 3), read(0, 4, 5)}, kBad},
        Known{"a_value_that_nobody_wrote", {write(1, 1, 2), read(2, 3, 4)}, kBad},
        Known{"two_readers_disagree_on_the_order_of_writes",
              {write(1, 1, 2), write(2, 1, 2), read(1, 3, 4), read(2, 5, 6)},
              kBad},
        Known{"writes_at_once_in_either_order", {write(1, 1, 9), write(2, 1, 9), read(2, 2, 3), read(1, 4, 5)}, kGood},
        Known{"a_lost_write_that_happened_later", {lost_write(1, 1), read(0, 2, 3), read(1, 4, 5)}, kGood},
        Known{"a_lost_write_that_did_not_happen", {lost_write(1, 1), read(0, 2, 3)}, kGood},
        Known{"a_lost_write_that_happened_twice",
              {lost_write(1, 1), read(1, 2, 3), write(2, 4, 5), read(2, 6, 7), read(1, 8, 9)},
              kBad},
        Known{"a_lost_write_before_its_call", {read(1, 1, 2), lost_write(1, 3)}, kBad},
        Known{"swaps_in_a_chain", {swap(3, 2, 1, 9), swap(1, 0, 1, 9), swap(2, 1, 1, 9)}, kGood},
        Known{"two_swaps_of_the_same", {swap(1, 0, 1, 9), swap(2, 0, 1, 9)}, kBad},
        Known{"a_swap_that_saw_a_lost_write", {lost_write(7, 1), swap(1, 7, 2, 3), read(1, 4, 5)}, kGood},
        Known{"an_answered_write_that_is_gone", {write(1, 1, 2), read(1, 3, 4), read(0, 5, 6)}, kBad}),
    [](const auto& info) { return info.param.name; });

TEST(Linearizability, GivenMoreThanMayBeTriedThenItIsUndecided) {
  std::vector<Op> history;
  for (int i = 1; i <= 12; ++i) history.push_back(swap(i, 100 + i, 1, 9));
  history.push_back(lost_write(101, 0));
  EXPECT_EQ(judge<Register>(history, 0, 5).finding, Finding::undecided);
  EXPECT_EQ(judge<Register>(history, 0, 100'000).finding, kBad);
}

TEST(Linearizability, GivenABadHistoryThenItSaysWhereNothingFits) {
  auto judgement = judge<Register>({write(1, 1, 2), read(1, 3, 4), read(0, 5, 6)}, 0, 1000);
  EXPECT_EQ(judgement.longest, 2u);
  EXPECT_EQ(judgement.stuck, std::vector<std::size_t>{2});
}

// The slow and simple judge: every order.
bool some_order_fits(const std::vector<Op>& history, std::vector<bool>& done, int state) {
  bool all = true;
  for (std::size_t i = 0; i < history.size(); ++i) all = all && (done[i] || !history[i].output);
  if (all) return true;
  for (std::size_t i = 0; i < history.size(); ++i) {
    bool may = !done[i];
    for (std::size_t j = 0; j < history.size(); ++j) {
      may = may && (done[j] || j == i || history[j].returned >= history[i].called);
    }
    int next = state;
    if (!may || !Register::step(next, history[i].input, history[i].output ? &*history[i].output : nullptr)) continue;
    done[i] = true;
    if (some_order_fits(history, done, next)) return true;
    done[i] = false;
  }
  return false;
}

TEST(Linearizability, GivenSmallHistoriesByChanceThenItAgreesWithTryingEveryOrder) {
  std::mt19937_64 random(7);
  int good = 0;
  for (int run = 0; run < 3000; ++run) {
    std::vector<Op> history;
    for (int i = 0; i < 6; ++i) {
      std::uint64_t called = random() % 12;
      std::uint64_t returned = called + 1 + random() % 6;
      int value = static_cast<int>(random() % 3);
      switch (random() % 4) {
        case 0: history.push_back(write(value, called, returned)); break;
        case 1: history.push_back(lost_write(value, called)); break;
        case 2: history.push_back(swap(value, static_cast<int>(random() % 3), called, returned)); break;
        default: history.push_back(read(value, called, returned));
      }
    }
    std::vector<bool> done(history.size());
    const bool fits = some_order_fits(history, done, 0);
    good += fits;
    ASSERT_EQ(judge<Register>(history, 0, 100'000).finding, fits ? kGood : kBad) << "run " << run;
  }
  EXPECT_GT(good, 100);
  EXPECT_LT(good, 2900);
}

}  // namespace
}  // namespace gantry::sim
