// The handshake, then bytes both ways. As in every stream, no function touches `this` after it has
// called the owner, unless `destroyed_` says that it still may. OpenSSL is called with the bytes at
// hand only (TlsEngine), so it never waits and never keeps more than the rest of a record.
#include "net/tls_stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include <weir/limits.h>

#include "net/openssl.h"
#include "net/tls_context.h"

namespace weir::net {
namespace {

constexpr std::size_t kRecord = SSL3_RT_MAX_PLAIN_LENGTH;
constexpr std::size_t kRecordsAtOnce = 4;
constexpr char kHandshakeRecord = 0x16;

TlsFailureKind kind_of(int reason) {
  switch (reason) {
    case SSL_R_HTTP_REQUEST:
      return TlsFailureKind::plain_http;
    case SSL_R_WRONG_VERSION_NUMBER:
      return TlsFailureKind::not_tls;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_GROUPS:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_NO_APPLICATION_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
      return TlsFailureKind::no_agreement;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      return TlsFailureKind::certificate;
    default:
      return reason > SSL_AD_REASON_OFFSET ? TlsFailureKind::refused : TlsFailureKind::protocol;
  }
}

CertificateFault fault_of(long verified) {
  switch (verified) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return CertificateFault::name;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return CertificateFault::time;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
      return CertificateFault::authority;
    default:
      return CertificateFault::other;
  }
}

// Empties the queue of errors.
TlsFailure take_failure(const SSL* ssl) {
  const int reason = ERR_GET_REASON(ERR_peek_error());
  const TlsFailureKind kind = kind_of(reason);
  const std::string_view words = take_error_words();
  const long verified = SSL_get_verify_result(ssl);
  if (kind != TlsFailureKind::certificate || verified == X509_V_OK) {
    return {.kind = kind,
            .words = words,
            .no_protocol = reason == SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL};
  }
  return {kind, X509_verify_cert_error_string(verified), fault_of(verified)};
}

TlsFacts facts_of(const SSL* ssl) {
  TlsFacts facts;
  facts.version = SSL_version(ssl) == TLS1_3_VERSION ? TlsVersion::v1_3 : TlsVersion::v1_2;
  facts.cipher = SSL_CIPHER_get_name(SSL_get_current_cipher(ssl));
  const unsigned char* alpn = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl, &alpn, &length);
  if (length > 0) facts.alpn = {reinterpret_cast<const char*>(alpn), length};
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name != nullptr) facts.server_name = name;
  facts.resumed = SSL_session_reused(ssl) == 1;
  facts.peer_certificate = SSL_get0_peer_certificate(ssl) != nullptr;
  return facts;
}

}  // namespace

void SslFree::operator()(SSL* ssl) const {
  SSL_free(ssl);
}

TlsStream::TlsStream(TlsEngine& engine, StreamPtr inner,
                     std::shared_ptr<const TlsServerContext> context)
    : engine_(engine), inner_(std::move(inner)), context_(std::move(context)) {}

TlsStream::TlsStream(TlsEngine& engine, StreamPtr inner, SslPtr ssl)
    : engine_(engine), inner_(std::move(inner)), ssl_(std::move(ssl)) {
  SSL_set_connect_state(ssl_.get());
  engine_.attach(ssl_.get());
}

TlsStream::~TlsStream() {
  if (destroyed_ != nullptr) *destroyed_ = true;
  if (state_ == State::secured && !abort_ && !unwritable_) say_farewell();
}

// --- the handshake ---

void TlsStream::secure(TlsEvents& events, std::string_view early) {
  assert(state_ == State::fresh);
  state_ = State::shaking;
  tls_events_ = &events;
  inner_->start(*this);
  if (ssl_) {
    std::string_view nothing;
    const int result = engine_.with(nothing, [this] { return SSL_do_handshake(ssl_.get()); });
    const bool stuck = SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ;
    send_control();
    if (stuck) engine_.resume(*this);  // it fails again, and is told then
  }
  if (!early.empty()) on_read(early);
}

void TlsStream::on_read(std::string_view bytes) {
  if (state_ == State::over || ended_) return;
  if (!held_.empty()) {
    hold(bytes);
    return;
  }
  if (state_ == State::shaking && !may_go_on(bytes)) return;
  arrived(bytes);
}

// A server's handshake goes on while the turn's budget lasts. False: it waits, or it has failed.
bool TlsStream::may_go_on(std::string_view bytes) {
  if (context_ == nullptr) return true;  // the client's end
  if (!engine_.may_begin()) {
    hold(bytes);
    engine_.wait(*this, greeted_);
    return false;
  }
  return ssl_ != nullptr || make_server(bytes);
}

