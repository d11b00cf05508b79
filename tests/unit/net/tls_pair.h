// Two ends of TLS over a memory wire: the server's is the one under test, the client's is the same
// class with OpenSSL's client behind it, so that tests see what a peer sees.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "net/memory_stream.h"
#include "net/openssl.h"
#include "net/tls_context.h"
#include "net/tls_stream.h"
#include "support/certificates.h"
#include "support/stream_recorder.h"

namespace weir::net {

class TlsRecorder final : public TlsEvents {
 public:
  void on_secured(const TlsFacts& told) override {
    facts = told;
    server_name = told.server_name;
    alpn = told.alpn;
    secured = true;
    if (after) after();
  }
  void on_insecure(const TlsFailure& told) override {
    failure = told;
    if (after) after();
  }

  TlsFacts facts;
  std::string server_name, alpn;
  bool secured = false;
  std::optional<TlsFailure> failure;
  std::function<void()> after;
};

// One authority for all tests of the program: keys take time.
inline const test::CertificateAuthority& authority() {
  static const test::CertificateAuthority kAuthority;
  return kAuthority;
}

inline std::shared_ptr<const TlsCertificate> loaded(const test::Issued& issued,
                                                    std::string ocsp = {}) {
  auto read = TlsCertificate::read({issued.certificate, issued.key, std::move(ocsp)});
  EXPECT_TRUE(read) << read.error().words;
  return read ? *read : nullptr;
}

// The same for every test that does not say otherwise.
inline const test::Issued& usual_certificate() {
  static const test::Issued kIssued = authority().issue({.names = {"one.test", "*.wild.test"}});
  return kIssued;
}

inline TlsServerSettings usual_settings() {
  TlsServerSettings settings;
  settings.certificates = {loaded(usual_certificate())};
  return settings;
}

// What the client wishes.
struct ClientWishes {
  std::string server_name = "one.test";
  std::string alpn;     // as on the wire
  std::string ciphers;  // of TLS 1.2
  std::string sigalgs;
  std::optional<test::Issued> certificate;
  SSL_SESSION* session = nullptr;
  int version = 0;  // only this one
  bool ocsp = false;
};

class TlsPair {
 public:
  explicit TlsPair(const TlsServerSettings& settings = usual_settings(),
                   const ClientWishes& wishes = {}, FaultPlan to_client = {},
                   FaultPlan to_server = {})
      : tickets_(std::make_shared<TicketKeys>()), wire(to_client, to_server) {
    connect(settings, wishes);
  }
  // Another connection of the same engines and ticket keys as `other`'s.
  TlsPair(const TlsPair& other, const TlsServerSettings& settings, const ClientWishes& wishes)
      : tickets_(other.tickets_) {
    connect(settings, wishes);
  }
  ~TlsPair() {
    if (session_ != nullptr) SSL_SESSION_free(session_);
  }

  void shake(std::size_t piece = MemoryWire::kAll) {
    server->secure(server_told);
    client->secure(client_told);
    deliver(piece);
  }
  // Shakes hands and listens at both ends.
  void secure(std::size_t piece = MemoryWire::kAll) {
    server_told.after = [this] {
      if (server_told.secured) server->start(server_seen);
    };
    client_told.after = [this] {
      if (client_told.secured) client->start(client_seen);
    };
    shake(piece);
    EXPECT_TRUE(server_told.secured);
    EXPECT_TRUE(client_told.secured);
  }
  void deliver(std::size_t piece = MemoryWire::kAll) {
    do {
      wire.deliver(piece);
      if (!engine.anyone_waits() && !client_engine.anyone_waits()) return;
      engine.turn();
      client_engine.turn();
    } while (true);
  }

