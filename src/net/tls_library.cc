// Making and freeing a library context. It reads no openssl.cnf: what a machine's file says about
// protocols and security levels is not Weir's configuration.
#include "net/tls_library.h"

#include <openssl/crypto.h>

#include <cstdio>
#include <cstdlib>

namespace weir::net {

TlsLibrary::TlsLibrary() : context_(OSSL_LIB_CTX_new()) {
  if (context_ != nullptr) return;
  std::fprintf(stderr, "weir: cannot set up OpenSSL\n");
  std::abort();
}

TlsLibrary::~TlsLibrary() {
  OSSL_LIB_CTX_free(context_);
}

}  // namespace weir::net
