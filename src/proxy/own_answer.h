// The proxy's own error answers: status, Proxy-Status (RFC 9209), Retry-After, Allow, what a rate
// limit was (draft-ietf-httpapi-ratelimit-headers), and one line for people. Values only; the
// exchange sends them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <weir/config.h>
#include <weir/error.h>

#include "http/h1_writer.h"

namespace weir::proxy {

// The answer to an error, with the storage its views point into; lives until the answer is sent.
class ErrorAnswer {
 public:
  explicit ErrorAnswer(Errc reason);
  ErrorAnswer(const ErrorAnswer&) = delete;
  ErrorAnswer& operator=(const ErrorAnswer&) = delete;

  // Says how many requests are taken, and when the next one will be.
  void tell_limit(const config::RateLimit& limit, std::uint64_t wait_ns);

  http::OwnAnswer answer() const;

 private:
  static constexpr std::size_t kTextBytes = 192;
  static constexpr std::size_t kLimitBytes = 64;

  void add(std::string_view name, std::string_view value);

  int status_;
  std::array<char, kTextBytes> proxy_status_;
  std::array<char, kTextBytes> body_;
  std::size_t proxy_status_size_ = 0;
  std::size_t body_size_ = 0;
  std::array<char, kLimitBytes> policy_, limit_, retry_after_;
  std::array<http::HeadEdit, 5> fields_;
  std::size_t field_count_ = 0;
};

}  // namespace weir::proxy
