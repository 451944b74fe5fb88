#include "controller/founding.h"

#include <spdlog/spdlog.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "wire/codes.h"
#include "wire/gantry_codes.h"

namespace gantry::controller {

namespace json = boost::json;

namespace {
constexpr std::chrono::milliseconds kAskEvery{200};
constexpr std::chrono::milliseconds kTimeout{1'000};
}  // namespace

Founding::Founding(boost::asio::io_context& io, remoting::Client& client, const Config& config, const Identity& own,
                   Form form)
    : client_(client),
      config_(config),
      own_(own),
      form_(std::move(form)),
      again_(io, [this] { ask(); }),
      said_limit_(std::chrono::seconds(10)) {}

Founding::~Founding() = default;

void Founding::start() { ask(); }

void Founding::ask() {
  for (const Peer& peer : config_.peers) {
    if (peer.name == config_.self) continue;
    client_.call(net::to_string(peer.endpoint), wire::make_request(wire::request_code::kGantryControllerIdentity),
                 kTimeout, [this, alive = std::weak_ptr<bool>(alive_), name = peer.name](Result<wire::Command> answer) {
                   if (!alive.expired()) answered(name, std::move(answer));
                 });
  }
  again_.ring_after(kAskEvery);
  decide();
}

void Founding::answered(const std::string& name, Result<wire::Command> answer) {
  if (!form_) return;
  answers_.erase(name);
  if (answer && answer->code == wire::response_code::kSuccess) {
    if (auto identity = parse_peer_identity(answer->body)) answers_.emplace(name, std::move(*identity));
  }
  decide();
}

void Founding::decide() {
  if (!form_) return;
  const FormationVerdict verdict = may_form(config_, own_, answers_);
  if (verdict.step == FormationVerdict::Step::form) {
    std::map<std::string, std::string> founding{{config_.self, own_.token}};
    for (const auto& [name, peer] : answers_) founding.emplace(name, peer.identity.token);
    again_.stop();
    return std::exchange(form_, nullptr)(std::move(founding));
  }
  // answers come one after the other: only what stays is worth a line
  if (verdict.why == said_ || !said_limit_.admit()) return;
  said_ = verdict.why;
  spdlog::log(verdict.step == FormationVerdict::Step::wait ? spdlog::level::info : spdlog::level::err, "controller: {}",
              verdict.why);
}

std::string peer_identity_body(const Config& config, const Identity& identity) {
  return json::serialize(json::object{
      {"group", config.group}, {"peers", peers_text(config)}, {"identity", json::parse(to_json(identity))}});
}

Result<PeerIdentity> parse_peer_identity(std::string_view body) {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  const json::object* object = error ? nullptr : value.if_object();
  const json::value* group = object ? object->if_contains("group") : nullptr;
  const json::value* peers = object ? object->if_contains("peers") : nullptr;
  const json::value* identity = object ? object->if_contains("identity") : nullptr;
  if (!group || !group->is_string() || !peers || !peers->is_string() || !identity)
    return fail(Errc::corrupt, "expected an object with group, peers and identity");
  auto parsed = identity_from_json(json::serialize(*identity));
  if (!parsed) return std::unexpected(parsed.error());
  return PeerIdentity{std::string(group->get_string()), std::string(peers->get_string()), std::move(*parsed)};
}

}  // namespace gantry::controller
