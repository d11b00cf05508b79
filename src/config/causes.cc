// The words of retry.on and rescue.on, both ways.
// Called by route_section.cc, split_section.cc and the dump.
// Never takes a status below 500: what the client did wrong is as wrong at another endpoint.
#include "config/causes.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/plain_text.h"
#include "config/quantities.h"

namespace weir::config {
namespace {

// A cause as a number: one of these or a status.
constexpr int kConnect = 0, kReset = 1, kTimeout = 2;

Parsed<int> parse_cause(std::string_view text, const CauseWords& words) {
  if (text == "connect") return kConnect;
  if (text == "reset") return kReset;
  if (text == "timeout" && words.timeout) return kTimeout;
  const Parsed<long long> status = parse_integer(text, 500, 599);
  if (status) return static_cast<int>(*status);
  return std::unexpected(fmt::format("'{}' {}: connect, reset,{} or a status from 500 to 599",
                                     printable(text), words.refusal,
                                     words.timeout ? " timeout," : ""));
}

}  // namespace

void read_causes(Reader& reader, const Node& node, const CauseWords& words, Causes& out) {
  std::vector<int> all;
  read_list_as(reader, node, all, [&](std::string_view text) { return parse_cause(text, words); });
  const auto has = [&](int cause) { return std::find(all.begin(), all.end(), cause) != all.end(); };
  out = {.connect = has(kConnect), .reset = has(kReset), .timeout = has(kTimeout), .statuses = {}};
  for (const int status : all) {
    auto& statuses = out.statuses;
    const bool is_new = std::find(statuses.begin(), statuses.end(), status) == statuses.end();
    if (status >= 500 && is_new) statuses.push_back(status);
  }
}

std::vector<std::string> words_of(const Causes& causes) {
  std::vector<std::string> out;
  if (causes.connect) out.emplace_back("connect");
  if (causes.reset) out.emplace_back("reset");
  if (causes.timeout) out.emplace_back("timeout");
  for (const int status : causes.statuses) out.push_back(std::to_string(status));
  return out;
}

}  // namespace weir::config
