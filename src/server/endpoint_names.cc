// From entries to questions, and from answers to endpoints.
#include "server/endpoint_names.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "config/addresses.h"
#include "net/loop.h"

namespace weir::server {
namespace {

// One question on its way.
class NameLookup final : net::ResolveEvents {
 public:
  NameLookup(net::Resolver& resolver, const NameQuestion& question) {
    lookup_ = question.service ? resolver.find_service(question.name, *this)
                               : resolver.find_addresses(question.name, *this);
  }

  bool done() const { return done_; }
  net::Resolved& answer() { return answer_; }  // without addresses: it failed
  std::string_view cause() const { return cause_; }

 private:
  void on_resolved(net::Resolved answer) override {
    answer_ = std::move(answer);
    done_ = true;
  }
  void on_resolve_failed(const net::ResolveFailure& failure) override {
    cause_ = failure.cause;
    done_ = true;
  }

  bool done_ = false;
  net::Resolved answer_;
  std::string_view cause_;
  std::unique_ptr<net::Lookup> lookup_;
};

net::AddressFamilies families_of(config::AddressFamilies families) {
  switch (families) {
    case config::AddressFamilies::automatic:
      return net::AddressFamilies::automatic;
    case config::AddressFamilies::ipv4:
      return net::AddressFamilies::ipv4;
    case config::AddressFamilies::ipv6:
      return net::AddressFamilies::ipv6;
    case config::AddressFamilies::both:
      return net::AddressFamilies::both;
  }
  return net::AddressFamilies::automatic;
}

EntryEndpoint endpoint_at(const config::Endpoint& entry, const net::ResolvedAddress& found,
                          std::uint16_t lowest_priority) {
  EntryEndpoint endpoint{.name = {},
                         .address = found.address,
                         .weight = entry.weight,
                         .backup = entry.backup,
                         .from = to_string(entry)};
  if (entry.service.empty()) {
    endpoint.address.port = entry.address.port;
  } else {
    // RFC 2782: a weight of 0 is a small share, and here it would be none.
    endpoint.weight = std::max<std::uint32_t>(1, found.weight);
    endpoint.backup = entry.backup || found.priority > lowest_priority;
  }
  endpoint.name = to_string(endpoint.address);
  return endpoint;
}

}  // namespace

std::optional<SocketAddress> literal_address(const config::Address& address) {
  if (address.host != "localhost") return config::literal(address);
  config::Address here = address;
  here.host = "127.0.0.1";
  return config::literal(here);
}

std::optional<NameQuestion> question_of(const config::Endpoint& entry) {
  if (!entry.service.empty()) return NameQuestion{.name = entry.service, .service = true};
  if (literal_address(entry.address)) return {};
  return NameQuestion{.name = entry.address.host};
}

// --- what is known ---

const KnownName* KnownNames::find(const NameQuestion& question) const {
  const auto found = names_.find(question);
  return found == names_.end() ? nullptr : &found->second;
}

bool KnownNames::learn(const NameQuestion& question, net::Resolved answer) {
  KnownName& name = names_[question];
  const bool other = name.answer.addresses != answer.addresses;
  name.answer = std::move(answer);
  name.failing.clear();
  return other;
}

void KnownNames::fail(const NameQuestion& question, std::string_view cause) {
  const auto found = names_.find(question);
  if (found != names_.end()) found->second.failing = cause;
}

void KnownNames::watch_only(const std::set<NameQuestion>& questions) {
  std::erase_if(names_, [&](const auto& entry) { return !questions.contains(entry.first); });
  for (auto& [question, name] : names_) name.watched = true;
}

// --- entries ---

std::vector<EntryEndpoint> endpoints_of(const config::Endpoint& entry, const KnownNames& names) {
  const auto question = question_of(entry);
  const KnownName* known = question ? names.find(*question) : nullptr;
  std::vector<EntryEndpoint> endpoints;
  if (known == nullptr) {
    const SocketAddress nowhere{.ip = {}, .port = entry.address.port, .unix_path = {}};
    endpoints.push_back({.name = to_string(entry),
                         .address = question ? nowhere : *literal_address(entry.address),
                         .weight = entry.weight,
                         .backup = entry.backup,
                         .from = {}});
    return endpoints;
  }
  // Sorted: the first is of the lowest priority.
  const auto& addresses = known->answer.addresses;
  for (const net::ResolvedAddress& found : addresses) {
    endpoints.push_back(endpoint_at(entry, found, addresses.front().priority));
  }
  return endpoints;
}

net::ResolverSettings resolver_settings(const config::Resolver& resolver) {
  net::ResolverSettings settings;
  for (const config::Address& server : resolver.servers) {
    if (const auto address = config::literal(server)) settings.servers.push_back(*address);
  }
  settings.timeout = resolver.timeout;
  settings.families = families_of(resolver.families);
  return settings;
}

std::vector<UnresolvedName> resolve_new_names(std::span<const config::Cluster> clusters,
                                              const config::Resolver& resolver, KnownNames& names) {
  net::Loop loop;
  std::unique_ptr<net::Resolver> asked;
  std::map<NameQuestion, std::unique_ptr<NameLookup>> lookups;
  for (const config::Cluster& cluster : clusters) {
    for (const config::Endpoint& entry : cluster.endpoints) {
      const auto question = question_of(entry);
      const KnownName* known = question ? names.find(*question) : nullptr;
      if (!question || lookups.contains(*question)) continue;
      if (known != nullptr && known->watched) continue;
      if (!asked) asked = std::make_unique<net::Resolver>(loop, resolver_settings(resolver));
      lookups[*question] = std::make_unique<NameLookup>(*asked, *question);
    }
  }
  const auto under_way = [](const auto& entry) { return !entry.second->done(); };
  while (std::ranges::any_of(lookups, under_way)) loop.run_once();

  for (const auto& [question, lookup] : lookups) {
    if (!lookup->answer().addresses.empty()) names.learn(question, std::move(lookup->answer()));
  }
  std::vector<UnresolvedName> unresolved;
  for (const config::Cluster& cluster : clusters) {
    for (const config::Endpoint& entry : cluster.endpoints) {
      const auto question = question_of(entry);
      if (!question || names.find(*question) != nullptr) continue;
      unresolved.push_back(
          {entry.place, fmt::format("endpoint {} does not resolve: {}", to_string(entry),
                                    lookups[*question]->cause())});
    }
  }
  lookups.clear();  // before their resolver
  return unresolved;
}

std::vector<std::string> failing_names(const config::Cluster& cluster, const KnownNames& names) {
  std::vector<std::string> lines;
  for (const config::Endpoint& entry : cluster.endpoints) {
    const auto question = question_of(entry);
    const KnownName* known = question ? names.find(*question) : nullptr;
    if (known == nullptr || known->failing.empty()) continue;
    lines.push_back(
        fmt::format("cluster {}: {} does not resolve ({}); what it last stood for stays",
                    cluster.name, question->name, known->failing));
  }
  return lines;
}

}  // namespace weir::server
