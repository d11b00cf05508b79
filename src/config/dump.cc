// Writes a configuration as YAML, section by section in the file's order.
// Called by `weir check`, the admin API and the tests that load what was dumped.
// Never relies on YAML's guesses: a text that could be read as anything else is quoted, and a
// dollar doubled.
#include "config/dump.h"

#include <fmt/format.h>

#include "config/addresses.h"
#include "config/causes.h"
#include "config/choices.h"
#include "config/quantities.h"
#include "config/yaml_text.h"

namespace weir::config {
namespace {

using yaml::Role;
using yaml::text;

template <class T, class Format>
std::string list(const std::vector<T>& items, Format format) {
  std::string out = "[";
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ", ";
    out += format(items[i]);
  }
  return out + "]";
}

std::string texts(const std::vector<std::string>& items) {
  return list(items, [](const std::string& item) { return text(item); });
}

std::string blocks(const std::vector<Cidr>& items) {
  return list(items, [](const Cidr& item) { return text(to_string(item)); });
}

std::string causes(const Causes& causes) {
  return list(words_of(causes), [](const std::string& word) { return word; });
}

class Dump {
 public:
  std::string take() { return std::move(out_); }

  void general(const Config& config) {
    line(0, "workers", config.workers == 0 ? "auto" : std::to_string(config.workers));
    line(0, "shutdown_timeout", format_duration(config.shutdown_timeout));
    line(0, "watch", config.watch);
    admin(config.admin);
    section(0, "access_log");
    line(1, "path", text(config.access_log.path));
    line(1, "format", text(word_of(kLogFormats, config.access_log.format)));
    section(0, "log");
    line(1, "path", text(config.log.path));
    line(1, "level", word_of(kLogLevels, config.log.level));
    resolver(config.resolver);
    line(0, "mirror_bytes", format_size(config.mirror_bytes));
    line(0, "buffer_bytes", format_size(config.buffer_bytes));
  }

  void listeners(const std::vector<Listener>& all) {
    section(0, "listeners");
    for (const Listener& listener : all) {
      section(1, text(listener.name));
      line(2, "address", text(to_string(listener.address)));
      line(2, "trusted_proxies", blocks(listener.trusted_proxies));
      line(2, "proxy_protocol", listener.proxy_protocol);
      section(2, "limits");
      line(3, "header_bytes", format_size(listener.limits.header_bytes));
      line(3, "headers", listener.limits.headers);
      line(3, "body_bytes", format_size(listener.limits.body_bytes));
      line(3, "connections", listener.limits.connections);
      line(3, "connections_per_address", listener.limits.connections_per_address);
      line(3, "min_body_rate", format_size(listener.limits.min_body_rate));
      line(3, "min_response_rate", format_size(listener.limits.min_response_rate));
      section(2, "timeouts");
      line(3, "head", format_duration(listener.timeouts.head));
      line(3, "body_idle", format_duration(listener.timeouts.body_idle));
      line(3, "write_idle", format_duration(listener.timeouts.write_idle));
      line(3, "idle", format_duration(listener.timeouts.idle));
      section(2, "http2");
      line(3, "enabled", listener.http2.enabled ? "true" : "false");
      line(3, "max_streams", listener.http2.max_streams);
      line(3, "window", format_size(listener.http2.window));
      line(3, "connection_window", format_size(listener.http2.connection_window));
      line(3, "tunnels", listener.http2.tunnels ? "true" : "false");
      line(2, "requests_per_connection", listener.requests_per_connection);
      line(2, "underscore_fields", word_of(kUnderscoreFields, listener.underscore_fields));
      if (listener.tls) tls(*listener.tls);
    }
  }

  void tls(const ListenerTls& tls) {
    section(2, "tls");
    section(3, "certificates");
    for (const Certificate& one : tls.certificates) {
      const std::string ocsp = one.ocsp.path.empty() ? "" : ", ocsp: " + text(one.ocsp.path);
      out_ += fmt::format("        - {{ cert: {}, key: {}{} }}\n", text(one.cert.path),
                          text(one.key.path), ocsp);
    }
    line(3, "min_version", text(std::string(word_of(kTlsVersions, tls.min_version))));
    if (!tls.ciphers.empty()) line(3, "ciphers", text(tls.ciphers));
    if (!tls.client_ca.path.empty()) line(3, "client_ca", text(tls.client_ca.path));
    line(3, "client_auth", word_of(kClientAuths, tls.client_auth));
    line(3, "session_tickets", tls.session_tickets);
    line(3, "handshake_timeout", format_duration(tls.handshake_timeout));
  }

