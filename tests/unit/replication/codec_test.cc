// Log entries and snapshots as bytes: what was written once can always be read, and nothing else is.
#include <fstream>
#include <sstream>

#include "base/checksum.h"
#include "replication/bytes.h"
#include "replication/describe.h"
#include "sets.h"

namespace gantry::replication::testing {
namespace {

using ::testing::HasSubstr;

// tests/unit/replication/golden/NAME.hex: bytes that a release wrote. They are never changed; a new format gets new files.
std::string golden(const std::string& name) {
  std::ifstream file(GANTRY_SOURCE_DIR "/tests/unit/replication/golden/" + name + ".hex");
  std::string bytes;
  std::string pair;
  char digit = 0;
  while (file >> digit) {
    pair += digit;
    if (pair.size() == 2) {
      bytes.push_back(static_cast<char>(std::stoi(pair, nullptr, 16)));
      pair.clear();
    }
  }
  return bytes;
}
std::string hex(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    out += fmt::format("{:02x}{}", static_cast<unsigned char>(bytes[i]), i % 32 == 31 ? "\n" : "");
  }
  return out + "\n";
}

// Every command with every field, none of them at its default.
std::vector<Command> one_of_each() {
  const std::vector<BrokerFacts> facts = {alive(1, 7, (std::int64_t{1} << 40) + 3, -5), dead(2, 6, 300)};
  return {
      AlterSyncStateSet{"broker-a", 1, 7, 19, {1, 2}, facts},
      ElectMaster{"DefaultCluster", "broker-a", ElectionReason::silent, 1, facts, true, 7, kNow},
      ElectMaster{"", "broker-a", ElectionReason::operator_asked, std::nullopt, {}, false, std::nullopt, kNow + 1},
      ApplyBrokerId{"DefaultCluster", "broker-a", 3, check_code(3)},
      RegisterBroker{"DefaultCluster", "broker-a", 2, address(2), facts, address(9), kNow + 2},
      CleanBrokerData{"DefaultCluster", "broker-a", {2, 3}, true, facts, kNow + 3},
      ImportReplicaSet{"DefaultCluster",
                       "broker-b",
                       12,
                       2,
                       5,
                       9,
                       {1, 2},
                       {{1, address(1), ""}, {2, address(2), check_code(2)}},
                       kNow + 4},
  };
}

// Two sets, one of them with elections of several kinds, and a cleaned one.
State varied_state() {
  State state = three_with_master({1, 2});
  accept(state, apply_id(1, "broker-gone"));
  accept(state, CleanBrokerData{.cluster_name = "", .broker_name = "broker-gone", .broker_ids = {}, .facts = {}});
  accept(state, std::get<ImportReplicaSet>(one_of_each().back()));
  (void)state.apply(elect_of(ElectionReason::connection_closed, 1, {dead(1), alive(3, -1, -1, 4)}));
  ElectMaster unclean = elect_of(ElectionReason::operator_asked, {}, {alive(3, 1, std::int64_t{1} << 45)});
  unclean.unclean_allowed = true;
  accept(state, unclean);
  return state;
}

TEST(EntryGolden, GivenAnEntryOfVersionOneWhenReadThenTheCommandsAndWhenWrittenThenTheSameBytes) {
  const auto commands = decode_entry(golden("entry_v1"));
  ASSERT_TRUE(commands) << commands.error().message << "\n" << hex(encode_entry(one_of_each(), 1));
  EXPECT_EQ(*commands, one_of_each());
  EXPECT_EQ(hex(encode_entry(one_of_each(), 1)), hex(golden("entry_v1")));
}

TEST(SnapshotGolden, GivenASnapshotOfVersionOneWhenReadThenTheStateAndWhenWrittenThenTheSameBytes) {
  const auto state = decode_snapshot(golden("snapshot_v1"));
  ASSERT_TRUE(state) << state.error().message << "\n" << hex(encode_snapshot(varied_state()));
  EXPECT_EQ(*state, varied_state());
  EXPECT_EQ(hex(encode_snapshot(*state)), hex(golden("snapshot_v1")));
}

TEST(Entry, GivenNoCommandsWhenWrittenThenReadAsNone) {
  const auto commands = decode_entry(encode_entry({}));
  ASSERT_TRUE(commands);
  EXPECT_TRUE(commands->empty());
}

TEST(Entry, GivenCommandsWhenSizedThenAboutRightAndNeverFarBelow) {
  for (const Command& command : one_of_each()) {
    const std::size_t bytes = encode_entry(std::vector{command}).size();
    EXPECT_GE(size_hint(command) + 8, bytes);
    EXPECT_LE(size_hint(command), 3 * bytes + 40);
  }
}

TEST(Entry, GivenANewerVersionWhenReadThenItIsNamed) {
  std::string bytes = encode_entry(one_of_each());
  bytes[0] = 9;
  const auto commands = decode_entry(bytes);
  ASSERT_FALSE(commands);
  EXPECT_EQ(commands.error().code, Errc::unimplemented);
  EXPECT_THAT(commands.error().message, HasSubstr("entry format 9"));
  EXPECT_EQ(entry_version(bytes), 9u);
  EXPECT_EQ(entry_version(""), 0u);
}

TEST(Entry, GivenEveryCutAndEveryChangedByteWhenReadThenAnErrorOrOtherCommandsButNeverOutOfBounds) {
  const std::string whole = encode_entry(one_of_each());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto cut = decode_entry(std::string_view(whole).substr(0, size));
    ASSERT_FALSE(cut) << size;
    EXPECT_EQ(cut.error().code, Errc::corrupt);
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int change : {0x01, 0x80, 0xff}) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ change);
      State state;
      if (const auto commands = decode_entry(bytes)) {
        for (const Command& command : *commands) (void)state.apply(command);
      }
    }
  }
  EXPECT_FALSE(decode_entry(whole + "x"));
  EXPECT_FALSE(decode_entry(std::string_view("\x00\x00", 2)));
  EXPECT_FALSE(decode_entry("\x01\x01\x63\x01x"));  // kind 99
}

