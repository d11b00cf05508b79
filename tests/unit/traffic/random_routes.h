// Random route tables and requests from small alphabets, so that conditions meet often and overlap
// in every way. Given the same seed, the same on every machine. For the router's property test and
// its fuzz target.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <weir/config.h>

#include "base/random.h"
#include "unit/traffic/fake_request.h"

namespace weir::traffic {

class RandomRoutes {
 public:
  explicit RandomRoutes(std::uint64_t seed) : random_(seed) {}

  config::Config config() {
    config::Config config = config_of({});
    const std::uint32_t count = 1 + random_.below(24);
    for (std::uint32_t i = 0; i < count; ++i) config.routes.push_back(route(i));
    return config;
  }

  // Views of string literals and of `fields`.
  RequestView request(FakeFields& fields) {
    RequestView request;
    request.listener = random_.below(2);
    request.method = one_of("GET", "HEAD", "POST", "get");
    request.host = one_of("a.test", "A.TEST", "a.test.", "b.test", "x.a.test", "y.x.a.test", "test",
                          ".a.test", "", "[::1]");
    request.path = one_of("/", "/a", "/a/", "/a/b", "/a/b/", "/a/bc", "/ab", "/a/b/c", "/b", "*",
                          "/a/../b", "/%61", "/a//b", "/a%2Fb", "/a/%62", "/%zz", "/%00", "/A");
    request.query = one_of("", "q=1", "q=2", "q=%31", "p&q=1", "q", "q=1&q=2", "%71=1+");
    if (one_in(2)) fields.add(one_of("x-user", "X-User"), one_of("1", "2", "12", ""));
    if (one_in(4)) fields.add("x-user", one_of("1", "3"));
    request.fields = one_in(8) ? nullptr : &fields;
    return request;
  }

 private:
  template <class... Texts>
  const char* one_of(Texts... texts) {
    const std::array<const char*, sizeof...(Texts)> all{texts...};
    return all[random_.below(static_cast<std::uint32_t>(all.size()))];
  }
  bool one_in(std::uint32_t n) { return random_.below(n) == 0; }

  config::FieldMatch field(const char* name) {
    config::FieldMatch match;
    match.name = name;
    match.invert = one_in(4);
    switch (random_.below(4)) {
      case 0:
        match.kind = config::TextMatch::present;
        break;
      case 1:
        match.kind = config::TextMatch::prefix;
        match.value = one_of("1", "");
        break;
      case 2:
        match.kind = config::TextMatch::regex;
        match.value = one_of("[12]", "1.*", ".");
        break;
      default:
        match.value = one_of("1", "2", "1 ");
    }
    return match;
  }

  void set_path(config::Match& match) {
    if (one_in(8)) {
      match.path_kind = config::PathMatch::regex;
      match.path = one_of("/a.*", "/[ab]", "/a/b/?", ".*b");
      return;
    }
    match.path_kind = one_in(3) ? config::PathMatch::exact : config::PathMatch::prefix;
    match.path = one_of("/", "/a", "/a/", "/a/b", "/a/b/", "/ab", "/b", "/a/b/c", "/a/bc");
  }

  config::Route route(std::uint32_t index) {
    config::Match match;
    if (!one_in(4)) {
      const std::uint32_t names = 1 + random_.below(3);
      for (std::uint32_t i = 0; i < names; ++i) {
        match.hosts.emplace_back(
            one_of("a.test", "b.test", "x.a.test", "*.a.test", "*.test", "[::1]", "*"));
      }
    }
    if (!one_in(4)) set_path(match);
    if (one_in(5)) match.listeners.emplace_back(one_of("web", "internal"));
    if (one_in(4)) match.methods.emplace_back(one_of("GET", "POST", "HEAD"));
    if (one_in(5)) match.headers.push_back(field(one_of("x-user", "X-USER")));
    if (one_in(5)) match.query.push_back(field("q"));
    config::Route made = route_on("r" + std::to_string(index), std::move(match));
    made.normalize_path = one_in(5);
    return made;
  }

  Random random_;
};

}  // namespace weir::traffic