  void routes(const std::vector<Route>& all) {
    if (all.empty()) return line(0, "routes", "[]");
    section(0, "routes");
    for (const Route& route : all) {
      out_ += fmt::format("  - name: {}\n", text(route.name));
      match(route.match);
      action(route);
      edits(route);
      if (route.rate_limit) rate_limit(*route.rate_limit);
      if (route.body_bytes) line(2, "body_bytes", format_size(*route.body_bytes));
      line(2, "normalize_path", route.normalize_path);
    }
  }

  void clusters(const std::vector<Cluster>& all) {
    if (all.empty()) return line(0, "clusters", "{}");
    section(0, "clusters");
    for (const Cluster& cluster : all) {
      section(1, text(cluster.name));
      line(2, "balance", balance(cluster.balance));
      section(2, "endpoints");
      for (const Endpoint& endpoint : cluster.endpoints) {
        out_ += fmt::format("      - {{ {}, backup: {} }}\n", place_of(endpoint), endpoint.backup);
      }
      section(2, "connections");
      line(3, "max", cluster.connections.max);
      line(3, "max_pending", cluster.connections.max_pending);
      line(3, "idle", cluster.connections.idle);
      line(3, "idle_timeout", format_duration(cluster.connections.idle_timeout));
      line(3, "connect_timeout", format_duration(cluster.connections.connect_timeout));
      line(3, "max_requests", cluster.connections.max_requests);
      line(3, "max_retries", cluster.connections.max_retries);
      line(3, "max_streams", cluster.connections.max_streams);
      line(2, "protocol", word_of(kUpstreamProtocols, cluster.protocol));
      if (cluster.tls) upstream_tls(*cluster.tls);
      line(2, "proxy_protocol", word_of(kSendProxy, cluster.proxy_protocol));
      line(2, "min_available", cluster.min_available);
      if (cluster.health_check) health_check(*cluster.health_check);
      outlier(cluster.outlier);
      line(2, "when_all_unhealthy", word_of(kWhenAllUnhealthy, cluster.when_all_unhealthy));
      line(2, "slow_start", format_duration(cluster.slow_start));
    }
  }

 private:
  template <class T>
  void line(std::size_t depth, std::string_view key, const T& value) {
    fmt::format_to(std::back_inserter(out_), "{:{}}{}: {}\n", "", depth * 2, key, value);
  }
  void section(std::size_t depth, std::string_view key) {
    fmt::format_to(std::back_inserter(out_), "{:{}}{}:\n", "", depth * 2, key);
  }

  static std::string place_of(const Endpoint& endpoint) {
    if (!endpoint.service.empty()) return fmt::format("service: {}", text(endpoint.service));
    return fmt::format("address: {}, weight: {}", text(to_string(endpoint.address)),
                       endpoint.weight);
  }

  void resolver(const Resolver& resolver) {
    section(0, "resolver");
    if (!resolver.servers.empty()) {
      line(1, "servers",
           list(resolver.servers, [](const Address& one) { return text(to_string(one)); }));
    }
    line(1, "timeout", format_duration(resolver.timeout));
    line(1, "min_ttl", format_duration(resolver.min_ttl));
    line(1, "max_ttl", format_duration(resolver.max_ttl));
    line(1, "families", word_of(kAddressFamilies, resolver.families));
  }

  void admin(const Admin& admin) {
    if (!admin.enabled) return line(0, "admin", "off");
    section(0, "admin");
    line(1, "address", text(to_string(admin.address)));
    if (!admin.token_env.empty()) line(1, "token_env", text(admin.token_env));
  }

