// Making contexts and connections of the client's end. Nothing here reads or writes a socket.
#include "net/tls_client.h"

#include <openssl/x509v3.h>

#include <utility>

#include <weir/address.h>

#include "net/openssl.h"
#include "net/tls_library.h"

namespace weir::net {
namespace {

using FilePart = TlsClientContext::Mistake::Part;

constexpr std::string_view kNoCertificate = "holds no certificate in PEM form";
constexpr std::string_view kNobody = "nobody.invalid";  // RFC 6761: no certificate can have it

// One for all clusters: connections to endpoints are few and kept, so that what threads share in it
// is no matter; and it reads no openssl.cnf. Never freed.
ossl_lib_ctx_st* client_library() {
  static const auto* const kLibrary = new TlsLibrary();
  return kLibrary->get();
}

std::unexpected<TlsClientContext::Mistake> mistake(FilePart part, std::string_view words) {
  ERR_clear_error();
  return std::unexpected(TlsClientContext::Mistake{part, std::string(words)});
}

// Endpoints would refuse it.
std::string fault_of_time(const X509* certificate) {
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) return "has expired: renew it";
  if (X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0) return {};
  return "is not valid yet; is the clock right?";
}

}  // namespace

void TlsSession::forget() {
  SSL_SESSION_free(std::exchange(session_, nullptr));
}

TlsClientContext::~TlsClientContext() {
  SSL_CTX_free(context_);
}

std::expected<std::shared_ptr<const TlsClientContext>, TlsClientContext::Mistake>
TlsClientContext::make(TlsClientSettings settings) {
  std::shared_ptr<TlsClientContext> made(new TlsClientContext(std::move(settings)));
  if (auto built = made->build(); !built) return std::unexpected(std::move(built.error()));
  return made;
}

std::expected<void, TlsClientContext::Mistake> TlsClientContext::build() {
  context_ = SSL_CTX_new_ex(client_library(), nullptr, TLS_client_method());
  if (context_ == nullptr) return mistake(FilePart::other, take_error_words());
  const bool v1_3 = settings_.min_version == TlsVersion::v1_3;
  SSL_CTX_set_min_proto_version(context_, v1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context_, kCiphers12);
  SSL_CTX_set_security_level(context_, kSecurityLevel);
  SSL_CTX_set_options(context_, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context_, keep_session);
  if (!settings_.alpn.empty()) {
    const std::string list = static_cast<char>(settings_.alpn.size()) + settings_.alpn;
    SSL_CTX_set_alpn_protos(context_, reinterpret_cast<const unsigned char*>(list.data()),
                            static_cast<unsigned>(list.size()));
  }
  if (auto trusted = trust(); !trusted) return trusted;
  return identify();
}

std::expected<void, TlsClientContext::Mistake> TlsClientContext::trust() {
  SSL_CTX_set_verify(context_, settings_.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (!settings_.verify) return {};
  if (settings_.authorities.empty()) {
    if (SSL_CTX_set_default_verify_paths(context_) == 1) return {};
    return mistake(FilePart::other, "the system's authorities cannot be read");
  }
  X509_STORE* store = SSL_CTX_get_cert_store(context_);
  // Who is listed is trusted, whether or not somebody else signed it.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  const auto authorities = certificates_in(settings_.authorities, client_library());
  ERR_clear_error();
  if (authorities.empty()) return mistake(FilePart::authorities, kNoCertificate);
  for (const CertPtr& each : authorities) {
    if (X509_STORE_add_cert(store, each.get()) != 1) {
      return mistake(FilePart::authorities, take_error_words());
    }
  }
  return {};
}

std::expected<void, TlsClientContext::Mistake> TlsClientContext::identify() {
  if (settings_.certificate.empty()) return {};
  const auto chain = certificates_in(settings_.certificate, client_library());
  ERR_clear_error();
  if (chain.empty()) return mistake(FilePart::certificate, kNoCertificate);
  if (const auto fault = fault_of_time(chain.front().get()); !fault.empty()) {
    return mistake(FilePart::certificate, fault);
  }
  if (SSL_CTX_use_certificate(context_, chain.front().get()) != 1) {
    return mistake(FilePart::certificate, take_error_words());
  }
  for (std::size_t i = 1; i < chain.size(); ++i) SSL_CTX_add1_chain_cert(context_, chain[i].get());
  certificate_until_ = earliest_end(chain);
  const KeyPtr key = private_key_in(settings_.key, client_library());
  if (!key) return mistake(FilePart::key, "holds no private key in PEM form without a passphrase");
  if (SSL_CTX_use_PrivateKey(context_, key.get()) == 1) return {};
  return mistake(FilePart::key, words_on_other_key(chain, key.get()));
}

SslPtr TlsClientContext::make_ssl(const std::string& server_name, TlsSession* session) const {
  SslPtr ssl(SSL_new(context_));
  const bool is_ip = parse_ip(server_name).has_value();
  if (!server_name.empty() && !is_ip) SSL_set_tlsext_host_name(ssl.get(), server_name.c_str());
  if (settings_.verify) {
    X509_VERIFY_PARAM* param = SSL_get0_param(ssl.get());
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (is_ip) {
      X509_VERIFY_PARAM_set1_ip_asc(param, server_name.c_str());
    } else {
      // No name would be any name for OpenSSL; it is nobody's here.
      const std::string_view name = server_name.empty() ? kNobody : std::string_view(server_name);
      X509_VERIFY_PARAM_set1_host(param, name.data(), name.size());
    }
  }
  if (session != nullptr) {
    SSL_set_app_data(ssl.get(), session);
    if (session->session_ != nullptr) SSL_set_session(ssl.get(), session->session_);
  }
  return ssl;
}

// OpenSSL's new-session callback: 1 = we keep the reference.
int TlsClientContext::keep_session(SSL* ssl, SSL_SESSION* session) {
  auto* keeper = static_cast<TlsSession*>(SSL_get_app_data(ssl));
  if (keeper == nullptr) return 0;
  keeper->forget();
  keeper->session_ = session;
  return 1;
}

}  // namespace weir::net
