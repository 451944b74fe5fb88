// What an acknowledgement is worth: the power goes at a random moment, and every acknowledged message must be there
// afterwards under `sync`; under `async` some must be seen to be lost, or the test could not tell.
// GANTRY_SEEDS sets the number of runs; a failure prints the seed that replays it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

#include "losing_file_system.h"
#include "store_fixture.h"

namespace gantry::store {
namespace {

std::uint64_t seeds() {
  const char* text = std::getenv("GANTRY_SEEDS");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 40;
}

struct Outcome {
  std::size_t acknowledged = 0;
  std::size_t lost = 0;
  std::uint64_t cut_bytes = 0;
};

// One life: sends until the power goes, then looks at what is there.
Outcome live_and_die(Flush flush, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  auto disk = std::make_shared<LosingFileSystem>();
  // a memory table that fills now and then; RocksDB waits a second after each that it could not write, so not always
  const std::size_t write_buffer_bytes = seed % 10 == 0 ? 64 * 1024 : 1024 * 1024;
  const std::uint64_t log_file_bytes = seed % 3 == 0 ? 16 * 1024 : 1024 * 1024;
  StoreFixture f({.flush = flush,
                  .log_file_bytes = log_file_bytes,
                  .write_buffer_bytes = write_buffer_bytes,
                  .file_system = disk});
  disk->power_off_after(random() % 200'000);
  int number = 0;
  std::map<std::pair<int, std::int64_t>, std::string> sent;  // by queue and offset
  while (f.failed.empty()) {
    const auto burst = 1 + random() % 20;
    bool refused = false;
    for (std::uint64_t i = 0; i < burst && !refused; ++i) {
      const std::string text = "message " + std::to_string(number++) + std::string(random() % 2000, '.');
      const int queue = static_cast<int>(random() % 4);
      const auto offset = f.append("t", queue, text);
      refused = !offset;
      if (offset) sent[{queue, *offset}] = text;
    }
    if (random() % 3 == 0) f.store->put("offset", std::to_string(number));
    if (refused) break;
    if (random() % 4 == 0) {
      f.settle();
    } else {
      f.run_until([&] { return f.acknowledged.size() + f.failed.size() >= static_cast<std::size_t>(number); });
    }
    if (random() % 50 == 0) disk->power_off();
  }
  const auto acknowledged = f.acknowledged;
  f.store.reset();  // whatever it writes in closing fails: the power is off
  disk->lose_unsynced(random);
  f.reopen();
  std::map<std::string, int> found;
  for (int queue = 0; queue < 4; ++queue) {
    Queue* const there = f.store->log().find("t", queue);
    if (there == nullptr) continue;
    std::int64_t offset = 0;
    for (QueueReader reader(f.store->log(), *there, 0); reader.next(); ++offset) {
      // where nothing was synced, a file can lose its end and the next one stay
      if (flush == Flush::sync || log_file_bytes > 64 * 1024) {
        EXPECT_EQ(reader.offset(), offset) << "seed " << seed;
      }
      offset = reader.offset();
      const std::string text = f.text_of(reader.record());
      EXPECT_EQ(text, (sent[{queue, reader.offset()}])) << "seed " << seed;
      EXPECT_FALSE(reader.error()) << reader.error()->message << ", seed " << seed;
      ++found[text];
    }
    EXPECT_EQ(offset, there->max_offset()) << "seed " << seed;
  }
  Outcome outcome{acknowledged.size(), 0, disk->lost_bytes()};
  for (const auto& text : acknowledged) {
    if (!found.contains(text)) ++outcome.lost;
  }
  // it goes on where it was: offsets are not given twice
  for (int queue = 0; queue < 4; ++queue) {
    const auto before = f.texts("t", queue);
    EXPECT_TRUE(f.append("t", queue, "after"));
    f.run_until([&] { return f.texts("t", queue).size() > before.size(); });
    auto after = f.texts("t", queue);
    EXPECT_EQ(after.back(), "after") << "seed " << seed;
    after.pop_back();
    EXPECT_EQ(after, before) << "seed " << seed;
  }
  return outcome;
}

TEST(Durability, GivenSyncFlushWhenThePowerGoesThenEveryAcknowledgedMessageIsThere) {
  std::size_t acknowledged = 0;
  std::uint64_t cut = 0;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    const Outcome outcome = live_and_die(Flush::sync, seed);
    ASSERT_EQ(outcome.lost, 0u) << "seed " << seed;
    acknowledged += outcome.acknowledged;
    cut += outcome.cut_bytes;
  }
  EXPECT_GT(acknowledged, 0u);
  EXPECT_GT(cut, 0u) << "no byte was lost in any run: the test shows nothing";
}

TEST(Durability, GivenAsyncFlushWhenThePowerGoesThenTheTestSeesTheLoss) {
  std::size_t lost = 0;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) lost += live_and_die(Flush::async, seed).lost;
  EXPECT_GT(lost, 0u);
}

TEST(Durability, GivenAStoreOfAsyncThatIsOpenedWithSyncWhenThePowerGoesThenNothingOfBeforeIsLostEither) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::mt19937_64 random(seed);
    auto disk = std::make_shared<LosingFileSystem>();
    StoreFixture f({.log_file_bytes = 4096, .file_system = disk});
    std::vector<std::string> sent;
    for (int i = 0; i < 50; ++i) {
      sent.push_back("message " + std::to_string(i) + std::string(random() % 300, '.'));
      f.append("t", 0, sent.back());
      if (i % 5 == 0) f.settle();
    }
    f.settle();
    f.wanted().flush = Flush::sync;
    f.reopen();
    sent.push_back("synced");
    f.append("t", 0, sent.back());
    ASSERT_TRUE(f.run_until([&] { return f.acknowledged.size() == sent.size(); }));
    disk->power_off();
    f.store.reset();
    disk->lose_unsynced(random);
    f.reopen();
    EXPECT_EQ(f.texts("t", 0), sent) << "seed " << seed;
  }
}

