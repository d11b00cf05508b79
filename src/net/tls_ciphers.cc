// Each name of the list is tried as a list of its own.
#include "net/tls_ciphers.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace weir::net {
namespace {

constexpr std::string_view kBetween = ":,; ";
constexpr std::string_view kBefore = "!-+";  // what is done with the suites of a name

using Scratch = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

bool is_known(SSL_CTX* scratch, std::string_view name) {
  const bool known = SSL_CTX_set_cipher_list(scratch, std::string(name).c_str()) == 1;
  ERR_clear_error();
  return known;
}

}  // namespace

std::string fault_of_ciphers(const std::string& list) {
  const Scratch scratch(SSL_CTX_new(TLS_method()), SSL_CTX_free);
  if (scratch == nullptr) return {};  // no memory: whoever takes the list will say so
  std::string_view rest = list;
  while (!rest.empty()) {
    std::string_view name = rest.substr(0, rest.find_first_of(kBetween));
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
    name.remove_prefix(std::min(name.find_first_not_of(kBefore), name.size()));
    if (name.empty() || name.front() == '@' || is_known(scratch.get(), name)) continue;
    const std::string quoted = "'" + std::string(name) + "'";
    if (!name.starts_with("TLS_")) {
      return "OpenSSL knows no cipher " + quoted + ": openssl ciphers -v lists those it knows";
    }
    return quoted + " is a suite of TLS 1.3, of which all are offered: remove it";
  }
  return {};
}

}  // namespace weir::net
