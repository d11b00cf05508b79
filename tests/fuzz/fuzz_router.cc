// Fuzzes routing: any host, path, query and field against random route tables. The indexed router
// must agree with the naive walk, normalisation must be idempotent, and a redirect's Location must
// stay one line of visible ASCII. Input: a byte that chooses the table, then host, method, path,
// query and a field's value, one per line.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "traffic/cookies.h"
#include "traffic/redirect.h"
#include "traffic/rewrite.h"
#include "traffic/router.h"
#include "unit/traffic/fake_request.h"
#include "unit/traffic/naive_router.h"
#include "unit/traffic/random_routes.h"

namespace {

using namespace weir;
using namespace weir::traffic;

constexpr std::size_t kTables = 32;

struct Table {
  config::Config config;
  std::unique_ptr<const Router> router;
};

void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

const Table& table(std::uint8_t choice) {
  static std::array<Table, kTables> tables = [] {
    std::array<Table, kTables> made;
    for (std::size_t i = 0; i < kTables; ++i) {
      made[i].config = RandomRoutes(i).config();
      auto router = Router::make(made[i].config);
      check(router.has_value(), "a random table is valid");
      made[i].router = std::move(*router);
    }
    return made;
  }();
  return tables[choice % kTables];
}

std::string_view next_line(std::string_view& input) {
  const std::size_t end = input.find('\n');
  const std::string_view line = input.substr(0, end);
  input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
  return line;
}

void check_match(const Table& chosen, const RequestView& request) {
  Buffer scratch;
  const naive::Answer expected = naive::match(chosen.config, request);
  const auto actual = chosen.router->match(request, scratch);
  using Kind = naive::Answer::Kind;
  if (actual) {
    check(expected.kind == Kind::matched && expected.route == actual->route, "the naive route");
    check(expected.path == actual->path, "the naive path");
  } else {
    const bool refused = actual.error().code == Errc::bad_target;
    check(expected.kind == (refused ? Kind::bad_target : Kind::no_route), "the naive refusal");
  }
}

void check_normal(std::string_view path) {
  Buffer once_room;
  Buffer twice_room;
  const auto once = normalize_path(path, once_room);
  if (!once) return;
  const auto twice = normalize_path(*once, twice_room);
  check(twice.has_value() && *twice == *once, "normalisation is idempotent");
  check(once->size() <= path.size(), "normalisation does not grow");
  check(once->find("//") == std::string_view::npos, "no double slash is left");
}

void check_location(std::string_view path, std::string_view query) {
  static const RedirectTarget target = *RedirectTarget::make("https://shop.test/");
  Buffer out;
  target.append_location("a.test", path, query, out);
  check(out.view().starts_with("https://shop.test/"), "the authority stays");
  for (const char c : out.view()) check(c > ' ' && c < '\x7f', "a Location is visible ASCII");
}

void check_rewrite(std::string_view path) {
  static const PathRewrite rewrite = [] {
    config::Route route;
    route.rewrite.regex = "a(.*)b";
    route.rewrite.replace = "/x\\1\\0";
    return std::move(*PathRewrite::make(route));
  }();
  if (!path.starts_with('/')) return;
  Buffer out;
  if (!rewrite.apply(path, out)) check(out.view().starts_with('/'), "a path begins with a slash");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0 || size > 4096) return 0;
  const Table& chosen = table(bytes[0]);
  std::string_view input(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  RequestView request;
  request.listener = (bytes[0] >> 7) & 1;
  request.host = next_line(input);
  request.method = next_line(input);
  request.path = next_line(input);
  request.query = next_line(input);
  FakeFields fields;
  fields.add("X-User", std::string(next_line(input)));
  fields.add("Cookie", std::string(input));
  request.fields = &fields;

  check_match(chosen, request);
  check_normal(request.path);
  check_location(request.path, request.query);
  check_rewrite(request.path);
  find_cookie(&fields, "sid");
  return 0;
}
