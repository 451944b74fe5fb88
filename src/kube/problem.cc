#include "kube/problem.h"

namespace gantry::kube {

std::string to_string(const Problem& problem) {
  std::string out = problem.file;
  if (problem.line > 0) out += fmt::format(":{}", problem.line);
  if (!problem.path.empty()) out += ": " + problem.path;
  return out + ": " + problem.message;
}

Error to_error(const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) {
    if (!text.empty()) text += '\n';
    text += to_string(problem);
  }
  return Error{Errc::invalid_argument, std::move(text)};
}

}  // namespace gantry::kube
