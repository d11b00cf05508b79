// What several tests of observe/ need: a record with every field set, a folder that goes away,
// files as text, and a count of heap allocations.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "observe/exchange_record.h"
#include "support/allocation_count.h"

namespace weir::observe {

inline constexpr std::uint64_t kMs = 1'000'000;

inline ExchangeRecord full_record() {
  ExchangeRecord record;
  record.times = {1'000 * kMs, 1'001 * kMs, 1'003 * kMs, 1'013 * kMs, 1'013 * kMs + 500'000};
  record.id = "req-1";
  record.client = *parse_ip("203.0.113.7");
  record.listener = "web";
  record.method = "GET";
  record.host = "shop.example.com";
  record.path = "/chairs?page=3";
  record.status = 504;
  record.upstream_status = 503;
  record.reason = Errc::response_timeout;
  record.bytes_in = 12;
  record.bytes_out = 345;
  record.route = "shop";
  record.variant = "canary";
  record.variant_reason = "weight";
  record.cluster = "shop-v2";
  record.endpoint = "10.0.0.1:8080";
  record.attempts = 2;
  record.reused_connection = true;
  record.tls_version = "TLSv1.3";
  record.tls_cipher = "TLS_AES_128_GCM_SHA256";
  record.tls_server_name = "shop.example.com";
  record.client_certificate = "CN=client,O=Example";
  record.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  record.user_agent = "curl/8.0";
  record.referer = "https://shop.example.com/";
  return record;
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string path = (std::filesystem::temp_directory_path() / "weir-observe-XXXXXX").string();
    if (mkdtemp(path.data()) != nullptr) path_ = path;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

using test::allocations;

}  // namespace weir::observe
