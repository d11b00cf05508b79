// Workers, the admin address and the two logs.
// Called by file_section.cc.
// The admin token is read from the environment here and is never written anywhere.
#include <fmt/format.h>

#include "config/addresses.h"
#include "config/choices.h"
#include "config/keys.h"
#include "config/secret_env.h"
#include "config/sections.h"

namespace weir::config {
namespace {

constexpr int kWorkersMost = 1024;

void read_admin_address(Reader& reader, const Node& node, Admin& admin) {
  read_as(reader, node, admin.address, parse_listen_address);
}

void read_token_env(Reader& reader, const Node& node, Admin& admin) {
  read(reader, node, admin.token_env);
  if (admin.token_env.empty()) return;
  auto token = secret_of(reader, node, admin.token_env, "token_env",
                         "the token that admin requests must carry");
  if (token) admin.token = std::move(*token);
}

constexpr Key<Admin> kAdminKeys[] = {
    {"address", read_admin_address},
    {"token_env", read_token_env},
};

constexpr Key<AccessLog> kAccessLogKeys[] = {
    key<&AccessLog::path>("path"),
    key_choice<&AccessLog::format, kLogFormats>("format"),
};

constexpr Key<Log> kLogKeys[] = {
    key<&Log::path>("path"),
    key_choice<&Log::level, kLogLevels>("level"),
};

bool reachable_from_elsewhere(const Address& address) {
  const std::optional<SocketAddress> socket = literal(address);
  return socket && !socket->is_unix() && !socket->ip.is_loopback();
}

}  // namespace

void read_buffer_bytes(Reader& reader, const Node& node, Config& config) {
  read_as(reader, node, config.buffer_bytes, [](std::string_view text) -> Parsed<std::uint64_t> {
    Parsed<std::uint64_t> size = parse_size(text);
    if (size && *size != 0 && *size < limits::kBufferBytesLeast) {
      return std::unexpected(
          fmt::format("{} is too little for any traffic: at least {}, or 0 for no limit", text,
                      format_size(limits::kBufferBytesLeast)));
    }
    return size;
  });
}

void read_workers(Reader& reader, const Node& node, Config& config) {
  if (node.is_scalar() && node.text == "auto") {
    config.workers = 0;
    return;
  }
  const auto parse = [](std::string_view text) -> Parsed<int> {
    if (text == "auto") return 0;
    const Parsed<long long> count = parse_integer(text, 1, kWorkersMost);
    if (!count) return std::unexpected(count.error() + ", or auto");
    return static_cast<int>(*count);
  };
  read_as(reader, node, config.workers, parse);
}

void read_admin_place(Reader& reader, const Node& node, Admin& admin) {
  admin.enabled = !is_off(node);
  const Node* address = node.find("address");
  if (address != nullptr) read_admin_address(reader, *address, admin);
}

void read_admin(Reader& reader, const Node& node, Config& config) {
  Admin& admin = config.admin;
  admin.place = reader.place(node);
  if (is_off(node)) {
    admin.enabled = false;
    return;
  }
  if (node.is_scalar()) {
    reader.error(node, "expected keys or off: write admin: { address: 127.0.0.1:9901 }");
    return;
  }
  read_section(reader, node, admin, kAdminKeys);
  if (node.find("token_env") == nullptr && reachable_from_elsewhere(admin.address)) {
    const Node* address = node.find("address");
    reader.error(address == nullptr ? node : *address,
                 fmt::format("{} can be reached from other machines: name the environment variable "
                             "with the admin token in token_env, or use 127.0.0.1",
                             to_string(admin.address)));
  }
}

void read_access_log(Reader& reader, const Node& node, Config& config) {
  if (is_off(node)) {
    config.access_log.format = LogFormat::off;
    return;
  }
  if (node.is_scalar()) {
    reader.error(node, "expected keys or off: write access_log: { path: stdout, format: json }");
    return;
  }
  read_section(reader, node, config.access_log, kAccessLogKeys);
}

void read_log(Reader& reader, const Node& node, Config& config) {
  read_section(reader, node, config.log, kLogKeys);
}

void list_admin(KeyList& out, const std::string& path) {
  list_keys<kAdminKeys>(out, path);
}
void list_access_log(KeyList& out, const std::string& path) {
  list_keys<kAccessLogKeys>(out, path);
}
void list_log(KeyList& out, const std::string& path) {
  list_keys<kLogKeys>(out, path);
}

}  // namespace weir::config
