// Thousands of random command sequences by seed: what must hold after every command, whatever it was. The watcher keeps
// its own, simpler books and shares no code with the state machine.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <random>
#include <set>

#include "sets.h"

namespace gantry::replication::testing {
namespace {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  std::int64_t to(std::int64_t n) {
    return static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(n));
  }  // 0 to n-1
  bool one_in(std::int64_t n) { return to(n) == 0; }
  template <class T>
  const T& of(const std::vector<T>& values) {
    return values[static_cast<std::size_t>(to(static_cast<std::int64_t>(values.size())))];
  }

 private:
  std::mt19937_64 engine_;
};

const std::vector<std::string> kNames = {"a", "b", "c"};

std::int64_t odd_number(Dice& dice) {
  static const std::vector<std::int64_t> numbers = {-1,
                                                    0,
                                                    1,
                                                    2,
                                                    3,
                                                    33,
                                                    kEpochMax,
                                                    -kEpochMax - 1LL,
                                                    kBrokerIdMax,
                                                    std::numeric_limits<std::int64_t>::max(),
                                                    std::numeric_limits<std::int64_t>::min()};
  return dice.of(numbers);
}
std::string odd_text(Dice& dice) {
  switch (dice.to(6)) {
    case 0: return "";
    case 1: return std::string(static_cast<std::size_t>(dice.to(2'000)), 'x');
    case 2: return {static_cast<char>(dice.to(256)), static_cast<char>(dice.to(256))};
    case 3: return ";;;";
    default: return dice.of(kNames);
  }
}
BrokerFacts odd_facts(Dice& dice) {
  return {odd_number(dice), dice.one_in(2), static_cast<std::int32_t>(odd_number(dice)), odd_number(dice),
          static_cast<std::int32_t>(odd_number(dice))};
}
template <class T>
std::vector<T> some(Dice& dice, auto make) {
  std::vector<T> values(static_cast<std::size_t>(dice.one_in(20) ? dice.to(200) : dice.to(6)));
  for (T& value : values) value = make();
  return values;
}

Command garbage(Dice& dice) {
  const auto text = [&] { return odd_text(dice); };
  const auto number = [&] { return odd_number(dice); };
  const auto epoch = [&] { return static_cast<std::int32_t>(odd_number(dice)); };
  const auto facts = [&] { return some<BrokerFacts>(dice, [&] { return odd_facts(dice); }); };
  const auto ids = [&] { return some<std::int64_t>(dice, number); };
  std::optional<std::int64_t> id;
  if (dice.one_in(2)) id = number();
  switch (dice.to(6)) {
    case 0: return AlterSyncStateSet{text(), number(), epoch(), epoch(), ids(), facts()};
    case 1:
      return ElectMaster{text(),
                         text(),
                         static_cast<ElectionReason>(dice.to(256)),
                         id,
                         facts(),
                         dice.one_in(2),
                         dice.one_in(2) ? std::optional(epoch()) : std::nullopt,
                         number()};
    case 2: return ApplyBrokerId{text(), text(), number(), text()};
    case 3: return RegisterBroker{text(), text(), number(), text(), facts(), text(), number()};
    case 4: return CleanBrokerData{text(), text(), ids(), dice.one_in(2), facts(), number()};
    default:
      return ImportReplicaSet{
          text(),  text(),  number(), id,
          epoch(), epoch(), ids(),    some<Member>(dice, [&] { return Member{number(), text(), text()}; }),
          number()};
  }
}

std::vector<BrokerFacts> random_facts(Dice& dice) {
  std::vector<BrokerFacts> facts;
  for (std::int64_t id = 1; id <= 12; ++id) {
    if (dice.one_in(4)) continue;
    facts.push_back({id, !dice.one_in(3), static_cast<std::int32_t>(dice.to(3)),
                     dice.to(3) << (dice.one_in(3) ? 32 : 0), static_cast<std::int32_t>(dice.to(2))});
  }
  return facts;
}

// A command that could come from a real cluster in this state, mostly with the right epochs.
Command sensible(Dice& dice, const State& state) {
  const std::string& name = dice.of(kNames);
  const ReplicaSet* set = state.find(name);
  const auto id = [&] { return set != nullptr && !dice.one_in(8) ? dice.of(set->members).broker_id : 1 + dice.to(12); };
  const std::string cluster = "cluster-" + name;
  switch (dice.to(12)) {
    case 0:
    case 1: {
      const std::int64_t next = dice.one_in(4) ? 1 + dice.to(8) : state.next_broker_id(cluster, name).next_broker_id;
      return ApplyBrokerId{cluster, name, next, fmt::format("host-{}:1;{}", dice.to(6), dice.to(40))};
    }
    case 2: {
      const std::int64_t which = id();
      const std::string where = dice.one_in(3) ? fmt::format("host-{}:1", dice.to(6))
                                               : std::string(set != nullptr ? set->address_of(which) : "");
      return RegisterBroker{cluster,       name, which, where, random_facts(dice), dice.one_in(4) ? "host-1:1" : "",
                            dice.to(1'000)};
    }
    case 3: {
      std::vector<std::int64_t> ids;
      for (std::int64_t i = dice.to(3); i > 0; --i) ids.push_back(id());
      if (set != nullptr && set->master_id && dice.one_in(4)) ids.push_back(*set->master_id);
      return CleanBrokerData{
          dice.one_in(2) ? "" : cluster, name, ids, dice.one_in(2), random_facts(dice), dice.to(1'000)};
    }
    case 4: {
      ImportReplicaSet command{cluster,
                               name,
                               5,
                               2,
                               static_cast<std::int32_t>(dice.to(9)),
                               static_cast<std::int32_t>(dice.to(9)),
                               {2},
                               {{1, "host-1:1", ""}, {2, "host-2:1", ""}},
                               dice.to(1'000)};
      if (dice.one_in(2)) command.master_id.reset();
      return command;
    }
    case 5:
    case 6:
    case 7: {
      AlterSyncStateSet command{.broker_name = name, .master_id = id(), .facts = random_facts(dice)};
      if (set != nullptr && !dice.one_in(6)) {
        command.master_id = set->master_id.value_or(1);
        command.master_epoch = set->master_epoch;
        command.sync_state_set_epoch = set->sync_state_set_epoch - (dice.one_in(8) ? 1 : 0);
        if (!dice.one_in(8)) command.sync_state_set.push_back(command.master_id);
      }
      for (std::int64_t i = dice.to(4); i > 0; --i) command.sync_state_set.push_back(id());
      return command;
    }
    default: {
      ElectMaster command{.cluster_name = dice.one_in(2) ? "" : cluster,
                          .broker_name = name,
                          .reason = static_cast<ElectionReason>(1 + dice.to(7)),
                          .broker_id = id(),
                          .facts = random_facts(dice),
                          .unclean_allowed = dice.one_in(3),
                          .expected_master_epoch = {},
                          .proposed_at_ms = dice.to(1'000)};
      if (set != nullptr && set->master_id && dice.one_in(2)) command.broker_id = set->master_id;
      if (set != nullptr && dice.one_in(3))
        command.expected_master_epoch = set->master_epoch - (dice.one_in(3) ? 1 : 0);
      return command;
    }
  }
}

// Looks at every command and what came of it. `broken` holds the first property that did not hold.
class Watcher {
 public:
  std::string broken;

  void see(const State& before, const Command& command, const Applied& applied, const State& after) {
    const std::string name(broker_name_of(command));
    const ReplicaSet* was = before.find(name);
    const ReplicaSet* is = after.find(name);
    must(applied.outcome.changed == !(before == after), "changed is true exactly when the state is another");
    must(applied.outcome.verdict == Verdict::success || applied.outcome.verdict == Verdict::master_not_available ||
             !applied.outcome.changed,
         "a refused command changes nothing");
    must(applied.outcome.verdict == Verdict::success || !applied.outcome.remark.empty(), "a refusal says why");
    must(applied.role_changed.has_value() == (was != nullptr && is != nullptr && was->master_epoch != is->master_epoch),
         "everybody is told of a new epoch, and only then");
    for (const std::string& other : kNames) {
      if (other == name) continue;
      const ReplicaSet* left = before.find(other);
      const ReplicaSet* right = after.find(other);
      must((left == nullptr) == (right == nullptr) && (left == nullptr || *left == *right), "no other set is touched");
    }
    if (is != nullptr) {
      see_set(name, was, *is);
      if (was != nullptr && is->master_id && was->master_epoch != is->master_epoch) {
        if (const auto* election = std::get_if<ElectMaster>(&command))
          see_election(*was, *is, *election);
        else
          must(false, "only an election makes a master");
      }
    }
    if (const auto* election = std::get_if<ElectMaster>(&command)) see_again(*election, after);
  }

 private:
  void must(bool holds, std::string_view property) {
    if (!holds && broken.empty()) broken = property;
  }

  void see_set(const std::string& name, const ReplicaSet* was, const ReplicaSet& is) {
    Book& book = books_[name];
    must(is.master_epoch >= book.master_epoch, "master epochs only grow");
    must(is.sync_state_set_epoch >= book.sync_state_set_epoch, "sync-state set epochs only grow");
    book.master_epoch = is.master_epoch;
    book.sync_state_set_epoch = is.sync_state_set_epoch;
    if (is.master_id) {
      const auto [at, fresh] = book.master_of_epoch.try_emplace(is.master_epoch, *is.master_id);
      must(at->second == *is.master_id, "one master an epoch");
    }
    if (was != nullptr) {
      must(was->sync_state_set == is.sync_state_set || was->sync_state_set_epoch < is.sync_state_set_epoch,
           "another sync-state set has another epoch");
      must(was->master_id == is.master_id || was->master_epoch < is.master_epoch, "another master has another epoch");
      must(was->sync_state_set.empty() || !is.sync_state_set.empty(), "the sync-state set is never emptied");
      must(is.next_broker_id >= was->next_broker_id, "the next id only grows");
    }
    std::set<std::int64_t> ids;
    for (const Member& member : is.members) {
      ids.insert(member.broker_id);
      must(member.broker_id >= 1 && member.broker_id < is.next_broker_id, "ids are between one and the next id");
      if (was == nullptr || was->member(member.broker_id) == nullptr) {  // given now
        must(book.given.insert(member.broker_id).second || member.check_code.empty(), "no id is given twice");
        book.code_of[member.broker_id] = member.check_code;
      }
      std::string& code = book.code_of[member.broker_id];
      must(code == member.check_code || code.empty(), "an id keeps its check code");
      code = member.check_code;
    }
    must(ids.size() == is.members.size(), "ids are unique");
    for (const std::int64_t id : is.sync_state_set) must(ids.contains(id), "who is in sync is a member");
    must(!is.master_id || std::ranges::find(is.sync_state_set, *is.master_id) != is.sync_state_set.end(),
         "the master is in the sync-state set");
    must(is.elections.size() <= kElectionsKept, "history is bounded");
  }

  void see_election(const ReplicaSet& was, const ReplicaSet& is, const ElectMaster& command) {
    const ElectionRecord& record = is.elections.back();
    const auto facts = [&](std::int64_t id) {
      for (const BrokerFacts& one : command.facts) {
        if (one.broker_id == id) return one;
      }
      return BrokerFacts{.broker_id = id};
    };
    const std::int64_t elected = *is.master_id;
    const bool had_any = !was.sync_state_set.empty();
    must(record.first == !had_any, "first is said of the first");
    if (!had_any) return;
    const bool in_sync = std::ranges::find(was.sync_state_set, elected) != was.sync_state_set.end();
    must(in_sync || record.unclean, "the elected is in the sync-state set, or the election is called unclean");
    must(!record.unclean || command.unclean_allowed, "unclean only where it is allowed");
    must(facts(elected).alive, "the elected is alive");
    bool clean_possible = false;
    for (const std::int64_t id : was.sync_state_set) clean_possible |= facts(id).alive;
    must(!record.unclean || !clean_possible, "unclean only when nobody in sync is alive");
    if (command.reason == ElectionReason::operator_designated) {
      must(elected == command.broker_id, "the designated is elected, or nobody");
      return;
    }
    for (const Member& member : was.members) {
      const BrokerFacts other = facts(member.broker_id);
      const bool candidate =
          other.alive &&
          (record.unclean || std::ranges::find(was.sync_state_set, member.broker_id) != was.sync_state_set.end());
      if (!candidate) continue;
      const BrokerFacts best = facts(elected);
      must(std::pair(other.epoch, other.max_offset) <= std::pair(best.epoch, best.max_offset), "nobody had more data");
      must(std::pair(other.epoch, other.max_offset) != std::pair(best.epoch, best.max_offset) ||
               other.priority >= best.priority,
           "nobody with the same data had a lower priority number");
    }
  }

  // The same finding once more changes nothing: no epoch grows while nothing happens.
  void see_again(const ElectMaster& command, const State& after) {
    if (command.reason == ElectionReason::operator_designated || command.reason == ElectionReason::broker_asked) return;
    State twice = after;
    (void)twice.apply(command);
    State thrice = twice;
    (void)thrice.apply(command);
    must(twice == thrice, "a finding that is repeated changes nothing");
  }

  struct Book {
    std::int32_t master_epoch = 0;
    std::int32_t sync_state_set_epoch = 0;
    std::map<std::int32_t, std::int64_t> master_of_epoch;
    std::set<std::int64_t> given;
    std::map<std::int64_t, std::string> code_of;
  };
  std::map<std::string, Book> books_;
};

constexpr int kSeeds = 2'000;
constexpr int kCommands = 150;

class RandomCommands : public ::testing::TestWithParam<int> {};  // which tenth of the seeds

TEST_P(RandomCommands, GivenAnySequenceWhenAppliedThenThePropertiesHold) {
  for (int seed = GetParam(); seed < kSeeds; seed += 10) {
    Dice dice(static_cast<std::uint64_t>(seed));
    Watcher watcher;
    State state;
    std::vector<std::string> log;
    std::vector<std::string> snapshots;  // before each entry
    std::vector<Command> batch;
    for (int i = 0; i < kCommands; ++i) {
      const Command command = dice.one_in(8) ? garbage(dice) : sensible(dice, state);
      const State before = state;
      const Applied applied = state.apply(command);
      watcher.see(before, command, applied, state);
      ASSERT_EQ(watcher.broken, "") << "seed " << seed << ", command " << i << ": " << applied.outcome.remark;
      batch.push_back(command);
      if (dice.one_in(5) || i + 1 == kCommands) {
        log.push_back(encode_entry(batch));
        batch.clear();
        snapshots.push_back(encode_snapshot(state));
      }
    }
    // the same log, decoded, gives the same bytes
    State replayed;
    const auto replay = [&](State& into, std::size_t from) {
      for (std::size_t i = from; i < log.size(); ++i) {
        const auto commands = decode_entry(log[i]);
        ASSERT_TRUE(commands) << commands.error().message;
        for (const Command& command : *commands) (void)into.apply(command);
      }
    };
    replay(replayed, 0);
    ASSERT_EQ(encode_snapshot(replayed), snapshots.back()) << "seed " << seed << ": a replay is another state";
    // a snapshot of any moment and the rest of the log are the whole log
    const auto cut = static_cast<std::size_t>(dice.to(static_cast<std::int64_t>(log.size())));
    auto restored = decode_snapshot(snapshots[cut]);
    ASSERT_TRUE(restored) << "seed " << seed << ": " << restored.error().message;
    replay(*restored, cut + 1);
    ASSERT_EQ(*restored, state) << "seed " << seed << ": snapshot " << cut << " and the tail are another state";
    ASSERT_EQ(encode_snapshot(*restored), snapshots.back());
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, RandomCommands, ::testing::Range(0, 10));

// The sequences above must reach what they are about, or they show nothing.
TEST(RandomCommandsReach, GivenTheSeedsWhenCountedThenEveryVerdictAndKindOfElectionIsMet) {
  std::map<Verdict, int> verdicts;
  std::map<ElectionReason, int> reasons;
  int unclean = 0;
  int first = 0;
  int nobody = 0;
  int retired = 0;
  for (int seed = 0; seed < 100; ++seed) {
    Dice dice(static_cast<std::uint64_t>(seed));
    State state;
    for (int i = 0; i < kCommands; ++i) {
      const Applied applied = state.apply(dice.one_in(8) ? garbage(dice) : sensible(dice, state));
      ++verdicts[applied.outcome.verdict];
      if (!applied.role_changed) continue;
      const ElectionRecord& record = applied.role_changed->record;
      ++reasons[record.reason];
      unclean += record.unclean;
      first += record.first;
      nobody += !record.new_master;
    }
    retired += static_cast<int>(state.retired().size());
  }
  for (int verdict = 0; verdict <= static_cast<int>(Verdict::broker_id_invalid); ++verdict) {
    const auto which = static_cast<Verdict>(verdict);
    if (which == Verdict::not_leader || which == Verdict::broker_metadata_not_exist) continue;  // never from apply
    EXPECT_GT(verdicts[which], 10) << to_string(which);
  }
  for (int reason = 1; reason <= static_cast<int>(ElectionReason::address_changed); ++reason) {
    EXPECT_GT(reasons[static_cast<ElectionReason>(reason)], 5) << to_string(static_cast<ElectionReason>(reason));
  }
  EXPECT_GT(unclean, 50);
  EXPECT_GT(first, 50);
  EXPECT_GT(nobody, 50);
  EXPECT_GT(retired, 10);
}

}  // namespace
}  // namespace gantry::replication::testing
