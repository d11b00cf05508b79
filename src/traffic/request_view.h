// What traffic decisions see of a request: views into the message head, no copy and no dependence
// on http/. The proxy makes one on its stack for each request; it is valid as long as the head and
// the FieldSource are.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

namespace weir::traffic {

// The header fields of a request by name. Implemented where the head is known; never owned here.
class FieldSource {
 public:
  using Visit = bool (*)(void* context, std::string_view value);

  // Calls visit(context, value) for each field called `name` (in any case), in the order received,
  // until it returns true. True when it did. Values come without surrounding white space, one call
  // per field line.
  virtual bool visit_values(std::string_view name, Visit visit, void* context) const = 0;

 protected:
  ~FieldSource() = default;
};

struct RequestView {
  std::uint32_t listener = 0;  // index in config::Config::listeners
  std::string_view method;
  std::string_view host;                // without port, brackets kept, in any case
  std::string_view path;                // as received, up to '?'; "*" for OPTIONS *
  std::string_view query;               // after '?', empty without
  const FieldSource* fields = nullptr;  // null = no fields
};

// True when accepts(value) is true for a field called `name`; the rest is not looked at.
template <class F>
bool any_value(const FieldSource* fields, std::string_view name, F&& accepts) {
  if (fields == nullptr) return false;
  return fields->visit_values(
      name,
      [](void* context, std::string_view value) -> bool {
        return (*static_cast<std::remove_reference_t<F>*>(context))(value);
      },
      &accepts);
}

}  // namespace weir::traffic
