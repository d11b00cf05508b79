// Weights and their changes, from the admin API's documents to words for people. Used by weir
// weight and weir status.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace weir::cli {

// "stable 50 (file: 95), canary 50 (file: 5)": the file's are named where they differ.
std::string weights_text(const nlohmann::ordered_json& variants);
// "stable 95 -> 50, canary 5 -> 50"
std::string difference_text(const nlohmann::ordered_json& change);
// "changed 2026-11-23T02:32:06.017Z by alice@desk: stable 95 -> 50, canary 5 -> 50"
std::string change_text(const nlohmann::ordered_json& change);

}  // namespace weir::cli
