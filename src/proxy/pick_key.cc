// Finds and hashes a balancer's key in a request. Allocates nothing.
#include "proxy/pick_key.h"

#include <string_view>

#include "base/hash.h"
#include "proxy/request_fields.h"
#include "traffic/cookies.h"

namespace weir::proxy {
namespace {

PickContext keyed(std::string_view key) {
  PickContext context;
  context.has_key = !key.empty();
  if (context.has_key) context.key = hash64(key);
  return context;
}

// What the origin will see of it: dropped fields are not asked.
std::string_view header_of(const RequestFields& fields, std::string_view name) {
  std::string_view found;
  traffic::any_value(&fields, name, [&found](std::string_view value) {
    found = value;
    return true;
  });
  return found;
}

}  // namespace

PickContext pick_key(const config::Balance& balance, const http::RequestHead& request,
                     const IpAddress& client) {
  const RequestFields fields(request);
  switch (balance.hash_on) {
    case config::HashOn::header:
      return keyed(header_of(fields, balance.hash_name));
    case config::HashOn::cookie:
      return keyed(traffic::find_cookie(&fields, balance.hash_name).value_or(std::string_view()));
    case config::HashOn::path:
      return keyed(request.path());
    case config::HashOn::none:
    case config::HashOn::client_ip:
      return keyed({reinterpret_cast<const char*>(client.bytes.data()), client.bytes.size()});
  }
  return {};
}

}  // namespace weir::proxy
