// Typed bodies: a body is a struct with a static `table()` as headers have (wire/fields.h), written and read as the
// JSON that fastjson makes of the Java class of the same name. Members may be bool, integers, double, std::string,
// std::optional, std::vector, std::map (keys: string, integer, or a struct such as MessageQueue) and other such
// structs. `field` members must be there, `field_or` members keep their default, as Java's do. null counts as absent.
//
// The two functions exist for the types in wire/bodies/, each instantiated once in the .cc of its header.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "wire/fastjson.h"
#include "wire/fields.h"

namespace gantry::wire {

// Fails as parse_fastjson does, or with corrupt naming the member, what was expected and what was found.
template <class Body>
Result<Body> decode_body(std::string_view json, const JsonLimits& limits = {});

// Strict JSON, except that maps with struct keys are written as fastjson does. Members that are empty optionals are
// left out.
template <class Body>
std::string encode_body(const Body& body);

}  // namespace gantry::wire
