// What an operator asks to be made of endpoints, read strictly from the query and the content of a
// call: a word that was meant otherwise than it is understood would take the wrong server out.
// Called by endpoints_resource. Errors are messages with the mend. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <weir/config.h>
#include <weir/endpoint.h>
#include <weir/limits.h>

namespace weir::server {

template <class T>
using Read = std::expected<T, std::string>;

// What a change leaves out stays as it is.
struct EndpointWish {
  std::optional<EndpointState> state;
  std::optional<std::uint32_t> weight;
};
Read<EndpointWish> read_endpoint_wish(std::string_view body);

struct EndpointOptions {
  bool force = false;  // min_available is no reason
  bool wait = false;   // for the last request in flight
  std::chrono::milliseconds timeout = limits::kDrainWait;
};
// "wait=drained&timeout=30s&force=true"; `may_wait`: the first two have a meaning.
Read<EndpointOptions> read_endpoint_options(std::string_view query, bool may_wait);

struct WantedEndpoint {
  config::Endpoint place;  // address or service; the rest is what follows
  std::optional<std::uint32_t> weight;
  std::optional<bool> backup;
};
// {"endpoints": ["10.0.0.1:8080", {"address": "...", "weight": 3, "backup": false},
// {"service": "..."}]}: at least one, none twice.
Read<std::vector<WantedEndpoint>> read_endpoint_set(std::string_view body);

}  // namespace weir::server
