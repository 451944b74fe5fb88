// Numbers inside sentences for people, the same on the terminal, on the page and in the log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gantry {

// "3,000", "-1,200", "7".
std::string grouped(std::int64_t number);

// "1 replica", "2 replicas", "3,000 messages": a noun whose plural is an s.
std::string plural(std::int64_t number, std::string_view noun);

}  // namespace gantry
