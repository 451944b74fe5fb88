#include "up/problems.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>

#include "base/words.h"
#include "up/show.h"

namespace gantry::up {
namespace {

void add_readings(const Show& show, std::vector<Problem>& problems) {
  std::set<std::string> told;  // a trigger and its group fail for the same reason: once is enough
  const auto add_runner = [&](std::string_view kind, const auto& runner) {
    if (runner.last_error().empty()) return;
    told.insert(runner.last_error());
    problems.push_back({fmt::format("{} {}", kind, runner.object().metadata.name), runner.last_error()});
  };
  for (const auto& runner : show.runners()) add_runner("scaled object", *runner);
  for (const auto& object : show.scaled_jobs()) add_runner("scaled job", object->runner());
  for (std::size_t i = 0; i < show.groups().size(); ++i) {
    const auto& reading = show.groups()[i];
    if (reading && reading->lag) continue;
    std::string why =
        reading ? (reading->unknown.empty() ? "no reason given" : reading->unknown.front()) : reading.error().message;
    const bool repeats = !told.insert(why).second;
    problems.push_back({fmt::format("lag of {}/{}", show.watched()[i].topic, show.watched()[i].group), std::move(why),
                        false, repeats});
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
         fmt::format("{} of {} {}; {}: {}", failing, plural(static_cast<std::int64_t>(replicas.size()), "replica"),
                     failing == 1 ? "fails" : "fail", first->name, first->last_error),
         true});
  }
}

// Until one that succeeds shows that all is well again.
void add_jobs(const Show& show, std::vector<Problem>& problems) {
  for (const auto& object : show.scaled_jobs()) {
    const workload::JobSet& jobs = object->jobs();
    if (jobs.last_error().empty()) continue;
    problems.push_back({"jobs of " + jobs.name(),
                        fmt::format("{} of {} failed; {}", jobs.failed(),
                                    plural(jobs.failed() + jobs.succeeded(), "finished job"), jobs.last_error()),
                        true});
  }
}

}  // namespace

std::vector<Problem> problems_of(const Show& show) {
  std::vector<Problem> problems;
  add_readings(show, problems);
  add_workers(show, problems);
  add_jobs(show, problems);
  for (std::size_t i = 0; i < show.watched().size(); ++i) {
    if (std::string missing = show.missing_consumers(i); !missing.empty())
      problems.push_back({"group " + show.watched()[i].group, std::move(missing)});
  }
  if (show.generator() != nullptr && !show.generator()->last_error().empty())
    problems.push_back({"the burst", "cannot be sent now, is tried again: " + show.generator()->last_error()});
  return problems;
}

std::string without_numbers(const std::string& text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::string words;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool separator =
        text[i] == ',' && i > 0 && is_digit(text[i - 1]) && i + 1 < text.size() && is_digit(text[i + 1]);
    if (!is_digit(text[i]) && !separator) words += text[i];
  }
  return words;
}

void ProblemLog::update(const std::vector<Problem>& problems) {
  std::map<std::string, Open> now;
  for (const Problem& problem : problems) {
    const auto before = open_.find(problem.about);
    const bool was_open = before != open_.end();
    Open& open = now[problem.about];
    open.words = without_numbers(problem.text);
    open.said = !problem.repeats || (was_open && before->second.said);
    if (problem.logged || problem.repeats) continue;
    if (!was_open || !before->second.said || before->second.words != open.words)
      spdlog::warn("{}: {}", problem.about, problem.text);
  }
  for (const auto& [about, open] : open_) {
    if (open.said && !now.contains(about)) spdlog::info("{}: well again", about);
  }
  open_ = std::move(now);
}

}  // namespace gantry::up
