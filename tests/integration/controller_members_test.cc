// The group of controllers changes while clients write: nodes come and go, one loses its disk, the leader is killed.
// What was acknowledged stays.
#include <fstream>
#include <map>

#include "integration/controllers.h"
#include "remoting/server.h"

namespace gantry::integration {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Stands before a node: what is asked of it gets through, Raft's connections only once the gate is open.
class Gate {
 public:
  Gate(asio::io_context& io, const std::string& before)
      : io_(io),
        behind_(asio::ip::make_address("127.0.0.1"),
                static_cast<std::uint16_t>(std::stoi(before.substr(before.find(':') + 1)))),
        acceptor_(io, {asio::ip::make_address("127.0.0.1"), 0}) {
    asio::co_spawn(io_, accept(), asio::detached);
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }
  bool open = false;

 private:
  using Socket = std::shared_ptr<asio::ip::tcp::socket>;

  asio::awaitable<void> accept() {
    boost::system::error_code error;
    while (!error) {
      const auto in = std::make_shared<asio::ip::tcp::socket>(io_);
      co_await acceptor_.async_accept(*in, asio::redirect_error(asio::use_awaitable, error));
      if (!error) asio::co_spawn(io_, serve(in), asio::detached);
    }
  }
  asio::awaitable<void> serve(Socket in) {
    boost::system::error_code error;
    char first = 0;
    co_await in->async_wait(asio::ip::tcp::socket::wait_read, asio::redirect_error(asio::use_awaitable, error));
    in->receive(asio::buffer(&first, 1), asio::ip::tcp::socket::message_peek, error);
    if (error || (first == 'G' && !open)) co_return;
    const auto out = std::make_shared<asio::ip::tcp::socket>(io_);
    co_await out->async_connect(behind_, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    asio::co_spawn(io_, pass(in, out), asio::detached);
    asio::co_spawn(io_, pass(out, in), asio::detached);
  }
  static asio::awaitable<void> pass(Socket from, Socket to) {
    std::string bytes(16'384, ' ');
    boost::system::error_code error;
    while (!error) {
      const std::size_t count =
          co_await from->async_read_some(asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
      if (error) break;
      co_await asio::async_write(*to, asio::buffer(bytes, count), asio::redirect_error(asio::use_awaitable, error));
    }
    from->close(error);
    to->close(error);
  }

  asio::io_context& io_;
  asio::ip::tcp::endpoint behind_;
  asio::ip::tcp::acceptor acceptor_;
};

class ControllerMembers : public Controllers {
 protected:
  ~ControllerMembers() override { writing = false; }

  // A command of an operator, while the clients go on.
  Ended operate(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "controller");
    arguments.insert(arguments.end(), {"--endpoints", endpoints, "-o", "json"});
    Running command(directory, arguments);
    EXPECT_TRUE(test::run_until(io, [&] { return command.ended(); }, 40s));
    return command.wait();
  }
  // A node that waits to be taken in; it is asked as the others are.
  std::size_t start_joining() {
    const std::size_t n = nodes.size();
    addresses.push_back("127.0.0.1:" + std::to_string(free_ports().first));
    nodes.emplace_back();
    const std::string self = "n" + std::to_string(n);
    const auto all = peers + ";" + self + "-" + addresses[n];
    nodes[n] =
        std::make_unique<Running>(directory, std::vector<std::string>{"controller", "--join", "--peers", all, "--self",
                                                                      self, "--data", (directory / self).string()});
    EXPECT_TRUE(eventually([&] { return log(n).find("waits until the group") != std::string::npos; })) << log(n);
    return n;
  }
  void wipe(std::size_t n) {
    kill_node(n);
    std::filesystem::remove_all(directory / ("n" + std::to_string(n)));
    start(n);
    EXPECT_TRUE(eventually([&] { return log(n).find("its directory was replaced or removed") != std::string::npos; }))
        << log(n);
  }
  // "n0 voter, n3 learner": as the group's leader tells it.
  std::vector<std::string> members() {
    const Ended list = operate({"members"});
    std::vector<std::string> all;
    if (list.code != 0) return {list.err};
    const json::value parsed = json::parse(list.out);
    for (const json::value& member : parsed.as_array()) {
      all.push_back(std::string(member.at("name").as_string()) + " " +
                    std::to_string(member.at("id").to_number<int>()) +
                    (member.at("voter").as_bool() ? " voter" : " learner"));
    }
    return all;
  }

  // Writes without end, each a set of its own, by all nodes in turn.
  asio::awaitable<void> write(std::shared_ptr<ControllerClient> by) {
    while (writing) {
      const int set = next_set++;
      const std::string name = "w-" + std::to_string(set);
      const std::string address = addresses[static_cast<std::size_t>(set) % addresses.size()];
      wire::ApplyBrokerIdRequestHeader header{"c", name, 1, "10.0.0.9:1;1"};
      const auto done = co_await by->apply_broker_id(header, address);
      if (done) acknowledged.push_back(name);
    }
    --writers;
  }
  void begin_to_write() {
    for (int i = 0; i < 4; ++i) {
      ++writers;
      asio::co_spawn(io, write(client), asio::detached);
    }
  }
  bool writes_on(std::size_t more = 20) {
    const std::size_t before = acknowledged.size();
    return test::run_until(io, [&] { return acknowledged.size() >= before + more; }, 15s);
  }
  void end_writing() {
    writing = false;
    EXPECT_TRUE(test::run_until(io, [&] { return writers == 0; }, 15s));
  }
  // Everything that was acknowledged is there, whoever is asked.
  void check_acknowledged() {
    std::size_t n = 0;
    for (const std::string& name : acknowledged) {
      do {
        n = (n + 1) % nodes.size();
      } while (nodes[n]->ended());
      std::optional<std::int64_t> next;
      const bool answered = eventually_asked([&] {
        const auto answer = ask(client->next_broker_id({"c", name}, addresses[n]));
        if (answer) next = *answer;
        return answer.has_value();
      });
      ASSERT_TRUE(answered) << name << " at n" << n << "\n" << log(n);
      ASSERT_EQ(next, 2) << name << " at n" << n << "\n" << log(n);
    }
  }

  bool writing = true;
  int writers = 0;
  int next_set = 0;
  std::vector<std::string> acknowledged;
};

TEST_F(ControllerMembers, GivenWritesWhenNodesComeGoAndLoseTheirDisksThenNothingAcknowledgedIsLost) {
  begin_to_write();
  ASSERT_TRUE(writes_on());

  const std::size_t fourth = start_joining();
  const Ended added = operate({"members", "add", "n3-" + addresses[fourth]});
  ASSERT_EQ(added.code, 0) << added.err;
  EXPECT_EQ(json::parse(added.out).at("voter"), true) << "promoted when it had caught up";
  EXPECT_THAT(members(), ElementsAre("n0 1 voter", "n1 2 voter", "n2 3 voter", "n3 4 voter"));
  ASSERT_TRUE(writes_on());

  const std::size_t old = (*leader() + 1) % 3;
  const Ended removed = operate({"members", "remove", "n" + std::to_string(old)});
  ASSERT_EQ(removed.code, 0) << removed.err;
  EXPECT_EQ(members().size(), 3u);
  EXPECT_TRUE(eventually([&] { return log(old).find("was removed from the group") != std::string::npos; })) << log(old);
  kill_node(old);
  addresses[old] = addresses[fourth];
  ASSERT_TRUE(writes_on());

  std::size_t lost = 0;
  while (lost == old || lost == *leader()) ++lost;
  wipe(lost);
  ASSERT_TRUE(writes_on()) << "two of three voters are there";
  const Ended replaced = operate({"members", "replace", "n" + std::to_string(lost)});
  ASSERT_EQ(replaced.code, 0) << replaced.err;
  EXPECT_EQ(json::parse(replaced.out).at("id"), 5) << "never its old one";
  EXPECT_EQ(json::parse(replaced.out).at("voter"), true);
  ASSERT_TRUE(writes_on());

  const std::size_t killed = *leader();
  kill_node(killed);
  ASSERT_TRUE(writes_on()) << "the replaced node and the new one are the majority";
  end_writing();
  EXPECT_GT(acknowledged.size(), 100u);
  check_acknowledged();
}

TEST_F(ControllerMembers, GivenANodeThatWasTakenInWhenAllAreKilledThenAllComeBackAndItsNameIsKnownEverywhere) {
  const std::size_t fourth = start_joining();
  ASSERT_EQ(operate({"members", "add", "n3-" + addresses[fourth]}).code, 0);
  for (std::size_t n = 0; n < 4; ++n) kill_node(n);
  const std::string founders = peers;
  for (std::size_t n = 0; n < 3; ++n) start(n);
  peers += ";n3-" + addresses[3];
  start(3);
  ASSERT_TRUE(leads_within(10s));
  for (std::size_t n = 0; n < 4; ++n) {
    ASSERT_TRUE(eventually_asked([&] {
      const auto metadata = ask(client->metadata(addresses[n]));
      return metadata && metadata->peers && metadata->peers->find("n3:" + addresses[3]) != std::string::npos;
    })) << n;
  }
}

TEST_F(ControllerMembers, GivenANodeThatIsReplacedOrRemovedBeforeItHasTheLogThenItComesInUnderItsNewId) {
  const std::size_t fourth = start_joining();
  Gate gate(io, addresses[fourth]);
  const auto says = [&](const char* text) {
    return eventually_asked([&] { return log(fourth).find(text) != std::string::npos; });
  };
  const auto change = [&](const char* what, const std::string& whom) {
    const Ended done = operate({"members", what, whom, "--wait", "0"});
    EXPECT_EQ(done.code, 0) << done.err;
  };
  change("add", "n3-" + gate.address());
  ASSERT_TRUE(says("as node 4")) << log(fourth);
  change("replace", "n3");
  ASSERT_TRUE(says("as node 5")) << log(fourth);
  EXPECT_EQ(operate({"members", "remove", "n3"}).code, 0);
  ASSERT_TRUE(says("took it in as node 5 and has removed that again")) << log(fourth);
  change("add", "n3-" + gate.address());
  ASSERT_TRUE(says("as node 6")) << log(fourth);
  gate.open = true;
  EXPECT_TRUE(eventually_asked([&] { return members().back() == "n3 6 voter"; })) << log(fourth);
}

TEST_F(ControllerMembers, GivenTheLeaderWhenItIsToGoThenItHandsOverFirst) {
  const std::string name = "n" + std::to_string(*leader());
  const Ended moved = operate({"transfer"});
  ASSERT_EQ(moved.code, 0) << moved.err;
  EXPECT_NE(json::parse(moved.out).at("leader"), json::value(name));
  const Ended back = operate({"transfer", name});
  ASSERT_EQ(back.code, 0) << back.err;
  EXPECT_EQ(json::parse(back.out).at("leader"), json::value(name));
  const Ended removed = operate({"members", "remove", name});
  ASSERT_EQ(removed.code, 0) << removed.err;
  EXPECT_EQ(members().size(), 2u);
}

TEST_F(ControllerMembers, GivenWhatMustNotBeThenItIsRefusedWithTheReason) {
  const std::size_t dead = (*leader() + 1) % 3;
  const std::size_t alive = 3 - dead - *leader();
  const std::string name = "n" + std::to_string(alive);
  kill_node(dead);
  ASSERT_TRUE(eventually([&] { return operate({"members"}).out.find("\"alive\":false") != std::string::npos; }));
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"members", "remove", name}, "the group would have 2 voters, of which 1 live and 2 are needed"},
      {{"members", "remove", "n7"}, "n7 is not a member; those are n0, n1, n2"},
      {{"members", "add", name + "-127.0.0.1:1"}, name + " is a member"},
      {{"members", "add", "n3-" + addresses[alive]}, "is the address of " + name},
      {{"members", "add", "n3-127.0.0.1:1"}, "start it first, it waits to be taken in: gantry controller --join"},
      {{"members", "replace", name}, "the group would have 2 voters, of which 1 live and 2 are needed"},
      {{"members", "replace", name, "--force"}, name + " has its data: there is nothing to replace"},
      {{"members", "replace", "n" + std::to_string(dead)}, "start it first"},
      {{"transfer", "n7"}, "n7 is not a member; those are n0, n1, n2"},
      {{"transfer", "n" + std::to_string(dead)}, "s ago: start it, or look at its log; these could lead: " + name},
      {{"bootstrap"}, "two groups that each elect masters"},
      {{"bootstrap", "--force"}, "has the data of a group already"},
  };
  for (const auto& [arguments, expected] : cases) {
    const Ended ended = operate(arguments);
    EXPECT_NE(ended.code, 0) << arguments.back();
    EXPECT_THAT(ended.err, HasSubstr(expected)) << arguments[0] << " " << arguments.back();
  }
}

