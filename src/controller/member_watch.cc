#include "controller/member_watch.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "wire/codes.h"
#include "wire/gantry_codes.h"

namespace gantry::controller {

namespace {

namespace json = boost::json;

constexpr std::int64_t kOwnEveryMs = 500;
constexpr std::int64_t kAskEveryMs = 1'000;
constexpr std::int64_t kNewsMaxMs = 3'000;  // old
constexpr std::chrono::milliseconds kNewsWithin{2'000};

}  // namespace

Result<std::vector<MemberNews>> parse_member_news(std::string_view body) {
  boost::system::error_code error;
  const json::value answer = json::parse(body, error);
  if (error || !answer.is_array()) return fail(Errc::corrupt, "no list of members");
  std::vector<MemberNews> all;
  for (const json::value& one : answer.as_array()) {
    const json::object* member = one.if_object();
    const json::value* id = member ? member->if_contains("id") : nullptr;
    const json::value* alive = member ? member->if_contains("alive") : nullptr;
    if (!id || !id->is_number() || !alive || !alive->is_bool()) return fail(Errc::corrupt, "no list of members");
    MemberNews news{id->to_number<std::uint64_t>(error), alive->get_bool(), {}};
    if (error) return fail(Errc::corrupt, "no list of members");
    if (const json::value* lag = member->if_contains("lag"); lag && lag->is_number()) {
      news.lag = lag->to_number<raft::Index>(error);
      if (error) news.lag.reset();
    }
    all.push_back(news);
  }
  return all;
}

MemberWatch::MemberWatch(remoting::Client& client, const Replica& replica, const Directory& directory,
                         GroupStatusQuery status)
    : client_(client), replica_(replica), directory_(directory), query_(std::move(status)) {}

void MemberWatch::tick(bool wanted) {
  if (!wanted || !replica_.leads()) own_.reset();
  if (!wanted || replica_.leads()) heard_.reset();
  if (!wanted || replica_.now() < next_at_) return;
  next_at_ = replica_.now() + (replica_.leads() ? kOwnEveryMs : kAskEveryMs);
  if (replica_.leads()) {
    return query_([this, alive = std::weak_ptr<bool>(alive_)](const raft::GroupStatus& status) {
      if (!alive.expired()) own_ = status;
    });
  }
  const raft::NodeId leader = replica_.leadership().leader;
  if (const auto address = directory_.address_of(leader); address && !asking_) ask(leader, *address);
}

void MemberWatch::ask(raft::NodeId leader, const std::string& address) {
  asking_ = true;
  client_.call(address, wire::make_request(wire::request_code::kGantryControllerMembers), kNewsWithin,
               [this, leader, alive = std::weak_ptr<bool>(alive_)](Result<wire::Command> answer) {
                 if (alive.expired()) return;
                 asking_ = false;
                 if (!answer || answer->code != wire::response_code::kSuccess) return;
                 if (auto members = parse_member_news(answer->body))
                   heard_ = Heard{leader, replica_.now(), std::move(*members)};
               });
}

void MemberWatch::add_to(NodeView& view) const {
  if (own_) return watch(view, *own_);
  if (!heard_ || heard_->leader != replica_.leadership().leader || replica_.now() - heard_->at > kNewsMaxMs) return;
  for (MemberView& member : view.members) {
    const auto found = std::ranges::find(heard_->members, member.id, &MemberNews::id);
    if (found == heard_->members.end()) continue;
    member.alive = found->alive;
    member.lag = found->lag;
  }
}

}  // namespace gantry::controller
