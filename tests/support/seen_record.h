// The record of an exchange, kept beyond its exchange: for tests that look at it afterwards.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "observe/exchange_record.h"

namespace weir::test {

// What a record said, with texts of its own.
struct SeenRecord {
  explicit SeenRecord(const observe::ExchangeRecord& record)
      : values(record),
        id(record.id),
        client(to_string(record.client)),
        listener(record.listener),
        method(record.method),
        host(record.host),
        path(record.path),
        protocol(record.protocol),
        route(record.route),
        variant(record.variant),
        assigned_variant(record.assigned_variant),
        variant_reason(record.variant_reason),
        mirror(record.mirror),
        cluster(record.cluster),
        endpoint(record.endpoint),
        trace_id(record.trace_id),
        user_agent(record.user_agent) {
    for (const observe::Try& one : record.tries) {
      const std::string_view outcome =
          one.reason == Errc::none ? std::string_view() : name_of(one.reason);
      tries.push_back(std::string(one.endpoint) + " " +
                      (one.status != 0 ? std::to_string(one.status) : std::string(outcome)) + " " +
                      std::to_string((one.end - one.begin) / 1'000'000) + "ms");
    }
  }

  observe::ExchangeRecord values;  // its views are dead
  std::string id, client, listener, method, host, path, protocol, route, variant, assigned_variant,
      variant_reason, mirror, cluster, endpoint, trace_id, user_agent;
  std::vector<std::string> tries;  // "10.0.0.1:80 503 20ms"
};

}  // namespace weir::test