// A type as a later version might have it: how fields are appended.
struct Grown {
  std::int64_t old_field = 0;
  std::string new_field = "default";
};
template <class A>
void describe(A& fields, typename A::template In<Grown>& v) {
  fields(v.old_field);
  fields.since(2, v.new_field);
}

TEST(Fields, GivenAFieldOfVersionTwoWhenVersionOneIsReadThenItsDefault) {
  std::string old_bytes;
  std::string new_bytes;
  FieldWriter(old_bytes, 1)(Grown{5, "said"});
  FieldWriter(new_bytes, 2)(Grown{5, "said"});
  EXPECT_EQ(hex(old_bytes), "0a\n");
  Grown grown;
  FieldReader of_old(old_bytes, 1);
  of_old(grown);
  EXPECT_TRUE(of_old.ok() && of_old.at_end());
  EXPECT_EQ(grown.new_field, "default");
  FieldReader of_new(new_bytes, 2);
  of_new(grown);
  EXPECT_TRUE(of_new.ok() && of_new.at_end());
  EXPECT_EQ(grown.new_field, "said");
}

TEST(Fields, GivenNumbersAtTheirEndsWhenWrittenThenReadTheSame) {
  const std::vector<std::int64_t> numbers = {
      0, 1, -1, 63, 64, -64, -65, std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()};
  std::string bytes;
  FieldWriter(bytes, 1)(numbers, std::numeric_limits<std::uint64_t>::max(), std::numeric_limits<std::int32_t>::min());
  std::vector<std::int64_t> read;
  std::uint64_t big = 0;
  std::int32_t small = 0;
  FieldReader reader(bytes, 1);
  reader(read, big, small);
  EXPECT_TRUE(reader.ok() && reader.at_end());
  EXPECT_EQ(read, numbers);
  EXPECT_EQ(big, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(small, std::numeric_limits<std::int32_t>::min());
}

TEST(Fields, GivenANumberThatDoesNotFitWhenReadThenAFault) {
  std::string bytes;
  FieldWriter(bytes, 1)(std::int64_t{1} << 40);
  std::int32_t small = 7;
  FieldReader reader(bytes, 1);
  reader(small);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(small, 0);
  const std::string ones(20, '\xff');
  FieldReader endless(ones, 1);
  EXPECT_EQ(endless.varint(), 0u);
  EXPECT_FALSE(endless.ok());
  bool flag = true;
  FieldReader neither("\x02", 1);
  neither(flag);
  EXPECT_FALSE(neither.ok());
  std::vector<std::string> texts;
  FieldReader many("\xff\xff\xff\xff\x0f", 1);  // four billion of them in no bytes
  many(texts);
  EXPECT_FALSE(many.ok());
}

TEST(Snapshot, GivenAnEmptyStateWhenWrittenThenReadAsEmpty) {
  const auto state = decode_snapshot(encode_snapshot(State()));
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(*state, State());
}

State many_sets(int count) {
  State state;
  for (int i = 0; i < count; ++i) {
    const std::string name = fmt::format("broker-{:05}", i);
    accept(state, apply_id(1, name));
    accept(state, apply_id(2, name));
    if (i % 3 == 0)
      accept(state, CleanBrokerData{.cluster_name = "", .broker_name = name, .broker_ids = {}, .facts = {}});
  }
  return state;
}

TEST(Snapshot, GivenManySetsThenTheyAreInFramesOfBoundedSizeAndReadTheSame) {
  const State state = many_sets(3'000);
  const std::string whole = encode_snapshot(state);
  std::size_t frames = 0;
  for (std::size_t at = 16; at < whole.size(); ++frames) {
    const auto size = get_fixed<std::uint32_t>(std::string_view(whole).substr(at));
    ASSERT_LE(size, 2 * kSnapshotFrameBytes);
    at += 8 + size;
  }
  EXPECT_GT(frames, 3u);
  const auto read = decode_snapshot(whole);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, state);
}

TEST(Snapshot, GivenEveryCutAndEveryChangedByteWhenReadThenNeverAState) {
  const std::string whole = encode_snapshot(varied_state());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto cut = decode_snapshot(std::string_view(whole).substr(0, size));
    ASSERT_FALSE(cut) << size;
    EXPECT_EQ(cut.error().code, Errc::corrupt);
  }
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ 1 << bit);
      EXPECT_FALSE(decode_snapshot(bytes)) << at;
    }
  }
  EXPECT_FALSE(decode_snapshot(whole + "x"));
  EXPECT_FALSE(decode_snapshot("RDBFILE0"));
  EXPECT_FALSE(decode_snapshot("RDBFILE0 and more than a header"));
}

