// What a start makes of stored settings that it cannot read: it says which, and does not begin as if nothing were there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker_fixture.h"
#include "store/store.h"

namespace gantry::broker {
namespace {

using testing::HasSubstr;

struct StoredStateFixture : BrokerFixture {
  void put_setting(std::string_view name, std::string_view value) {
    client.reset();
    broker.reset();
    io.restart();
    io.poll();
    auto store = store::Store::open(io, {.directory = directory}, nullptr);
    if (!store) throw std::runtime_error(store.error().message);
    (*store)->put(name, value);
    (*store)->stop();
  }
  std::string error_of_start() {
    auto started = Broker::start(io, config);
    return started ? std::string() : started.error().message;
  }
};

TEST(StoredState, GivenSettingsThatCannotBeReadThenTheStartNamesThem) {
  struct Case {
    std::string name, value, named;
  };
  const Case cases[] = {
      {"offset/group", "12345678", "offset/group"},
      {std::string("offset/group\0topic\0\0\0\0\1", 23), "short", "offset/group topic"},
      {std::string("offset/group\0topic\0\xff\xff\xff\xff", 23), "12345678", "offset/group topic"},
      {"half/short", "1234567812345678", "half/"},
      {"request-mode\nt\ng", "PUSH 1", "PUSH 1"},
      {"request-mode\nt\ng", "POP x", "POP x"},
      {"pop-next\nonly-a-group", "1", "not a POP key"},
      {"pop-next\ngroup\ntopic\n0", "many", "not an offset"},
      {"topic/t", "not JSON", "topic/t"},
      {"topic/t", "{}", "topic/t"},
      {"topic/t", R"({"topicName":"u","readQueueNums":1,"writeQueueNums":1,"perm":6})", "topic/t"},
      {"group/g", "not JSON", "group/g"},
      {"group/g", "{}", "group/g"},
      {"kv/no key", "value", "kv/no key"},
      {"pop-batch\ngroup\ntopic\n0\n1\n2", "no batch", "POP batch"},
  };
  for (const Case& bad : cases) {
    StoredStateFixture f;
    f.put_setting(bad.name, bad.value);
    const std::string error = f.error_of_start();
    EXPECT_THAT(error, HasSubstr(bad.named)) << bad.name;
    EXPECT_THAT(error, HasSubstr("cannot be read")) << bad.name;
    EXPECT_THAT(error, HasSubstr("move it away to start empty")) << bad.name;
  }
}

}  // namespace
}  // namespace gantry::broker
