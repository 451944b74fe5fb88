// Which name somebody meant who wrote another one.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace gantry {

// How many letters must be put in, taken out or changed (Levenshtein), upper and lower case alike.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The name of `known` that is nearest, with at most `slips_max` such slips and fewer than the name has letters; empty: none.
// Names of more than 64 bytes are like none.
std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known,
                              std::size_t slips_max = 2);

}  // namespace gantry
