// The edit distance (optimal string alignment, three rows) and the words around it.
// Called for each unknown key, name or choice of a file.
// Never looks at more than 1,000 candidates: a file full of mistakes must not take long to refuse.
#include "config/suggestion.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace weir::config {
namespace {

constexpr std::size_t kLongest = 64;
constexpr std::size_t kCandidates = 1000;
constexpr std::size_t kListed = 24;
constexpr std::size_t kCutLeast = 3;  // bytes that two words must share to be meant for each other

using Row = std::array<std::size_t, kLongest + 1>;

// One edit in a short word, a third of a longer one, never more than six: further apart, two words
// are not the same.
std::size_t tolerance(std::string_view word) {
  return word.size() <= 3 ? 1 : std::clamp<std::size_t>(word.size() / 3, 2, 6);
}

std::string list_of(std::span<const std::string_view> known) {
  if (known.empty()) return {};
  std::string out = "; known: ";
  for (std::size_t i = 0; i < known.size() && i < kListed; ++i) {
    if (i > 0) out += ", ";
    out += known[i];
  }
  if (known.size() > kListed) out += fmt::format(" and {} more", known.size() - kListed);
  return out;
}

bool begins_alike(std::string_view word, std::string_view beginning) {
  return ascii::equals_ignoring_case(word.substr(0, beginning.size()), beginning);
}

// One is the other cut short: cert, certificate.
bool is_cut(std::string_view a, std::string_view b) {
  return std::min(a.size(), b.size()) >= kCutLeast && (begins_alike(a, b) || begins_alike(b, a));
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  a = a.substr(0, kLongest);
  b = b.substr(0, kLongest);
  Row before_last{}, last{}, row{};
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = ascii::lower(a[i - 1]) == ascii::lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && ascii::lower(a[i - 1]) == ascii::lower(b[j - 2]) &&
                           ascii::lower(a[i - 2]) == ascii::lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

std::string suggestion(std::string_view word, std::span<const std::string_view> known) {
  std::size_t best = tolerance(word) + 1;
  std::string_view nearest;
  for (const std::string_view candidate : known.first(std::min(known.size(), kCandidates))) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  if (nearest.empty()) {
    const auto cut = std::ranges::find_if(
        known, [&](std::string_view candidate) { return is_cut(word, candidate); });
    if (cut != known.end()) nearest = *cut;
  }
  if (!nearest.empty()) return fmt::format(", did you mean '{}'?", nearest);
  return list_of(known);
}

}  // namespace weir::config