  void match(const Match& match) {
    section(2, "match");
    if (!match.listeners.empty()) line(3, "listeners", texts(match.listeners));
    if (!match.hosts.empty()) line(3, "hosts", texts(match.hosts));
    constexpr std::string_view kPathKeys[] = {"path_prefix", "path", "path_regex"};
    line(3, kPathKeys[static_cast<std::size_t>(match.path_kind)], text(match.path));
    if (!match.methods.empty()) line(3, "methods", texts(match.methods));
    conditions("headers", match.headers);
    conditions("query", match.query);
  }

  void conditions(std::string_view key, const std::vector<FieldMatch>& fields) {
    if (fields.empty()) return;
    section(3, key);
    constexpr std::string_view kKinds[] = {"present", "exact", "prefix", "regex"};
    for (const FieldMatch& field : fields) {
      const std::string value = field.kind == TextMatch::present ? "true" : text(field.value);
      line(4, text(field.name, Role::key),
           fmt::format("{{ {}: {}, invert: {} }}", kKinds[static_cast<std::size_t>(field.kind)],
                       value, field.invert));
    }
  }

  void action(const Route& route) {
    switch (route.action) {
      case ActionKind::redirect:
        line(2, "redirect", redirect(route.redirect));
        return;
      case ActionKind::respond:
        line(2, "respond",
             fmt::format("{{ status: {}, body: {}, content_type: {} }}", route.respond.status,
                         text(route.respond.body), text(route.respond.content_type)));
        return;
      case ActionKind::cluster:
        line(2, "cluster", text(route.cluster));
        break;
      case ActionKind::split:
        split(route.split);
        break;
    }
    mirrors(route.mirrors);
    forwarding(route);
  }

  static std::string redirect(const Redirect& redirect) {
    const std::string target = redirect.https
                                   ? fmt::format("scheme: https, port: {}", redirect.port)
                                   : fmt::format("to: {}", text(redirect.to));
    return fmt::format("{{ {}, status: {} }}", target, redirect.status);
  }

  void split(const Split& split) {
    section(2, "split");
    section(3, "variants");
    for (const Variant& variant : split.variants) {
      out_ += fmt::format("        - {{ name: {}, cluster: {}, weight: {} }}\n", text(variant.name),
                          text(variant.cluster), variant.weight);
    }
    if (!split.key.empty()) section(3, "key");
    for (const SplitKey& key : split.key) {
      out_ += fmt::format("        - {}\n", split_key(key, split.issued_cookie));
    }
    line(3, "missing_key", word_of(kMissingKeys, split.missing_key));
    if (!split.salt.empty()) line(3, "salt", text(split.salt));
    override(split.override);
    line(3, "on_unavailable", word_of(kOnUnavailable, split.on_unavailable));
    rescue(split.rescue);
  }

  static std::string split_key(const SplitKey& key, const IssuedCookie& cookie) {
    const std::string_view word = word_of(kKeySources, key.source);
    if (key.source == KeySource::client_ip) return std::string(word);
    if (key.source != KeySource::issued_cookie) {
      return fmt::format("{{ {}: {} }}", word, text(key.name));
    }
    const std::string domain =
        cookie.domain.empty() ? "" : fmt::format("domain: {}, ", text(cookie.domain));
    return fmt::format(
        "{{ {}: {{ name: {}, max_age: {}, path: {}, {}secure: {}, http_only: {}, same_site: {}, "
        "force: {} }} }}",
        word, text(cookie.name), format_duration(cookie.max_age), text(cookie.path), domain,
        word_of(kSecureCookies, cookie.secure), cookie.http_only,
        word_of(kSameSites, cookie.same_site), cookie.force);
  }

  void override(const Override& override) {
    if (override.empty()) return;
    section(3, "override");
    if (!override.header.empty()) line(4, "header", text(override.header));
    if (!override.cookie.empty()) line(4, "cookie", text(override.cookie));
    if (!override.secret_env.empty()) line(4, "secret_env", text(override.secret_env));
    if (!override.from.empty()) line(4, "from", blocks(override.from));
  }

  void rescue(const Rescue& rescue) {
    if (!rescue.enabled) return line(3, "rescue", "off");
    section(3, "rescue");
    line(4, "methods", texts(rescue.methods));
    line(4, "on", causes(rescue.on));
    line(4, "budget_percent", rescue.budget_percent);
  }

