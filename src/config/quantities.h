// Numbers with units: durations, sizes, whole numbers, and how a dump writes them. Used by the
// scalar readers and the sections. Pure functions of text; an error is a message with the mend, to
// which the caller adds the place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/reader.h"

namespace weir::config {

// A whole number and a unit of ms, s, m, h, d; plain 0 too. At most 365d.
Parsed<Millis> parse_duration(std::string_view text);
// The same of whole seconds; what is wrong with others, `words` say.
Parsed<Millis> parse_whole_seconds(std::string_view text, std::string_view words);
// A whole number and a unit of B, KiB, MiB, GiB; without a unit: bytes. At most 1024GiB.
Parsed<std::uint64_t> parse_size(std::string_view text);
// A whole number from low to high.
Parsed<long long> parse_integer(std::string_view text, long long low, long long high);

// The denominator of shares written in percent: two decimals.
inline constexpr std::uint64_t kPercentWhole = 10'000;
// 0 to 100 with at most two decimals, as a fraction of kPercentWhole.
Parsed<Fraction> parse_percent(std::string_view text);

// The shortest spelling that parses to the same value: 90s, 1500ms, 64KiB.
std::string format_duration(Millis duration);
std::string format_size(std::uint64_t bytes);
std::string format_percent(std::uint64_t numerator);        // of kPercentWhole: 10, 0.01, 33.3
std::string format_status_range(const StatusRange& range);  // 200, 200-399

}  // namespace weir::config
