// Lists of TLS 1.2 cipher suites as people write them. For the check of a file: OpenSSL itself
// drops what it does not know of a list, without a word. Pure.
#pragma once

#include <string>

namespace weir::net {

// What is wrong with the list, in words; empty when OpenSSL knows every name in it
// (openssl-ciphers(1)).
std::string fault_of_ciphers(const std::string& list);

}  // namespace weir::net
