// What single values of the configuration file are made of: places, addresses, blocks of addresses,
// pairs, names of files. Part of config.h, which has the sections.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

namespace weir::config {

using Millis = std::chrono::milliseconds;

// Where a value stands in the file; line and column count from 1, 0 = not from a file. All places
// are equal: where something is said is no part of what it says, so that configurations compare by
// their meaning.
struct Place {
  std::string file;
  int line = 0;
  int column = 0;

  bool operator==(const Place&) const { return true; }
};

// An address to listen on or connect to: host and port, or a unix socket path.
struct Address {
  std::string host;  // name or IP literal without brackets; empty for a unix socket
  std::uint16_t port = 0;
  std::string unix_path;

  bool is_unix() const { return !unix_path.empty(); }
  bool operator==(const Address&) const = default;
};
std::string to_string(
    const Address& address);  // as a file would say it: host:port, [v6]:port, unix:/path

// A block of IP addresses; v4 is held as v4-mapped v6.
struct Cidr {
  std::array<std::uint8_t, 16> network{};
  int prefix = 128;  // bits of the mapped form

  bool operator==(const Cidr&) const = default;
};

struct Pair {
  std::string name;
  std::string value;
  bool operator==(const Pair&) const = default;
};

// A file that a value of the configuration names.
struct FileName {
  std::string path;  // empty = none; one written as relative is so to the file that names it
  Place place;
  bool operator==(const FileName&) const = default;
};

// One whose text is read by who runs the configuration (config/named_file.h) and is part of it:
// another text is a change. Never dumped.
struct NamedFile : FileName {
  std::string text;
  bool operator==(const NamedFile&) const = default;
};

}  // namespace weir::config
