// Building contexts and OpenSSL's questions to them: which site, which protocol, which ticket key,
// which OCSP response. Callbacks run inside a handshake on a worker's thread and only read.
#include "net/tls_context.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <map>
#include <utility>

#include <weir/limits.h>

#include "base/ascii.h"
#include "net/openssl.h"

namespace weir::net {
namespace {

using Wrong = std::unexpected<std::string>;

constexpr char kCiphers13[] =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

}  // namespace

struct TlsServerContext::Primitives {
  CipherPtr aes;
};

// One set of certificates.
struct TlsServerContext::Site {
  struct Staple {
    const X509* certificate;  // of the context
    std::string response;
    std::int64_t until;
  };
  SslContextPtr context;
  std::vector<Staple> staples;
};

struct TlsServerContext::Callbacks {
  static int server_name(SSL* ssl, int*, void* context) {
    const auto& self = *static_cast<const TlsServerContext*>(context);
    const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const Site& site = self.site_for(name == nullptr ? std::string_view() : name);
    if (&site != self.sites_.front().get()) SSL_set_SSL_CTX(ssl, site.context.get());
    return SSL_TLSEXT_ERR_OK;
  }

  // Nothing in common is an error (RFC 7301 section 3.2): going on regardless is what attacks
  // across protocols need.
  static int alpn(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in,
                  unsigned in_size, void* list) {
    const auto& ours = *static_cast<const std::string*>(list);
    const int chosen = SSL_select_next_proto(const_cast<unsigned char**>(out), size,
                                             reinterpret_cast<const unsigned char*>(ours.data()),
                                             static_cast<unsigned>(ours.size()), in, in_size);
    return chosen == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
  }

  static int staple(SSL* ssl, void* of_site) {
    const auto& site = *static_cast<const Site*>(of_site);
    const X509* used = SSL_get_certificate(ssl);
    for (const Site::Staple& each : site.staples) {
      if (each.certificate != used) continue;
      if (each.until != 0 && std::time(nullptr) >= each.until) break;
      auto* copy =
          static_cast<unsigned char*>(OPENSSL_memdup(each.response.data(), each.response.size()));
      if (copy == nullptr) break;
      SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(each.response.size()));
      return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_NOACK;
  }

  static int ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                    EVP_MAC_CTX* mac, int encrypts) {
    const auto& self =
        *static_cast<const TlsServerContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    TicketKey key;
    std::size_t age = 0;
    if (encrypts == 1) {
      key = self.tickets_->current();
      std::memcpy(name, key.name.data(), key.name.size());
      if (RAND_bytes_ex(self.library_->get(), iv, 16, 0) != 1) return -1;
    } else if (!self.tickets_->find(name, key, age)) {
      return 0;  // a full handshake
    }
    const bool good = set_key(self.primitives_->aes.get(), key, iv, cipher, mac, encrypts);
    OPENSSL_cleanse(&key, sizeof key);
    if (!good) return -1;
    return age == 0 ? 1 : 2;  // 2: and a new ticket
  }

  static bool set_key(const EVP_CIPHER* aes, TicketKey& key, const unsigned char* iv,
                      EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int encrypts) {
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac.data(), key.mac.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    return EVP_MAC_CTX_set_params(mac, params) == 1 &&
           EVP_CipherInit_ex2(cipher, aes, key.cipher.data(), iv, encrypts, nullptr) == 1;
  }
};

// Makes a TlsServerContext, or words about why not.
class TlsServerContext::Builder {
 public:
  Builder(const TlsServerSettings& settings, TlsServerContext& made)
      : settings_(settings), made_(made), library_(made.library_->get()) {}

  std::expected<void, std::string> build() {
    made_.primitives_->aes.reset(EVP_CIPHER_fetch(library_, "AES-256-CBC", nullptr));
    for (const std::string& protocol : settings_.alpn) {
      made_.alpn_ += static_cast<char>(protocol.size());
      made_.alpn_ += protocol;
    }
    if (!read_certificates()) return Wrong(words("a certificate is not accepted"));
    if (!read_authorities()) return Wrong(words("client_ca is not accepted"));
    const auto sets = arrange_names();
    for (const auto& [set, names] : sets) {
      auto made = make_site(set);
      if (!made) return Wrong(std::move(made.error()));
      for (const std::string& name : names) made_.names_[name] = made->get();
      // The set of the first certificate's first name is the default.
      const bool is_default = set == default_set_;
      made_.sites_.insert(is_default ? made_.sites_.begin() : made_.sites_.end(), std::move(*made));
    }
    return {};
  }

