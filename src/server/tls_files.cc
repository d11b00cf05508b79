// Reading the files of one listener after another. An error names the place in the configuration
// that names the file, then the file, then what is wrong with it.
#include "server/tls_files.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <weir/limits.h>

#include "config/config_error.h"
#include "net/tls_ciphers.h"

namespace weir::server {
namespace {

using Part = net::TlsCertificate::Part;

class TlsFileReader {
 public:
  TlsFileReader(TlsFiles& out, std::int64_t now) : out_(out), now_(now) {}

  // `before` is null, or what the listener has in force.
  std::optional<net::TlsServerSettings> read(const config::Listener& listener,
                                             const net::TlsServerSettings* before) {
    const config::ListenerTls& tls = *listener.tls;
    const std::size_t errors = out_.errors.size();
    listener_ = &listener;
    before_ = before;
    net::TlsServerSettings settings;
    for (const config::Certificate& each : tls.certificates) {
      if (auto read = read_certificate(each)) settings.certificates.push_back(std::move(read));
    }
    settings.min_version = tls.min_version;
    settings.ciphers = tls.ciphers;
    if (const std::string fault = net::fault_of_ciphers(tls.ciphers); !fault.empty()) {
      out_.errors.push_back(config::placed(tls.ciphers_place, fault));
    }
    if (listener.http2.enabled) settings.alpn.emplace_back("h2");
    settings.alpn.emplace_back("http/1.1");
    settings.client_auth = static_cast<net::ClientAuth>(tls.client_auth);
    if (tls.client_auth != config::ClientAuth::none) read_authorities(tls.client_ca, settings);
    settings.tickets = tls.session_tickets;
    settings.identity = listener.name;
    if (out_.errors.size() != errors) return {};
    if (before == nullptr || !(settings == *before)) check_whole(settings);
    return settings;
  }

 private:
  void error(const config::FileName& file, std::string_view words) {
    out_.errors.push_back(config::placed(file.place, fmt::format("{} {}", file.path, words)));
  }
  void warn(const config::FileName& file, std::string_view words) {
    out_.warnings.push_back(config::placed(file.place, fmt::format("{} {}", file.path, words)));
  }

