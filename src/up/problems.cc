#include "up/problems.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>

#include "up/show.h"

namespace gantry::up {
namespace {

void add_readings(const Show& show, std::vector<Problem>& problems) {
  std::set<std::string> told;  // a trigger and its group fail for the same reason: once is enough
  for (const auto& runner : show.runners()) {
    if (runner->last_error().empty()) continue;
    told.insert(runner->last_error());
    problems.push_back({"scaled object " + runner->object().metadata.name, runner->last_error()});
  }
  for (std::size_t i = 0; i < show.groups().size(); ++i) {
    const auto& reading = show.groups()[i];
    if (reading && reading->lag) continue;
    std::string why =
        reading ? (reading->unknown.empty() ? "no reason given" : reading->unknown.front()) : reading.error().message;
    if (!told.insert(why).second) continue;
    problems.push_back({fmt::format("lag of {}/{}", show.watched()[i].topic, show.watched()[i].group), std::move(why)});
  }
}

void add_workers(const Show& show, std::vector<Problem>& problems) {
  for (const auto& deployment : show.deployments()) {
    const auto replicas = deployment->replicas();
    const auto failing = std::ranges::count_if(replicas, workload::is_failing);
    if (failing == 0) continue;
    const auto first = std::ranges::find_if(replicas, workload::is_failing);
    problems.push_back(
        {"deployment " + deployment->name(),
         fmt::format("{} of {} replicas fail; {}: {}", failing, replicas.size(), first->name, first->last_error),
         true});
  }
}

}  // namespace

std::vector<Problem> problems_of(const Show& show) {
  std::vector<Problem> problems;
  add_readings(show, problems);
  add_workers(show, problems);
  if (show.generator() != nullptr && !show.generator()->last_error().empty())
    problems.push_back({"the burst", "cannot be sent now, is tried again: " + show.generator()->last_error()});
  return problems;
}

std::string without_numbers(const std::string& text) {
  std::string words;
  std::ranges::copy_if(text, std::back_inserter(words), [](char c) { return c < '0' || c > '9'; });
  return words;
}

void ProblemLog::update(const std::vector<Problem>& problems) {
  std::map<std::string, std::string> now;
  for (const Problem& problem : problems) {
    const std::string words = without_numbers(problem.text);
    now[problem.about] = words;
    const auto before = open_.find(problem.about);
    if (!problem.logged && (before == open_.end() || before->second != words))
      spdlog::warn("{}: {}", problem.about, problem.text);
  }
  for (const auto& [about, words] : open_) {
    if (!now.contains(about)) spdlog::info("{}: well again", about);
  }
  open_ = std::move(now);
}

}  // namespace gantry::up
