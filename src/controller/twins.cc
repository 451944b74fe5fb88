#include "controller/twins.h"

#include <spdlog/spdlog.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cctype>
#include <utility>

#include "controller/founding.h"
#include "wire/codes.h"
#include "wire/gantry_codes.h"

namespace gantry::controller {

namespace json = boost::json;

namespace {

constexpr std::chrono::milliseconds kAskEveryWhileUnsure{500};
constexpr std::chrono::milliseconds kAskEvery{5'000};
constexpr std::chrono::milliseconds kAskTimeout{1'000};
constexpr std::chrono::seconds kSayEvery{60};

std::string own_address(const Config& config) { return config.own() ? net::to_string(config.own()->endpoint) : ""; }

// What it says of itself is for people: short, and nothing that is not a letter or so.
std::string at_text(const std::string& address, std::string where) {
  std::erase_if(where, [](unsigned char c) {
    return std::isalnum(c) == 0 && std::string_view(" ,.-_").find(c) == std::string_view::npos;
  });
  return where.empty() ? address : fmt::format("{} ({})", address, where.substr(0, 100));
}

}  // namespace

TwinVerdict judge_twin(const Config& config, const Identity& own, const Instance& instance, raft::NodeId node,
                       const std::string& recorded, const Result<PeerIdentity>& answer) {
  using Step = TwinVerdict::Step;
  if (answer && answer->instance.id == instance.id) return {};
  const std::string here = own_address(config);
  if (answer && answer->identity.token == own.token) {
    return {
        Step::twin,
        fmt::format("{} (node {}) runs twice, with copies of one directory: at {}, where the group knows it, and "
                    "here, at {}. This one takes no part: stop it, and remove its directory {}. A further controller "
                    "needs an empty directory, a name of its own and --join",
                    config.self, node, at_text(recorded, answer->instance.where), at_text(here, instance.where),
                    config.data_directory)};
  }
  const std::string heard = answer
                                ? fmt::format("{} of group {} answers",
                                              answer->name.empty() ? "another controller" : answer->name, answer->group)
                                : fmt::format("nobody answers ({})", answer.error().message);
  if (recorded != here) {
    return {Step::wait,
            fmt::format("the group knows {} (node {}) at {}, where {}; this one is at {}, with its directory. It takes "
                        "no part: its peers would not find it, and the directory may be a copy. Start it at {}, or, to "
                        "move it, with an empty directory, and then: gantry controller members replace {}-{}",
                        config.self, node, recorded, heard, here, recorded, config.self, here)};
  }
  return {Step::alone, fmt::format("at {}, its own address, {}: do its peers reach it there? A second process with a "
                                   "copy of its directory would not be noticed",
                                   recorded, heard)};
}

Twins::Twins(boost::asio::io_context& io, remoting::Client& client, const Config& config, const Identity& own)
    : client_(client), config_(config), own_(own), again_(io, [this] { ask(); }), seen_limit_(kSayEvery) {}

void Twins::start(raft::NodeId node, std::string recorded, std::function<void()> alone,
                  std::function<void(const Error&)> found) {
  node_ = node;
  recorded_ = std::move(recorded);
  found_ = std::move(found);
  if (recorded_.empty()) return alone();
  alone_ = std::move(alone);
  why_ = fmt::format("asks at {}, its address, whether it runs there already", recorded_);
  ask();
}

void Twins::stop() {
  again_.stop();  // a process waits for its alarms before it ends
  recorded_.clear();
  alone_ = nullptr;
  found_ = nullptr;
  alive_ = std::make_shared<bool>();
}

void Twins::ask() {
  if (recorded_.empty()) return;
  wire::Command request = wire::make_request(wire::request_code::kGantryControllerIdentity);
  request.body = json::serialize(json::object{{"token", own_.token},
                                              {"instance", instance_.id},
                                              {"where", instance_.where},
                                              {"address", own_address(config_)}});
  client_.call(recorded_, std::move(request), kAskTimeout,
               [this, alive = std::weak_ptr<bool>(alive_)](Result<wire::Command> answer) {
                 if (alive.expired()) return;
                 if (!answer) return answered(std::unexpected(answer.error()));
                 if (answer->code != wire::response_code::kSuccess)
                   return answered(fail(Errc::unavailable, "it answers {}", answer->code));
                 answered(parse_peer_identity(answer->body));
               });
}

void Twins::answered(const Result<PeerIdentity>& answer) {
  const TwinVerdict verdict = judge_twin(config_, own_, instance_, node_, recorded_, answer);
  if (verdict.step == TwinVerdict::Step::twin && !alone_) return found_({Errc::already_exists, verdict.why});
  say(verdict);
  if (verdict.step == TwinVerdict::Step::alone && alone_) {
    why_.clear();
    again_.ring_after(verdict.why.empty() ? kAskEvery : kAskEveryWhileUnsure);
    return std::exchange(alone_, nullptr)();
  }
  if (alone_) why_ = verdict.why;
  again_.ring_after(verdict.why.empty() ? kAskEvery : kAskEveryWhileUnsure);
}

void Twins::say(const TwinVerdict& verdict) {
  const auto now = net::Alarm::Clock::now();
  if (verdict.why == said_ && now - said_at_ < kSayEvery) return;
  said_ = verdict.why;
  said_at_ = now;
  if (said_.empty()) return;
  spdlog::log(verdict.step == TwinVerdict::Step::alone ? spdlog::level::warn : spdlog::level::err, "controller: {}",
              said_);
}

void Twins::asked(std::string_view body) {
  boost::system::error_code error;
  const json::value value = body.empty() ? json::value() : json::parse(body, error);
  const json::object* object = error ? nullptr : value.if_object();
  const auto text = [&](std::string_view name) {
    const json::value* found = object ? object->if_contains(name) : nullptr;
    return found && found->is_string() ? std::string(found->get_string()) : std::string();
  };
  const std::string token = text("token"), instance = text("instance");
  if (token.empty() || token != own_.token || instance == instance_.id) return;
  const auto address = net::parse_endpoint(text("address"));
  seen_ = fmt::format("another process, at {}, uses a copy of the directory of {} (node {}): it takes no part; stop it",
                      at_text(address ? net::to_string(*address) : "an unknown address", text("where")), config_.self,
                      node_);
  seen_at_ = net::Alarm::Clock::now();
  if (seen_limit_.admit()) spdlog::error("controller: {}", seen_);
}

std::string Twins::seen() const { return net::Alarm::Clock::now() - seen_at_ < kSayEvery ? seen_ : std::string(); }

}  // namespace gantry::controller
