// Ownership of OpenSSL's objects, its queue of errors, what PEM texts hold, and what both ends of
// TLS agree to: for the files of net/ alone.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weir::net {

template <auto Free>
struct FreeWith {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

using BioPtr = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using CertPtr = std::unique_ptr<X509, FreeWith<X509_free>>;
using CipherPtr = std::unique_ptr<EVP_CIPHER, FreeWith<EVP_CIPHER_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;
using StorePtr = std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>>;

// A BIO that reads `text`, which must live as long.
inline BioPtr reading(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// What the oldest error of this thread's queue says; empties the queue. Static words.
inline std::string_view take_error_words() {
  const char* words = ERR_reason_error_string(ERR_peek_error());
  ERR_clear_error();
  return words == nullptr ? std::string_view("unknown error") : words;
}

// Since the epoch; 0 for what is no time.
inline std::int64_t seconds_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  return timegm(&parts);
}

// The certificates of a PEM text, up to the first that is broken: the queue's last error tells
// whether the text ended there. For use with contexts of `library`; null is the process's.
inline std::vector<CertPtr> certificates_in(std::string_view pem, OSSL_LIB_CTX* library) {
  std::vector<CertPtr> found;
  const BioPtr bio = reading(pem);
  for (;;) {
    X509* next = X509_new_ex(library, nullptr);
    const bool good = PEM_read_bio_X509(bio.get(), &next, nullptr, nullptr) != nullptr;
    CertPtr owned(next);  // some versions have freed and cleared what they could not read
    if (!good) return found;
    found.push_back(std::move(owned));
  }
}

// When the first of the chain's certificates expires, seconds since the epoch. `chain` has one.
inline std::int64_t earliest_end(const std::vector<CertPtr>& chain) {
  std::int64_t earliest = seconds_of(X509_get0_notAfter(chain.front().get()));
  for (const CertPtr& each : chain) {
    earliest = std::min(earliest, seconds_of(X509_get0_notAfter(each.get())));
  }
  return earliest;
}

// What is wrong with a key that is not the first certificate's; follows the name of its file.
inline std::string words_on_other_key(const std::vector<CertPtr>& chain, EVP_PKEY* key) {
  for (std::size_t i = 1; i < chain.size(); ++i) {
    const bool fits = X509_check_private_key(chain[i].get(), key) == 1;
    ERR_clear_error();
    if (fits) {
      return "is the key of certificate " + std::to_string(i + 1) +
             " in the file: put that one first, then those that lead to the root";
    }
  }
  return "is not the key of the certificate";
}

// The private key of a PEM text; null when there is none that needs no passphrase.
inline KeyPtr private_key_in(std::string_view pem, OSSL_LIB_CTX* library) {
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  return KeyPtr(PEM_read_bio_PrivateKey_ex(reading(pem).get(), nullptr, no_passphrase, nullptr,
                                           library, nullptr));
}

// For TLS 1.2. Forward secrecy and authenticated encryption only, in the order of Mozilla's
// intermediate list (version 5.7) without DHE, which costs ten times as much and which no peer that
// lacks ECDHE would be helped by.
inline constexpr char kCiphers12[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
inline constexpr int kSecurityLevel = 2;

}  // namespace weir::net
