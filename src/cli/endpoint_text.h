// Endpoints and their changes, from the admin API's documents to words for people. Used by weir
// drain and weir status.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace weir::cli {

// "healthy", or what keeps it out: "unhealthy (no answer within 500 ms)", "ejected until ..."
std::string health_text(const nlohmann::ordered_json& endpoint);
// "draining, weight 1, 3 requests in flight"
std::string endpoint_text(const nlohmann::ordered_json& endpoint);
// "changed 2026-11-23T02:32:06.017Z by alice@desk: active -> draining, weight 1"
std::string endpoint_change_text(const nlohmann::ordered_json& change);
// "endpoints replaced 2026-11-23T02:32:06.017Z by alice@desk"
std::string replacement_text(const nlohmann::ordered_json& replaced);

}  // namespace weir::cli
