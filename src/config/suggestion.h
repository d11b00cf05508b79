// "did you mean": finds the known word that a mistyped one was meant to be. Used for keys, names
// and choices in error messages. Never decides anything: what is unknown is refused, however near
// it comes.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace weir::config {

// Edits (insert, delete, replace, swap of neighbours) between two words, case ignored. Longer than
// 64 bytes: compared by their first 64.
std::size_t edit_distance(std::string_view a, std::string_view b);

// ", did you mean 'x'?" when one of `known` is near `word`, otherwise "; known: a, b, c" (at most
// 24 of them), empty when there is nothing to say.
std::string suggestion(std::string_view word, std::span<const std::string_view> known);

}  // namespace weir::config
