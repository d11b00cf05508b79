// clusters.NAME.balance: the name of an algorithm, or hash or maglev with what to hash.
// Called by cluster_section.cc.
// Knows the algorithms by include/weir/algorithms.def alone; what they do is balance/'s.
#include <fmt/format.h>

#include "config/http_values.h"
#include "config/keys.h"
#include "config/plain_text.h"
#include "config/sections.h"
#include "config/suggestion.h"

namespace weir::config {
namespace {

constexpr std::string_view kAlgorithms[] = {
#define ALGORITHM(name, Type) #name,
#include <weir/algorithms.def>
#undef ALGORITHM
};

template <HashOn On>
void read_hashed_field(Reader& reader, const Node& node, Balance& balance) {
  balance.hash_on = On;
  read_as(reader, node, balance.hash_name, parse_field_name);
}

constexpr Key<Balance> kHashKeys[] = {
    {"header", read_hashed_field<HashOn::header>},
    {"cookie", read_hashed_field<HashOn::cookie>},
};

constexpr Choice<HashOn> kHashWords[] = {{"client_ip", HashOn::client_ip}, {"path", HashOn::path}};

void read_hash_key(Reader& reader, const Node& node, Balance& balance) {
  if (node.is_scalar()) {
    read_choice(reader, node, balance.hash_on, kHashWords);
    return;
  }
  if (!node.is_map() || node.entries.size() != 1) {
    reader.error(node, "the key is one of client_ip, path, { header: name }, { cookie: name }");
    return;
  }
  read_section(reader, node, balance, kHashKeys);
}

template <const auto& Name>
void read_keyed(Reader& reader, const Node& node, Balance& balance) {
  balance.algorithm = Name;
  read_hash_key(reader, node, balance);
}

constexpr std::string_view kHash = "hash", kMaglev = "maglev";

constexpr Key<Balance> kBalanceKeys[] = {
    {kHash, read_keyed<kHash>, list_keys<kHashKeys>},
    {kMaglev, read_keyed<kMaglev>, list_keys<kHashKeys>},
};

bool hashes_a_key(std::string_view algorithm) {
  return algorithm == kHash || algorithm == kMaglev;
}

Parsed<std::string> parse_algorithm(std::string_view text) {
  for (const std::string_view name : kAlgorithms) {
    if (name == text) return std::string(text);
  }
  return std::unexpected(fmt::format("unknown balance algorithm '{}'{}", printable(text),
                                     suggestion(text, kAlgorithms)));
}

}  // namespace

void read_balance(Reader& reader, const Node& node, Cluster& cluster) {
  Balance& balance = cluster.balance;
  if (!node.is_map()) {
    read_as(reader, node, balance.algorithm, parse_algorithm);
    if (hashes_a_key(balance.algorithm)) balance.hash_on = HashOn::client_ip;
    return;
  }
  if (node.entries.size() != 1) {
    reader.error(node, "expected one algorithm: a name, or { hash: key }, or { maglev: key }");
    return;
  }
  const Node& name = *node.entries[0].key;
  if (!hashes_a_key(name.text) && parse_algorithm(name.text)) {
    reader.error(name, fmt::format("'{0}' has no key: write balance: {0}", name.text));
    return;
  }
  read_section(reader, node, balance, kBalanceKeys);
}

void list_balance(KeyList& out, const std::string& path) {
  list_keys<kBalanceKeys>(out, path);
}

}  // namespace weir::config
