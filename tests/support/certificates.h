// Certificates for tests, made on the spot: an authority that signs whatever a test needs, good or
// bad. No file, no fixture that expires. Link weir_certificates.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weir::test {

struct Issued {
  std::string certificate;  // PEM
  std::string key;          // PEM
};

struct CertificateWishes {
  std::vector<std::string> names = {"localhost"};  // the first is the common name, too
  bool rsa = false;                                // else ECDSA on P-256
  int rsa_bits = 2048;
  std::int64_t starts_in = -3600;  // seconds
  std::int64_t ends_in = 86'400;
  bool authority = false;  // may sign others
};

class CertificateAuthority {
 public:
  explicit CertificateAuthority(const std::string& name = "Test Authority");
  // An intermediate one, signed by `parent`.
  CertificateAuthority(const std::string& name, const CertificateAuthority& parent);
  ~CertificateAuthority();

  Issued issue(const CertificateWishes& wishes = {}) const;
  // An OCSP response about one it issued, DER. `ends_in`: seconds, its nextUpdate.
  std::string ocsp(const std::string& certificate, bool good = true,
                   std::int64_t ends_in = 3600) const;
  const std::string& certificate() const { return own_.certificate; }

 private:
  Issued own_;
};

// The key in a form that needs a passphrase.
std::string encrypted(const std::string& key);

}  // namespace weir::test
