// Names and help texts of the tunnels' series; docs/observability.md lists them.
#include "observe/tunnel_metrics.h"

namespace weir::observe {

TunnelEnd tunnel_end_of(Errc reason) {
  switch (reason) {
    case Errc::none:
      return TunnelEnd::closed;
    case Errc::tunnel_idle:
      return TunnelEnd::idle;
    case Errc::tunnel_reset:
      return TunnelEnd::origin_reset;
    case Errc::shutting_down:
      return TunnelEnd::shutdown;
    default:
      return TunnelEnd::client_reset;
  }
}

TunnelSeries tunnel_series(Registry& registry, std::string_view route) {
  TunnelSeries series;
  series.open =
      registry.gauge("weir_tunnels", "Open tunnels: WebSocket and the like.", {{"route", route}});
  for (std::size_t i = 0; i < kTunnelEndNames.size(); ++i) {
    series.ended[i] =
        registry.counter("weir_tunnels_ended_total", "Tunnels that ended, by what ended them.",
                         {{"route", route}, {"reason", kTunnelEndNames[i]}});
  }
  return series;
}

void count_begin(Cells& cells, const TunnelSeries& series) {
  cells.add(series.open);
}

void count_end(Cells& cells, const TunnelSeries& series, const ExchangeRecord& record) {
  cells.add(series.open, -1);
  cells.add(series.ended[static_cast<std::size_t>(tunnel_end_of(record.reason))]);
}

}  // namespace weir::observe
