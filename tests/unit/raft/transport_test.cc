#include "raft/transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio.hpp>
#include <optional>

#include "raft/frames.h"
#include "unit/drive.h"
#include "unit/net/certificates.h"

namespace gantry::raft {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::Pair;

// A node: a listener, and a transport that gets what comes in.
struct Node {
  Node(asio::io_context& context, std::uint64_t id, TransportConfig settings = {}, std::uint16_t port = 0)
      : io(context), config(std::move(settings)) {
    config.self = id;
    if (config.group.empty()) config.group = "g";
    config.retry_after = 5ms;
    acceptor.emplace(io, tcp::endpoint(asio::ip::address_v4::loopback(), port));
    transport.emplace(
        io, config,
        [this](std::uint64_t from, std::string_view message) { received.emplace_back(from, std::string(message)); },
        [this](std::uint64_t peer) { unreachable.push_back(peer); });
    accept();
  }
  ~Node() { transport->stop(); }

  net::Endpoint endpoint() const { return {"localhost", acceptor->local_endpoint().port()}; }
  void accept() {
    acceptor->async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (error) return;
      auto remote = socket.remote_endpoint();
      transport->accept(std::move(socket), remote);
      accept();
    });
  }

  asio::io_context& io;
  TransportConfig config;
  std::optional<tcp::acceptor> acceptor;
  std::vector<std::pair<std::uint64_t, std::string>> received;
  std::vector<std::uint64_t> unreachable;
  std::optional<Transport> transport;
};

class TransportTest : public testing::Test {
 protected:
  ~TransportTest() override {
    io.restart();
    io.poll();
  }
  template <class Condition>
  bool until(Condition condition) {
    return test::run_until(io, condition);
  }
  static void introduce(Node& a, Node& b) {
    a.transport->set_peers({{a.config.self, a.endpoint()}, {b.config.self, b.endpoint()}});
    b.transport->set_peers({{a.config.self, a.endpoint()}, {b.config.self, b.endpoint()}});
  }

  asio::io_context io{1};
};

TEST_F(TransportTest, GivenTwoNodesWhenTheySendThenMessagesComeWholeInOrderAndWithTheSender) {
  Node one(io, 1), two(io, 2);
  introduce(one, two);
  const std::string large(3'000'000, 'x');
  one.transport->send(2, "a");
  one.transport->send(2, large);
  one.transport->send(2, "");
  two.transport->send(1, "b");
  ASSERT_TRUE(until([&] { return two.received.size() == 3 && one.received.size() == 1; }));
  EXPECT_THAT(two.received, ElementsAre(Pair(1, "a"), Pair(1, large), Pair(1, "")));
  EXPECT_THAT(one.received, ElementsAre(Pair(2, "b")));
  EXPECT_EQ(one.transport->stats().connected, 1u);
  EXPECT_TRUE(one.unreachable.empty());
}

TEST_F(TransportTest, GivenASenderThatIsBusyWhenItFlushesFirstThenItsMessagesArriveMeanwhile) {
  asio::io_context other{1};
  Node one(io, 1), two(other, 2);
  introduce(one, two);
  one.transport->send(2, "to connect");
  ASSERT_TRUE(until([&] {
    other.poll();
    return !two.received.empty();
  }));
  io.poll();  // until it knows that its first write is done
  one.transport->send(2, "a");
  one.transport->send(2, "b");
  one.transport->flush();
  ASSERT_TRUE(test::run_until(other, [&] { return two.received.size() == 3; }))
      << "while the sender's loop does not run";
  io.restart();
  one.transport->flush();  // nothing gathered
  one.transport->send(2, "c");
  ASSERT_TRUE(until([&] {
    other.poll();
    return two.received.size() == 4;
  }));
}

TEST_F(TransportTest, GivenAPeerThatIsDownWhenItComesBackThenMessagesReachItAgain) {
  Node one(io, 1);
  std::optional<Node> two(std::in_place, io, 2);
  introduce(one, *two);
  one.transport->send(2, "before");
  ASSERT_TRUE(until([&] { return two->received.size() == 1; }));
  const auto port = two->acceptor->local_endpoint().port();
  two.reset();
  ASSERT_TRUE(until([&] {
    one.transport->send(2, "lost");
    return !one.unreachable.empty();
  }));
  EXPECT_THAT(one.unreachable, Contains(2u));
  two.emplace(io, 2, TransportConfig{}, port);
  ASSERT_TRUE(until([&] {
    one.transport->send(2, "after");
    return !two->received.empty();
  }));
  EXPECT_EQ(two->received.front().first, 1u);
}

