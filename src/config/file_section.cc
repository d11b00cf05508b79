// The top level of a file: its keys, in the order that the documentation has them.
// Called by the loader with the root of the tree, to which included files have been added.
// Never reads what stands below; that is each section's own file.
#include <fmt/format.h>

#include "config/keys.h"
#include "config/sections.h"

namespace weir::config {
namespace {

// The loader takes it out of a file's tree; a text without a file has no folder to look in.
void refuse_include(Reader& reader, const Node& node, Config&) {
  reader.error(node, "files can be included by a file alone");
}

constexpr Key<Config> kFileKeys[] = {
    {"workers", read_workers},
    key_from_zero<&Config::shutdown_timeout>("shutdown_timeout"),
    {"admin", read_admin, list_admin},
    {"access_log", read_access_log, list_access_log},
    {"log", read_log, list_log},
    {"resolver", read_resolver, list_resolver},
    {"mirror_bytes", read_mirror_bytes},
    {"buffer_bytes", read_buffer_bytes},
    {"listeners", read_listeners, list_listeners},
    {"routes", read_routes, list_routes},
    {"clusters", read_clusters, list_clusters},
    key_not_yet<Config>("rollouts", "guided releases"),
    {"include", refuse_include},
    key<&Config::watch>("watch"),
};

}  // namespace

void read_file(Reader& reader, const Node& root, Config& config) {
  read_section(reader, root, config, kFileKeys);
  if (!root.is_map()) return;
  if (root.find("listeners") == nullptr) {
    reader.error(root, "no listeners: there is nothing to listen on");
  }
  check_references(reader, config);
}

KeyList known_keys() {
  KeyList out;
  list_keys<kFileKeys>(out, "");
  return out;
}

}  // namespace weir::config
