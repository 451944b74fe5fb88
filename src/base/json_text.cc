#include "base/json_text.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>

namespace gantry {
namespace {

namespace json = boost::json;

constexpr double kWholeMax = 9'007'199'254'740'992.0;  // 2^53: beyond it not every integer is a double

void write_number(double number, std::string& out) {
  if (!std::isfinite(number)) {
    out += "null";
  } else if (number == std::trunc(number) && std::abs(number) <= kWholeMax) {
    out += std::to_string(static_cast<std::int64_t>(number));
  } else {
    out += fmt::format("{}", number);
  }
}

void write(const json::value& value, std::string& out) {
  if (const json::object* object = value.if_object()) {
    out += '{';
    for (const auto& [name, member] : *object) {
      if (out.back() != '{') out += ',';
      out += json::serialize(name);
      out += ':';
      write(member, out);
    }
    out += '}';
  } else if (const json::array* array = value.if_array()) {
    out += '[';
    for (const json::value& item : *array) {
      if (out.back() != '[') out += ',';
      write(item, out);
    }
    out += ']';
  } else if (const double* number = value.if_double()) {
    write_number(*number, out);
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::string json_text(const json::value& value) {
  std::string out;
  write(value, out);
  return out;
}

}  // namespace gantry
