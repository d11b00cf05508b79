// Requests and routes made of literals for the tests of traffic/: a list of header fields behind
// FieldSource, and short ways to write a route.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weir/config.h>

#include "base/ascii.h"
#include "traffic/request_view.h"

namespace weir::traffic {

class FakeFields final : public FieldSource {
 public:
  FakeFields() = default;
  FakeFields(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

  void add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
  }
  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

  bool visit_values(std::string_view name, Visit visit, void* context) const override {
    for (const auto& [field, value] : fields_) {
      if (ascii::equals_ignoring_case(field, name) && visit(context, value)) return true;
    }
    return false;
  }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

inline config::Route route_on(std::string name, config::Match match) {
  config::Route route;
  route.name = std::move(name);
  route.match = std::move(match);
  return route;
}

inline config::Match hosts(std::vector<std::string> names) {
  config::Match match;
  match.hosts = std::move(names);
  return match;
}

inline config::Match path(config::PathMatch kind, std::string text) {
  config::Match match;
  match.path_kind = kind;
  match.path = std::move(text);
  return match;
}

inline config::Config config_of(std::vector<config::Route> routes) {
  config::Config config;
  for (const char* name : {"web", "internal"}) {
    config::Listener listener;
    listener.name = name;
    config.listeners.push_back(std::move(listener));
  }
  config.routes = std::move(routes);
  return config;
}

inline RequestView get(std::string_view host, std::string_view request_path,
                       std::string_view query = {}) {
  return {.listener = 0,
          .method = "GET",
          .host = host,
          .path = request_path,
          .query = query,
          .fields = nullptr};
}

}  // namespace weir::traffic
