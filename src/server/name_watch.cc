// One timer and at most one lookup for each name; what follows from an answer is planned as a new
// file's endpoints are.
#include "server/name_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include <weir/limits.h>

#include "observe/log.h"
#include "server/cluster_change.h"
#include "server/cluster_setup.h"

namespace weir::server {
namespace {

using EndpointList = std::vector<std::shared_ptr<Endpoint>>;

net::TimeMs in_ms(std::chrono::milliseconds time) {
  return static_cast<net::TimeMs>(time.count());
}

bool has(const EndpointList& endpoints, const Endpoint& wanted) {
  return std::ranges::any_of(endpoints,
                             [&](const auto& one) { return one->name() == wanted.name(); });
}

// "came 10.0.0.3:80, 10.0.0.4:80; went 10.0.0.1:80"
std::string words_of_change(const EndpointList& before, const EndpointList& now) {
  std::vector<std::string_view> came, went;
  for (const auto& one : now) {
    if (!has(before, *one)) came.push_back(one->name());
  }
  for (const auto& one : before) {
    if (!has(now, *one)) went.push_back(one->name());
  }
  if (came.empty() && went.empty()) return "other weights or priorities";
  std::string words;
  if (!came.empty()) words += fmt::format("came {}", fmt::join(came, ", "));
  if (!went.empty()) {
    words += fmt::format("{}went {}", words.empty() ? "" : "; ", fmt::join(went, ", "));
  }
  return words;
}

bool uses(const config::Cluster& cluster, const NameQuestion& question) {
  return std::ranges::any_of(cluster.endpoints, [&](const config::Endpoint& entry) {
    return question_of(entry) == question;
  });
}

}  // namespace

// --- one name ---

class NameWatch::Name final : net::ResolveEvents {
 public:
  Name(NameWatch& watch, NameQuestion question)
      : watch_(watch),
        question_(std::move(question)),
        due_([](void* self) { static_cast<Name*>(self)->ask(); }, this) {}

  void set_clusters(const std::vector<std::string_view>& clusters) {
    counters_.clear();
    for (const std::string_view cluster : clusters) {
      const auto counter = [&](std::string_view result) {
        return watch_.registry_.counter(
            "weir_dns_resolutions_total",
            "Times that a name of the cluster's endpoints was asked for again, by result.",
            {{"cluster", std::string(cluster)}, {"result", std::string(result)}});
      };
      counters_.push_back({.success = counter("success"),
                           .not_found = counter("not_found"),
                           .timeout = counter("timeout"),
                           .failure = counter("failure")});
    }
  }
  // Also when a lookup is under way: that one is given up.
  void ask_in(std::chrono::milliseconds time) {
    lookup_.reset();
    watch_.loop_.wheel().arm_in(due_, in_ms(time));
  }
  void ask_when_expired(std::chrono::seconds ttl) {
    const config::Resolver& settings = *watch_.settings_;
    ask_in(std::clamp<std::chrono::milliseconds>(ttl, settings.min_ttl, settings.max_ttl));
  }

 private:
  struct Counters {
    observe::CounterId success, not_found, timeout, failure;
  };

  void ask() {
    net::Resolver& resolver = *watch_.resolver_;
    lookup_ = question_.service ? resolver.find_service(question_.name, *this)
                                : resolver.find_addresses(question_.name, *this);
  }

  void on_resolved(net::Resolved answer) override {
    for (const Counters& counters : counters_) watch_.cells_.add(counters.success);
    if (std::exchange(failures_, 0) > 0) observe::log_info("{} resolves again", question_.name);
    ask_when_expired(answer.ttl);
    watch_.take(question_, std::move(answer));
  }

  void on_resolve_failed(const net::ResolveFailure& failure) override {
    for (const Counters& counters : counters_)
      watch_.cells_.add(counter_of(failure.kind, counters));
    // Told once, however often it happens.
    const auto level = failures_ == 0 ? config::LogLevel::warn : config::LogLevel::debug;
    observe::log_at(level, "{} does not resolve: {}; what it last stood for stays", question_.name,
                    failure.cause);
    watch_.state_.live.names->fail(question_, failure.cause);
    const std::chrono::milliseconds least = watch_.settings_->min_ttl;
    const auto wait = least * (1 << std::min(failures_, kDoublingsMost));
    ++failures_;
    ask_in(std::min(wait, std::max(least, limits::kResolveRetryMost)));
  }

