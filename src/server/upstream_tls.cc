// Every message names the place of the file's name, or of the section where it names none.
#include "server/upstream_tls.h"

#include <fmt/core.h>

#include <optional>
#include <string_view>
#include <utility>

#include "upstream/manner.h"

namespace weir::server {
namespace {

using UpstreamPart = net::TlsClientContext::Mistake::Part;

// `cluster` has TLS.
net::TlsClientSettings settings_of(const config::Cluster& cluster) {
  const config::UpstreamTls& tls = *cluster.tls;
  return {.verify = tls.verify,
          .authorities = tls.ca.text,
          .min_version = tls.min_version,
          .certificate = tls.certificate.text,
          .key = tls.key.text,
          .alpn = std::string(upstream::alpn_of(cluster.protocol))};
}

const config::NamedFile* file_of(const config::UpstreamTls& tls, UpstreamPart part) {
  switch (part) {
    case UpstreamPart::authorities:
      return &tls.ca;
    case UpstreamPart::certificate:
      return &tls.certificate;
    case UpstreamPart::key:
      return &tls.key;
    case UpstreamPart::other:
      break;
  }
  return nullptr;
}

// What is said of a mistake, at the place where the file names it.
config::ConfigError error_of(const config::UpstreamTls& tls,
                             const net::TlsClientContext::Mistake& mistake) {
  const config::NamedFile* file = file_of(tls, mistake.part);
  const config::Place& place = file == nullptr ? tls.place : file->place;
  return {place.file, place.line, place.column,
          file == nullptr ? mistake.words : fmt::format("{}: {}", file->path, mistake.words)};
}

// Nothing while there is time.
std::optional<config::ConfigError> expiry_of(const config::UpstreamTls& tls,
                                             const net::TlsClientContext& context,
                                             std::int64_t now) {
  const std::int64_t until = context.certificate_until();
  if (until == 0 || !net::expires_soon(until, now)) return {};
  const config::Place& place = tls.certificate.place;
  const std::string_view word = now >= until ? "expired" : "expires";
  return config::ConfigError{
      place.file, place.line, place.column,
      fmt::format("{}: {} on {}", tls.certificate.path, word, net::date_text(until))};
}

}  // namespace

std::expected<std::shared_ptr<const net::TlsClientContext>, std::string> upstream_tls(
    const config::Cluster& settings, const upstream::Cluster* known) {
  if (!settings.tls) return nullptr;
  net::TlsClientSettings wanted = settings_of(settings);
  auto before = known == nullptr ? nullptr : known->setup()->tls;
  if (before != nullptr && before->settings() == wanted) return before;
  auto made = net::TlsClientContext::make(std::move(wanted));
  if (made) return *std::move(made);
  return std::unexpected(to_string(error_of(*settings.tls, made.error())));
}

std::vector<std::string> expiring_certificates(
    const std::vector<std::shared_ptr<const upstream::ClusterSetup>>& setups, std::int64_t now) {
  std::vector<std::string> lines;
  for (const auto& setup : setups) {
    if (setup->tls == nullptr) continue;
    if (const auto expiry = expiry_of(*setup->settings.tls, *setup->tls, now)) {
      lines.push_back(to_string(*expiry));
    }
  }
  return lines;
}

void check_upstream_tls(config::Loaded& loaded, std::int64_t now) {
  if (!loaded.errors.empty()) return;
  for (const config::Cluster& cluster : loaded.config.clusters) {
    if (!cluster.tls) continue;
    const auto made = net::TlsClientContext::make(settings_of(cluster));
    if (!made) {
      loaded.errors.push_back(error_of(*cluster.tls, made.error()));
    } else if (auto expiry = expiry_of(*cluster.tls, **made, now)) {
      loaded.warnings.push_back(*std::move(expiry));
    }
  }
}

}  // namespace weir::server
