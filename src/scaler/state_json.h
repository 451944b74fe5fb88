// What the page of scaled objects shows, as JSON: the contract is web/src/scaler/api.ts. Unknown is null with a reason,
// never 0. Pure.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>

#include "scaler/listing.h"
#include "scaler/replicas.h"
#include "scaler/scaled_objects.h"

namespace gantry::scaler {

// The triggers that the query chooses; without history, so that it may be asked every other second.
boost::json::object list_json(const ScaledObjects& objects, const Replicas& replicas, const ListQuery& query,
                              std::int64_t now_ms);

// All triggers of one ScaledObject with their history. Errors: not_found.
Result<boost::json::object> object_json(const ScaledObjects& objects, const Replicas& replicas,
                                        const std::string& namespace_, const std::string& name, std::int64_t now_ms);

}  // namespace gantry::scaler
