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

std::string_view header_of(const http::RequestHead& request, std::string_view name) {
  const http::Field* field = request.find(name);
  return field == nullptr ? std::string_view() : request.value(*field);
}

}  // namespace

PickContext pick_key(const config::Balance& balance, const http::RequestHead& request,
                     const IpAddress& client) {
  const RequestFields fields(request);
  switch (balance.hash_on) {
    case config::HashOn::header:
      return keyed(header_of(request, balance.hash_name));
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
