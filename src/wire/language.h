// Names and codes of client languages. Rule: org.apache.rocketmq.remoting.protocol.LanguageCode.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "wire/command.h"

namespace gantry::wire {

// "JAVA" for 0, ...; "OTHER" for a code that has no name.
std::string_view language_name(const Language& language);

// The language of that name. An unknown name is kept, under the code of OTHER, so that it can be passed on, if it looks
// like a name: at most 64 letters, digits, '_', '-' and '.'.
Language language_of(std::string_view name);

}  // namespace gantry::wire