std::string with_header(std::uint32_t version) {
  std::string header = "GNTRSETS";
  put_fixed(header, version);
  put_fixed(header, crc32c(header));
  return header;
}
std::string with_frame(std::string bytes, std::string_view payload) {
  put_fixed(bytes, static_cast<std::uint32_t>(payload.size()));
  put_fixed(bytes, crc32c(payload));
  return bytes.append(payload);
}

TEST(Snapshot, GivenANewerVersionWhenReadThenItIsNamed) {
  const auto state = decode_snapshot(with_header(9));
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().code, Errc::unimplemented);
  EXPECT_THAT(state.error().message, HasSubstr("snapshot format 9"));
  EXPECT_FALSE(decode_snapshot(with_header(0)));
  EXPECT_EQ(snapshot_version(with_header(9)).error(), state.error()) << "its header tells it already";
  EXPECT_EQ(snapshot_version(encode_snapshot(State(), 1)).value(), 1u);
}

TEST(Snapshot, GivenFramesThatNobodyWroteWhenReadThenRefusedWithTheReason) {
  const std::string good = encode_snapshot(varied_state());
  const std::string header = with_header(1);
  std::string sets_payload(1, '\x01');
  FieldWriter writer(sets_payload, 1);
  writer(*varied_state().find("broker-a"));
  const std::string twice = with_frame(with_frame(header, sets_payload), sets_payload);
  ReplicaSet impossible = *varied_state().find("broker-a");
  impossible.master_id = 77;
  std::string impossible_payload(1, '\x01');
  FieldWriter impossible_writer(impossible_payload, 1);
  impossible_writer(impossible);
  struct {
    std::string bytes;
    std::string reason;
  } const cases[] = {
      {with_frame(header, "\x07"), "unknown kind 7"},
      {with_frame(header, std::string_view("\x03\x01\x00", 3)), "says that it has 1 replica sets"},
      {with_frame(header, "\x03"), "says that it has"},
      {with_frame(header, "\x01garbage"), "malformed or out of order"},
      {with_frame(header, "\x02garbage"), "malformed or out of order"},
      {twice, "malformed or out of order"},
      {with_frame(with_frame(header, impossible_payload), std::string_view("\x03\x01\x00", 3)), "its master 77"},
      {header + std::string(8, '\xff'), "frame of 4294967295 bytes"},
      {header + std::string(8, '\0'), "frame of 0 bytes"},
  };
  for (const auto& c : cases) {
    const auto state = decode_snapshot(c.bytes);
    ASSERT_FALSE(state) << c.reason;
    EXPECT_EQ(state.error().code, Errc::corrupt);
    EXPECT_THAT(state.error().message, HasSubstr(c.reason));
  }
}