bool TlsStream::make_server(std::string_view bytes) {
  const char first = bytes.front();
  if (first != kHandshakeRecord) {
    const bool letter = first >= 'A' && first <= 'Z';
    insecure(letter ? TlsFailure{TlsFailureKind::plain_http, "plain HTTP on a TLS port"}
                    : TlsFailure{TlsFailureKind::not_tls, "no TLS handshake"});
    return false;
  }
  ssl_ = context_->make_ssl();
  engine_.attach(ssl_.get());
  return true;
}

void TlsStream::go_on() {
  if (state_ == State::over) {
    const Error error = std::exchange(lost_, {});
    if (error && events_ != nullptr) events_->on_reset(error);
    return;
  }
  const std::string bytes = std::exchange(held_, {});
  if (!paused_) inner_->resume_reading();
  if (state_ == State::shaking && context_ != nullptr && !ssl_ && !make_server(bytes)) return;
  arrived(bytes);
}

void TlsStream::arrived(std::string_view bytes) {
  if (state_ == State::shaking && !shake(bytes)) return;
  if (bytes.empty()) return;
  if (receiving()) {
    decrypt(bytes);
  } else {
    hold(bytes);
  }
}

// True: it is done, and the stream goes on with the rest of `bytes`.
bool TlsStream::shake(std::string_view& bytes) {
  const std::uint64_t since = engine_.now_ns();
  const int result = engine_.with(bytes, [this] { return SSL_do_handshake(ssl_.get()); });
  const int verdict = SSL_get_error(ssl_.get(), result);
  engine_.spend(since);
  greeted_ = greeted_ || !engine_.output().empty();
  send_control();  // a connection that is gone says so by itself
  if (verdict == SSL_ERROR_NONE) return secured();
  if (verdict != SSL_ERROR_WANT_READ) insecure(take_failure(ssl_.get()));
  return false;
}

bool TlsStream::secured() {
  state_ = State::secured;
  // Who is asked for a certificate is to be described; a server's own is looked at by OpenSSL only.
  if (std::exchange(context_, nullptr) != nullptr) peer_ = describe_peer(ssl_.get());
  bool destroyed = false;
  destroyed_ = &destroyed;
  std::exchange(tls_events_, nullptr)->on_secured(facts_of(ssl_.get()));
  if (destroyed) return false;
  destroyed_ = nullptr;
  return state_ == State::secured;
}

void TlsStream::insecure(TlsFailure failure) {
  state_ = State::over;
  context_.reset();
  held_.clear();
  inner_->pause_reading();
  std::exchange(tls_events_, nullptr)->on_insecure(failure);
}

// --- what arrives ---

void TlsStream::start(StreamEvents& events) {
  const bool first = events_ == nullptr;
  events_ = &events;
  if (first && !paused_) resume_reading();
}

void TlsStream::decrypt(std::string_view bytes) {
  for (;;) {
    int verdict = SSL_ERROR_NONE;
    const std::size_t size = fill(bytes, verdict);
    send_control();  // what the protocol has to say: an alert, the answer to a new key
    if (size > 0 && !tell({engine_.plain().data(), size})) return;
    if (state_ == State::over) return;
    if (verdict == SSL_ERROR_ZERO_RETURN) {
      ended_ = true;
      events_->on_end();
      return;
    }
    if (verdict != SSL_ERROR_NONE || overhead_ > limits::kHighWatermark) {
      lost({Errc::tls_failed});
      return;
    }
    if (bytes.empty()) return;
    if (!receiving()) {
      hold(bytes);
      return;
    }
  }
}

// Decrypts as much of `bytes` as the scratch buffer has room for. The verdict is SSL_ERROR_NONE
// also when OpenSSL waits for the rest of a record; it is not asked when there is nothing to read,
// which would cost it a buffer.
std::size_t TlsStream::fill(std::string_view& bytes, int& verdict) {
  const std::span<char> plain = engine_.plain();
  std::size_t size = 0;
  while (!bytes.empty() && plain.size() - size >= kRecord) {
    const int result = engine_.with(bytes, [&] {
      return SSL_read(ssl_.get(), plain.data() + size, static_cast<int>(plain.size() - size));
    });
    if (result > 0) {
      size += static_cast<std::size_t>(result);
      continue;
    }
    verdict = SSL_get_error(ssl_.get(), result);
    if (verdict == SSL_ERROR_WANT_READ) verdict = SSL_ERROR_NONE;
    ERR_clear_error();
    break;
  }
  return size;
}

// False: the owner has destroyed the stream.
bool TlsStream::tell(std::string_view plain) {
  bool destroyed = false;
  destroyed_ = &destroyed;
  events_->on_read(plain);
  if (destroyed) return false;
  destroyed_ = nullptr;
  return true;
}

