// The series of a route's tunnels. Named by the server while it builds a snapshot, counted by the
// worker that sees a tunnel begin, and end with its exchange.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "observe/exchange_record.h"
#include "observe/metrics.h"

namespace weir::observe {

// What ended a tunnel.
enum class TunnelEnd : std::uint8_t { closed, idle, client_reset, origin_reset, shutdown };
inline constexpr std::array<std::string_view, 5> kTunnelEndNames = {
    "closed", "idle", "client_reset", "origin_reset", "shutdown"};
TunnelEnd tunnel_end_of(Errc reason);

struct TunnelSeries {
  GaugeId open;
  std::array<CounterId, kTunnelEndNames.size()> ended;  // index: TunnelEnd
};

TunnelSeries tunnel_series(Registry& registry, std::string_view route);

void count_begin(Cells& cells, const TunnelSeries& series);
// Of an exchange that was counted as begun.
void count_end(Cells& cells, const TunnelSeries& series, const ExchangeRecord& record);

}  // namespace weir::observe
