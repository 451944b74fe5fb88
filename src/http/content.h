// What is said about the content of responses: its type by file name, its compression, its tag.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gantry::http {

// By the extension; "application/octet-stream" when unknown.
std::string_view content_type_of(std::string_view file_name);

// Whether gzip is worth its time for that type.
bool is_compressible(std::string_view content_type);

// RFC 1952; nullopt when memory is short. level 1 (fast) to 9 (small).
std::optional<std::string> gzip(std::string_view content, int level);

// Whether an Accept-Encoding header takes gzip (RFC 9110 12.5.3; "gzip;q=0" does not).
bool accepts_gzip(std::string_view accept_encoding);

// A strong entity tag, quotes included: equal content, equal tag.
std::string etag_of(std::string_view content);

// Whether an If-None-Match header names that tag (RFC 9110 13.1.2: weak comparison, lists and "*").
bool matches_etag(std::string_view if_none_match, std::string_view etag);

}  // namespace gantry::http