TEST_F(ControllerMembers, GivenNoMajorityThenMembersShowsWithinSecondsWhatIsKnownAndThatNobodyConfirmsIt) {
  const std::size_t left = *leader();
  remoting::Server broker(io, {});
  broker.handle(wire::request_code::kGetBrokerConfig, [](remoting::Request request) {
    auto response = request.reply.response(rc::kSuccess);
    response.body = "enableControllerMode=true\nallAckInSyncStateSet=true\nminInSyncReplicas=1\n";
    request.reply.send(std::move(response));
  });
  ASSERT_TRUE(broker.start());
  join("orders", "127.0.0.1:" + std::to_string(broker.port()), addresses[left]);
  const auto diagnose = [&] {  // told of one, it finds the others
    Running doctor(directory, {"doctor", "--controllers", addresses[left]});
    EXPECT_TRUE(test::run_until(io, [&] { return doctor.ended(); }, 40s));
    return doctor.wait();
  };
  const Ended well = diagnose();
  EXPECT_EQ(well.code, 0) << well.out << well.err;
  EXPECT_THAT(well.out, HasSubstr("n" + std::to_string(left) + " leads, all 3 voters answer, 1 may fail"));
  EXPECT_THAT(well.out, HasSubstr("only members in sync become master"));
  EXPECT_THAT(well.out, HasSubstr("minInSyncReplicas=1: messages are acknowledged that the master alone has"));
  kill_node((left + 1) % 3);
  kill_node((left + 2) % 3);
  ASSERT_TRUE(eventually_asked([&] { return operate({"status"}).code != 0; })) << "it hears nobody, and leads no more";
  const auto since = std::chrono::steady_clock::now();
  const Ended list = operate({"members"});
  EXPECT_LT(std::chrono::steady_clock::now() - since, 8s);
  EXPECT_EQ(list.code, 1);
  const json::value shown = json::parse(list.out);
  ASSERT_EQ(shown.as_array().size(), 3u) << list.out;
  for (const json::value& member : shown.as_array()) {
    const bool answers = member.at("address").as_string() == addresses[left];
    EXPECT_EQ(member.at("confirmed"), false);
    EXPECT_EQ(member.at("role") == "unreachable", !answers) << member;
  }
  EXPECT_THAT(list.err, HasSubstr("no controller leads: 1 of 3 voters answered here (n" + std::to_string(left)));
  const Ended ill = diagnose();
  broker.stop();
  EXPECT_EQ(ill.code, 1);
  EXPECT_THAT(ill.out, testing::ContainsRegex("failed +controllers +no controller leads: 1 of 3 voters"));
}