 private:
  using Set = std::vector<std::size_t>;
  struct Read {
    std::vector<CertPtr> chain;  // the leaf first
    KeyPtr key;
  };

  static std::string words(std::string_view what) {
    return std::string(what) + " (" + std::string(take_error_words()) + ")";
  }

  bool read_certificates() {
    for (const auto& certificate : settings_.certificates) {
      Read& read = read_.emplace_back();
      read.chain = certificates_in(certificate->text.chain, library_);
      read.key = private_key_in(certificate->text.key, library_);
      ERR_clear_error();
      if (read.chain.empty() || !read.key) return false;
    }
    return !read_.empty();
  }

  bool read_authorities() {
    if (settings_.client_auth == ClientAuth::none) return true;
    authorities_.reset(X509_STORE_new());
    // Who is listed is trusted, whether or not somebody else signed it.
    X509_STORE_set_flags(authorities_.get(), X509_V_FLAG_PARTIAL_CHAIN);
    signers_ = certificates_in(settings_.client_ca, library_);
    ERR_clear_error();
    for (const CertPtr& each : signers_) {
      if (X509_STORE_add_cert(authorities_.get(), each.get()) != 1) return false;
    }
    return !signers_.empty();
  }

  // Which certificates each name may get: the first of each kind.
  std::map<Set, std::vector<std::string>> arrange_names() {
    std::map<std::string, Set> by_name;
    const auto& certificates = settings_.certificates;
    for (std::size_t i = 0; i < certificates.size(); ++i) {
      for (const std::string& name : certificates[i]->names) {
        Set& set = by_name[name.starts_with("*.") ? name.substr(1) : name];
        const KeyKind kind = certificates[i]->kind;
        const bool taken = std::any_of(set.begin(), set.end(), [&](std::size_t other) {
          return certificates[other]->kind == kind;
        });
        if (!taken) set.push_back(i);
      }
    }
    default_set_ = {0};
    if (!certificates[0]->names.empty()) {
      const std::string& first = certificates[0]->names[0];
      default_set_ = by_name[first.starts_with("*.") ? first.substr(1) : first];
    }
    std::map<Set, std::vector<std::string>> sets;
    sets[default_set_];
    for (auto& [name, set] : by_name) sets[set].push_back(name);
    return sets;
  }

  std::expected<std::unique_ptr<Site>, std::string> make_site(const Set& set) {
    auto site = std::make_unique<Site>();
    site->context.reset(SSL_CTX_new_ex(library_, nullptr, TLS_server_method()));
    SSL_CTX* context = site->context.get();
    if (context == nullptr) return Wrong(words("no TLS"));
    if (auto set_up = configure(context); !set_up) return Wrong(std::move(set_up.error()));
    for (const std::size_t i : set) {
      if (!add_certificate(context, read_[i])) return Wrong(words("a certificate is not accepted"));
      const TlsCertificate& certificate = *settings_.certificates[i];
      if (certificate.text.ocsp.empty()) continue;
      site->staples.push_back(
          {read_[i].chain.front().get(), certificate.text.ocsp, certificate.ocsp_until});
    }
    if (!site->staples.empty()) {
      SSL_CTX_set_tlsext_status_cb(context, Callbacks::staple);
      SSL_CTX_set_tlsext_status_arg(context, site.get());
    }
    return site;
  }

  static bool add_certificate(SSL_CTX* context, const Read& read) {
    if (SSL_CTX_use_certificate(context, read.chain.front().get()) != 1) return false;
    if (SSL_CTX_use_PrivateKey(context, read.key.get()) != 1) return false;
    for (std::size_t i = 1; i < read.chain.size(); ++i) {
      if (SSL_CTX_add1_chain_cert(context, read.chain[i].get()) != 1) return false;
    }
    return true;
  }