void TlsStream::hold(std::string_view bytes) {
  held_.append(bytes);
  if (state_ == State::secured || held_.size() > limits::kHandshakeHeldBytes) {
    inner_->pause_reading();
  }
}

void TlsStream::pause_reading() {
  paused_ = true;
  inner_->pause_reading();
}

void TlsStream::resume_reading() {
  paused_ = false;
  if (events_ == nullptr) return;
  if (held_.empty() && !lost_) {
    inner_->resume_reading();
  } else {
    engine_.resume(*this);
  }
}

void TlsStream::insecure_by_end(std::string_view words) {
  const bool silent = ssl_ == nullptr && held_.empty();
  insecure({.kind = TlsFailureKind::closed, .words = words, .silent = silent});
}

void TlsStream::on_end() {
  if (state_ == State::shaking) {
    insecure_by_end("the connection was closed");
  } else if (state_ == State::secured && !ended_) {
    lost({Errc::tls_truncated});
  }
}

void TlsStream::on_reset(Error error) {
  if (state_ == State::shaking) {
    insecure_by_end("the connection was reset");
  } else if (state_ == State::secured) {
    lost(error);
  }
}

void TlsStream::lost(Error error) {
  state_ = State::over;
  held_.clear();
  inner_->pause_reading();
  if (events_ == nullptr) {
    lost_ = error;  // told when someone listens
  } else {
    events_->on_reset(error);
  }
}

void TlsStream::on_drained() {
  if (events_ != nullptr && state_ == State::secured) events_->on_drained();
}

// --- what is sent ---

// Parts are gathered into full records: a head and its content are one.
bool TlsStream::write(std::span<const std::string_view> parts) {
  assert(parts.size() <= kMaxParts);
  assert(!finished_);
  if (state_ != State::secured || unwritable_) return false;
  if (parts.size() == 1 && parts[0].size() <= kRecord) return encrypt(parts[0]) && send();
  Buffer& record = engine_.gathered();
  record.clear();
  for (std::string_view part : parts) {
    while (!part.empty()) {
      std::size_t n = std::min(part.size(), kRecord - record.size());
      if (record.empty() && part.size() >= kRecord) {
        n = std::min(part.size() / kRecord, kRecordsAtOnce) * kRecord;
        if (!encrypt(part.substr(0, n))) return false;
      } else {
        record.append(part.substr(0, n));
        if (record.size() == kRecord) {
          if (!encrypt(record.view())) return false;
          record.clear();
        }
      }
      part.remove_prefix(n);
    }
  }
  if (!record.empty() && !encrypt(record.view())) return false;
  return send();
}

// Appends the records of `plain` to the engine's output. False: nothing more can be written.
bool TlsStream::encrypt(std::string_view plain) {
  if (plain.empty()) return true;
  Buffer& output = engine_.output();
  if (output.empty() && inner_->pending_bytes() == 0) overhead_ = 0;
  const std::size_t before = output.size();
  std::string_view nothing;
  const int result = engine_.with(
      nothing, [&] { return SSL_write(ssl_.get(), plain.data(), static_cast<int>(plain.size())); });
  if (result <= 0) {  // only a peer that breaks off amid a message of the protocol gets here
    ERR_clear_error();
    output.clear();
    unwritable_ = true;
    return false;
  }
  overhead_ += static_cast<std::uint32_t>(output.size() - before - plain.size());
  return output.size() < kRecordsAtOnce * kRecord || send();
}

bool TlsStream::send() {
  if (!engine_.flush(*inner_)) unwritable_ = true;
  return !unwritable_;
}

// What OpenSSL wrote by itself. A connection that is gone says so later.
void TlsStream::send_control() {
  if (engine_.output().empty()) return;
  if (inner_->pending_bytes() == 0) overhead_ = 0;
  overhead_ += static_cast<std::uint32_t>(engine_.output().size());
  send();
}

// The owner reckons with what it wrote, so records' overhead does not count; but while anything is
// pending, something is.
std::size_t TlsStream::pending_bytes() const {
  const std::size_t pending = inner_->pending_bytes();
  if (pending == 0) return 0;
  return pending > overhead_ ? pending - overhead_ : 1;
}

void TlsStream::finish_writing() {
  if (state_ != State::secured || finished_ || unwritable_) return;
  say_farewell();
  inner_->finish_writing();
}

void TlsStream::say_farewell() {
  if (finished_) return;
  finished_ = true;
  std::string_view nothing;
  engine_.with(nothing, [this] { return SSL_shutdown(ssl_.get()); });
  ERR_clear_error();
  send_control();
}

void TlsStream::abort_on_close() {
  abort_ = true;
  inner_->abort_on_close();
}

}  // namespace weir::net
