#include "cli/controller_group.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <memory>

#include "controller/view.h"
#include "rocketmq/cluster.h"
#include "wire/codes.h"
#include "wire/gantry_codes.h"

namespace gantry::cli {

namespace asio = boost::asio;
namespace json = boost::json;
using State = Findings::State;

namespace {

constexpr std::size_t kMembersMax = 100;                           // that are asked unnamed
constexpr std::int64_t kBehindEntries = controller::kReadyLagMax;  // doctor and /readyz must not disagree

std::int64_t number(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value && value->is_number() ? value->to_number<std::int64_t>() : 0;
}
std::string text(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->as_string()) : std::string();
}
const json::array& members_of(const json::object& status) {
  static const json::array kNone;
  const json::value* members = status.if_contains("members");
  return members && members->is_array() ? members->as_array() : kNone;
}

bool is_status(const json::value& value) {
  const json::object* status = value.if_object();
  if (!status || !status->contains("role")) return false;
  return std::ranges::all_of(members_of(*status), [](const json::value& one) {
    const json::object* member = one.if_object();
    return member && member->contains("id") && member->contains("name") && member->contains("address") &&
           member->contains("voter");
  });
}

Result<json::object> status_of(const Result<wire::Command>& answer, const std::string& address) {
  namespace rc = wire::response_code;
  if (!answer) return std::unexpected(answer.error());
  if (answer->code == rc::kRequestCodeNotSupported)
    return fail(Errc::unimplemented, "{} is a controller of another kind: ask it by mqadmin", address);
  if (answer->code != rc::kSuccess)
    return std::unexpected(rocketmq::error_of_response(*answer, "controller " + address));
  boost::system::error_code error;
  json::value value = json::parse(answer->body, error);
  if (error || !is_status(value)) return fail(Errc::corrupt, "{} answers something else than its status", address);
  return std::move(value.as_object());
}

// Of a group, and not one that waits to be of one.
bool is_member(const NodeAnswer& answer) { return answer.status && number(*answer.status, "id") != 0; }

// Who knows most.
const NodeAnswer* newest(const std::vector<NodeAnswer>& answers) {
  const NodeAnswer* best = nullptr;
  const auto rank = [](const NodeAnswer& one) {
    return std::pair(number(*one.status, "applied_index"), number(*one.status, "term"));
  };
  for (const NodeAnswer& one : answers) {
    if (is_member(one) && (!best || rank(one) > rank(*best))) best = &one;
  }
  return best;
}

const NodeAnswer* answer_of(const std::vector<NodeAnswer>& answers, const json::object& member) {
  for (const NodeAnswer& one : answers) {
    if (one.status && (text(*one.status, "name") == text(member, "name") || one.address == text(member, "address")))
      return &one;
  }
  return nullptr;
}

const NodeAnswer* leader_among(const std::vector<NodeAnswer>& answers) {
  const NodeAnswer* best = nullptr;
  for (const NodeAnswer& one : answers) {
    if (!is_member(one) || text(*one.status, "role") != "leader") continue;
    if (!best || number(*one.status, "term") > number(*best->status, "term")) best = &one;
  }
  return best;
}

void list(std::string& names, const std::string& name) { names += (names.empty() ? "" : ", ") + name; }

// The voters of the group that `knows` tells of.
struct Voters {
  std::size_t all = 0, answered = 0, needed = 0;
  std::string present, silent;
};
Voters voters_of(const std::vector<NodeAnswer>& answers, const json::object& knows) {
  Voters voters;
  for (const json::value& value : members_of(knows)) {
    const json::object& member = value.as_object();
    const json::value* voter = member.if_contains("voter");
    if (!voter || *voter != true) continue;
    ++voters.all;
    const NodeAnswer* answer = answer_of(answers, member);
    if (answer && is_member(*answer)) {
      ++voters.answered;
      list(voters.present, text(member, "name"));
    } else {
      list(voters.silent, fmt::format("{} at {}", text(member, "name"), text(member, "address")));
    }
  }
  voters.needed = voters.all / 2 + 1;
  return voters;
}

}  // namespace