TEST_F(ControllerMembers, GivenABenchThatKeepsItsSetsThenItSaysWhichStayAndHowTheyGo) {
  Running bench(directory, {"bench", "controller", "--endpoints", endpoints, "--case", "metadata", "--in-flight", "1",
                            "--sets", "3", "--seconds", "0.1", "--keep"});
  const Ended kept = bench.wait();
  EXPECT_EQ(kept.code, 0) << kept.err;
  EXPECT_THAT(kept.out, testing::ContainsRegex("metadata .* -\n")) << "memory is not known without --pids";
  EXPECT_THAT(kept.err, HasSubstr("3 replica sets of cluster gantry-bench stay; to remove them: gantry bench"));
  const auto at = kept.err.find("--remove ");
  ASSERT_NE(at, std::string::npos);
  const std::string sets = kept.err.substr(at + 9, kept.err.find('\n', at) - at - 9);
  EXPECT_EQ(json::parse(operate({"sets"}).out).as_array().size(), 3u);
  Running removal(directory, {"bench", "controller", "--endpoints", endpoints, "--remove", sets});
  const Ended removed = removal.wait();
  EXPECT_EQ(removed.code, 0) << removed.err;
  EXPECT_EQ(removed.out, "removed 3 of 3 replica sets\n");
  EXPECT_EQ(operate({"sets"}).out, "[]\n");
  Running wrong(directory, {"bench", "controller", "--endpoints", endpoints, "--remove", "broker-a:3"});
  EXPECT_EQ(wrong.wait().code, 2) << "the sets of others are not removed by this";
}

