// Reading PEM and DER with OpenSSL and checking what belongs together. Words for people are written
// here: they end up behind a file's name in the configuration's errors.
#include "net/tls_certificate.h"

#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <utility>

#include <weir/limits.h>

#include "base/ascii.h"
#include "net/openssl.h"

namespace weir::net {
namespace {

using Part = TlsCertificate::Part;
using Mistake = TlsCertificate::Mistake;
using Failed = std::unexpected<Mistake>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;
using ResponsePtr = std::unique_ptr<OCSP_RESPONSE, FreeWith<OCSP_RESPONSE_free>>;
using BasicPtr = std::unique_ptr<OCSP_BASICRESP, FreeWith<OCSP_BASICRESP_free>>;

constexpr int kLeastSecurityBits = 112;  // RSA of 2048 bits, curves of 224

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = ascii::lower(c);
  return out;
}

// The queue's last error says whether the text ended, or a block of it is broken.
bool ended_well() {
  const unsigned long error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> names;
  const NamesPtr all(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all.get(), i);
    if (name->type != GEN_DNS) continue;
    const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
    names.push_back(lower({text, static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName))}));
  }
  if (all) return names;
  char common[256];
  const int length = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                               common, sizeof common);
  if (length > 0) names.push_back(lower({common, static_cast<std::size_t>(length)}));
  return names;
}

KeyKind kind_of(const EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "RSA") == 1) return KeyKind::rsa;
  if (EVP_PKEY_is_a(key, "EC") == 1) return KeyKind::ecdsa;
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return KeyKind::ed25519;
  return KeyKind::other;
}

// Nobody is asked for a passphrase; that one was needed is noted.
int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

std::expected<KeyPtr, Mistake> key_in(std::string_view pem) {
  bool encrypted = false;
  KeyPtr key(PEM_read_bio_PrivateKey(reading(pem).get(), nullptr, no_passphrase, &encrypted));
  if (key) return key;
  const std::string words(take_error_words());
  if (encrypted) {
    return Failed({Part::key,
                   "is encrypted, and nobody is there to type a passphrase: store the "
                   "key without one (openssl pkey -in KEY -out PLAIN)"});
  }
  return Failed({Part::key, "holds no private key in PEM form (" + words + ")"});
}

// Whether the response speaks well of the certificate, and until when.
std::expected<std::int64_t, Mistake> check_ocsp(std::string_view der, X509* certificate) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const ResponsePtr response(d2i_OCSP_RESPONSE(nullptr, &bytes, static_cast<long>(der.size())));
  if (!response) return Failed({Part::ocsp, "is no OCSP response in DER form"});
  if (OCSP_response_status(response.get()) != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
    return Failed({Part::ocsp, "is an OCSP response that says only that the responder failed"});
  }
  const BasicPtr basic(OCSP_response_get1_basic(response.get()));
  for (int i = 0; basic && i < OCSP_resp_count(basic.get()); ++i) {
    OCSP_SINGLERESP* single = OCSP_resp_get0(basic.get(), i);
    ASN1_INTEGER* serial = nullptr;
    OCSP_id_get0_info(nullptr, nullptr, nullptr, &serial,
                      const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(single)));
    if (ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(certificate)) != 0) continue;
    ASN1_GENERALIZEDTIME* until = nullptr;
    const int status = OCSP_single_get0_status(single, nullptr, nullptr, nullptr, &until);
    if (status == V_OCSP_CERTSTATUS_GOOD) return seconds_of(until);
    return Failed({Part::ocsp, status == V_OCSP_CERTSTATUS_REVOKED
                                   ? "says that the certificate is revoked"
                                   : "says that the certificate is unknown"});
  }
  return Failed({Part::ocsp, "is an OCSP response about another certificate"});
}

}  // namespace

std::expected<std::shared_ptr<const TlsCertificate>, Mistake> TlsCertificate::read(Text text) {
  ERR_clear_error();
  const std::vector<CertPtr> chain = certificates_in(text.chain, nullptr);
  const bool whole = ended_well();
  const std::string words(take_error_words());
  if (chain.empty()) return Failed({Part::chain, "holds no certificate in PEM form"});
  if (!whole) return Failed({Part::chain, "has a broken certificate in it (" + words + ")"});
  X509* leaf = chain.front().get();

  auto key = key_in(text.key);
  if (!key) return Failed(std::move(key.error()));
  if (X509_check_private_key(leaf, key->get()) != 1) {
    ERR_clear_error();
    return Failed({Part::key, words_on_other_key(chain, key->get())});
  }
  if (EVP_PKEY_get_security_bits(key->get()) < kLeastSecurityBits) {
    return Failed({Part::key, "has only " + std::to_string(EVP_PKEY_get_bits(key->get())) +
                                  " bits, which no client of today accepts"});
  }

  auto made = std::make_shared<TlsCertificate>();
  made->kind = kind_of(key->get());
  made->names = names_of(leaf);
  made->not_before = seconds_of(X509_get0_notBefore(leaf));
  made->not_after = earliest_end(chain);
  if (!text.ocsp.empty()) {
    const auto until = check_ocsp(text.ocsp, leaf);
    ERR_clear_error();
    if (!until) return Failed(until.error());
    made->ocsp_until = *until;
  }
  made->text = std::move(text);
  return made;
}

bool expires_soon(std::int64_t not_after, std::int64_t now) {
  return now + limits::kCertificateWarning.count() / 1000 >= not_after;
}

std::expected<std::size_t, std::string> read_authorities(std::string_view pem) {
  ERR_clear_error();
  const std::size_t count = certificates_in(pem, nullptr).size();
  const bool whole = ended_well();
  const std::string words(take_error_words());
  if (count == 0) return std::unexpected("holds no certificate in PEM form");
  if (!whole) return std::unexpected("has a broken certificate in it (" + words + ")");
  return count;
}

std::string date_text(std::int64_t seconds) {
  const auto when = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&when, &parts);
  char text[40];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts)};
}

}  // namespace weir::net
