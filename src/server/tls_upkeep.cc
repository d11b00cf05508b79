// Two timers, and what they do.
#include "server/tls_upkeep.h"

#include <weir/limits.h>

#include "base/clock.h"
#include "net/tls_certificate.h"
#include "observe/log.h"
#include "server/tls_files.h"
#include "server/upstream_tls.h"

namespace weir::server {
namespace {

constexpr auto kRotationMs = static_cast<net::TimeMs>(limits::kTicketKeyLife.count());
constexpr auto kCertificateLookMs = static_cast<net::TimeMs>(limits::kCertificateLook.count());

void look_at(const config::Certificate& names, const net::TlsCertificate& certificate,
             std::int64_t now) {
  if (certificate.expired(now)) {
    observe::log_error("certificate {} expired on {}: clients refuse it", names.cert.path,
                       net::date_text(certificate.not_after));
  } else if (certificate.expires_soon(now)) {
    observe::log_warn("certificate {} expires on {}", names.cert.path,
                      net::date_text(certificate.not_after));
  }
  if (!is_there(names)) {
    observe::log_error(
        "certificate {} or its key cannot be read any more: what was loaded of it "
        "stays in use, and the next start will fail",
        names.cert.path);
  }
}

}  // namespace

TlsUpkeep::TlsUpkeep(net::Loop& loop, ProcessState& state)
    : loop_(loop),
      state_(state),
      rotation_([](void* self) { static_cast<TlsUpkeep*>(self)->rotate_keys(); }, this),
      look_([](void* self) { static_cast<TlsUpkeep*>(self)->look_at_certificates(); }, this) {
  loop_.wheel().arm_in(rotation_, kRotationMs);
  loop_.wheel().arm_in(look_, kCertificateLookMs);
}

void TlsUpkeep::rotate_keys() {
  loop_.wheel().arm_in(rotation_, kRotationMs);
  state_.live.tls.tickets->rotate();
}

void TlsUpkeep::look_at_certificates() {
  loop_.wheel().arm_in(look_, kCertificateLookMs);
  const std::int64_t now = SystemClock().wall_seconds();
  for (const proxy::ListenerPlan& listener : state_.snapshot->listeners) {
    if (!listener.tls) continue;
    const auto& names = listener.settings->tls->certificates;
    for (std::size_t i = 0; i < names.size(); ++i) {
      look_at(names[i], *listener.tls->settings.certificates[i], now);
    }
  }
  for (const std::string& line : expiring_certificates(state_.snapshot->setups, now)) {
    observe::log_warn("{}", line);
  }
}

}  // namespace weir::server
