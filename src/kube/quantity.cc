#include "kube/quantity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "kube/scalar.h"

namespace gantry::kube {
namespace {

struct Suffix {
  std::string_view name;
  double factor;
};
constexpr std::array<Suffix, 16> kSuffixes = {{{"", 1},
                                               {"n", 1e-9},
                                               {"u", 1e-6},
                                               {"m", 1e-3},
                                               {"k", 1e3},
                                               {"M", 1e6},
                                               {"G", 1e9},
                                               {"T", 1e12},
                                               {"P", 1e15},
                                               {"E", 1e18},
                                               {"Ki", 0x1p10},
                                               {"Mi", 0x1p20},
                                               {"Gi", 0x1p30},
                                               {"Ti", 0x1p40},
                                               {"Pi", 0x1p50},
                                               {"Ei", 0x1p60}}};

}  // namespace

Result<Quantity> parse_quantity(std::string_view text) {
  const auto bad = [&] {
    return fail(Errc::invalid_argument, "expected a quantity such as 100m, 1.5 or 1Gi, got {}", quoted(text));
  };
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  const std::size_t digits = std::min(rest.find_first_not_of("0123456789."), rest.size());
  double number = 0;
  auto [end, error] = std::from_chars(rest.data(), rest.data() + digits, number, std::chars_format::fixed);
  if (digits == 0 || error != std::errc() || end != rest.data() + digits) return bad();
  rest.remove_prefix(digits);

  double factor = 1;
  const bool has_exponent = rest.size() > 1 && (rest[0] == 'e' || rest[0] == 'E');  // a lone E means 10^18
  if (has_exponent) {
    rest.remove_prefix(1);
    if (rest[0] == '+') rest.remove_prefix(1);
    int exponent = 0;
    auto [last, failure] = std::from_chars(rest.data(), rest.data() + rest.size(), exponent);
    if (failure != std::errc() || last != rest.data() + rest.size() || std::abs(exponent) > 18) return bad();
    factor = std::pow(10.0, exponent);
  } else {
    const auto* suffix = std::ranges::find(kSuffixes, rest, &Suffix::name);
    if (suffix == kSuffixes.end()) return bad();
    factor = suffix->factor;
  }
  const double value = number * factor;
  if (value > 0x1p63) return bad();
  return Quantity{negative ? -value : value};
}

std::string format_quantity(double value) {
  constexpr double kMax = 1e18;
  constexpr double kWholeFrom = 1e12;  // beyond, thousandths are below what anybody measures
  if (value >= kWholeFrom) return fmt::format("{}", static_cast<std::int64_t>(std::ceil(std::min(value, kMax))));
  const double rounded = std::round(value * 1'000);
  // what is a whole number of thousandths but for the error of binary fractions is not rounded up
  const bool exact = std::abs(value * 1'000 - rounded) < 1e-6;
  const auto thousandths = static_cast<std::int64_t>(exact ? rounded : std::ceil(value * 1'000));
  if (thousandths % 1'000 == 0) return fmt::format("{}", thousandths / 1'000);
  return fmt::format("{}m", thousandths);
}

Reader<Quantity> quantity() {
  return [](Reading& reading, const Node& node, Quantity& out) {
    constexpr std::string_view what = "a quantity of at least 0, such as 100m, 1.5 or 1Gi";
    if (node.kind != Node::Kind::scalar) return reading.expected(node, what);
    auto value = parse_quantity(node.text);
    if (!value || value->value < 0) return reading.expected(node, what);
    out = *value;
  };
}

}  // namespace gantry::kube