  std::expected<void, std::string> configure(SSL_CTX* context) {
    SSL_CTX_set_app_data(context, &made_);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_security_level(context, kSecurityLevel);
    SSL_CTX_set_dh_auto(context, 1);  // where a list of ciphers asks for it
    const bool old = settings_.min_version != TlsVersion::v1_3;
    SSL_CTX_set_min_proto_version(context, old ? TLS1_2_VERSION : TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(context, kCiphers13);
#if OPENSSL_VERSION_NUMBER < 0x30500000L  // later ones know of better, against quantum computers
    SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384");
#endif
    const char* ciphers = settings_.ciphers.empty() ? kCiphers12 : settings_.ciphers.c_str();
    if (SSL_CTX_set_cipher_list(context, ciphers) != 1) {
      return Wrong(words("OpenSSL knows none of these ciphers"));
    }
    SSL_CTX_set_tlsext_servername_callback(context, Callbacks::server_name);
    SSL_CTX_set_tlsext_servername_arg(context, &made_);
    if (!made_.alpn_.empty()) {
      SSL_CTX_set_alpn_select_cb(context, Callbacks::alpn, &made_.alpn_);
    }
    set_up_sessions(context);
    set_up_clients(context);
    return {};
  }

  // No cache, which would be a lock: who comes back brings the session with him.
  void set_up_sessions(SSL_CTX* context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    std::string identity = settings_.identity + '\0' +
                           std::to_string(static_cast<int>(settings_.client_auth)) + '\0' +
                           settings_.client_ca;
    std::array<unsigned char, 32> hash{};
    std::size_t length = hash.size();
    EVP_Q_digest(library_, "SHA256", nullptr, identity.data(), identity.size(), hash.data(),
                 &length);
    SSL_CTX_set_session_id_context(context, hash.data(), static_cast<unsigned>(length));
    if (settings_.tickets) {
      SSL_CTX_set_timeout(context, limits::kTicketKeyLife.count() / 1000);
      SSL_CTX_set_num_tickets(context, 1);
      SSL_CTX_set_tlsext_ticket_key_evp_cb(context, Callbacks::ticket);
    } else {
      SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
      SSL_CTX_set_num_tickets(context, 0);
    }
  }

  void set_up_clients(SSL_CTX* context) {
    if (settings_.client_auth == ClientAuth::none) return;
    const bool must = settings_.client_auth == ClientAuth::require;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (must ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                       nullptr);
    SSL_CTX_set1_cert_store(context, authorities_.get());
    for (const CertPtr& signer : signers_) SSL_CTX_add_client_CA(context, signer.get());
  }

  const TlsServerSettings& settings_;
  TlsServerContext& made_;
  OSSL_LIB_CTX* library_;
  std::vector<Read> read_;
  StorePtr authorities_;
  std::vector<CertPtr> signers_;
  Set default_set_;
};

TlsServerContext::TlsServerContext(std::shared_ptr<TlsLibrary> library,
                                   std::shared_ptr<const TicketKeys> tickets)
    : library_(std::move(library)),
      tickets_(std::move(tickets)),
      primitives_(std::make_unique<Primitives>()) {}

TlsServerContext::~TlsServerContext() = default;

std::expected<std::shared_ptr<const TlsServerContext>, std::string> TlsServerContext::make(
    const TlsServerSettings& settings, std::shared_ptr<TlsLibrary> library,
    std::shared_ptr<const TicketKeys> tickets) {
  ERR_clear_error();
  std::shared_ptr<TlsServerContext> made(
      new TlsServerContext(std::move(library), std::move(tickets)));
  if (auto built = Builder(settings, *made).build(); !built) return Wrong(built.error());
  return made;
}

// Exact, then a wildcard for the first label, then the default.
const TlsServerContext::Site& TlsServerContext::site_for(std::string_view name) const {
  char folded[256];
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > sizeof folded) return *sites_.front();
  std::transform(name.begin(), name.end(), folded, ascii::lower);
  const std::string_view wanted(folded, name.size());
  if (const auto exact = names_.find(wanted); exact != names_.end()) return *exact->second;
  const std::size_t dot = wanted.find('.');
  if (dot == std::string_view::npos || dot == 0) return *sites_.front();
  const auto wild = names_.find(wanted.substr(dot));
  return wild == names_.end() ? *sites_.front() : *wild->second;
}

SslPtr TlsServerContext::make_ssl() const {
  SslPtr ssl(SSL_new(sites_.front()->context.get()));
  SSL_set_accept_state(ssl.get());
  return ssl;
}

}  // namespace weir::net