TEST_F(TransportTest, GivenMoreThanMayWaitWhenSentThenItIsDroppedAndSaid) {
  TransportConfig config;
  config.unsent_bytes_max = 1'000;
  Node one(io, 1, config), two(io, 2);
  introduce(one, two);
  one.transport->send(2, std::string(600, 'a'));
  one.transport->send(2, std::string(600, 'b'));
  EXPECT_THAT(one.unreachable, ElementsAre(2u));
  EXPECT_EQ(one.transport->stats().dropped, 1u);
  ASSERT_TRUE(until([&] { return two.received.size() == 1; }));
}

TEST_F(TransportTest, GivenAnUnknownPeerOrOneThatLeftWhenSentThenNothingIsConnected) {
  Node one(io, 1), two(io, 2);
  introduce(one, two);
  one.transport->set_peers({{1, one.endpoint()}});
  one.transport->send(2, "a");
  one.transport->send(7, "b");
  EXPECT_EQ(one.transport->stats().dropped, 2u);
  io.poll();
  EXPECT_TRUE(two.received.empty());
}

struct Raw {
  Raw(asio::io_context& io, const Node& to) : socket(io) { socket.connect(to.acceptor->local_endpoint()); }
  void send(std::string bytes) { asio::write(socket, asio::buffer(bytes)); }
  bool closed() {
    socket.non_blocking(true);
    char byte = 0;
    boost::system::error_code error;
    socket.receive(asio::buffer(&byte, 1), 0, error);
    return error && error != asio::error::would_block;
  }
  tcp::socket socket;
};

std::string framed(std::string_view message) {
  std::string out;
  append_frame(out, message);
  return out;
}

std::string pieces(int count, std::size_t bytes) {
  std::string out;
  for (int i = 0; i < count; ++i) append_frame(out, std::string(bytes, 'p'), Piece::part);
  return out;
}

TEST_F(TransportTest, GivenAMessageLargerThanAFrameThenItComesInPiecesWithOthersBetweenThem) {
  TransportConfig config;
  config.message_bytes_max = 100'000;
  config.piece_bytes = 50'000;
  Node one(io, 1, config), two(io, 2, config);
  introduce(one, two);
  std::string large(40'000'000, 'x');
  for (std::size_t i = 0; i < large.size(); i += 997) large[i] = static_cast<char>(i);
  std::vector<bool> fates;
  one.transport->on_large_sent = [&](std::uint64_t peer, bool delivered) {
    EXPECT_EQ(peer, 2u);
    fates.push_back(delivered);
  };
  one.transport->send_large(2, large);
  one.transport->send_large(2, "a second one meanwhile");
  ASSERT_TRUE(until([&] { return !fates.empty(); }));
  EXPECT_FALSE(fates[0]) << "one at a time";
  one.transport->send(2, "a heartbeat");
  ASSERT_TRUE(until([&] { return two.received.size() == 2 && fates.size() == 2; }));
  EXPECT_EQ(two.received[0].second, "a heartbeat") << "it does not wait for what is large";
  EXPECT_TRUE(two.received[1].second == large);
  EXPECT_TRUE(fates[1]);
  one.transport->send_large(2, "again");
  ASSERT_TRUE(until([&] { return two.received.size() == 3 && fates.size() == 3; }));
  EXPECT_TRUE(fates[2]);
}

TEST_F(TransportTest, GivenALargeMessageWhenThePeerGoesThenItsFateIsTold) {
  Node one(io, 1);
  std::optional<Node> two(std::in_place, io, 2);
  introduce(one, *two);
  std::vector<bool> fates;
  one.transport->on_large_sent = [&](std::uint64_t, bool delivered) { fates.push_back(delivered); };
  one.transport->send_large(7, "to nobody");
  ASSERT_TRUE(until([&] { return fates.size() == 1; }));
  one.transport->send_large(2, std::string(50'000'000, 'x'));
  ASSERT_TRUE(until([&] { return one.transport->stats().connected == 1; }));
  two.reset();
  ASSERT_TRUE(until([&] { return fates.size() == 2; }));
  EXPECT_EQ(fates, (std::vector<bool>{false, false}));
}

