// Dropping what is not to be passed on: hop-by-hop fields, those that Connection nominates, and
// claims about the client that the peer may not make.
#include "base/ascii.h"
#include "http/field_classes.h"
#include "http/forwarding.h"

namespace weir::http {
namespace {

// Host and the framing fields say what the message is; a sender that nominates them asks for a
// different message (RFC 9110 section 7.6.1 forbids it).
bool can_be_nominated(FieldId id) {
  return id != FieldId::host && id != FieldId::content_length && id != FieldId::transfer_encoding;
}

void drop_named(Head& head, std::string_view name) {
  const FieldId id = field_id(name);
  if (!can_be_nominated(id)) return;
  for (Field& field : head.fields()) {
    if (field.dropped || field.id != id) continue;
    field.dropped = id != FieldId::other || ascii::equals_ignoring_case(head.name(field), name);
  }
}

// The rules have bounded the options to as many as there may be fields.
void drop_nominated(Head& head, bool keep_upgrade) {
  for (std::size_t i = 0; i < head.fields().size(); ++i) {
    const Field connection = head.fields()[i];
    if (connection.id != FieldId::connection) continue;
    ascii::each_element(head.value(connection), [&](std::string_view option) {
      const bool upgrade = field_id(option) == FieldId::upgrade;
      if (!upgrade || !keep_upgrade) drop_named(head, option);
      return true;
    });
  }
}

void drop_hop_by_hop(Head& head, bool keep_upgrade) {
  drop_nominated(head, keep_upgrade);
  for (Field& field : head.fields()) {
    const bool kept = field.id == FieldId::upgrade && keep_upgrade;
    field.dropped |= is_hop_by_hop(field.id) && !kept;
  }
}

bool is_claim_about_client(const Field& field, std::string_view name) {
  switch (field.id) {
    case FieldId::client_cert:
    case FieldId::client_cert_chain:
    case FieldId::forwarded:
    case FieldId::x_client_cert_subject:
    case FieldId::x_forwarded_for:
    case FieldId::x_forwarded_host:
    case FieldId::x_forwarded_proto:
    case FieldId::x_real_ip:
    case FieldId::x_request_id:
      return true;
    case FieldId::other:
      return is_x_forwarded(name);
    default:
      return false;
  }
}

}  // namespace

void drop_request_fields(RequestHead& head, bool peer_is_trusted) {
  drop_hop_by_hop(head, head.wants_upgrade());
  if (peer_is_trusted) return;
  for (Field& field : head.fields()) {
    field.dropped |= is_claim_about_client(field, head.name(field));
  }
}

void drop_response_fields(ResponseHead& head) {
  drop_hop_by_hop(head, head.status() == 101 || head.status() == 426);
}

}  // namespace weir::http
