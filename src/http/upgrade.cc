// Protocols are compared without regard to case, as they are by everybody (RFC 9110 says nothing of
// it, RFC 6455 section 4.2.1 asks for it).
#include "http/upgrade.h"

#include <algorithm>

#include "base/ascii.h"
#include "http/field_facts.h"
#include "http/websocket.h"

namespace weir::http {
namespace {

using ascii::equals_ignoring_case;

std::string_view name_of_protocol(std::string_view protocol) {
  return protocol.substr(0, protocol.find('/'));
}

bool allows(const config::Upgrade& allowed, std::string_view protocol) {
  if (allowed.any) return true;
  return std::ranges::any_of(allowed.protocols, [&](const std::string& one) {
    return equals_ignoring_case(one, protocol) ||
           equals_ignoring_case(one, name_of_protocol(protocol));
  });
}

// Calls f(field, protocol) for everything in the head's Upgrade fields, until it returns false.
template <class F>
void each_protocol(const Head& head, F&& f) {
  bool more = true;
  for (const Field& field : head.fields()) {
    if (field.id != FieldId::upgrade || field.dropped || !more) continue;
    ascii::each_element(head.value(field), [&](std::string_view protocol) {
      more = f(field, protocol);
      return more;
    });
  }
}

struct Offer {
  Slice first;  // of those allowed
  bool any = false;
  bool all = true;
};

Offer offer_of(const RequestHead& head, const config::Upgrade& allowed) {
  Offer offer;
  each_protocol(head, [&](const Field&, std::string_view protocol) {
    const bool passes = allows(allowed, protocol);
    if (passes && !offer.any) {
      offer.first = {static_cast<std::uint32_t>(protocol.data() - head.bytes().data()),
                     static_cast<std::uint32_t>(protocol.size())};
    }
    offer.any |= passes;
    offer.all &= passes;
    return true;
  });
  return offer;
}

bool asks_for(const RequestHead& request, std::string_view protocol) {
  bool found = false;
  each_protocol(request, [&](const Field&, std::string_view asked) {
    found = equals_ignoring_case(asked, protocol);
    return !found;
  });
  return found;
}

// The one value of a field, empty when there is none or more than one.
std::string_view only_value(const Head& head, std::string_view name) {
  std::string_view value;
  int count = 0;
  for (const Field& field : head.fields()) {
    if (!equals_ignoring_case(head.name(field), name)) continue;
    value = head.value(field);
    ++count;
  }
  return count == 1 ? value : std::string_view();
}

// A request without a key, or with several, is no handshake that could be proved; what becomes of
// it is between the two ends.
bool handshake_is_proved(const RequestHead& request, const ResponseHead& response) {
  const std::string_view key = only_value(request, "Sec-WebSocket-Key");
  if (key.empty()) return true;
  return only_value(response, "Sec-WebSocket-Accept") == websocket_accept(key).view();
}

}  // namespace

bool passes_upgrade(const RequestHead& head, const config::Upgrade& allowed) {
  return head.wants_upgrade() && offer_of(head, allowed).any;
}

bool limit_upgrade(RequestHead& head, const config::Upgrade& allowed) {
  if (!head.wants_upgrade()) return false;
  const Offer offer = offer_of(head, allowed);
  if (offer.any && offer.all) return true;
  bool left = !offer.any;
  for (Field& field : head.fields()) {
    if (field.id != FieldId::upgrade || field.dropped) continue;
    const std::uint32_t end = field.value.offset + field.value.length;
    const bool holds = offer.first.offset >= field.value.offset && offer.first.offset < end;
    if (left || !holds) {
      field.dropped = true;
    } else {
      field.value = offer.first;
      left = true;
    }
  }
  if (!offer.any) head.withdraw_upgrade();
  return offer.any;
}

bool answers_upgrade(const RequestHead& request, const ResponseHead& response) {
  if (!request.wants_upgrade() || response.minor_version() == 0) return false;
  const FieldFacts facts = gather_facts(response);
  if (!facts.says_upgrade || !facts.has_upgrade) return false;
  bool asked = true;
  bool websocket = false;
  each_protocol(response, [&](const Field&, std::string_view protocol) {
    asked &= asks_for(request, protocol);
    websocket |= equals_ignoring_case(protocol, "websocket");
    return asked;
  });
  return asked && (!websocket || handshake_is_proved(request, response));
}

}  // namespace weir::http