TEST(Durability, GivenAFullDiskThenSendsFailReadsGoOnAndItRecovers) {
  for (const Flush flush : {Flush::async, Flush::sync}) {
    auto disk = std::make_shared<LosingFileSystem>();
    StoreFixture f({.flush = flush, .file_system = disk});
    ASSERT_TRUE(f.append("t", 0, "before"));
    ASSERT_TRUE(f.run_until([&] { return f.acknowledged.size() == 1; }));
    disk->set_full(true);
    ASSERT_TRUE(f.append("t", 0, "refused"));
    ASSERT_TRUE(f.append("t", 0, "refused too"));
    f.store->put("setting", "kept");
    ASSERT_TRUE(f.run_until([&] { return f.failed.size() == 2; }));
    EXPECT_EQ(f.failed[0].code, Errc::resource_exhausted) << f.failed[0].message;
    EXPECT_FALSE(f.append("t", 0, "refused at once"));
    EXPECT_EQ(f.texts("t", 0), (std::vector<std::string>{"before"}));
    disk->set_full(false);
    ASSERT_TRUE(f.run_until([&] { return !f.store->broken(); }));
    ASSERT_TRUE(f.append("t", 0, "after"));
    ASSERT_TRUE(f.run_until([&] { return f.acknowledged.size() == 2; }));
    EXPECT_EQ(f.texts("t", 0), (std::vector<std::string>{"before", "after"}));
    f.reopen();
    EXPECT_EQ(f.texts("t", 0), (std::vector<std::string>{"before", "after"}));
    std::string setting;
    ASSERT_TRUE(f.store->for_each_setting("setting", [&](auto, auto value) { setting = value; }));
    EXPECT_EQ(setting, "kept");
  }
}

}  // namespace
}  // namespace gantry::store