  // The subject of what the server showed.
  std::string shown_name() const {
    const X509* shown = SSL_get0_peer_certificate(client->ssl());
    if (shown == nullptr) return {};
    char name[256] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, name, sizeof name);
    return name;
  }
  std::string shown_kind() const {
    const X509* shown = SSL_get0_peer_certificate(client->ssl());
    return OBJ_nid2sn(EVP_PKEY_get_base_id(X509_get0_pubkey(shown)));
  }
  // An SSL like the client's, for another stream.
  SslPtr take_client_ssl() {
    SslPtr ssl(SSL_new(client_context_.get()));
    SSL_set_tlsext_host_name(ssl.get(), "one.test");
    return ssl;
  }
  // The newest session of the client, kept by this object.
  SSL_SESSION* session() {
    if (session_ != nullptr) SSL_SESSION_free(session_);
    session_ = SSL_get1_session(client->ssl());
    return session_;
  }

 private:
  void connect(const TlsServerSettings& settings, const ClientWishes& wishes) {
    auto made = TlsServerContext::make(settings, engine.library(), tickets_);
    ASSERT_TRUE(made) << made.error();
    server_context = *made;
    server = std::make_unique<TlsStream>(engine, wire.take(MemoryWire::End::left), *made);
    StreamPtr below = wire.take(MemoryWire::End::right);
    below_client = below.get();
    client = std::make_unique<TlsStream>(client_engine, std::move(below), client_ssl(wishes));
  }

  SslPtr client_ssl(const ClientWishes& wishes) {
    client_context_.reset(
        SSL_CTX_new_ex(client_engine.library()->get(), nullptr, TLS_client_method()));
    SSL_CTX* context = client_context_.get();
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    const BioPtr bio = reading(authority().certificate());
    CertPtr root(X509_new_ex(client_engine.library()->get(), nullptr));
    X509* raw = root.get();
    PEM_read_bio_X509(bio.get(), &raw, nullptr, nullptr);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), raw);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    if (wishes.version != 0) {
      SSL_CTX_set_min_proto_version(context, wishes.version);
      SSL_CTX_set_max_proto_version(context, wishes.version);
    }
    if (!wishes.ciphers.empty()) SSL_CTX_set_cipher_list(context, wishes.ciphers.c_str());
    if (!wishes.sigalgs.empty()) SSL_CTX_set1_sigalgs_list(context, wishes.sigalgs.c_str());
    if (wishes.certificate) use(*wishes.certificate);
    SslPtr ssl(SSL_new(context));
    if (!wishes.server_name.empty()) {
      SSL_set_tlsext_host_name(ssl.get(), wishes.server_name.c_str());
    }
    if (!wishes.alpn.empty()) {
      SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(wishes.alpn.data()),
                          static_cast<unsigned>(wishes.alpn.size()));
    }
    if (wishes.session != nullptr) SSL_set_session(ssl.get(), wishes.session);
    if (wishes.ocsp) SSL_set_tlsext_status_type(ssl.get(), TLSEXT_STATUSTYPE_ocsp);
    return ssl;
  }

  void use(const test::Issued& certificate) {
    OSSL_LIB_CTX* library = client_engine.library()->get();
    const BioPtr bio = reading(certificate.certificate);
    for (bool leaf = true;; leaf = false) {
      CertPtr next(X509_new_ex(library, nullptr));
      X509* raw = next.get();
      if (PEM_read_bio_X509(bio.get(), &raw, nullptr, nullptr) == nullptr) break;
      if (leaf) {
        SSL_CTX_use_certificate(client_context_.get(), raw);
      } else {
        SSL_CTX_add1_chain_cert(client_context_.get(), raw);
      }
    }
    ERR_clear_error();
    const KeyPtr key(PEM_read_bio_PrivateKey_ex(reading(certificate.key).get(), nullptr, nullptr,
                                                nullptr, library, nullptr));
    SSL_CTX_use_PrivateKey(client_context_.get(), key.get());
  }

 public:
  ManualClock clock;
  TlsEngine engine{clock};
  TlsEngine client_engine{clock};

 private:
  SslContextPtr client_context_;
  std::shared_ptr<const TicketKeys> tickets_;
  SSL_SESSION* session_ = nullptr;

 public:
  MemoryWire wire;
  std::shared_ptr<const TlsServerContext> server_context;
  TlsRecorder server_told, client_told;
  test::StreamRecorder server_seen, client_seen;
  std::unique_ptr<TlsStream> server, client;
  Stream* below_client = nullptr;  // for bytes that TLS would not send
};

}  // namespace weir::net