TEST_F(TransportTest, GivenPeersThatSayWhichEntriesTheyReadThenTheirNewestWordIsKnown) {
  TransportConfig second;
  second.reads = 2;
  Node one(io, 1);
  std::optional<Node> two(std::in_place, io, 2, second);
  int announced = 0;
  one.transport->on_announced = [&] { ++announced; };
  introduce(one, *two);
  EXPECT_EQ(one.transport->reads(2), std::nullopt);
  two->transport->send(1, "hello");
  ASSERT_TRUE(until([&] { return announced == 1; }));
  EXPECT_EQ(one.transport->reads(2), 2u);
  second.reads = 3;
  two.reset();
  two.emplace(io, 2, second);
  introduce(one, *two);
  two->transport->send(1, "hello again");
  ASSERT_TRUE(until([&] { return announced == 2; }));
  EXPECT_EQ(one.transport->reads(2), 3u);
}

// A rolling upgrade, and a step back: the peer's end by hand, to see what a connection begins with.
TEST_F(TransportTest, GivenAPeerOfAnOlderVersionThenConnectionsToItAreInWhatItLastSaidThatItReads) {
  TransportConfig newer;
  newer.reads = 2;
  Node one(io, 1, newer);
  tcp::acceptor peer(io, {asio::ip::address_v4::loopback(), 0});
  one.transport->set_peers({{2, net::Endpoint{"127.0.0.1", peer.local_endpoint().port()}}});
  const auto next_preamble = [&] {
    std::optional<tcp::socket> accepted;
    std::string preamble(kPreambleBytes, '\0');
    bool read = false;
    peer.async_accept([&](auto error, tcp::socket socket) {
      if (error) return;
      accepted.emplace(std::move(socket));
      asio::async_read(*accepted, asio::buffer(preamble), [&](auto failed, std::size_t) { read = !failed; });
    });
    EXPECT_TRUE(until([&] {
      one.transport->send(2, "m");
      return read;
    }));
    accepted->set_option(asio::socket_base::linger(true, 0));
    accepted.reset();  // refused
    const auto unreachable = one.unreachable.size();
    EXPECT_TRUE(until([&] { return one.unreachable.size() > unreachable; }));
    return static_cast<int>(preamble[4]);
  };
  const auto greets = [&](std::uint32_t reads) {
    Raw greeting(io, one);
    greeting.send(encode_preamble(false, std::min(reads, 2u)) + encode_hello({2, 1, reads, "g"}) + framed("m"));
    const auto before = one.received.size();
    EXPECT_TRUE(until([&] { return one.received.size() > before; }));
  };
  EXPECT_EQ(next_preamble(), 1) << "it has not greeted yet";
  greets(1);
  EXPECT_EQ(next_preamble(), 1);
  greets(2);
  EXPECT_EQ(next_preamble(), 2) << "it was upgraded";
  EXPECT_EQ(next_preamble(), 1) << "it refused that: it may be the older one again";
  greets(3);
  EXPECT_EQ(next_preamble(), 2) << "we read no more";
}

TEST_F(TransportTest, GivenANewerVersionThanIsReadWhenAConnectionBeginsThenTheRefusalSaysWhatToDo) {
  EXPECT_TRUE(decode_preamble(encode_preamble(false, 2), 2));
  const auto refused = decode_preamble(encode_preamble(false, 3), 2);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unimplemented);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("start a newer gantry"));
}

