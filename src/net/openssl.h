// Ownership of OpenSSL's objects and its queue of errors, for the files of net/ alone.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

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

}  // namespace weir::net