TEST_F(ControllerMembers,
       GivenAMajorityLostForGoodWhenOneDirectoryIsLeftThenANewGroupHasAllOfItAndTheOldOnesNeverGetIn) {
  join("orders", "10.1.0.1:10911", addresses[0]);
  join("orders", "10.1.0.2:10911", addresses[0]);
  ASSERT_TRUE(elect("orders", 1, addresses[0]));
  ASSERT_TRUE(in_sync("orders", {1, 2}, addresses[0]));
  begin_to_write();
  ASSERT_TRUE(writes_on(200));
  end_writing();
  const std::size_t left = *leader(), lost = (left + 1) % 3, old = (left + 2) % 3;
  EXPECT_EQ(operate({"snapshot"}).code, 0);  // so that the state comes of a snapshot and of the log behind it
  join("invoices", "10.1.0.3:10911", addresses[left]);
  const auto before = ask(client->replica_info("orders", addresses[left]));
  ASSERT_TRUE(before);

  const auto name = [](std::size_t n) { return "n" + std::to_string(n); };
  const auto recover = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments{
        "controller", "recover", "--from", (directory / name(left)).string(), "--to", (directory / "anew").string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    Running command(directory, arguments);
    return command.wait();
  };
  EXPECT_THAT(recover({"--group", "anew"}).err, HasSubstr("bring them back instead"));
  EXPECT_THAT(recover({"--group", "anew", "--force"}).err, HasSubstr("is in use by another process"));
  kill_node(left);
  kill_node(lost);
  EXPECT_THAT(recover({"--group", "anew", "--force"}).err, HasSubstr("still runs at " + addresses[old]));
  kill_node(old);
  std::filesystem::remove_all(directory / name(lost));
  EXPECT_THAT(recover({"--group", "gantry-controller", "--force"}).err, HasSubstr("must not be called"));
  const auto content = [&] {
    std::map<std::string, std::string> files;
    for (const auto& file : std::filesystem::recursive_directory_iterator(directory / name(left))) {
      std::ifstream in(file.path(), std::ios::binary);
      if (file.is_regular_file()) files[file.path().string()] = std::string(std::istreambuf_iterator<char>(in), {});
    }
    return files;
  };
  const auto untouched = content();
  const Ended recovered = recover({"--group", "anew", "--force"});
  ASSERT_EQ(recovered.code, 0) << recovered.err;
  EXPECT_THAT(recovered.out, HasSubstr("--group anew --self " + name(left)));
  EXPECT_TRUE(content() == untouched) << "the only copy stays as it is";

  const std::string first = name(left) + "-" + addresses[left];
  const auto start_anew = [&](std::size_t n, const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"controller", "--group", "anew", "--self", name(n)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    nodes[n] = std::make_unique<Running>(directory, arguments);
  };
  start_anew(left, {"--peers", first, "--data", (directory / "anew").string()});
  ASSERT_TRUE(leads_within(10s)) << log(left);
  check_acknowledged();
  const auto after = ask(client->replica_info("orders", addresses[left]));
  ASSERT_TRUE(after);
  EXPECT_EQ(after->master.master_broker_id, before->master.master_broker_id);
  EXPECT_EQ(after->master.master_epoch, before->master.master_epoch);
  EXPECT_EQ(after->in_sync.sync_state_set, before->in_sync.sync_state_set);
  EXPECT_TRUE(ask(client->next_broker_id({"c", "invoices"}, addresses[left]))) << "of the log behind the snapshot";

  const std::string joins = first + ";" + name(lost) + "-" + addresses[lost];
  start_anew(lost, {"--join", "--peers", joins, "--data", (directory / "empty").string()});
  ASSERT_TRUE(eventually([&] { return log(lost).find("waits until the group") != std::string::npos; })) << log(lost);
  const Ended added = operate({"members", "add", name(lost) + "-" + addresses[lost]});
  ASSERT_EQ(added.code, 0) << added.err;

  start(old);  // somebody finds its directory, and starts it as ever
  ASSERT_TRUE(eventually([&] { return log(left).find("it is of group gantry-controller") != std::string::npos; }))
      << log(left) << log(old);
  EXPECT_THAT(members(), ElementsAre(name(left) + " 4 voter", name(lost) + " 5 voter"));
  kill_node(old);
  start_anew(old, {"--peers", peers, "--data", (directory / name(old)).string()});
  EXPECT_EQ(nodes[old]->wait().code, 2) << "nor under the new name";
  EXPECT_THAT(log(old), HasSubstr("is the directory of controller " + name(old) + " of group gantry-controller"));
  acknowledged.clear();
  writing = true;
  addresses[old] = addresses[left];
  begin_to_write();
  EXPECT_TRUE(writes_on());
  end_writing();
}