TEST(Restore, GivenTablesThatDoNotFitTogetherWhenRestoredThenRefused) {
  const State::Sets sets = three_with_master({1, 2}).sets();
  EXPECT_FALSE(State::restore({{"another-name", sets.at("broker-a")}}, {}));
  EXPECT_FALSE(State::restore(sets, {{"broker-a", {}}}));
  EXPECT_FALSE(State::restore({}, {{"x", {.next_broker_id = 0}}}));
  EXPECT_FALSE(State::restore({}, {{"x", {.master_epoch = -1}}}));
  EXPECT_FALSE(State::restore({}, {{"", {}}}));
  const auto changed = [&](auto change) {
    State::Sets other = sets;
    change(other.at("broker-a"));
    return State::restore(std::move(other), {}).has_value();
  };
  EXPECT_TRUE(changed([](ReplicaSet&) {}));
  EXPECT_FALSE(changed([](ReplicaSet& set) { set.elections.resize(kElectionsKept + 1); }));
  EXPECT_FALSE(changed([](ReplicaSet& set) { set.elections.push_back(set.elections[0]); }));
  EXPECT_FALSE(changed([](ReplicaSet& set) { set.elections[0].reason = static_cast<ElectionReason>(99); }));
  EXPECT_FALSE(changed([](ReplicaSet& set) { set.elections[0].master_epoch = 99; }));
  EXPECT_FALSE(changed([](ReplicaSet& set) { set.candidates[0].verdict = static_cast<CandidateVerdict>(0); }));
  EXPECT_FALSE(changed([](ReplicaSet& set) { set.candidates.resize(kMembersMax + 1); }));
  EXPECT_FALSE(changed([](ReplicaSet& set) { std::swap(set.members[0], set.members[1]); }));
  EXPECT_FALSE(changed([](ReplicaSet& set) { set.members.resize(kMembersMax + 1); }));
  EXPECT_FALSE(changed([](ReplicaSet& set) { std::swap(set.sync_state_set[0], set.sync_state_set[1]); }));
}

}  // namespace
}  // namespace gantry::replication::testing
