// The page of scaled objects over HTTP: the assets of web/, its JSON, and a probe.
#pragma once

#include <functional>
#include <memory>

#include "http/server.h"
#include "scaler/replicas.h"
#include "scaler/scaled_objects.h"

namespace gantry::scaler {

// Registers the routes; before the server starts. `replicas` is asked at each request.
void serve_page(http::Server& server, std::shared_ptr<const ScaledObjects> objects,
                std::function<const Replicas&()> replicas);

}  // namespace gantry::scaler
