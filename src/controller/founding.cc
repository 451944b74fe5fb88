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
constexpr std::chrono::milliseconds kAskAgainEvery{1'000};  // once it is taken in
constexpr std::chrono::milliseconds kTimeout{1'000};
constexpr int kUnknownRounds = 5;  // a peer that has only just started may not know yet
constexpr int kSayEvery = 60;
}  // namespace

Founding::Founding(boost::asio::io_context& io, remoting::Client& client, const Config& config, const Identity& own,
                   Form form, Join join)
    : client_(client),
      config_(config),
      own_(own),
      form_(std::move(form)),
      join_(std::move(join)),
      again_(io, [this] { ask(); }),
      said_limit_(std::chrono::seconds(10)) {}

Founding::~Founding() = default;

void Founding::start() { ask(); }

bool Founding::over() const { return own_.stage == Identity::Stage::formed || (!form_ && joined_ == 0); }

void Founding::ask() {
  if (over()) return;
  if (joined_ != 0) look_for_removal();
  for (const Peer& peer : config_.peers) {
    if (peer.name == config_.self) continue;
    client_.call(net::to_string(peer.endpoint), wire::make_request(wire::request_code::kGantryControllerIdentity),
                 kTimeout, [this, alive = std::weak_ptr<bool>(alive_), name = peer.name](Result<wire::Command> answer) {
                   if (!alive.expired()) answered(name, std::move(answer));
                 });
  }
  again_.ring_after(joined_ != 0 ? kAskAgainEvery : kAskEvery);
  decide();
}

void Founding::answered(const std::string& name, Result<wire::Command> answer) {
  if (over()) return;
  answers_.erase(name);
  if (answer && answer->code == wire::response_code::kSuccess) {
    if (auto identity = parse_peer_identity(answer->body)) answers_.emplace(name, std::move(*identity));
  }
  decide();
}

void Founding::form() {
  std::map<std::string, std::string> founding{{config_.self, own_.token}};
  for (const auto& [name, peer] : answers_) founding.emplace(name, peer.identity.token);
  again_.stop();
  std::exchange(form_, nullptr)(std::move(founding));
}

Result<void> Founding::force() {
  if (!form_) return fail(Errc::already_exists, "this controller is of a group already");
  const FormationVerdict verdict = may_form(config_, own_, answers_, true);
  if (verdict.step != FormationVerdict::Step::form) return fail(Errc::invalid_argument, "{}", verdict.why);
  form();
  return {};
}

void Founding::decide() {
  if (over()) return;
  if (const auto invitation = find_invitation(config_, own_, answers_)) {
    // the former id is given up only where its removal is seen
    const bool anew = own_.node == 0 || own_.node == invitation->node || !invitation->members.find(own_.node);
    if (invitation->node <= joined_ || !anew) return;
    joined_ = invitation->node;
    form_ = nullptr;
    return join_(*invitation);
  }
  if (joined_ != 0) return;
  const FormationVerdict verdict = may_form(config_, own_, answers_);
  if (verdict.step == FormationVerdict::Step::form) return form();
  why_ = verdict.why;
  // answers come one after the other: only what stays is worth a line
  if (verdict.why == said_ || (verdict.step == said_step_ && !said_limit_.admit())) return;
  said_ = verdict.why;
  said_step_ = verdict.step;
  spdlog::log(verdict.step == FormationVerdict::Step::wait ? spdlog::level::info : spdlog::level::err, "controller: {}",
              verdict.why);
}

void Founding::look_for_removal() {
  const bool known = answers_.empty() || find_invitation(config_, own_, answers_).has_value();
  unknown_rounds_ = known ? 0 : unknown_rounds_ + 1;
  if (unknown_rounds_ % kSayEvery == kUnknownRounds) spdlog::error("controller: {}", removed_text(config_, joined_));
}

std::string peer_identity_body(const Config& config, const Identity& identity, const raft::Members& members,
                               const Instance& instance) {
  json::array list;
  for (const raft::Member& member : members.list) {
    list.push_back({{"id", member.id},
                    {"address", member.address},
                    {"voter", member.voter},
                    {"name", member.name},
                    {"token", member.token}});
  }
  return json::serialize(json::object{{"group", config.group},
                                      {"peers", peers_text(config)},
                                      {"identity", json::parse(to_json(identity))},
                                      {"name", config.self},
                                      {"instance", instance.id},
                                      {"where", instance.where},
                                      {"members", std::move(list)}});
}

namespace {

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

// What is missing or odd is left out: a member that cannot be read is not ours.
raft::Members members_of(const json::value& list) {
  raft::Members members;
  if (!list.is_array()) return members;
  for (const json::value& value : list.get_array()) {
    const json::object* object = value.if_object();
    const json::value* id = object ? object->if_contains("id") : nullptr;
    boost::system::error_code not_a_number;
    const auto number = id ? id->to_number<std::uint64_t>(not_a_number) : 0;
    if (number == 0 || not_a_number) continue;
    const json::value* voter = object->if_contains("voter");
    members.list.push_back({number, text_of(*object, "address"), voter && voter->is_bool() && voter->get_bool(),
                            text_of(*object, "name"), text_of(*object, "token")});
  }
  return members;
}

}  // namespace

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
  const json::value* members = object->if_contains("members");
  return PeerIdentity{std::string(group->get_string()),
                      std::string(peers->get_string()),
                      std::move(*parsed),
                      text_of(*object, "name"),
                      members ? members_of(*members) : raft::Members{},
                      {text_of(*object, "instance"), text_of(*object, "where")}};
}

}  // namespace gantry::controller