TEST_F(ControllerMembers, GivenASecondProcessOnOneDirectoryThenItIsRefusedAndNothingInItChanges) {
  const std::string at = "127.0.0.1:" + std::to_string(free_ports().first);
  const std::string same = (directory / "n0").string();
  const auto files = [&] {
    std::size_t count = 0;
    for (const auto& file : std::filesystem::recursive_directory_iterator(same)) count += file.is_regular_file();
    return count;
  };
  const std::size_t before = files();
  Running second(directory, {"controller", "--self", "n0", "--peers", "n0-" + at, "--data", same});
  EXPECT_EQ(second.wait().code, 1);
  EXPECT_THAT(second.err(), HasSubstr(same + " is in use by another process"));
  EXPECT_EQ(files(), before);
  kill_node(0);
  start(0);  // the lock goes with the process, however that ends
  EXPECT_TRUE(eventually_asked([&] { return follows(addresses[0]); })) << log(0);
}

TEST_F(ControllerMembers, GivenACopyOfADirectoryThatRunsTooThenItTakesNoPartAndBothSayWhichAddressesAreOne) {
  begin_to_write();
  ASSERT_TRUE(writes_on());
  const std::size_t whose = (*leader() + 1) % 3;
  const std::string self = "n" + std::to_string(whose);
  const auto term = [&] { return json::parse(operate({"status"}).out).at("term"); };
  const auto before = term();
  std::filesystem::copy(directory / self, directory / "copy", std::filesystem::copy_options::recursive);
  const std::string at = "127.0.0.1:" + std::to_string(free_ports().first);
  std::string its_peers = peers;
  its_peers.replace(its_peers.find(addresses[whose]), addresses[whose].size(), at);
  Running copy(directory,
               {"controller", "--peers", its_peers, "--self", self, "--data", (directory / "copy").string()});
  ASSERT_TRUE(eventually_asked([&] { return copy.err().find("runs twice") != std::string::npos; })) << copy.err();
  EXPECT_THAT(copy.err(), HasSubstr("at " + addresses[whose] + " ("));
  EXPECT_THAT(copy.err(), HasSubstr("here, at " + at));
  EXPECT_THAT(log(whose), HasSubstr("another process, at " + at + " (host "));
  EXPECT_THAT(log(whose), HasSubstr("uses a copy of the directory of " + self));
  ASSERT_TRUE(writes_on());
  EXPECT_EQ(term(), before) << "it asked for no votes";
  // also when the member itself is down
  kill_node(whose);
  ASSERT_TRUE(eventually_asked([&] { return copy.err().find("where nobody answers") != std::string::npos; }))
      << copy.err();
  ASSERT_TRUE(writes_on());
  start(whose);
  end_writing();
  check_acknowledged();
}