TEST_F(TransportTest, GivenWhatNoPeerSendsWhenItComesThenTheConnectionIsClosedAndNothingReceived) {
  TransportConfig config;
  config.message_bytes_max = 1'000;
  config.large_bytes_max = 10'000;
  Node one(io, 1, config);
  std::string damaged = framed("hello");
  damaged.back() ^= 1;
  std::string newer = encode_preamble(false);
  newer[4] = 9;
  const std::string good = encode_preamble(false) + encode_hello({2, 1, 1, "g"});
  std::string long_name = encode_preamble(false) + encode_hello({2, 1, 1, "g"});
  long_name[kPreambleBytes + kHelloHeadBytes - 1] = '\x7f';
  const std::pair<const char*, std::string> cases[] = {
      {"garbage", std::string(64, 'x')},
      {"a newer version", newer},
      {"another group", encode_preamble(false) + encode_hello({2, 1, 1, "h"}) + framed("m")},
      {"another node", encode_preamble(false) + encode_hello({2, 3, 1, "g"}) + framed("m")},
      {"a name over the limit", long_name},
      {"TLS where there is none", encode_preamble(true) + std::string(50, 'x')},
      {"a damaged message", good + damaged},
      {"a message over the limit", good + framed(std::string(1'001, 'm'))},
      {"pieces over the limit", good + pieces(11, 1'000)},
      {"the end of a message without pieces", good + std::string("\0\0\0\x40\0\0\0\0", 8)},
  };
  for (const auto& [what, bytes] : cases) {
    Raw peer(io, one);
    peer.send(bytes);
    EXPECT_TRUE(until([&] { return peer.closed(); })) << what;
  }
  EXPECT_TRUE(one.received.empty());
}

TEST_F(TransportTest, GivenASilentConnectionWhenItsTimeIsUpThenItIsClosed) {
  TransportConfig config;
  config.hello_timeout = 20ms;
  Node one(io, 1, config);
  Raw peer(io, one);
  peer.send("GR");
  EXPECT_TRUE(until([&] { return peer.closed(); }));
}

TEST_F(TransportTest, GivenAPeerThatConnectsAnewWhenItSaysWhoItIsThenItsFormerConnectionIsClosed) {
  Node one(io, 1);
  const std::string hello = encode_preamble(false) + encode_hello({2, 1, 1, "g"});
  Raw former(io, one), newer(io, one);
  former.send(hello + framed("a"));
  ASSERT_TRUE(until([&] { return one.received.size() == 1; }));
  newer.send(hello + framed("b"));
  ASSERT_TRUE(until([&] { return one.received.size() == 2; }));
  EXPECT_TRUE(until([&] { return former.closed(); }));
  EXPECT_FALSE(newer.closed());
}

TEST_F(TransportTest, GivenManyThatDoNotSayWhoTheyAreWhenAPeerComesThenTheOldestOfThemMakesRoom) {
  TransportConfig config;
  config.intakes_max = 3;
  Node one(io, 1, config);
  one.transport->set_peers({{2, one.endpoint()}, {3, one.endpoint()}, {4, one.endpoint()}});
  const auto hello = [](std::uint64_t from) { return encode_preamble(false) + encode_hello({from, 1, 1, "g"}); };
  Raw two(io, one);
  two.send(hello(2));
  Raw stranger(io, one);
  stranger.send(hello(77) + framed("a"));
  ASSERT_TRUE(until([&] { return one.received.size() == 1; }));
  Raw silent(io, one), newer(io, one);
  EXPECT_TRUE(until([&] { return silent.closed(); })) << "before one that has said who it is";
  EXPECT_FALSE(stranger.closed());
  newer.send(hello(3) + framed("b"));
  ASSERT_TRUE(until([&] { return one.received.size() == 2; }));
  Raw four(io, one);
  EXPECT_TRUE(until([&] { return stranger.closed(); }));
  four.send(hello(4) + framed("c"));
  ASSERT_TRUE(until([&] { return one.received.size() == 3; }));
  Raw last(io, one);
  EXPECT_TRUE(until([&] { return last.closed(); })) << "all are of peers";
  EXPECT_FALSE(two.closed() || newer.closed() || four.closed());
}

TEST_F(TransportTest, GivenANodeThatIsNotAdmittedWhenItGreetsThenItIsClosed) {
  Node one(io, 1);
  one.transport->admits = [](std::uint64_t from) { return from != 2; };
  for (const std::uint64_t from : {1, 2}) {
    Raw peer(io, one);
    peer.send(encode_preamble(false) + encode_hello({from, 1, 1, "g"}) + framed("m"));
    EXPECT_TRUE(until([&] { return peer.closed(); })) << from;
  }
  Raw peer(io, one);
  peer.send(encode_preamble(false) + encode_hello({3, 1, 1, "g"}) + framed("m"));
  ASSERT_TRUE(until([&] { return !one.received.empty(); }));
  EXPECT_THAT(one.received, ElementsAre(Pair(3, "m")));
}

TEST_F(TransportTest, GivenManyInventedNodesWhenTheyGreetThenOnlySomeAreRememberedAndThePeerIs) {
  Node one(io, 1, {.intakes_max = 4});
  one.transport->set_peers({{1, one.endpoint()}, {2, {"localhost", 1}}});
  for (const std::uint64_t from : {2, 101, 102, 103, 104, 105, 106, 107}) {
    Raw peer(io, one);
    peer.send(encode_preamble(false) + encode_hello({from, 1, 3, "g"}));
    ASSERT_TRUE(until([&] { return one.transport->reads(from).has_value(); })) << from;
  }
  EXPECT_EQ(one.transport->reads(2), 3u) << "a peer is not forgotten for strangers";
  EXPECT_FALSE(one.transport->reads(101)) << "strangers would grow without end";
}

TEST_F(TransportTest, GivenPartsOfMessagesFromManyWhenTheyAreOverTheLimitThenWhoAsksForMoreIsClosed) {
  TransportConfig config;
  config.held_bytes_max = 1'000'000;
  Node one(io, 1, config);
  const auto hello = [](std::uint64_t from) { return encode_preamble(false) + encode_hello({from, 1, 1, "g"}); };
  std::optional<Raw> first(std::in_place, io, one);
  first->send(hello(2) + framed("a") + pieces(7, 100'000) + framed("b"));
  ASSERT_TRUE(until([&] { return one.received.size() == 2; }));
  Raw second(io, one);
  second.send(hello(3) + pieces(7, 100'000));
  EXPECT_TRUE(until([&] { return second.closed(); }));
  EXPECT_FALSE(first->closed());
  first.reset();
  ASSERT_TRUE(until([&] { return one.transport->stats().intakes == 0; }));
  Raw third(io, one);
  std::string last;
  append_frame(last, "the end", Piece::last);
  third.send(hello(4) + pieces(7, 100'000) + last);
  ASSERT_TRUE(until([&] { return one.received.size() == 3; })) << "what was held has been given back";
  EXPECT_EQ(one.received.back().second.size(), 700'007u);
}

class TransportTlsTest : public TransportTest {
 protected:
  TransportConfig settings(net::TestAuthority& authority, net::TestAuthority& trusted) {
    TransportConfig config;
    net::TlsFiles files = authority.issue("localhost");
    files.ca_file = trusted.certificate_file();
    config.server_tls = net::TlsContext::server(files).value();
    config.client_tls = net::TlsContext::client(files).value();
    return config;
  }
  net::TestAuthority ours{"ours"};
  net::TestAuthority theirs{"theirs"};
};

TEST_F(TransportTlsTest, GivenMutualTlsWhenBothAreOfOneAuthorityThenMessagesCome) {
  Node one(io, 1, settings(ours, ours)), two(io, 2, settings(ours, ours));
  introduce(one, two);
  one.transport->send(2, std::string(200'000, 'a'));
  two.transport->send(1, "b");
  ASSERT_TRUE(until([&] { return two.received.size() == 1 && one.received.size() == 1; }));
}

TEST_F(TransportTlsTest, GivenMutualTlsWhenAPeerHasNoCertificateOfOursThenNothingComes) {
  Node one(io, 1, settings(ours, ours)), two(io, 2, settings(theirs, ours)), plain(io, 3);
  introduce(one, two);
  plain.transport->set_peers({{1, one.endpoint()}});
  two.transport->send(1, "a");
  plain.transport->send(1, "b");
  ASSERT_TRUE(until([&] { return !two.unreachable.empty() && !plain.unreachable.empty(); }));
  EXPECT_TRUE(one.received.empty());
}

TEST_F(TransportTlsTest, GivenOtherCertificatesThenConnectionsThatBeginLaterUseThemOnBothSides) {
  Node one(io, 1, settings(ours, ours)), two(io, 2, settings(theirs, theirs));
  introduce(one, two);
  one.transport->send(2, "a");
  two.transport->send(1, "b");
  ASSERT_TRUE(until([&] { return !one.unreachable.empty() && !two.unreachable.empty(); }));
  const TransportConfig other = settings(theirs, theirs);
  one.transport->use_tls(other.client_tls, other.server_tls);
  ASSERT_TRUE(until([&] {
    one.transport->send(2, "a");
    two.transport->send(1, "b");
    return !one.received.empty() && !two.received.empty();
  }));
}

TEST_F(TransportTest, GivenTwoProcessesWithTheSameIdThenItIsNoticed) {
  Node one(io, 1), copy(io, 1), two(io, 2);
  for (Node* node : {&one, &copy, &two}) node->transport->set_peers({{1, one.endpoint()}, {2, two.endpoint()}});
  ASSERT_TRUE(until([&] {
    one.transport->send(2, "of the one");
    copy.transport->send(2, "of the other");
    return two.transport->stats().contested > 0;
  }));
}

TEST_F(TransportTest, GivenAPeerThatComesAnewNowAndThenThenThatIsNoSecondOne) {
  Node one(io, 1), two(io, 2);
  introduce(one, two);
  for (int i = 0; i < 9; ++i) {
    const std::size_t before = two.received.size();
    one.transport->set_peers({});
    one.transport->set_peers({{2, two.endpoint()}});
    one.transport->send(2, "anew");
    ASSERT_TRUE(until([&] { return two.received.size() > before; }));
  }
  EXPECT_EQ(two.transport->stats().contested, 0u);
}

}  // namespace
}  // namespace gantry::raft
