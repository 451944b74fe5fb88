// The built page inside the binary: every file of web/ with what an HTTP server needs to serve it. The data is
// constant, lives as long as the program and may be read from any thread.
#pragma once

#include <span>
#include <string_view>

namespace gantry::web {

struct Asset {
  std::string_view path;          // as in the URL: "/index.html", "/app.js", "/app.css"
  std::string_view content_type;  // with charset
  std::string_view etag;          // quoted, changes with the body
  std::span<const unsigned char> gzip_body;
  std::span<const unsigned char> body;
};

// All files, in no particular order. "/" is not among them: serve "/index.html" there.
std::span<const Asset> assets();

}  // namespace gantry::web