TEST_F(ControllerMembers, GivenASnapshotIsAskedForThenEveryNodeWritesOneAndSaysWhichAndHowLarge) {
  begin_to_write();
  ASSERT_TRUE(writes_on());
  end_writing();
  const Ended taken = operate({"snapshot"});
  ASSERT_EQ(taken.code, 0) << taken.err;
  const json::array all = json::parse(taken.out).as_array();
  ASSERT_EQ(all.size(), 3u);
  for (const json::value& one : all) {
    EXPECT_GT(one.at("index").to_number<int>(), 4);
    EXPECT_GT(one.at("bytes").to_number<int>(), 100);
  }
  for (std::size_t n = 0; n < 3; ++n) kill_node(n);
  for (std::size_t n = 0; n < 3; ++n) start(n);
  ASSERT_TRUE(leads_within(10s));
  check_acknowledged();
}

TEST_F(ControllerMembers, GivenAPeerThatIsGoneForGoodThenAnOperatorCanForceTheOthersToForm) {
  for (std::size_t n = 0; n < 3; ++n) {
    kill_node(n);
    std::filesystem::remove_all(directory / ("n" + std::to_string(n)));
  }
  start(0);
  start(1);
  ASSERT_TRUE(eventually([&] { return log(0).find("no answer yet of n2") != std::string::npos; })) << log(0);
  ASSERT_TRUE(eventually([&] { return log(1).find("no answer yet of n2") != std::string::npos; })) << log(1);
  endpoints = addresses[0] + ";" + addresses[1];
  const Ended forced = operate({"bootstrap", "--force"});
  EXPECT_EQ(forced.code, 0) << forced.err;
  ASSERT_TRUE(leads_within(10s)) << log(0) << log(1);
  // when it comes back with nothing it is not of this group, until it is taken in under a new id
  start(2);
  ASSERT_TRUE(eventually([&] { return log(2).find("members replace n2") != std::string::npos; })) << log(2);
  const Ended replaced = operate({"members", "replace", "n2"});
  ASSERT_EQ(replaced.code, 0) << replaced.err;
  EXPECT_THAT(members(), ElementsAre("n0 1 voter", "n1 2 voter", "n2 4 voter"));
}

}  // namespace
}  // namespace gantry::integration
