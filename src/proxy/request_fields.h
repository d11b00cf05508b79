// A request head's fields as traffic/ asks for them. Fields that are not forwarded (hop-by-hop,
// forged forwarding fields) are not seen: what decides about a request is what its origin will see.
#pragma once

#include "http/head.h"
#include "traffic/request_view.h"

namespace weir::proxy {

class RequestFields final : public traffic::FieldSource {
 public:
  explicit RequestFields(const http::RequestHead& head) : head_(head) {}

  bool visit_values(std::string_view name, Visit visit, void* context) const override;

 private:
  const http::RequestHead& head_;
};

}  // namespace weir::proxy
