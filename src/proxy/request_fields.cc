// A request head seen through traffic/'s eyes.
#include "proxy/request_fields.h"

#include "base/ascii.h"

namespace weir::proxy {

bool RequestFields::visit_values(std::string_view name, Visit visit, void* context) const {
  for (const http::Field& field : head_.fields()) {
    if (!field.dropped && ascii::equals_ignoring_case(head_.name(field), name) &&
        visit(context, head_.value(field)))
      return true;
  }
  return false;
}

}  // namespace weir::proxy
