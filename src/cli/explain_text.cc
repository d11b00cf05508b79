// One function for each part of the document, in its order.
#include "cli/explain_text.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <string_view>

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json, const char* name) {
  return json.at(name).get<std::string>();
}

class Lines {
 public:
  void add(std::string_view word, std::string_view what) {
    text_ += fmt::format("{:9} {}\n", word, what);
  }
  // Only what the document has, and only when it says something.
  void add_if_said(std::string_view word, const Json& json, const char* name) {
    if (json.contains(name) && json[name].is_string()) add(word, text_of(json, name));
  }
  std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

void add_request(const Json& request, Lines& lines) {
  const std::string listener = text_of(request, "listener");
  if (request.contains("url")) {
    lines.add("request", fmt::format("{} {} by listener {}", text_of(request, "method"),
                                     text_of(request, "url"), listener));
    return;
  }
  const std::string host = text_of(request, "host");
  lines.add("request",
            fmt::format("{} {} at {} by listener {}", text_of(request, "method"),
                        text_of(request, "path"), host.empty() ? "no host" : host, listener));
}

void add_split(const Json& split, Lines& lines) {
  lines.add("key", text_of(split.at("key"), "words"));
  if (split.at("override").is_object()) lines.add("override", text_of(split["override"], "words"));
  std::string weights;
  for (const Json& variant : split.at("variants")) {
    weights += fmt::format("{}{} {}", weights.empty() ? "" : ", ", text_of(variant, "variant"),
                           variant.at("weight").get<std::uint64_t>());
  }
  lines.add("weights", weights);
  lines.add("variant", text_of(split, "variant") + ": " + text_of(split, "why"));
  lines.add_if_said("failover", split, "failover");
  lines.add_if_said("rescue", split, "rescue");
}

std::string copy_words(const Json& mirror) {
  const std::string copy = text_of(mirror, "copy");
  if (copy == "no") return "no copy";
  const std::string_view when =
      text_of(mirror, "when") == "after" ? ", after a success" : ", at once";
  return (copy == "yes" ? "a copy" : "perhaps a copy") + std::string(when);
}

void add_cluster(const Json& cluster, Lines& lines) {
  lines.add("cluster",
            fmt::format("{} ({})", text_of(cluster, "cluster"), text_of(cluster, "balance")));
  for (const Json& endpoint : cluster.at("endpoints")) {
    std::string words = fmt::format("{} weight {}", text_of(endpoint, "endpoint"),
                                    endpoint.at("weight").get<std::uint64_t>());
    if (endpoint.at("backup").get<bool>()) words += ", backup";
    if (endpoint.contains("state")) {
      words += fmt::format(", {}, {}, {} in flight", text_of(endpoint, "state"),
                           endpoint.at("healthy").get<bool>() ? "healthy" : "unhealthy",
                           endpoint.at("active_requests").get<std::uint64_t>());
    }
    lines.add("", words);
  }
}

void add_endpoint(const Json& endpoint, Lines& lines) {
  const std::string words = text_of(endpoint, "words");
  lines.add("endpoint", endpoint.at("endpoint").is_null()
                            ? words
                            : text_of(endpoint, "endpoint") + " " + words);
}

}  // namespace

std::string explain_text(const Json& explanation) {
  Lines lines;
  const auto part = [&](const char* name, auto&& add) {
    if (const auto found = explanation.find(name); found != explanation.end()) add(*found);
  };
  part("request", [&](const Json& request) { add_request(request, lines); });
  part("passed_over", [&](const Json& routes) {
    for (const Json& route : routes)
      lines.add("not", text_of(route, "route") + ": " + text_of(route, "reason"));
  });
  lines.add_if_said("route", explanation, "route");
  lines.add_if_said("limit", explanation, "rate_limit");
  part("answer", [&](const Json& answer) {
    lines.add("answer",
              fmt::format("{}: {}", answer.at("status").get<int>(), text_of(answer, "words")));
  });
  part("redirect", [&](const Json& redirect) {
    lines.add("redirect", fmt::format("{} {}", redirect.at("status").get<int>(),
                                      text_of(redirect, "location")));
  });
  part("respond", [&](const Json& respond) {
    lines.add("respond", fmt::format("{}, {} bytes", respond.at("status").get<int>(),
                                     respond.at("bytes").get<std::uint64_t>()));
  });
  part("split", [&](const Json& split) { add_split(split, lines); });
  part("mirrors", [&](const Json& mirrors) {
    for (const Json& mirror : mirrors) {
      lines.add("mirror", fmt::format("{}: {}: {}", text_of(mirror, "cluster"), copy_words(mirror),
                                      text_of(mirror, "why")));
    }
  });
  lines.add_if_said("upgrade", explanation, "upgrade");
  lines.add_if_said("forwards", explanation, "forwards");
  part("cluster", [&](const Json& cluster) { add_cluster(cluster, lines); });
  part("endpoint", [&](const Json& endpoint) { add_endpoint(endpoint, lines); });
  return std::move(lines).text();
}

}  // namespace weir::cli