  void mirrors(const std::vector<Mirror>& all) {
    if (all.empty()) return;
    section(2, "mirror");
    for (const Mirror& mirror : all) {
      out_ += fmt::format("      - cluster: {}\n", text(mirror.cluster));
      share(mirror.share);
      line(4, "by", word_of(kMirrorBy, mirror.by));
      line(4, "when", word_of(kMirrorWhen, mirror.when));
      line(4, "methods", texts(mirror.methods));
      line(4, "timeout", format_duration(mirror.timeout));
      line(4, "max_in_flight", mirror.max_in_flight);
      line(4, "max_body", format_size(mirror.max_body));
      line(4, "max_bytes", format_size(mirror.max_bytes));
      if (!mirror.host.empty()) line(4, "host", text(mirror.host));
      pairs(4, "set_headers", mirror.set_headers);
      if (!mirror.remove_headers.empty()) line(4, "remove_headers", texts(mirror.remove_headers));
      line(4, "log", mirror.log);
    }
  }

  void share(const Fraction& share) {
    if (share.denominator == kPercentWhole) {
      return line(4, "percent", format_percent(share.numerator));
    }
    line(4, "fraction",
         fmt::format("{{ numerator: {}, denominator: {} }}", share.numerator, share.denominator));
  }

  void forwarding(const Route& route) {
    const Rewrite& rewrite = route.rewrite;
    if (!rewrite.prefix.empty()) {
      line(2, "rewrite", fmt::format("{{ prefix: {} }}", text(rewrite.prefix)));
    } else if (!rewrite.regex.empty()) {
      line(2, "rewrite",
           fmt::format("{{ regex: {}, replace: {} }}", text(rewrite.regex), text(rewrite.replace)));
    }
    section(2, "retry");
    line(3, "attempts", route.retry.attempts);
    line(3, "on", causes(route.retry.on));
    line(3, "budget_percent", route.retry.budget_percent);
    line(3, "per_try_timeout", format_duration(route.retry.per_try_timeout));
    line(3, "backoff",
         fmt::format("{{ base: {}, max: {} }}", format_duration(route.retry.backoff.base),
                     format_duration(route.retry.backoff.max)));
    section(2, "timeouts");
    line(3, "request", format_duration(route.timeouts.request));
    line(3, "response_head", format_duration(route.timeouts.response_head));
    line(3, "response_idle", format_duration(route.timeouts.response_idle));
    line(3, "tunnel_idle", format_duration(route.timeouts.tunnel_idle));
    line(3, "stream_idle", format_duration(route.timeouts.stream_idle));
    upgrade(route.upgrade);
  }

  void upgrade(const Upgrade& upgrade) {
    if (upgrade.any || upgrade.protocols.empty()) {
      return line(2, "upgrade", upgrade.any ? "any" : "\"off\"");
    }
    line(2, "upgrade", texts(upgrade.protocols));
  }

  void rate_limit(const RateLimit& limit) {
    section(2, "rate_limit");
    line(3, "requests", limit.requests);
    line(3, "per", format_duration(limit.per));
    line(3, "burst", limit.burst);
    if (!limit.key) return;
    line(3, "key", split_key(*limit.key, {}));
    line(3, "max_keys", limit.max_keys);
  }

  void edits(const Route& route) {
    const bool preset = route.response_preset != HeaderPreset::none;
    const bool response = !route.response_headers.empty() || preset || route.hsts;
    if (route.request_headers.empty() && !response) return;
    section(2, "headers");
    if (!route.request_headers.empty()) section(3, "request");
    direction(route.request_headers);
    if (!response) return;
    section(3, "response");
    direction(route.response_headers);
    line(4, "preset", word_of(kHeaderPresets, route.response_preset));
    if (!route.hsts) return;
    line(4, "hsts",
         fmt::format("{{ max_age: {}, include_subdomains: {}, preload: {} }}",
                     format_duration(route.hsts->max_age), route.hsts->include_subdomains,
                     route.hsts->preload));
  }

