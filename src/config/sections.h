// The sections of a file, one .cc each: <name>_section.cc reads one into its struct and lists its
// keys. Called by file_section.cc and each other, top down; what a section cannot know alone is
// left to references.cc.
#pragma once

#include <span>
#include <string_view>

#include <weir/config.h>

#include "config/known_keys.h"
#include "config/reader.h"

namespace weir::config {

void read_file(Reader& reader, const Node& root, Config& config);

// Process-wide settings: general_section.cc.
void read_buffer_bytes(Reader& reader, const Node& node, Config& config);
void read_workers(Reader& reader, const Node& node, Config& config);
void read_admin(Reader& reader, const Node& node, Config& config);
void read_admin_place(Reader& reader, const Node& node, Admin& admin);  // without its token
void read_access_log(Reader& reader, const Node& node, Config& config);
void read_log(Reader& reader, const Node& node, Config& config);
void list_admin(KeyList& out, const std::string& path);
void list_access_log(KeyList& out, const std::string& path);
void list_log(KeyList& out, const std::string& path);

// How names become addresses: resolver_section.cc.
void read_resolver(Reader& reader, const Node& node, Config& config);
void list_resolver(KeyList& out, const std::string& path);

void read_listeners(Reader& reader, const Node& node, Config& config);
void list_listeners(KeyList& out, const std::string& path);
// Part of a listener: tls_section.cc.
void read_listener_tls(Reader& reader, const Node& node, Listener& listener);
void list_listener_tls(KeyList& out, const std::string& path);
// Part of a listener: http2_section.cc.
void read_http2(Reader& reader, const Node& node, Listener& listener);
void list_http2(KeyList& out, const std::string& path);

void read_routes(Reader& reader, const Node& node, Config& config);
void list_routes(KeyList& out, const std::string& path);
// Parts of a route: match_section.cc, action_section.cc, edits_section.cc, split_section.cc,
// mirror_section.cc, rate_limit_section.cc, upgrade_section.cc.
void read_match(Reader& reader, const Node& node, Route& route);
void list_match(KeyList& out, const std::string& path);
void read_redirect(Reader& reader, const Node& node, Route& route);
void list_redirect(KeyList& out, const std::string& path);
void read_respond(Reader& reader, const Node& node, Route& route);
void list_respond(KeyList& out, const std::string& path);
void read_rewrite(Reader& reader, const Node& node, Route& route);
void list_rewrite(KeyList& out, const std::string& path);
void read_edits(Reader& reader, const Node& node, Route& route);
void list_edits(KeyList& out, const std::string& path);
// `headers` of a route that answers by itself.
void check_own_headers(Reader& reader, const Node& node);
// On such a route: what only makes sense when a request is forwarded must not look as if it did
// something. route_section.cc.
void refuse_idle_keys(Reader& reader, const Node& map, std::span<const std::string_view> names);
// Fields by name, each once; `parse` says which names may be there.
void read_fields(Reader& reader, const Node& node, std::vector<Pair>& out,
                 Parsed<std::string> (*parse)(std::string_view));
void read_split(Reader& reader, const Node& node, Route& route);
void list_split(KeyList& out, const std::string& path);
void read_mirrors(Reader& reader, const Node& node, Route& route);
void list_mirrors(KeyList& out, const std::string& path);
// What a mirror has to do with the rest of its route, the map `node`.
void check_mirrors(Reader& reader, const Node& node, const Route& route);
void read_mirror_bytes(Reader& reader, const Node& node, Config& config);
void read_rate_limit(Reader& reader, const Node& node, Route& route);
void list_rate_limit(KeyList& out, const std::string& path);
void read_upgrade(Reader& reader, const Node& node, Route& route);
// Part of a split: split_key_section.cc.
void read_split_key(Reader& reader, const Node& node, Split& split);
void list_split_key(KeyList& out, const std::string& path);

void read_clusters(Reader& reader, const Node& node, Config& config);
void list_clusters(KeyList& out, const std::string& path);
// Parts of a cluster: balance_section.cc, health_section.cc, upstream_tls_section.cc.
void read_upstream_tls(Reader& reader, const Node& node, Cluster& cluster);
// What it has to do with the rest of its cluster, the map `node`.
void check_upstream_tls(Reader& reader, const Node& node, const Cluster& cluster);
void list_upstream_tls(KeyList& out, const std::string& path);
void read_balance(Reader& reader, const Node& node, Cluster& cluster);
void list_balance(KeyList& out, const std::string& path);
void read_health_check(Reader& reader, const Node& node, Cluster& cluster);
void list_health_check(KeyList& out, const std::string& path);
// What the cluster's other keys must allow for. `node` is the cluster's.
void check_health_check(Reader& reader, const Node& node, const Cluster& cluster);
void read_outlier(Reader& reader, const Node& node, Cluster& cluster);
void list_outlier(KeyList& out, const std::string& path);

// After everything is read: every name that is used is defined, no address is listened on twice
// (references.cc), no mirror comes back (mirror_loops.cc).
void check_references(Reader& reader, const Config& config);
void check_mirror_loops(Reader& reader, const Config& config);

}  // namespace weir::config
