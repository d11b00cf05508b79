// From OpenSSL's certificate to field values. All of them are ASCII without control characters, so
// that no certificate can say more than a field's value.
#include "net/tls_peer.h"

#include <weir/limits.h>

#include "net/openssl.h"

namespace weir::net {
namespace {

// RFC 8941 section 3.3.5: base64 between colons.
std::string byte_sequence(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  if (size <= 0) return {};
  std::string text(static_cast<std::size_t>(size + 2) / 3 * 4 + 2, ':');
  auto* at = reinterpret_cast<unsigned char*>(text.data() + 1);
  // It ends what it writes with a zero byte, where the last colon belongs.
  EVP_EncodeBlock(at, der, size);
  text.back() = ':';
  OPENSSL_free(der);
  return text;
}

std::string subject_of(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size > 0 ? size : 0)};
}

std::string chain_of(const SSL* ssl) {
  std::string text;
  const STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl);
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    if (!text.empty()) text += ", ";
    text += byte_sequence(sk_X509_value(chain, i));
    if (text.size() > limits::kClientChainBytes) return {};
  }
  return text;
}

}  // namespace

std::unique_ptr<const TlsPeer> describe_peer(const SSL* ssl) {
  X509* certificate = SSL_get0_peer_certificate(ssl);
  if (certificate == nullptr) return nullptr;
  auto peer = std::make_unique<TlsPeer>();
  peer->certificate = byte_sequence(certificate);
  peer->chain = chain_of(ssl);
  peer->subject = subject_of(certificate);
  return peer;
}

}  // namespace weir::net
