// From questions to one sorted answer.
#include "net/lookup.h"

#include <algorithm>
#include <memory>
#include <span>
#include <sys/socket.h>
#include <tuple>
#include <utility>

#include <weir/limits.h>

#include "net/native_address.h"

namespace weir::net {
namespace {

constexpr int kClassInternet = 1;
constexpr int kTypeService = 33;
constexpr ResolveFailure kTooLate{ResolveFailure::Kind::timeout, "no answer in time"};
constexpr ResolveFailure kNoService{ResolveFailure::Kind::not_found,
                                    "the service has no host with an address"};

bool before(const ResolvedAddress& a, const ResolvedAddress& b) {
  const auto key = [](const ResolvedAddress& one) {
    return std::tuple(one.priority, !one.address.ip.is_v4(), one.address.ip.bytes, one.address.port,
                      one.weight);
  };
  return key(a) < key(b);
}

ResolveFailure failure_of(int status) {
  using Kind = ResolveFailure::Kind;
  const bool none = status == ARES_ENOTFOUND || status == ARES_ENODATA;
  return {none                      ? Kind::not_found
          : status == ARES_ETIMEOUT ? Kind::timeout
                                    : Kind::failed,
          ares_strerror(status)};
}

Resolved resolved_of(const ares_addrinfo& found) {
  Resolved answer{.addresses = {}, .ttl = std::chrono::seconds::max()};
  const auto believe = [&](int ttl) {
    answer.ttl = std::min(answer.ttl, std::chrono::seconds(std::max(ttl, 0)));
  };
  for (const auto* node = found.nodes; node != nullptr; node = node->ai_next) {
    if (node->ai_family != AF_INET && node->ai_family != AF_INET6) continue;
    ResolvedAddress& one = answer.addresses.emplace_back();
    one.address = from_native(node->ai_addr);
    one.address.port = 0;
    believe(node->ai_ttl);
  }
  for (const auto* alias = found.cnames; alias != nullptr; alias = alias->next) {
    if (alias->name != nullptr) believe(alias->ttl);
  }
  arrange(answer.addresses);
  return answer;
}

}  // namespace

void arrange(std::vector<ResolvedAddress>& addresses) {
  std::sort(addresses.begin(), addresses.end(), before);
  const auto same = [](const ResolvedAddress& a, const ResolvedAddress& b) {
    return a.address == b.address;
  };
  // One that has several priorities or weights counts with the first of them.
  std::vector<ResolvedAddress> once;
  for (const ResolvedAddress& one : addresses) {
    const bool known =
        std::any_of(once.begin(), once.end(), [&](const auto& other) { return same(one, other); });
    if (!known && once.size() < limits::kNameAddresses) once.push_back(one);
  }
  addresses = std::move(once);
}

// --- what both have ---

struct PendingLookup::Question {
  NameChannel& channel;
  PendingLookup* asker;  // null: nobody listens any more
};

PendingLookup::PendingLookup(Loop& loop, NameChannel& channel, ResolveEvents& events)
    : loop_(loop),
      channel_(channel),
      events_(events),
      deadline_([](void* self) { static_cast<PendingLookup*>(self)->fail(kTooLate); }, this),
      known_([](void* self) { static_cast<PendingLookup*>(self)->tell(); }, this) {}

PendingLookup::~PendingLookup() {
  abandon();
}

bool PendingLookup::begin_within(std::chrono::milliseconds timeout) {
  loop_.wheel().arm_in(deadline_, static_cast<TimeMs>(timeout.count()));
  if (channel_.status() == ARES_SUCCESS) return true;
  fail(channel_.status());
  return false;
}

PendingLookup::Question* PendingLookup::ask() {
  channel_.question_begins();
  question_ = new Question{channel_, this};  // c-ares gives it back, whatever happens
  return question_;
}

PendingLookup* PendingLookup::take(void* question) {
  const std::unique_ptr<Question> taken(static_cast<Question*>(question));
  taken->channel.question_ends();
  if (taken->asker != nullptr) taken->asker->question_ = nullptr;
  return taken->asker;
}

void PendingLookup::abandon() {
  if (question_ != nullptr) question_->asker = nullptr;
  question_ = nullptr;
}

void PendingLookup::succeed(Resolved answer) {
  if (std::exchange(ended_, true)) return;
  answer_ = std::move(answer);
  deadline_.cancel();
  loop_.defer(known_);
}

void PendingLookup::fail(int status) {
  fail(failure_of(status));
}

void PendingLookup::fail(const ResolveFailure& failure) {
  if (std::exchange(ended_, true)) return;
  abandon();
  failure_ = failure;
  deadline_.cancel();
  loop_.defer(known_);
}

// The last thing a lookup does: its owner may destroy it in the event.
void PendingLookup::tell() {
  if (answer_.addresses.empty()) {
    events_.on_resolve_failed(failure_);
  } else {
    events_.on_resolved(std::move(answer_));
  }
}

// --- a host ---

void AddressLookup::begin(const std::string& host, int family, std::chrono::milliseconds timeout) {
  if (!begin_within(timeout)) return;
  ares_addrinfo_hints hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = ARES_AI_NOSORT;
  ares_getaddrinfo(channel().get(), host.c_str(), nullptr, &hints, on_answer, ask());
  channel().watch_deadline();
}

void AddressLookup::on_answer(void* question, int status, int, ares_addrinfo* found) {
  const std::unique_ptr<ares_addrinfo, void (*)(ares_addrinfo*)> owned(found, ares_freeaddrinfo);
  auto* lookup = static_cast<AddressLookup*>(take(question));
  if (lookup == nullptr) return;
  if (status != ARES_SUCCESS) return lookup->fail(status);
  Resolved answer = resolved_of(*found);
  if (answer.addresses.empty()) return lookup->fail(ARES_ENODATA);
  lookup->succeed(std::move(answer));
}

// --- a service ---

class ServiceLookup::Target final : public ResolveEvents {
 public:
  explicit Target(ServiceLookup& service) : service_(service) {}