  void direction(const HeaderEdits& edits) {
    pairs(4, "set", edits.set);
    pairs(4, "add", edits.add);
    if (!edits.remove.empty()) line(4, "remove", texts(edits.remove));
  }

  void pairs(std::size_t depth, std::string_view key, const std::vector<Pair>& all) {
    if (all.empty()) return;
    section(depth, key);
    for (const Pair& pair : all) line(depth + 1, text(pair.name, Role::key), text(pair.value));
  }

  void upstream_tls(const UpstreamTls& tls) {
    section(2, "tls");
    if (!tls.server_name.empty()) line(3, "server_name", text(tls.server_name));
    if (!tls.ca.path.empty()) line(3, "ca", text(tls.ca.path));
    if (!tls.certificate.path.empty()) line(3, "certificate", text(tls.certificate.path));
    if (!tls.key.path.empty()) line(3, "key", text(tls.key.path));
    line(3, "verify", tls.verify);
    line(3, "min_version", text(word_of(kTlsVersions, tls.min_version)));
  }

  void health_check(const HealthCheck& check) {
    section(2, "health_check");
    switch (check.kind) {
      case CheckKind::tcp:
        line(3, "tcp", true);
        break;
      case CheckKind::grpc:
        grpc_check(check);
        break;
      case CheckKind::http:
        http_check(check);
        break;
    }
    if (check.port != 0) line(3, "port", check.port);
    line(3, "interval", format_duration(check.interval));
    line(3, "unhealthy_interval", format_duration(check.unhealthy_interval));
    line(3, "timeout", format_duration(check.timeout));
    line(3, "healthy", check.healthy);
    line(3, "unhealthy", check.unhealthy);
    line(3, "grace", format_duration(check.grace));
  }

  void grpc_check(const HealthCheck& check) {
    const bool named = !check.service.empty();
    line(3, "grpc", named ? fmt::format("{{ service: {} }}", text(check.service)) : "{}");
    if (!check.host.empty()) line(3, "host", text(check.host));
    pairs(3, "headers", check.headers);
  }

  void http_check(const HealthCheck& check) {
    line(3, "path", text(check.path));
    line(3, "method", word_of(kCheckMethods, check.method));
    if (!check.host.empty()) line(3, "host", text(check.host));
    pairs(3, "headers", check.headers);
    line(3, "expect", list(check.expect, format_status_range));
    if (check.body_match == BodyMatch::any) return;
    const bool contains = check.body_match == BodyMatch::contains;
    line(3, "body", fmt::format("{{ {}: {} }}", contains ? "contains" : "regex", text(check.body)));
  }

  void outlier(const Outlier& outlier) {
    if (!outlier.enabled) return line(2, "outlier", "off");
    section(2, "outlier");
    line(3, "consecutive_failures", outlier.consecutive_failures);
    if (outlier.success_rate) {
      line(3, "success_rate",
           fmt::format("{{ min_requests: {}, below_percent: {} }}",
                       outlier.success_rate->min_requests, outlier.success_rate->below_percent));
    }
    line(3, "interval", format_duration(outlier.interval));
    line(3, "ejection", format_duration(outlier.ejection));
    line(3, "max_ejection", format_duration(outlier.max_ejection));
    line(3, "max_ejected_percent", outlier.max_ejected_percent);
  }

  static std::string balance(const Balance& balance) {
    switch (balance.hash_on) {
      case HashOn::none:
        return balance.algorithm;
      case HashOn::client_ip:
        return fmt::format("{{ {}: client_ip }}", balance.algorithm);
      case HashOn::path:
        return fmt::format("{{ {}: path }}", balance.algorithm);
      case HashOn::header:
        return fmt::format("{{ {}: {{ header: {} }} }}", balance.algorithm,
                           text(balance.hash_name));
      case HashOn::cookie:
        return fmt::format("{{ {}: {{ cookie: {} }} }}", balance.algorithm,
                           text(balance.hash_name));
    }
    return {};
  }

  std::string out_;
};

}  // namespace

std::string dump(const Config& config) {
  Dump out;
  out.general(config);
  out.listeners(config.listeners);
  out.routes(config.routes);
  out.clusters(config.clusters);
  return out.take();
}

}  // namespace weir::config
