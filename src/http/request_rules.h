// What a request must satisfy after llhttp took its syntax: start line, Host, target, framing,
// upgrade, expectation (docs/threat-model.md). Fills in the parts of the head that follow from
// them. Used by H1RequestParser; pure.
#pragma once

#include <cstdint>

#include <weir/error.h>

#include "http/field_facts.h"
#include "http/h1_parser.h"
#include "http/head.h"

namespace weir::http {

class RequestRules {
 public:
  explicit RequestRules(RequestHead& head) : head_(head) {}

  // The head's bytes, fields and version are set. `target` is where the target is; `llhttp_method`
  // its method. Errc::none accepts.
  Errc apply(Slice target, std::uint8_t llhttp_method, UnderscorePolicy underscores);

 private:
  Errc check_start_line(Slice target, std::uint8_t llhttp_method);
  Errc check_target();
  Errc check_absolute_form(std::string_view target, std::size_t scheme);
  Errc check_fields(UnderscorePolicy underscores);
  Errc check_host();
  Errc check_framing();
  Errc check_expectation();
  Slice slice_of(std::string_view part) const;
  Slice append(std::string_view first, std::string_view second);

  RequestHead& head_;
  FieldFacts facts_;
};

}  // namespace weir::http