asio::awaitable<std::vector<NodeAnswer>> ask_nodes(remoting::Client& client, std::vector<std::string> addresses,
                                                   std::chrono::milliseconds timeout) {
  struct Waiting {
    asio::steady_timer over;
    std::vector<NodeAnswer> answers;
    std::size_t missing;
  };
  const auto executor = co_await asio::this_coro::executor;
  auto waiting = std::make_shared<Waiting>(asio::steady_timer(executor), std::vector<NodeAnswer>(addresses.size()),
                                           addresses.size());
  waiting->over.expires_after(2 * timeout);  // each call ends by itself
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    waiting->answers[i].address = addresses[i];
    client.call(addresses[i], wire::make_request(wire::request_code::kGantryControllerStatus), timeout,
                [waiting, i](Result<wire::Command> answer) {
                  waiting->answers[i].status = status_of(answer, waiting->answers[i].address);
                  if (--waiting->missing == 0) waiting->over.cancel();
                });
  }
  boost::system::error_code ignored;
  if (!addresses.empty()) co_await waiting->over.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  co_return waiting->answers;
}

asio::awaitable<std::vector<NodeAnswer>> ask_group(remoting::Client& client, std::vector<std::string> addresses,
                                                   std::chrono::milliseconds timeout) {
  auto answers = co_await ask_nodes(client, addresses, timeout);
  std::vector<std::string> others;
  if (const NodeAnswer* knows = newest(answers)) {
    for (const json::value& value : members_of(*knows->status)) {
      const json::object& member = value.as_object();
      if (!answer_of(answers, member) && !std::ranges::count(addresses, text(member, "address")) &&
          others.size() < kMembersMax)
        others.push_back(text(member, "address"));
    }
  }
  auto more = co_await ask_nodes(client, others, timeout);
  answers.insert(answers.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  co_return answers;
}

const NodeAnswer* way_to_leader(const std::vector<NodeAnswer>& answers) {
  if (const NodeAnswer* leader = leader_among(answers)) return leader;
  for (const NodeAnswer& one : answers) {
    if (is_member(one) && !text(*one.status, "leader").empty()) return &one;
  }
  return nullptr;
}

json::array members_unconfirmed(const std::vector<NodeAnswer>& answers) {
  json::array rows;
  if (const NodeAnswer* knows = newest(answers)) {
    for (const json::value& value : members_of(*knows->status)) {
      const json::object& member = value.as_object();
      const NodeAnswer* answer = answer_of(answers, member);
      rows.push_back(json::object{{"id", member.at("id")},
                                  {"name", member.at("name")},
                                  {"address", member.at("address")},
                                  {"role", answer ? answer->status->at("role") : json::value("unreachable")},
                                  {"voter", member.at("voter")},
                                  {"alive", answer ? json::value(true) : json::value(nullptr)},
                                  {"lag", nullptr},
                                  {"confirmed", false}});
    }
  }
  const auto is_listed = [&](const std::string& name) {
    return std::ranges::any_of(rows, [&](const json::value& row) { return row.at("name") == json::value(name); });
  };
  for (const NodeAnswer& one : answers) {
    if (!one.status || is_member(one) || is_listed(text(*one.status, "name"))) continue;
    rows.push_back(json::object{{"id", nullptr},
                                {"name", text(*one.status, "name")},
                                {"address", one.address},
                                {"role", text(*one.status, "role")},
                                {"voter", nullptr},
                                {"alive", true},
                                {"lag", nullptr},
                                {"confirmed", false}});
  }
  return rows;
}

std::string whose_knowledge(const std::vector<NodeAnswer>& answers) {
  const NodeAnswer* knows = newest(answers);
  if (!knows) return {};
  return fmt::format("shown is what {} knows (term {}, entry {}), not confirmed by a majority",
                     text(*knows->status, "name"), number(*knows->status, "term"),
                     number(*knows->status, "applied_index"));
}

std::string why_no_leader(const std::vector<NodeAnswer>& answers) {
  const NodeAnswer* knows = newest(answers);
  if (!knows) {
    std::string waiting, failed;
    for (const NodeAnswer& one : answers) {
      if (one.status) {
        list(waiting, text(*one.status, "name"));
      } else {
        failed += (failed.empty() ? "" : "; ") + one.status.error().message;
      }
    }
    if (waiting.empty()) return failed.empty() ? "no endpoints" : "no controller answers: " + failed;
    return fmt::format("no group is formed yet: {} wait{} for it, and their logs say for whom{}{}", waiting,
                       waiting.find(',') == std::string::npos ? "s" : "", failed.empty() ? "" : "; ", failed);
  }
  const Voters voters = voters_of(answers, *knows->status);
  const std::string counted =
      fmt::format("{} of {} voters answered here ({}), and {} must run and reach each other", voters.answered,
                  voters.all, voters.present.empty() ? "none" : voters.present, voters.needed);
  if (const NodeAnswer* way = way_to_leader(answers)) {
    return fmt::format("{} takes {} for the leader, which does not answer: look at its log; {}",
                       text(*way->status, "name"), text(*way->status, "leader"), counted);
  }
  const std::string next =
      voters.answered < voters.needed
          ? fmt::format("start {}, with the directories that they had", voters.silent)
          : std::string("those that run do not elect: do they reach each other, and what do their logs say?");
  return fmt::format("no controller leads: {}; {}", counted, next);
}

std::vector<BrokerOfSet> brokers_of_sets(std::string_view answer) {
  constexpr std::size_t kBrokersMax = 200;
  std::vector<BrokerOfSet> brokers;
  boost::system::error_code error;
  const json::value sets = json::parse(answer, error);
  if (error || !sets.is_array()) return brokers;
  for (const json::value& value : sets.as_array()) {
    const json::object* set = value.if_object();
    const json::value* replicas = set ? set->if_contains("replicas") : nullptr;
    if (!replicas || !replicas->is_array()) continue;
    for (const json::value& one : replicas->as_array()) {
      const json::object* replica = one.if_object();
      const json::value* alive = replica ? replica->if_contains("alive") : nullptr;
      if (!alive || *alive != true || brokers.size() == kBrokersMax) continue;
      brokers.push_back({text(*set, "set"), text(*replica, "address"), number(*replica, "id")});
    }
  }
  return brokers;
}

void advise_on_group(const std::vector<NodeAnswer>& answers, Findings& findings) {
  std::int64_t committed = 0;
  bool ours = false;
  for (const NodeAnswer& one : answers) {
    if (!one.status) continue;
    ours = true;
    committed = std::max(committed, number(*one.status, "commit_index"));
  }
  for (const NodeAnswer& one : answers) {
    const std::string check = "controller " + one.address;
    if (!one.status) {
      if (one.status.error().code == Errc::unimplemented) continue;  // Java's, which does not say
      findings.add(State::warning, check, one.status.error().message,
                   "is it running, and reachable from here? what it does not answer is unknown");
      continue;
    }
    const json::object& status = *one.status;
    if (!is_member(one)) {
      findings.add(State::warning, check, text(status, "name") + " is of no group yet",
                   "its log says whom it waits for");
      continue;
    }
    const std::int64_t applied = number(status, "applied_index");
    const std::int64_t behind = committed - std::min(committed, applied);
    const std::string found = fmt::format("{}, {}, term {}, entry {} applied, {} behind", text(status, "name"),
                                          text(status, "role"), number(status, "term"), applied, behind);
    if (behind > kBehindEntries) {
      findings.add(State::warning, check, found, "it catches up, or its disk or network is too slow: see its log");
    } else {
      findings.add(State::ok, check, found);
    }
  }
  const bool java = std::ranges::any_of(
      answers, [](const NodeAnswer& one) { return !one.status && one.status.error().code == Errc::unimplemented; });
  if (!ours && !java && !answers.empty())
    findings.add(State::failed, "controllers", "none answers", "until then no master that fails is replaced");
  if (!ours) return;
  const NodeAnswer* leader = leader_among(answers);
  if (!leader) {
    findings.add(State::failed, "controllers", why_no_leader(answers), "until then no master that fails is replaced");
    return;
  }
  const Voters voters = voters_of(answers, *leader->status);
  const std::string name = text(*leader->status, "name");
  for (const NodeAnswer& one : answers) {
    if (!is_member(one)) continue;
    const std::string other = text(*one.status, "leader");
    const bool same_term = number(*one.status, "term") == number(*leader->status, "term");
    if (same_term && other != name)
      findings.add(State::warning, "controller " + one.address,
                   fmt::format("takes {} for the leader", other.empty() ? "nobody" : other),
                   "ask again; when it stays so, does it reach " + name + "?");
  }
  if (voters.silent.empty()) {
    findings.add(
        State::ok, "controllers",
        fmt::format("{} leads, all {} voters answer, {} may fail", name, voters.all, voters.all - voters.needed));
  } else if (voters.answered >= voters.needed) {
    const std::size_t left = voters.answered - voters.needed;
    findings.add(State::warning, "controllers",
                 fmt::format("{} leads, {} of {} voters answer; silent here: {}", name, voters.answered, voters.all,
                             voters.silent),
                 left == 0 ? "bring it back now: when one more fails, nobody is elected"
                           : fmt::format("bring it back: {} more may fail", left));
  } else {
    findings.add(State::warning, "controllers",
                 fmt::format("{} leads, but only {} of {} voters answer here; silent: {}", name, voters.answered,
                             voters.all, voters.silent),
                 "they may be cut off from here only: gantry controller members says what the leader hears");
  }
}

}  // namespace gantry::cli
