// The error table of errors.def as arrays, indexed by code.
#include <array>
#include <cstddef>

#include <weir/error.h>

namespace weir {
namespace {

struct Row {
  Side side;
  int status;
  std::string_view name;
  std::string_view proxy_status;
  std::string_view words;
};

constexpr std::array kRows = {
#define ERRC(name, side, status, proxy_status, words) \
  Row{Side::side, status, #name, proxy_status, words},
#include <weir/errors.def>
#undef ERRC
};

constexpr const Row& row(Errc code) {
  return kRows[static_cast<std::size_t>(code)];
}

}  // namespace

Side side_of(Errc code) {
  return row(code).side;
}
int status_of(Errc code) {
  return row(code).status;
}
std::string_view name_of(Errc code) {
  return row(code).name;
}
std::string_view proxy_status_of(Errc code) {
  return row(code).proxy_status;
}
std::string_view words_of(Errc code) {
  return row(code).words;
}

}  // namespace weir
