// Something that all connections of a server use up together: calls, bytes that are kept. What one connection takes must
// not leave nothing for the others, so it has a most of its own, and a least that it gets when all together have used up
// theirs. Pure.
#pragma once

#include <cstddef>

namespace gantry::rpc {

struct BudgetLimits {
  std::size_t all_max;   // of all connections, beside what each has for certain
  std::size_t one_max;   // of one connection
  std::size_t one_sure;  // each connection may have so much, whatever the others do
};

class Budget {
 public:
  explicit Budget(BudgetLimits limits) : limits_(limits) {}
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  std::size_t used() const { return used_; }

 private:
  friend class Share;
  BudgetLimits limits_;
  std::size_t used_ = 0;
};

// What one connection has of a budget, which must outlive it. Gives all back when it goes.
class Share {
 public:
  explicit Share(Budget& budget) : budget_(budget) {}
  ~Share() { give_back(used_); }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;

  // False: there is not so much left, and nothing was taken.
  bool take(std::size_t amount) {
    const BudgetLimits& limits = budget_.limits_;
    const bool sure = used_ + amount <= limits.one_sure;
    if (!sure && (used_ + amount > limits.one_max || budget_.used_ + amount > limits.all_max)) return false;
    used_ += amount;
    budget_.used_ += amount;
    return true;
  }
  void give_back(std::size_t amount) {
    used_ -= amount;
    budget_.used_ -= amount;
  }
  std::size_t used() const { return used_; }

 private:
  Budget& budget_;
  std::size_t used_ = 0;
};

}  // namespace gantry::rpc
