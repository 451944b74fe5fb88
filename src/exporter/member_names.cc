#include "exporter/member_names.h"

#include "wire/json_text.h"

namespace gantry::exporter {
namespace {

constexpr std::size_t kDepthMax = 32;

// Calls `visit` with each name and the cursor before its value, which visit must take. False: not an object.
template <class Visit>
bool each_member(wire::JsonScanner& scan, Visit visit) {
  if (!scan.take('{')) return false;
  std::string scratch;
  while (!scan.take('}')) {
    if (scan.take(',')) continue;
    std::string_view name;
    if (scan.peek() == '"' || scan.peek() == '\'') {
      if (!scan.string(scratch, name)) return false;
    } else {
      name = scan.word();
      if (name.empty()) return false;
    }
    const std::string own(name);
    if (!scan.take(':') || !visit(own)) return false;
  }
  return true;
}

}  // namespace

Result<std::vector<std::string>> member_names(std::string_view json, std::string_view member, std::size_t count_max) {
  wire::JsonScanner scan(json);
  std::vector<std::string> names;
  std::string_view skipped;
  const bool read = each_member(scan, [&](const std::string& name) {
    if (name != member || scan.peek() != '{') return scan.raw_value(kDepthMax, skipped);
    return each_member(scan, [&](const std::string& inner) {
      if (names.size() < count_max) names.push_back(inner);
      return scan.raw_value(kDepthMax, skipped);
    });
  });
  if (!read) return fail(Errc::corrupt, "JSON: expected an object with names at byte {}", scan.position());
  return names;
}

}  // namespace gantry::exporter
