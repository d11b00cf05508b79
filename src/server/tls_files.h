// The certificates, keys and authorities that a configuration names, read and checked: what the
// start, a reload and `weir check` do before anything is put in force. On a thread that may block
// on files; never a worker's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <weir/config.h>

#include "net/tls_context.h"
#include "proxy/snapshot.h"

namespace weir::server {

struct TlsFiles {
  std::vector<std::optional<net::TlsServerSettings>> listeners;  // by index; none = plain HTTP
  // Lines for people, "file:line:column: message". With errors, nothing of it is to be used.
  std::vector<std::string> errors;
  std::vector<std::string> warnings;
  // Files of listeners that go on whose content is another than in force.
  std::vector<std::string> changes;
};

// `before`: the snapshot in force, null = none. Certificates whose files have not changed are the
// same objects. `now`: seconds since the epoch. What has expired is refused, except where it is in
// force already: there it is a warning, so that it does not stand in the way of other changes.
TlsFiles read_tls_files(const config::Config& config, const proxy::Snapshot* before,
                        std::int64_t now);

// All of them, for the watch on files.
std::vector<std::string> names_of_tls_files(const config::Config& config);

// Can a certificate's files be read now? What was loaded of them stays in use if not.
bool is_there(const config::Certificate& certificate);

}  // namespace weir::server
