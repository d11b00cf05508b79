// What one assignment costs: by where the key is, by number of variants, and the decision of a
// mirror. The target is below 100 ns. Users take turns in a scattered order; the request around
// their ids is what a browser sends, and as warm as a head that has just been parsed.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weir/config.h>

#include "base/hash.h"
#include "http/h1_parser.h"
#include "proxy/request_fields.h"
#include "traffic/sampling.h"
#include "traffic/split.h"

namespace weir::traffic {
namespace {

using config::KeySource;

constexpr std::size_t kUsers = 16;
constexpr std::string_view kHexDigits = "0123456789abcdef";

// 32 digits: a user's id wherever it is looked for.
std::string id_of(std::size_t user) {
  std::string id;
  for (std::uint64_t half = 0; half < 2; ++half) {
    for (std::uint64_t bits = mix64(user, half), i = 0; i < 16; ++i, bits >>= 4) {
      id += kHexDigits[bits & 15];
    }
  }
  return id;
}

// A browser's request with the user's id in all its places, parsed.
class Browser {
 public:
  explicit Browser(std::size_t user) : fields_(head_) {
    const std::string id = id_of(user);
    http::H1RequestParser parser;
    parser.reset(head_, {}, http::UnderscorePolicy::drop);
    parser.feed("GET /chairs?page=3&sort=price&u=" + id + " HTTP/1.1\r\n" +
                "Host: shop.example.com\r\n"
                "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101\r\n"
                "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
                "Accept-Language: en-GB,en;q=0.8,de;q=0.5\r\n"
                "Accept-Encoding: gzip, deflate, br\r\n"
                "Referer: https://shop.example.com/chairs?page=2\r\n"
                "Cookie: theme=dark; _ga=GA1.2.1234567890.1700000000; consent=yes; "
                "cart=9f8e7d6c5b4a; sid=" +
                id + "; weir-id=" + id +
                "\r\n"
                "Upgrade-Insecure-Requests: 1\r\n"
                "Sec-Fetch-Dest: document\r\n"
                "Sec-Fetch-Mode: navigate\r\n"
                "X-User-Id: " +
                id + "\r\n\r\n");
  }

  RequestView view() const {
    return {.method = head_.method_name(),
            .host = head_.host(),
            .path = head_.path(),
            .query = head_.query(),
            .fields = &fields_};
  }

 private:
  http::RequestHead head_;
  proxy::RequestFields fields_;
};

const std::deque<Browser>& browsers() {
  static const std::deque<Browser> all = [] {
    std::deque<Browser> made;
    for (std::size_t user = 0; user < kUsers; ++user) made.emplace_back(user);
    return made;
  }();
  return all;
}

IpAddress address_of(std::size_t n) {
  IpAddress address;
  const std::uint64_t bits = mix64(n, 3);
  std::memcpy(address.bytes.data() + 8, &bits, sizeof bits);
  return address;
}

config::Split split_into(std::size_t variants, std::vector<config::SplitKey> keys) {
  config::Split settings;
  settings.key = std::move(keys);
  for (std::size_t i = 0; i < variants; ++i) {
    config::Variant variant;
    variant.name = "variant-" + std::to_string(i);
    variant.weight = i == 0 ? 95 : 5;
    settings.variants.push_back(std::move(variant));
  }
  return settings;
}

// The weights are read as the proxy reads them, once a request.
void choose(benchmark::State& state, const config::Split& settings) {
  const Split split(settings, "shop");
  const std::deque<Browser>& users = browsers();
  const SplitWeights weights(split.file_weights());
  Random random(1);
  std::size_t n = 0;
  for (auto _ : state) {
    const Browser& user = users[mix64(++n, 5) % kUsers];
    benchmark::DoNotOptimize(
        split.choose(user.view(), address_of(n), weights.get(split.size()), random));
  }
}

void split_by_header(benchmark::State& state) {
  choose(state,
         split_into(static_cast<std::size_t>(state.range(0)), {{KeySource::header, "X-User-Id"}}));
}
void split_by_cookie(benchmark::State& state) {
  choose(state, split_into(2, {{KeySource::cookie, "sid"}}));
}
void split_by_query(benchmark::State& state) {
  choose(state, split_into(2, {{KeySource::query, "u"}}));
}
void split_by_issued_cookie(benchmark::State& state) {
  choose(state, split_into(2, {{KeySource::issued_cookie, "weir-id"}}));
}
void split_issuing_an_id(benchmark::State& state) {
  choose(state, split_into(2, {{KeySource::issued_cookie, "none-yet"}}));
}
void split_by_client_ip(benchmark::State& state) {
  choose(state, split_into(static_cast<std::size_t>(state.range(0)), {{KeySource::client_ip, {}}}));
}
void split_by_chance(benchmark::State& state) {
  choose(state, split_into(2, {}));
}
void split_with_an_override(benchmark::State& state) {
  config::Split settings = split_into(2, {{KeySource::header, "X-User-Id"}});
  settings.override.header = "X-Weir-Variant";
  settings.override.cookie = "weir-variant";
  settings.override.secret = "secret";
  choose(state, settings);
}

// The point against the weights alone, without finding and hashing a key.
void split_by_point(benchmark::State& state) {
  const config::Split settings = split_into(static_cast<std::size_t>(state.range(0)), {});
  const Split split(settings, "shop");
  const Weights weights = split.file_weights();
  std::uint64_t n = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(split.splitter().variant_of(mix64(++n, 7), weights));
  }
}

void mirror_sample(benchmark::State& state, config::MirrorBy by) {
  config::Mirror mirror;
  mirror.share = {1, 10};
  mirror.by = by;
  Random random(1);
  std::uint64_t n = 0;
  for (auto _ : state) {
    const Point point = mix64(++n, 7);
    benchmark::DoNotOptimize(sample(mirror, "GET", &point, random));
  }
}
void mirror_sample_by_key(benchmark::State& state) {
  mirror_sample(state, config::MirrorBy::key);
}
void mirror_sample_by_request(benchmark::State& state) {
  mirror_sample(state, config::MirrorBy::request);
}

BENCHMARK(split_by_header)->Arg(2)->Arg(3)->Arg(8)->Arg(16);
BENCHMARK(split_by_client_ip)->Arg(2)->Arg(3)->Arg(8)->Arg(16);
BENCHMARK(split_by_point)->Arg(2)->Arg(3)->Arg(8)->Arg(16);
BENCHMARK(split_by_cookie);
BENCHMARK(split_by_query);
BENCHMARK(split_by_issued_cookie);
BENCHMARK(split_issuing_an_id);
BENCHMARK(split_by_chance);
BENCHMARK(split_with_an_override);
BENCHMARK(mirror_sample_by_key);
BENCHMARK(mirror_sample_by_request);

}  // namespace
}  // namespace weir::traffic
