// Values that end up in HTTP messages or are compared with parts of them: names, methods, hosts,
// paths, fields and patterns. What passes here cannot break a message's framing or smuggle a line.
// Pure functions of text.
#pragma once

#include <string>
#include <string_view>

#include "config/reader.h"

namespace weir::config {

// A listener's, route's or cluster's name: letters, digits, '_', '-' and '.', beginning with a
// letter or digit.
Parsed<std::string> parse_name(std::string_view text);

Parsed<std::string> parse_method(std::string_view text);       // a token; known ones in capitals
Parsed<std::string> parse_field_name(std::string_view text);   // RFC 9110 section 5.1
Parsed<std::string> parse_field_value(std::string_view text);  // section 5.5; may be empty
// A field that header edits may touch: not one that frames the message or belongs to the
// connection.
Parsed<std::string> parse_editable_field(std::string_view text);

// A parameter of the query, decoded: any text that is not empty.
Parsed<std::string> parse_parameter_name(std::string_view text);

// The parts of a cookie (RFC 6265 section 4.1.1).
Parsed<std::string> parse_cookie_name(std::string_view text);
Parsed<std::string> parse_cookie_path(std::string_view text);
bool is_cookie_value(std::string_view text);

// A host to match, lower-cased: a name, "*.suffix" or an IP literal, without a port.
Parsed<std::string> parse_host_pattern(std::string_view text);
// A path or its prefix: begins with '/', no query, nothing that a request target cannot contain.
Parsed<std::string> parse_path(std::string_view text);
// An absolute http(s) URL or a path, as a Location field may have it.
Parsed<std::string> parse_redirect_target(std::string_view text);
// An RE2 pattern that compiles.
Parsed<std::string> parse_regex(std::string_view text);
// What takes the place of a pattern's match in a path; may be empty.
Parsed<std::string> parse_replacement(std::string_view text);
// What is wrong with \1 and the like in a replacement for a (valid) pattern; empty when nothing is.
std::string replacement_fault(std::string_view regex, std::string_view replacement);

}  // namespace weir::config
