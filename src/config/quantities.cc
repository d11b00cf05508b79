// Durations, sizes and whole numbers, digit by digit through from_chars.
// Called by the scalar readers and by the dump.
// Never guesses a unit: a number without one is a duration in nothing, a size in bytes.
#include "config/quantities.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "base/ascii.h"
#include "config/plain_text.h"
#include "config/suggestion.h"

namespace weir::config {
namespace {

struct Unit {
  std::string_view word;
  std::uint64_t factor;
};

// Largest last, so that formatting can take the last that divides.
constexpr std::array<Unit, 5> kTimeUnits = {
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<Unit, 4> kSizeUnits = {
    {{"B", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024 * 1024 * 1024}}};
constexpr std::uint64_t kLongest = 365ULL * 86'400'000;
constexpr std::uint64_t kLargest = 1024ULL * 1024 * 1024 * 1024;

struct Quantity {
  std::uint64_t number = 0;
  std::string_view unit;
  bool valid = false;  // digits that fit, then something that is no number
};

Quantity split(std::string_view text) {
  Quantity out;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.number);
  out.unit = text.substr(static_cast<std::size_t>(end - text.data()));
  out.valid = error == std::errc() && !out.unit.starts_with('.');
  return out;
}

const Unit* find_unit(std::span<const Unit> units, std::string_view word) {
  for (const Unit& unit : units) {
    if (unit.word == word) return &unit;
  }
  return nullptr;
}

// `value` is not 0.
std::string shortest(std::uint64_t value, std::span<const Unit> units) {
  const Unit* best = &units.front();
  for (const Unit& unit : units) {
    if (value % unit.factor == 0) best = &unit;
  }
  return fmt::format("{}{}", value / best->factor, best->word);
}

bool are_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), ascii::is_digit);
}

// 64K, 64kb and 64KB are taken to mean the binary unit they resemble.
std::string_view resembling_size_unit(std::string_view word) {
  if (word.empty()) return {};
  switch (ascii::lower(word[0])) {
    case 'k':
      return "KiB";
    case 'm':
      return "MiB";
    case 'g':
      return "GiB";
    case 'b':
      return "B";
    default:
      return {};
  }
}

}  // namespace

Parsed<Millis> parse_duration(std::string_view text) {
  const Quantity quantity = split(text);
  if (!quantity.valid) {
    return std::unexpected(fmt::format(
        "'{}' is not a duration: a whole number and a unit (ms, s, m, h, d), such as 30s",
        printable(text)));
  }
  if (quantity.unit.empty() && quantity.number == 0) return Millis(0);
  const Unit* unit = find_unit(kTimeUnits, quantity.unit);
  if (unit == nullptr) {
    return std::unexpected(
        quantity.unit.empty()
            ? fmt::format("'{0}' has no unit: write {0}s or {0}ms (units: ms, s, m, h, d)", text)
            : fmt::format("unknown unit '{}' of a duration; known: ms, s, m, h, d",
                          printable(quantity.unit)));
  }
  if (quantity.number > kLongest / unit->factor) {
    return std::unexpected(fmt::format("'{}' is too long: at most 365d", text));
  }
  return Millis(static_cast<Millis::rep>(quantity.number * unit->factor));
}

Parsed<Millis> parse_whole_seconds(std::string_view text, std::string_view words) {
  Parsed<Millis> time = parse_duration(text);
  if (time && time->count() % 1000 != 0) {
    return std::unexpected(fmt::format("'{}': {}", text, words));
  }
  return time;
}

Parsed<std::uint64_t> parse_size(std::string_view text) {
  const Quantity quantity = split(text);
  if (!quantity.valid) {
    return std::unexpected(fmt::format(
        "'{}' is not a size: a whole number of bytes or of B, KiB, MiB, GiB, such as 64KiB",
        printable(text)));
  }
  if (quantity.unit.empty() && quantity.number <= kLargest) return quantity.number;
  const Unit* unit =
      quantity.unit.empty() ? kSizeUnits.data() : find_unit(kSizeUnits, quantity.unit);
  if (unit == nullptr) {
    const std::string_view meant = resembling_size_unit(quantity.unit);
    const std::string mend = meant.empty()
                                 ? "; known: B, KiB, MiB, GiB"
                                 : fmt::format(", did you mean {}{}?", quantity.number, meant);
    return std::unexpected(
        fmt::format("unknown unit '{}' of a size{}", printable(quantity.unit), mend));
  }
  if (quantity.number > kLargest / unit->factor) {
    return std::unexpected(fmt::format("'{}' is too large: at most 1024GiB", text));
  }
  return quantity.number * unit->factor;
}

Parsed<long long> parse_integer(std::string_view text, long long low, long long high) {
  long long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = end == text.data() + text.size() && error != std::errc::invalid_argument;
  if (!whole) {
    return std::unexpected(
        fmt::format("'{}' is not a whole number ({} to {})", printable(text), low, high));
  }
  if (error != std::errc() || value < low || value > high) {
    return std::unexpected(fmt::format("{} is out of range: {} to {}", printable(text), low, high));
  }
  return value;
}

Parsed<Fraction> parse_percent(std::string_view text) {
  if (text.ends_with('%')) {
    return std::unexpected(fmt::format("'{}': write the number alone, without %", printable(text)));
  }
  const std::size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  const std::string_view decimals = dot == text.npos ? "0" : text.substr(dot + 1);
  const std::string_view digits = whole.starts_with('-') ? whole.substr(1) : whole;
  if (!are_digits(digits) || !are_digits(decimals)) {
    return std::unexpected(fmt::format(
        "'{}' is not a percentage: 0 to 100 with at most two decimals, such as 10 or 0.5",
        printable(text)));
  }
  if (decimals.size() > 2) {
    return std::unexpected(
        fmt::format("'{}' has more than two decimals: write it as a fraction, "
                    "such as {{ numerator: 1, denominator: 100000 }}",
                    printable(text)));
  }
  // Padded, so that 0.5 are 50 hundredths.
  const std::string padded = std::string(decimals) + (decimals.size() == 1 ? "0" : "");
  const Parsed<long long> percent = parse_integer(whole, 0, 100);
  const Parsed<long long> hundredths = parse_integer(padded, 0, 99);
  if (!percent || whole.starts_with('-') || (*percent == 100 && *hundredths > 0)) {
    return std::unexpected(fmt::format("{} is out of range: 0 to 100", printable(text)));
  }
  return Fraction{.numerator = static_cast<std::uint64_t>(*percent * 100 + *hundredths),
                  .denominator = kPercentWhole};
}

std::string format_duration(Millis duration) {
  const auto millis = static_cast<std::uint64_t>(duration.count());
  return millis == 0 ? "0" : shortest(millis, kTimeUnits);
}

std::string format_size(std::uint64_t bytes) {
  return bytes == 0 ? "0" : shortest(bytes, kSizeUnits);
}

std::string format_percent(std::uint64_t numerator) {
  const std::uint64_t whole = numerator / 100, hundredths = numerator % 100;
  if (hundredths == 0) return std::to_string(whole);
  if (hundredths % 10 == 0) return fmt::format("{}.{}", whole, hundredths / 10);
  return fmt::format("{}.{:02}", whole, hundredths);
}

std::string format_status_range(const StatusRange& range) {
  return range.low == range.high ? std::to_string(range.low)
                                 : fmt::format("{}-{}", range.low, range.high);
}

}  // namespace weir::config
