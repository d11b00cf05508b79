// A request as somebody describes it to weir explain, put into the bytes a client would send and
// read by the server's own parser: what is refused on the wire is refused here, and fields that are
// dropped there do not count here. Nothing is sent anywhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <weir/address.h>
#include <weir/error.h>

#include "http/head.h"
#include "proxy/snapshot.h"

namespace weir::server {

struct ExplainQuestion {
  std::string method;
  std::string url;                   // "http://host/path?query", or a path
  std::vector<std::string> headers;  // "Name: value"; a Host goes before the URL's
  std::string from;                  // the address it comes from; empty = not said
  std::string listener;              // empty = the first
};

// What is wrong with a question whatever the configuration, in words with the mend; empty when
// nothing is.
std::string fault_of(const ExplainQuestion& question);

struct ExplainedRequest {
  const proxy::ListenerPlan* listener = nullptr;
  http::RequestHead head;
  Error refused;                    // by the parser; the head is then not to be used
  std::optional<IpAddress> client;  // behind trusted_proxies; nothing when it was not said

  // Takes up the question. What is wrong with it (not with the request), as fault_of().
  std::string take(const ExplainQuestion& question, const proxy::Snapshot& snapshot);

 private:
  void read(std::string_view bytes);
};

}  // namespace weir::server
