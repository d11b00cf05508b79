// routes[].split: a route's requests divided among variants, each with a cluster of its own.
// Called by route_section.cc; what tells users apart is read by split_key_section.cc.
// Never decides who gets which variant; that is traffic/'s.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include <weir/limits.h>

#include "config/causes.h"
#include "config/choices.h"
#include "config/http_values.h"
#include "config/keys.h"
#include "config/plain_text.h"
#include "config/secret_env.h"
#include "config/sections.h"

namespace weir::config {
namespace {

// What an override's value may be besides a variant's name.
constexpr std::string_view kOverrideWords[] = {"always", "never"};

Parsed<std::string> parse_variant_name(std::string_view text) {
  if (std::ranges::find(kOverrideWords, text) != std::end(kOverrideWords)) {
    return std::unexpected(
        fmt::format("a variant cannot be called '{}': testers say it in overrides", text));
  }
  return parse_name(text);
}

void read_variant_name(Reader& reader, const Node& node, Variant& variant) {
  read_as(reader, node, variant.name, parse_variant_name);
}
void read_variant_cluster(Reader& reader, const Node& node, Variant& variant) {
  if (read_as(reader, node, variant.cluster, parse_name)) {
    reader.refer(Reference::Kind::cluster, node, variant.cluster);
  }
}

constexpr Key<Variant> kVariantKeys[] = {
    {"name", read_variant_name},
    {"cluster", read_variant_cluster},
    key_between<&Variant::weight, 0, limits::kVariantWeight>("weight"),
};

void read_variant(Reader& reader, const Node& node, Variant& variant) {
  variant.place = reader.place(node);
  read_section(reader, node, variant, kVariantKeys);
  if (!node.is_map()) return;
  if (node.find("name") == nullptr) {
    reader.error(node, "the variant has no name; logs, metrics and overrides need one");
  }
  if (node.find("cluster") == nullptr) {
    reader.error(node, "the variant has no cluster: name the one that serves its requests");
  }
}

void check_variants(Reader& reader, const Node& node, const std::vector<Variant>& variants) {
  std::unordered_map<std::string_view, int> lines;
  for (std::size_t i = 0; i < variants.size(); ++i) {
    const Variant& variant = variants[i];
    if (variant.name.empty()) continue;  // reported
    const auto [first, is_new] = lines.emplace(variant.name, variant.place.line);
    if (is_new) continue;
    reader.error(
        *node.entries[i].value->find("name"),
        fmt::format("another variant is named '{}', at line {}", variant.name, first->second));
  }
  const bool any_weight = std::ranges::any_of(variants, [](auto& one) { return one.weight > 0; });
  if (!any_weight) reader.error(node, "no variant can take requests: all weights are 0");
}

void read_variants(Reader& reader, const Node& node, Split& split) {
  if (!reader.expect(node, NodeKind::sequence)) return;
  const std::size_t count = node.entries.size();
  if (count == 0) {
    reader.error(node, "no variants: the split needs at least one");
    return;
  }
  if (count > limits::kVariants) {
    reader.error(node,
                 fmt::format("{} variants are too many: at most {}", count, limits::kVariants));
    return;
  }
  split.variants.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    read_variant(reader, *node.entries[i].value, split.variants[i]);
  }
  check_variants(reader, node, split.variants);
}

void read_override_header(Reader& reader, const Node& node, Override& override) {
  read_as(reader, node, override.header, parse_field_name);
}
void read_override_cookie(Reader& reader, const Node& node, Override& override) {
  read_as(reader, node, override.cookie, parse_cookie_name);
}
void read_secret(Reader& reader, const Node& node, Override& override) {
  read(reader, node, override.secret_env);
  if (override.secret_env.empty()) return;
  auto secret = secret_of(reader, node, override.secret_env, "secret_env",
                          "the secret that testers must send");
  if (secret) override.secret = std::move(*secret);
}

constexpr Key<Override> kOverrideKeys[] = {
    {"header", read_override_header},
    {"cookie", read_override_cookie},
    {"secret_env", read_secret},
    key<&Override::from>("from"),
};

void read_override(Reader& reader, const Node& node, Split& split) {
  Override& override = split.override;
  read_section(reader, node, override, kOverrideKeys);
  if (!node.is_map()) return;
  const Node *secret = node.find("secret_env"), *from = node.find("from");
  const Node* cookie = node.find("cookie");
  if (cookie == nullptr && node.find("header") == nullptr) {
    reader.error(node,
                 "the override needs `header`, `cookie` or both: where testers name their "
                 "variant");
  }
  const bool from_nobody = from == nullptr || from->is_empty_list();
  if (secret == nullptr && from_nobody) {
    reader.error(node,
                 "anybody could choose a variant: the override needs `secret_env`, `from` or "
                 "both");
  }
  if (cookie != nullptr && !is_cookie_value(override.secret)) {
    reader.error(*secret, fmt::format("the environment variable {} holds characters that a cookie "
                                      "cannot carry (such as blanks, ',' and ';'): choose another "
                                      "secret, or leave cookie out",
                                      override.secret_env));
  }
}

// A POST whose bytes were sent is never sent again, and nobody knows what a candidate did with it.
Parsed<std::string> parse_rescued_method(std::string_view text) {
  Parsed<std::string> method = parse_method(text);
  if (method && *method != "GET" && *method != "HEAD" && *method != "OPTIONS") {
    return std::unexpected(fmt::format(
        "'{}' is never rescued, the candidate may have acted on it: GET, HEAD and OPTIONS can be",
        *method));
  }
  return method;
}

void refuse_empty(Reader& reader, const Node& list) {
  if (list.is_empty_list()) reader.error(list, "an empty list rescues nothing: write rescue: off");
}

void read_rescued_methods(Reader& reader, const Node& node, Rescue& rescue) {
  refuse_empty(reader, node);
  read_list_as(reader, node, rescue.methods, parse_rescued_method);
}

void read_rescue_on(Reader& reader, const Node& node, Rescue& rescue) {
  refuse_empty(reader, node);
  read_causes(reader, node, {.refusal = "is not rescued from", .timeout = true}, rescue.on);
}

constexpr Key<Rescue> kRescueKeys[] = {
    {"methods", read_rescued_methods},
    {"on", read_rescue_on},
    key_between<&Rescue::budget_percent, 0, 100>("budget_percent"),
};

void read_rescue(Reader& reader, const Node& node, Split& split) {
  if (is_off(node)) {
    split.rescue.enabled = false;
    return;
  }
  if (node.is_scalar()) {
    reader.error(node, "expected keys or off: write rescue: off, or rescue: { methods: [GET] }");
    return;
  }
  read_section(reader, node, split.rescue, kRescueKeys);
}

constexpr Key<Split> kSplitKeys[] = {
    {"variants", read_variants, list_elements<kVariantKeys>},
    {"key", read_split_key, list_split_key},
    key_choice<&Split::missing_key, kMissingKeys>("missing_key"),
    key<&Split::salt>("salt"),
    {"override", read_override, list_keys<kOverrideKeys>},
    key_choice<&Split::on_unavailable, kOnUnavailable>("on_unavailable"),
    {"rescue", read_rescue, list_keys<kRescueKeys>},
};

}  // namespace

void read_split(Reader& reader, const Node& node, Route& route) {
  Split& split = route.split;
  read_section(reader, node, split, kSplitKeys);
  if (!node.is_map()) return;
  if (node.find("variants") == nullptr) reader.error(node, "the split has no variants");
  const Node* key = node.find("key");
  const bool keyless = key == nullptr || key->is_empty_list();
  if (keyless && split.missing_key == MissingKey::stable) {
    reader.warn(*node.find("missing_key"),
                "without a key every request goes to the stable variant: give the split a key");
  }
  const IssuedCookie& issued = split.issued_cookie;
  const bool issues = !split.key.empty() && split.key.back().source == KeySource::issued_cookie;
  if (issues && split.override.cookie == issued.name) {
    reader.error(*node.find("override")->find("cookie"),
                 fmt::format("the issued cookie is called '{}' too: give one of them another name",
                             issued.name));
  }
}

void list_split(KeyList& out, const std::string& path) {
  list_keys<kSplitKeys>(out, path);
}

}  // namespace weir::config
