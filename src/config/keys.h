// Sections as tables: a key's name and what reads its value into the section's struct. The same
// tables drive reading, the suggestions for unknown keys and known_keys(), which the tests hold
// against the reference file, the schema and the documentation. A new key is one line in one table.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/known_keys.h"
#include "config/reader.h"
#include "config/scalars.h"

namespace weir::config {

template <class Section>
struct Key {
  std::string_view name;
  void (*read)(Reader&, const Node&, Section&) = nullptr;
  void (*list)(KeyList&, const std::string& path) = nullptr;  // adds the keys below
  std::string_view not_yet = {};  // not empty: what a later version does with it; refused now
  std::string_view harmless =
      {};  // of those: the one value that is accepted, as it changes nothing
};

// Reads a map's entries by a table; unknown and unsupported keys are reported.
template <class Section, std::size_t N>
void read_section(Reader& reader, const Node& node, Section& out, const Key<Section> (&keys)[N]) {
  if (!reader.expect(node, NodeKind::map)) return;
  for (const Entry& entry : node.entries) {
    const Key<Section>* key =
        std::find_if(std::begin(keys), std::end(keys),
                     [&](const auto& known) { return known.name == entry.key->text; });
    if (key == std::end(keys)) {
      std::array<std::string_view, N> names;
      std::size_t count = 0;
      for (const auto& known : keys) {
        if (known.not_yet.empty()) names[count++] = known.name;
      }
      reader.unknown_key(*entry.key, std::span(names.data(), count));
    } else if (!key->not_yet.empty()) {
      reader.not_yet(entry, key->not_yet, key->harmless);
    } else {
      key->read(reader, *entry.value, out);
    }
  }
}

// How many of these keys a map has.
template <std::size_t N>
std::size_t count_of(const Node& map, const std::string_view (&names)[N]) {
  return static_cast<std::size_t>(std::count_if(
      std::begin(names), std::end(names), [&](auto name) { return map.find(name) != nullptr; }));
}

// Listing: the keys of a table under a path, under each name of a map, under each element of a
// list.
template <const auto& Keys>
void list_keys(KeyList& out, const std::string& path) {
  for (const auto& key : Keys) {
    const std::string name =
        path.empty() ? std::string(key.name) : path + "." + std::string(key.name);
    out.push_back({name, key.not_yet.empty()});
    if (key.list != nullptr) key.list(out, name);
  }
}
template <const auto& Keys>
void list_named(KeyList& out, const std::string& path) {
  list_keys<Keys>(out, path + ".NAME");
}
template <const auto& Keys>
void list_elements(KeyList& out, const std::string& path) {
  list_keys<Keys>(out, path + "[]");
}

// The rows of a table, by the member they fill.
template <auto Member>
struct MemberOf;
template <class S, class T, T S::* Member>
struct MemberOf<Member> {
  using Section = S;
};
template <auto Member>
using SectionOf = typename MemberOf<Member>::Section;

// A scalar or a list of a type that scalars.h reads.
template <auto Member>
constexpr Key<SectionOf<Member>> key(std::string_view name) {
  return {name, [](Reader& reader, const Node& node, SectionOf<Member>& section) {
            read(reader, node, section.*Member);
          }};
}
inline constexpr long long kAnyCount = std::numeric_limits<std::uint32_t>::max();

// A whole number from Low to High.
template <auto Member, long long Low, long long High>
constexpr Key<SectionOf<Member>> key_between(std::string_view name) {
  return {name, [](Reader& reader, const Node& node, SectionOf<Member>& section) {
            read_integer(reader, node, section.*Member, Low, High);
          }};
}
// A duration that may be 0.
template <auto Member>
constexpr Key<SectionOf<Member>> key_from_zero(std::string_view name) {
  return {name, [](Reader& reader, const Node& node, SectionOf<Member>& section) {
            read_duration(reader, node, section.*Member, Millis(0));
          }};
}
// One of a few words; Choices is an array of Choice.
template <auto Member, const auto& Choices>
constexpr Key<SectionOf<Member>> key_choice(std::string_view name) {
  return {name, [](Reader& reader, const Node& node, SectionOf<Member>& section) {
            read_choice(reader, node, section.*Member, Choices);
          }};
}
// A section of its own.
template <auto Member, const auto& Keys>
constexpr Key<SectionOf<Member>> key_section(std::string_view name) {
  return {name,
          [](Reader& reader, const Node& node, SectionOf<Member>& section) {
            read_section(reader, node, section.*Member, Keys);
          },
          list_keys<Keys>};
}
// A key of a later version.
template <class Section>
constexpr Key<Section> key_not_yet(std::string_view name, std::string_view words,
                                   std::string_view harmless = {}) {
  return {name, nullptr, nullptr, words, harmless};
}

}  // namespace weir::config
