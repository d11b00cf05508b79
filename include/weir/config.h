// The configuration file as typed values: what config/ makes of YAML and the server builds its
// snapshot from. Plain data, immutable once loaded; every default is here and nowhere else. Keys
// keep the file's names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <weir/config_release.h>
#include <weir/config_values.h>
#include <weir/limits.h>
#include <weir/tls_version.h>

namespace weir::config {

enum class LogFormat : std::uint8_t { json, combined, off };

struct AccessLog {
  std::string path = "stdout";  // stdout, stderr or a file
  LogFormat format = LogFormat::json;
  bool operator==(const AccessLog&) const = default;
};

enum class LogLevel : std::uint8_t { debug, info, warn, error };

struct Log {  // the proxy's own log, on stderr unless a path is given
  std::string path = "stderr";
  LogLevel level = LogLevel::info;
  bool operator==(const Log&) const = default;
};

struct Admin {
  Address address{.host = "127.0.0.1", .port = 9901, .unix_path = {}};
  bool enabled = true;    // admin: off
  std::string token_env;  // the variable that holds the token; required for anything but loopback
                          // and unix sockets
  std::string token;      // its value when the file was loaded; never dumped
  Place place;
  bool operator==(const Admin&) const = default;
};

enum class AddressFamilies : std::uint8_t { automatic, ipv4, ipv6, both };

// How names of endpoints become addresses.
struct Resolver {
  std::vector<Address> servers;  // IP literals; empty = the system's
  Millis timeout = limits::kResolveTimeout;
  Millis min_ttl = limits::kResolveLeast;
  Millis max_ttl = limits::kResolveMost;
  AddressFamilies families = AddressFamilies::automatic;
  bool operator==(const Resolver&) const = default;
};

struct ListenerLimits {
  std::size_t header_bytes = limits::kHeadBytes;
  std::size_t headers = limits::kFields;
  std::uint64_t body_bytes = 0;               // 0 = no limit
  std::uint32_t connections = 0;              // open at once, over all workers; 0 = no limit
  std::uint32_t connections_per_address = 0;  // of those, from one client; 0 = no limit
  // Bytes a second that a client has to send of its content, and to take of a response; 0 = any.
  std::uint64_t min_body_rate = limits::kClientRate;
  std::uint64_t min_response_rate = limits::kClientRate;
  bool operator==(const ListenerLimits&) const = default;
};

struct ListenerTimeouts {
  Millis head =
      limits::kClientHeadTimeout;  // absolute, from a request's first byte (or the accept)
  Millis body_idle = limits::kClientBodyIdleTimeout;
  Millis write_idle = limits::kClientWriteIdleTimeout;
  Millis idle = limits::kClientIdleTimeout;  // between requests
  bool operator==(const ListenerTimeouts&) const = default;
};

struct Certificate {
  FileName cert;  // PEM, with its chain
  FileName key;   // PEM
  FileName ocsp;  // DER
  bool operator==(const Certificate&) const = default;
};

enum class ClientAuth : std::uint8_t { none, optional, require };

struct ListenerTls {
  std::vector<Certificate> certificates;  // by server name; the first for unknown ones
  TlsVersion min_version = TlsVersion::v1_2;
  std::string ciphers;  // of TLS 1.2, as OpenSSL lists them; empty = the usual ones
  Place ciphers_place;
  FileName client_ca;
  ClientAuth client_auth = ClientAuth::none;
  bool session_tickets = true;
  Millis handshake_timeout = limits::kHandshakeTimeout;
  bool operator==(const ListenerTls&) const = default;
};

// What a client's HTTP/2 connection may have open.
struct Http2 {
  bool enabled = true;
  std::uint32_t max_streams = limits::kH2Streams;
  std::uint64_t window = limits::kH2Window;                       // of a stream
  std::uint64_t connection_window = limits::kH2ConnectionWindow;  // of all together
  bool tunnels = true;  // clients may ask for them, as far as routes let them through (RFC 8441)
  bool operator==(const Http2&) const = default;
};

enum class UnderscoreFields : std::uint8_t { drop, pass, refuse };

struct Listener {
  std::string name;
  Address address;
  std::vector<Cidr> trusted_proxies;
  bool proxy_protocol = false;  // connections from trusted_proxies begin with its header
  ListenerLimits limits;
  ListenerTimeouts timeouts;
  Http2 http2;
  std::uint32_t requests_per_connection = limits::kRequestsPerConnection;  // 0 = no limit
  // What happens to fields whose names look like framing or forwarding fields with '_' for '-'.
  UnderscoreFields underscore_fields = UnderscoreFields::drop;
  std::optional<ListenerTls> tls;  // none = plain HTTP
  Place place;
  bool operator==(const Listener&) const = default;
};

enum class TextMatch : std::uint8_t { present, exact, prefix, regex };

struct FieldMatch {  // one header or query condition
  std::string name;
  TextMatch kind = TextMatch::exact;
  std::string value;
  bool invert = false;
  bool operator==(const FieldMatch&) const = default;
};

enum class PathMatch : std::uint8_t { prefix, exact, regex };

struct Match {
  std::vector<std::string> listeners;  // empty = every listener
  std::vector<std::string> hosts;      // exact or "*.suffix", lower case; empty = every host
  PathMatch path_kind = PathMatch::prefix;
  std::string path = "/";
  std::vector<std::string> methods;  // empty = every method
  std::vector<FieldMatch> headers;
  std::vector<FieldMatch> query;
  bool operator==(const Match&) const = default;
};

struct HeaderEdits {
  std::vector<Pair> set;  // replaces
  std::vector<Pair> add;  // appends another
  std::vector<std::string> remove;
  bool empty() const { return set.empty() && add.empty() && remove.empty(); }
  bool operator==(const HeaderEdits&) const = default;
};

// Strict-Transport-Security (RFC 6797), on responses that go over TLS.
struct Hsts {
  Millis max_age = limits::kHstsAge;  // 0 = clients forget what they were told
  bool include_subdomains = false;
  bool preload = false;  // browsers' lists may have the host
  bool operator==(const Hsts&) const = default;
};

enum class HeaderPreset : std::uint8_t { none, security };

struct Redirect {
  std::string to;  // "https://host/" : the path and query follow; see docs/configuration.md
  int status = 308;
  bool https = false;        // instead of `to`: to https and whatever the request asked for
  std::uint16_t port = 443;  // ... on this port
  bool operator==(const Redirect&) const = default;
};

struct Respond {
  int status = 200;
  std::string body;
  std::string content_type = "text/plain; charset=utf-8";
  bool operator==(const Respond&) const = default;
};

struct Rewrite {               // of the path sent upstream; at most one of the two
  std::string prefix;          // replaces what path_prefix matched
  std::string regex, replace;  // RE2 syntax, \1 for groups
  bool empty() const { return prefix.empty() && regex.empty(); }
  bool operator==(const Rewrite&) const = default;
};

// How long the second and each later retry waits: a random part of `base`, doubled each time up to
// `max`.
struct Backoff {
  Millis base = limits::kBackoffBase;  // 0 = no wait
  Millis max = limits::kBackoffMax;
  bool operator==(const Backoff&) const = default;
};

struct Retry {
  int attempts = 1;  // tries after the first
  Causes on = {.connect = true, .reset = true, .timeout = false, .statuses = {}};
  int budget_percent = 20;    // retries per hundred requests
  Millis per_try_timeout{0};  // a try without a response head by then is repeated; 0 = never
  Backoff backoff;
  bool operator==(const Retry&) const = default;
};

struct RouteTimeouts {
  Millis request{0};  // the whole exchange; 0 = none
  Millis response_head = limits::kResponseHeadTimeout;
  Millis response_idle = limits::kResponseIdleTimeout;
  Millis tunnel_idle = limits::kTunnelIdleTimeout;  // nothing in either direction
  Millis stream_idle = limits::kStreamIdleTimeout;  // the same of gRPC calls
  bool operator==(const RouteTimeouts&) const = default;
};

// The protocols that a route's clients may switch to (RFC 9110 section 7.8), and no other.
struct Upgrade {
  bool any = false;                                    // whatever is asked for, but never HTTP/2
  std::vector<std::string> protocols = {"websocket"};  // names, or names with a version: irc/6.9
  bool operator==(const Upgrade&) const = default;
};

// A token bucket for a route's requests, or one for each key. A process's own.
struct RateLimit {
  std::uint32_t requests = 0;   // in each period
  Millis per{1000};             // whole seconds
  std::uint32_t burst = 0;      // at once, after a quiet time; what the bucket holds
  std::optional<SplitKey> key;  // header, cookie or client_ip; none = one bucket for the route
  std::uint32_t max_keys = limits::kRateKeys;
  bool operator==(const RateLimit&) const = default;
};

enum class ActionKind : std::uint8_t { cluster, split, redirect, respond };

struct Route {
  std::string name;
  Match match;
  ActionKind action = ActionKind::cluster;
  std::string cluster;
  Split split;
  Redirect redirect;
  Respond respond;
  std::vector<Mirror> mirrors;
  Rewrite rewrite;
  HeaderEdits request_headers, response_headers;
  HeaderPreset response_preset = HeaderPreset::none;
  std::optional<Hsts> hsts;
  Retry retry;
  RouteTimeouts timeouts;
  Upgrade upgrade;
  std::optional<RateLimit> rate_limit;
  std::optional<std::uint64_t> body_bytes;  // overrides the listener's; 0 = no limit
  bool normalize_path = false;  // route and forward the normalised path, never one of the two
  Place place;
  bool operator==(const Route&) const = default;
};

enum class HashOn : std::uint8_t { none, client_ip, header, cookie, path };

struct Balance {
  std::string algorithm = "round_robin";  // a name of weir/algorithms.def
  HashOn hash_on = HashOn::none;          // for hash and maglev: what the key is
  std::string hash_name;                  // header's or cookie's name
  bool operator==(const Balance&) const = default;
};

// An entry of a cluster's endpoints: one endpoint, or as many as a name has addresses.
struct Endpoint {
  Address address;
  std::string service;       // instead: the name of SRV records, which have hosts and ports
  std::uint32_t weight = 1;  // 0 takes no new requests; a service's records have their own
  bool backup = false;
  Place place;

