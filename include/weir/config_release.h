// Splits and mirrors of the configuration file, as typed values: who gets which version, and what
// is copied. A part of config.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <weir/config_values.h>
#include <weir/limits.h>

namespace weir::config {

// Why a try failed, as retry.on and rescue.on list it.
struct Causes {
  bool connect = false;
  bool reset = false;
  bool timeout = false;
  std::vector<int> statuses;  // 500 to 599, each once
  bool operator==(const Causes&) const = default;
};

// Where splits and rate limits look for what tells users apart; of a split's list, the first that a
// request has counts.
enum class KeySource : std::uint8_t { header, cookie, query, client_ip, issued_cookie };

struct SplitKey {
  KeySource source = KeySource::client_ip;
  std::string name;  // of the header, cookie or query parameter
  bool operator==(const SplitKey&) const = default;
};

enum class SecureCookie : std::uint8_t { on_tls, always, never };
enum class SameSite : std::uint8_t { lax, strict, none };

// The cookie given to users who have no other key. It holds a random id, never a decision.
struct IssuedCookie {
  std::string name = "weir-id";
  Millis max_age = limits::kIssuedCookieAge;  // 0 = until the browser closes
  std::string path = "/";
  std::string domain;  // empty = this host alone
  SecureCookie secure = SecureCookie::on_tls;
  bool http_only = true;
  SameSite same_site = SameSite::lax;
  bool force = false;  // also on responses that shared caches may store
  bool operator==(const IssuedCookie&) const = default;
};

struct Variant {
  std::string name;
  std::string cluster;
  std::uint32_t weight = 1;  // of any sum; 0 = no requests
  Place place;
  bool operator==(const Variant&) const = default;
};

// Lets testers choose their variant; who may is told by a secret, a source range, or either.
struct Override {
  std::string header, cookie;  // both empty = there is no override
  std::string secret_env;      // the variable that holds the secret
  std::string secret;          // its value when the file was loaded; never dumped
  std::vector<Cidr> from;
  bool empty() const { return header.empty() && cookie.empty(); }
  bool operator==(const Override&) const = default;
};

enum class MissingKey : std::uint8_t { random, stable };
enum class OnUnavailable : std::uint8_t { failover, fail };

// A failed first try at a candidate is repeated on the stable variant.
struct Rescue {
  bool enabled = true;
  std::vector<std::string> methods = {"GET", "HEAD", "OPTIONS"};
  Causes on = {.connect = true, .reset = true, .timeout = true, .statuses = {500, 502, 503, 504}};
  int budget_percent = 20;  // rescues per hundred requests of the route
  bool operator==(const Rescue&) const = default;
};

struct Split {
  std::vector<Variant> variants;  // the first is the stable one
  std::vector<SplitKey> key;
  IssuedCookie issued_cookie;  // when the key list has one
  MissingKey missing_key = MissingKey::random;
  std::string salt;  // empty = the route's name
  Override override;
  OnUnavailable on_unavailable = OnUnavailable::failover;
  Rescue rescue;
  bool operator==(const Split&) const = default;
};

// A share as it is written; equal values of different spelling are different.
struct Fraction {
  std::uint64_t numerator = 0;
  std::uint64_t denominator = 1;  // not 0, not below the numerator
  bool operator==(const Fraction&) const = default;
};

enum class MirrorBy : std::uint8_t { request, key };
enum class MirrorWhen : std::uint8_t { concurrent, after };

// Copies of a route's requests, sent to a cluster whose answers nobody waits for.
struct Mirror {
  std::string cluster;
  Fraction share;  // from `percent` or `fraction`
  MirrorBy by = MirrorBy::request;
  MirrorWhen when = MirrorWhen::concurrent;
  std::vector<std::string> methods = {"GET", "HEAD", "OPTIONS"};
  Millis timeout = limits::kMirrorTimeout;
  std::uint32_t max_in_flight = limits::kMirrorInFlight;  // over all workers
  std::uint64_t max_body = limits::kMirrorBodyBytes;      // of one request's content
  std::uint64_t max_bytes = limits::kMirrorBytes;         // held by this mirror, over all workers
  std::string host;                                       // empty = the request's
  std::vector<Pair> set_headers;
  std::vector<std::string> remove_headers;
  bool log = false;  // an access log line for each copy
  Place place;
  bool operator==(const Mirror&) const = default;
};

}  // namespace weir::config
