#include "wire/bodies/kv_table.h"

#include "wire/body_json.h"

namespace gantry::wire {

GANTRY_WIRE_BODY(KVTable);

}  // namespace gantry::wire