  bool same_place(const Endpoint& other) const {
    return address == other.address && service == other.service;
  }
  bool operator==(const Endpoint&) const = default;
};
std::string to_string(const Endpoint& endpoint);  // its address, or the service's name

struct Connections {
  std::uint32_t max = 1024;          // to the cluster, over all workers; 0 = no limit
  std::uint32_t max_pending = 1024;  // requests waiting for one of them, over all workers
  std::uint32_t idle = 128;          // kept per endpoint, over all workers
  Millis idle_timeout = limits::kUpstreamIdleTimeout;
  Millis connect_timeout = limits::kConnectTimeout;
  std::uint32_t max_requests = 0;  // under way at the cluster, over all workers; 0 = no limit
  std::uint32_t max_retries = 0;   // of those, second and later tries; 0 = no limit
  // Requests at once on one connection with http2, if the endpoint allows as many.
  std::uint32_t max_streams = limits::kH2EndpointStreams;
  bool operator==(const Connections&) const = default;
};

struct StatusRange {
  int low = 200, high = 399;  // both belong to it
  bool operator==(const StatusRange&) const = default;
};

enum class CheckKind : std::uint8_t { http, tcp, grpc };
enum class CheckMethod : std::uint8_t { get, head };
enum class BodyMatch : std::uint8_t { any, contains, regex };

// Endpoints are asked how they are, once for the whole process.
struct HealthCheck {
  CheckKind kind = CheckKind::http;
  std::string path;     // http
  std::string service;  // grpc: whose state is asked for; empty = the server's as a whole
  CheckMethod method = CheckMethod::get;
  std::string host;  // empty = the endpoint's address
  std::vector<Pair> headers;
  std::vector<StatusRange> expect = {StatusRange{}};
  BodyMatch body_match = BodyMatch::any;
  std::string body;
  std::uint16_t port = 0;  // 0 = the endpoint's
  Millis interval = limits::kCheckInterval;
  Millis unhealthy_interval = limits::kCheckInterval / 2;  // from the first failure on
  Millis timeout = limits::kCheckTimeout;
  int healthy = 2;                     // successes in a row that bring an endpoint back
  int unhealthy = 3;                   // failures in a row that take it out
  Millis grace = limits::kCheckGrace;  // how long one without a result may serve
  bool operator==(const HealthCheck&) const = default;
};

struct SuccessRate {
  std::uint32_t min_requests = 100;  // of an endpoint within the interval
  int below_percent = 30;            // points below the others' mean
  bool operator==(const SuccessRate&) const = default;
};

// What requests themselves tell of an endpoint: who fails them is left out for a while.
struct Outlier {
  bool enabled = true;
  std::uint32_t consecutive_failures = 5;      // 0 = they do not count
  std::optional<SuccessRate> success_rate;     // none = not compared
  Millis interval = limits::kOutlierInterval;  // over which rates are taken
  Millis ejection = limits::kEjection;         // the first; each further one twice the last
  Millis max_ejection = limits::kMaxEjection;
  int max_ejected_percent = 50;  // of the cluster's endpoints, rounded down
  bool operator==(const Outlier&) const = default;
};

enum class WhenAllUnhealthy : std::uint8_t { fail, use_all };

// Connections to endpoints are over TLS.
struct UpstreamTls {
  std::string server_name;  // empty = the host by which the file calls each endpoint
  NamedFile ca;             // none = the system's authorities
  NamedFile certificate;    // with `key`, for endpoints that ask for one
  NamedFile key;
  bool verify = true;
  TlsVersion min_version = TlsVersion::v1_2;
  Place place;
  bool operator==(const UpstreamTls&) const = default;
};

enum class SendProxy : std::uint8_t { off, v1, v2 };

// What is spoken to endpoints.
enum class UpstreamProtocol : std::uint8_t { http1, http2 };

struct Cluster {
  std::string name;
  Balance balance;
  std::vector<Endpoint> endpoints;
  Connections connections;
  UpstreamProtocol protocol = UpstreamProtocol::http1;
  std::optional<UpstreamTls> tls;
  SendProxy proxy_protocol = SendProxy::off;  // the header new connections begin with
  // Endpoints that an operator must leave taking requests; 0 = no rule.
  std::uint32_t min_available = 0;
  std::optional<HealthCheck> health_check;
  Outlier outlier;
  WhenAllUnhealthy when_all_unhealthy = WhenAllUnhealthy::fail;
  Millis slow_start{0};  // 0 = an endpoint that comes back has its whole share at once
  Place place;
  bool operator==(const Cluster&) const = default;
};

struct Config {
  int workers = 0;  // 0 = auto: usable CPUs
  Millis shutdown_timeout = limits::kShutdownTimeout;
  Admin admin;
  AccessLog access_log;
  Log log;
  Resolver resolver;
  bool watch = true;  // take the file up again when it changes
  std::uint64_t mirror_bytes = limits::kMirrorProcessBytes;  // held by all mirrors together
  std::uint64_t buffer_bytes = 0;  // that may wait in the process's buffers; 0 = no limit
  std::vector<Listener> listeners;
  std::vector<Route> routes;
  std::vector<Cluster> clusters;
  bool operator==(const Config&) const = default;
};

}  // namespace weir::config
