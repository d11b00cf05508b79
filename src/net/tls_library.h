// One OpenSSL library context: what its objects would otherwise share, with locks, between all
// threads of a process. Each worker has its own; the supervisor makes the worker's TLS contexts
// with it. Outlives everything made with it.
#pragma once

struct ossl_lib_ctx_st;

namespace weir::net {

class TlsLibrary {
 public:
  TlsLibrary();
  ~TlsLibrary();
  TlsLibrary(const TlsLibrary&) = delete;
  TlsLibrary& operator=(const TlsLibrary&) = delete;

  ossl_lib_ctx_st* get() const { return context_; }

 private:
  ossl_lib_ctx_st* context_;
};

}  // namespace weir::net
