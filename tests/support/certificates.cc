// Making certificates with OpenSSL's own functions; what fails aborts, because a test without its
// certificates means nothing.
#include "support/certificates.h"

#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace weir::test {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Cert = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

void must_hold(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "certificates for tests: %s\n", what);
  std::abort();
}

std::string text_of(const Bio& bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

Bio memory() {
  return Bio(BIO_new(BIO_s_mem()));
}

Cert certificate_of(const std::string& pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Cert made(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  must_hold(made != nullptr, "no certificate");
  return made;
}

Key key_of(const std::string& pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key made(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  must_hold(made != nullptr, "no key");
  return made;
}

std::string pem_of(const Cert& certificate) {
  const Bio bio = memory();
  PEM_write_bio_X509(bio.get(), certificate.get());
  return text_of(bio);
}

std::string pem_of(const Key& key) {
  const Bio bio = memory();
  PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(bio);
}

void add_extension(X509* to, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  must_hold(extension != nullptr, "an extension");
  X509_add_ext(to, extension, -1);
  X509_EXTENSION_free(extension);
}

// Signed by `issuer`, or by itself.
Issued make(const CertificateWishes& wishes, const Issued* issuer) {
  static std::atomic<long> serial{1000};
  const Key key(wishes.rsa ? EVP_RSA_gen(static_cast<unsigned>(wishes.rsa_bits))
                           : EVP_EC_gen("P-256"));
  must_hold(key != nullptr, "a key");
  const Cert made(X509_new());
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), wishes.starts_in);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), wishes.ends_in);
  X509_set_pubkey(made.get(), key.get());
  const auto* common = reinterpret_cast<const unsigned char*>(wishes.names[0].c_str());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8, common, -1, -1,
                             0);
  const Cert signer = issuer == nullptr ? nullptr : certificate_of(issuer->certificate);
  X509* by = signer ? signer.get() : made.get();
  X509_set_issuer_name(made.get(), X509_get_subject_name(by));
  if (wishes.authority) {
    add_extension(made.get(), by, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(made.get(), by, NID_subject_key_identifier, "hash");
  } else {
    std::string names;
    for (const std::string& name : wishes.names) {
      names += (names.empty() ? "DNS:" : ",DNS:") + name;
    }
    add_extension(made.get(), by, NID_subject_alt_name, names);
  }
  const Key signing = issuer == nullptr ? nullptr : key_of(issuer->key);
  must_hold(X509_sign(made.get(), signing ? signing.get() : key.get(), EVP_sha256()) > 0,
            "a signature");
  return {pem_of(made), pem_of(key)};
}

CertificateWishes wishes_of_authority(const std::string& name) {
  CertificateWishes wishes;
  wishes.names = {name};
  wishes.authority = true;
  return wishes;
}

}  // namespace

CertificateAuthority::CertificateAuthority(const std::string& name)
    : own_(make(wishes_of_authority(name), nullptr)) {}

CertificateAuthority::CertificateAuthority(const std::string& name,
                                           const CertificateAuthority& parent)
    : own_(make(wishes_of_authority(name), &parent.own_)) {}

CertificateAuthority::~CertificateAuthority() = default;

Issued CertificateAuthority::issue(const CertificateWishes& wishes) const {
  return make(wishes, &own_);
}

std::string CertificateAuthority::ocsp(const std::string& certificate, bool good,
                                       std::int64_t ends_in) const {
  const Cert subject = certificate_of(certificate);
  const Cert signer = certificate_of(own_.certificate);
  const Key key = key_of(own_.key);
  OCSP_BASICRESP* basic = OCSP_BASICRESP_new();
  OCSP_CERTID* id = OCSP_cert_to_id(EVP_sha256(), subject.get(), signer.get());
  ASN1_TIME* now = X509_gmtime_adj(nullptr, std::min<std::int64_t>(0, ends_in - 60));
  ASN1_TIME* until = X509_gmtime_adj(nullptr, ends_in);
  must_hold(OCSP_basic_add1_status(
                basic, id, good ? V_OCSP_CERTSTATUS_GOOD : V_OCSP_CERTSTATUS_REVOKED,
                OCSP_REVOKED_STATUS_NOSTATUS, good ? nullptr : now, now, until) != nullptr,
            "an OCSP status");
  must_hold(OCSP_basic_sign(basic, signer.get(), key.get(), EVP_sha256(), nullptr, 0) == 1,
            "an OCSP signature");
  OCSP_RESPONSE* response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
  const Bio bio = memory();
  i2d_OCSP_RESPONSE_bio(bio.get(), response);
  std::string der = text_of(bio);
  OCSP_RESPONSE_free(response);
  OCSP_BASICRESP_free(basic);
  OCSP_CERTID_free(id);
  ASN1_TIME_free(now);
  ASN1_TIME_free(until);
  return der;
}

std::string encrypted(const std::string& key) {
  const Bio bio = memory();
  char passphrase[] = "secret";
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key_of(key).get(), EVP_aes_256_cbc(), passphrase, 6,
                                nullptr, nullptr);
  return text_of(bio);
}

}  // namespace weir::test