  static observe::CounterId counter_of(net::ResolveFailure::Kind kind, const Counters& counters) {
    switch (kind) {
      case net::ResolveFailure::Kind::not_found:
        return counters.not_found;
      case net::ResolveFailure::Kind::timeout:
        return counters.timeout;
      case net::ResolveFailure::Kind::failed:
        return counters.failure;
    }
    return counters.failure;
  }

  static constexpr int kDoublingsMost = 12;

  NameWatch& watch_;
  const NameQuestion question_;
  std::vector<Counters> counters_;  // of each cluster that has the name
  int failures_ = 0;                // in a row
  net::TimerEntry due_;
  std::unique_ptr<net::Lookup> lookup_;
};

// --- all of them ---

NameWatch::NameWatch(net::Loop& loop, ProcessState& state, observe::Registry& registry,
                     observe::Cells& cells)
    : loop_(loop), state_(state), registry_(registry), cells_(cells) {}

NameWatch::~NameWatch() = default;

void NameWatch::stop() {
  stopped_ = true;
  names_.clear();
  resolver_.reset();
}

void NameWatch::adopt() {
  if (stopped_) return;
  std::map<NameQuestion, std::vector<std::string_view>> wanted;
  for (const auto& cluster : state_.snapshot->clusters) {
    for (const config::Endpoint& entry : cluster->settings().endpoints) {
      auto question = question_of(entry);
      if (!question) continue;
      auto& clusters = wanted[std::move(*question)];
      if (std::ranges::find(clusters, cluster->name()) == clusters.end()) {
        clusters.push_back(cluster->name());
      }
    }
  }
  std::erase_if(names_, [&](const auto& entry) { return !wanted.contains(entry.first); });
  take_settings(state_.snapshot->config.resolver);
  std::set<NameQuestion> questions;
  for (const auto& [question, clusters] : wanted) {
    questions.insert(question);
    auto& name = names_[question];
    if (name == nullptr) {
      name = std::make_unique<Name>(*this, question);
      const KnownName* known = state_.live.names->find(question);
      name->ask_when_expired(known == nullptr ? std::chrono::seconds(0) : known->answer.ttl);
    }
    name->set_clusters(clusters);
  }
  state_.live.names->watch_only(questions);
}

// Other servers may give other answers: everybody is asked for at once.
void NameWatch::take_settings(const config::Resolver& settings) {
  if (settings_ == settings) return;
  settings_ = settings;
  for (const auto& [question, name] : names_) name->ask_in(std::chrono::milliseconds(0));
  resolver_ = std::make_unique<net::Resolver>(loop_, resolver_settings(settings));
}

void NameWatch::take(const NameQuestion& question, net::Resolved answer) {
  if (!state_.live.names->learn(question, std::move(answer))) return;
  std::vector<ClusterPtr> changed;
  for (const auto& cluster : state_.snapshot->clusters) {
    if (uses(cluster->settings(), question) && replan(cluster, question)) {
      changed.push_back(cluster);
    }
  }
  if (!changed.empty()) tell_workers(state_, changed);
}

// False: all is as it was.
bool NameWatch::replan(const ClusterPtr& cluster, const NameQuestion& question) {
  auto setup =
      plan_setup(cluster->settings(), *state_.live.names, cluster.get(), cluster->setup()->tls);
  if (setup == cluster->setup()) return false;
  const EndpointList before = cluster->endpoints();
  put_in_force(*cluster, std::move(setup));
  for (const auto& endpoint : cluster->endpoints()) {
    if (!has(before, *endpoint)) state_.live.endpoints.restore(cluster->name(), *endpoint);
  }
  observe::log_info("cluster {}: {} resolves anew: {}", cluster->name(), question.name,
                    words_of_change(before, cluster->endpoints()));
  return true;
}

}  // namespace weir::server