  void begin(const std::string& host) {
    lookup_ = std::make_unique<AddressLookup>(service_.loop(), service_.channel(), *this);
    // With a dot at its end it is the whole name: no search domain is tried.
    lookup_->begin(host + ".", service_.family_, service_.timeout_);
  }
  bool done() const { return done_; }
  const Resolved& answer() const { return answer_; }
  const ResolveFailure* failure() const { return failed_ ? &failure_ : nullptr; }

 private:
  void on_resolved(Resolved answer) override {
    answer_ = std::move(answer);
    done_ = true;
    service_.look_whether_done();
  }
  void on_resolve_failed(const ResolveFailure& failure) override {
    failure_ = failure;
    done_ = failed_ = true;
    service_.look_whether_done();
  }

  ServiceLookup& service_;
  bool done_ = false, failed_ = false;
  Resolved answer_;
  ResolveFailure failure_;
  std::unique_ptr<AddressLookup> lookup_;
};

ServiceLookup::ServiceLookup(Loop& loop, NameChannel& channel, ResolveEvents& events)
    : PendingLookup(loop, channel, events),
      records_known_([](void* self) { static_cast<ServiceLookup*>(self)->ask_targets(); }, this) {}

ServiceLookup::~ServiceLookup() = default;

void ServiceLookup::begin(const std::string& name, int family, std::chrono::milliseconds timeout) {
  family_ = family;
  timeout_ = timeout;
  if (!begin_within(timeout)) return;
// The function that takes its place is not in the c-ares of Debian 12.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  ares_search(channel().get(), name.c_str(), kClassInternet, kTypeService, on_answer, ask());
#pragma GCC diagnostic pop
  channel().watch_deadline();
}

void ServiceLookup::on_answer(void* question, int status, int, unsigned char* message, int length) {
  auto* lookup = static_cast<ServiceLookup*>(take(question));
  if (lookup == nullptr) return;
  if (status != ARES_SUCCESS) return lookup->fail(status);
  auto records =
      parse_service_records(std::span(message, static_cast<std::size_t>(std::max(length, 0))));
  if (!records) return lookup->fail(ARES_EBADRESP);
  lookup->records_ = std::move(*records);
  lookup->loop().defer(lookup->records_known_);
}

void ServiceLookup::ask_targets() {
  for (const ServiceRecord& record : records_) {
    if (record.host.empty() || targets_.contains(record.host)) continue;
    targets_[record.host] = std::make_unique<Target>(*this);
  }
  if (targets_.empty()) return fail(kNoService);
  for (const auto& [host, target] : targets_) target->begin(host);
}

void ServiceLookup::look_whether_done() {
  Resolved all{.addresses = {}, .ttl = std::chrono::seconds::max()};
  for (const auto& [host, target] : targets_) {
    if (!target->done()) return;
    const ResolveFailure* failure = target->failure();
    if (failure != nullptr && failure->kind != ResolveFailure::Kind::not_found) {
      return fail(*failure);
    }
  }
  for (const ServiceRecord& record : records_) {
    if (record.host.empty()) continue;
    const Target& target = *targets_.at(record.host);
    if (target.failure() != nullptr) continue;
    all.ttl = std::min({all.ttl, std::chrono::seconds(record.ttl), target.answer().ttl});
    for (ResolvedAddress one : target.answer().addresses) {
      one.address.port = record.port;
      one.priority = record.priority;
      one.weight = record.weight;
      all.addresses.push_back(one);
    }
  }
  arrange(all.addresses);
  if (all.addresses.empty()) return fail(kNoService);
  succeed(std::move(all));
}

}  // namespace weir::net