  std::optional<std::string> content(const config::FileName& file) {
    errno = 0;
    std::ifstream stream(file.path, std::ios::binary);
    std::string text(limits::kCertificateBytes + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    const int cause = errno;  // of not opening it, or not reading: a folder
    text.resize(static_cast<std::size_t>(stream.gcount()));
    if (text.empty() && cause != 0) {
      error(file, fmt::format("cannot be read: {}", std::strerror(cause)));
      return {};
    }
    if (text.size() > limits::kCertificateBytes) {
      error(file, fmt::format("is larger than {} bytes", limits::kCertificateBytes));
      return {};
    }
    return text;
  }

  std::shared_ptr<const net::TlsCertificate> read_certificate(const config::Certificate& names) {
    const std::size_t errors = out_.errors.size();
    net::TlsCertificate::Text text;
    text.chain = content(names.cert).value_or("");
    text.key = content(names.key).value_or("");
    if (!names.ocsp.path.empty()) text.ocsp = content(names.ocsp).value_or("");
    if (out_.errors.size() != errors) return {};
    warn_of_readers(names.key);
    if (auto known = in_force(text)) {
      if (known->expired(now_)) {
        warn(names.cert, fmt::format("expired on {}; it stays in use, and clients refuse it",
                                     net::date_text(known->not_after)));
      } else {
        look_at_dates(names, *known);
      }
      return known;
    }
    auto read = net::TlsCertificate::read(std::move(text));
    if (!read) {
      const config::FileName& file = read.error().part == Part::chain ? names.cert
                                     : read.error().part == Part::key ? names.key
                                                                      : names.ocsp;
      error(file, read.error().words);
      return {};
    }
    look_at_dates(names, **read);
    return *read;
  }

  std::shared_ptr<const net::TlsCertificate> in_force(const net::TlsCertificate::Text& text) const {
    if (before_ == nullptr) return {};
    for (const auto& each : before_->certificates) {
      if (each->text == text) return each;
    }
    return {};
  }

  void look_at_dates(const config::Certificate& names, const net::TlsCertificate& certificate) {
    if (certificate.expired(now_)) {
      error(names.cert,
            fmt::format("expired on {}: renew it", net::date_text(certificate.not_after)));
    } else if (now_ < certificate.not_before) {
      error(names.cert, fmt::format("is not valid before {}; is the clock right?",
                                    net::date_text(certificate.not_before)));
    } else if (certificate.expires_soon(now_)) {
      warn(names.cert, fmt::format("expires on {}", net::date_text(certificate.not_after)));
    }
    if (certificate.ocsp_until != 0 && now_ >= certificate.ocsp_until) {
      warn(names.ocsp, fmt::format("was good until {} and is not stapled",
                                   net::date_text(certificate.ocsp_until)));
    }
  }

  void warn_of_readers(const config::FileName& key) {
    struct stat status{};
    if (::stat(key.path.c_str(), &status) != 0 || (status.st_mode & S_IROTH) == 0) return;
    warn(key, "is a private key that everybody on this machine can read: chmod o-r it");
  }

  void read_authorities(const config::FileName& file, net::TlsServerSettings& settings) {
    auto text = content(file);
    if (!text) return;
    const auto count = net::read_authorities(*text);
    if (count) {
      settings.client_ca = std::move(*text);
    } else {
      error(file, count.error());
    }
  }

  // What only shows when all of it is put together.
  void check_whole(const net::TlsServerSettings& settings) {
    const auto made = net::TlsServerContext::make(settings, std::make_shared<net::TlsLibrary>(),
                                                  std::make_shared<net::TicketKeys>());
    if (made) return;
    out_.errors.push_back(config::placed(
        listener_->place, fmt::format("listener '{}': tls: {}", listener_->name, made.error())));
  }

  TlsFiles& out_;
  std::int64_t now_;
  const config::Listener* listener_ = nullptr;
  const net::TlsServerSettings* before_ = nullptr;
};

void compare(const config::Listener& listener, const net::TlsServerSettings& before,
             const net::TlsServerSettings& after, std::vector<std::string>& changes) {
  for (std::size_t i = 0; i < after.certificates.size(); ++i) {
    const auto& now = after.certificates[i];
    if (std::ranges::find(before.certificates, now) != before.certificates.end()) continue;
    changes.push_back(fmt::format("listener {}: certificate {} has changed, good until {}",
                                  listener.name, listener.tls->certificates[i].cert.path,
                                  net::date_text(now->not_after)));
  }
  if (before.client_ca != after.client_ca) {
    changes.push_back(fmt::format("listener {}: client_ca {} has changed", listener.name,
                                  listener.tls->client_ca.path));
  }
}

}  // namespace

TlsFiles read_tls_files(const config::Config& config, const proxy::Snapshot* before,
                        std::int64_t now) {
  TlsFiles files;
  TlsFileReader reader(files, now);
  for (const config::Listener& listener : config.listeners) {
    auto& settings = files.listeners.emplace_back();
    if (!listener.tls) continue;
    const proxy::TlsPlan* plan = before == nullptr ? nullptr : before->tls_of(listener.name);
    const net::TlsServerSettings* in_force = plan == nullptr ? nullptr : &plan->settings;
    settings = reader.read(listener, in_force);
    if (settings && in_force != nullptr) compare(listener, *in_force, *settings, files.changes);
  }
  return files;
}

std::vector<std::string> names_of_tls_files(const config::Config& config) {
  std::vector<std::string> names;
  const auto add = [&names](const config::FileName& file) {
    if (!file.path.empty()) names.push_back(file.path);
  };
  for (const config::Listener& listener : config.listeners) {
    if (!listener.tls) continue;
    for (const config::Certificate& each : listener.tls->certificates) {
      add(each.cert);
      add(each.key);
      add(each.ocsp);
    }
    add(listener.tls->client_ca);
  }
  return names;
}

bool is_there(const config::Certificate& certificate) {
  return ::access(certificate.cert.path.c_str(), R_OK) == 0 &&
         ::access(certificate.key.path.c_str(), R_OK) == 0;
}

}  // namespace weir::server
