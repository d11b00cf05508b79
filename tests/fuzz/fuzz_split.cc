// Fuzzes the assignment of requests to variants: whatever a request carries and the weights are, a
// choice is in range and never of weight 0 unless a tester asked, the same key gets the same
// answer, a weight that grows takes keys and gives none away, and a mirror's users are not the
// candidate's while the shares fit. Input: a byte of options, one for the number of variants, one
// for the weight that grows, its new value and the weights in four bytes each, the client's
// address; then salt, header, cookies, query and override, one per line.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "traffic/sampling.h"
#include "traffic/split.h"
#include "unit/traffic/fake_request.h"
#include "unit/traffic/fake_split.h"

namespace {

using namespace weir;
using namespace weir::traffic;

void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

// What the fuzzer made, front to back; zeroes and empty lines when it is used up.
class Input {
 public:
  Input(const std::uint8_t* bytes, std::size_t size)
      : rest_(reinterpret_cast<const char*>(bytes), size) {}

  template <class T>
  T take() {
    T value{};
    const std::size_t size = std::min(rest_.size(), sizeof value);
    std::memcpy(&value, rest_.data(), size);
    rest_.remove_prefix(size);
    return value;
  }
  std::uint32_t weight() { return take<std::uint32_t>() % (limits::kVariantWeight + 1); }
  std::string line() {
    const std::size_t end = rest_.find('\n');
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    return std::string(line);
  }

 private:
  std::string_view rest_;
};

std::vector<config::SplitKey> keys_of(std::uint8_t options) {
  using config::KeySource;
  std::vector<config::SplitKey> keys;
  if (options & 1) keys.push_back(key_of(KeySource::header, "X-User"));
  if (options & 2) keys.push_back(key_of(KeySource::query, "u"));
  if (options & 4) keys.push_back(key_of(KeySource::cookie, "sid"));
  if (options & 8) keys.push_back(key_of(KeySource::issued_cookie, "weir-id"));
  if (options & 16) keys.push_back(key_of(KeySource::client_ip));
  return keys;
}

struct Scene {
  explicit Scene(Input& input) {
    const auto options = input.take<std::uint8_t>();
    const std::size_t size = 1 + input.take<std::uint8_t>() % limits::kVariants;
    grown = input.take<std::uint8_t>() % size;
    const std::uint32_t grown_to = input.weight();
    settings.key = keys_of(options);
    if (options & 32) settings.missing_key = config::MissingKey::stable;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
      settings.variants.push_back(variants_of({0}).front());
      settings.variants[i].name = variant_name(i);
      sum += weights.of[i] = input.weight();
    }
    if (sum == 0) weights.of[0] = 1;
    more = weights;
    more.of[grown] = std::max(more[grown], grown_to);
    client = input.take<IpAddress>();
    settings.salt = input.line();
    fields.add("X-User", input.line());
    fields.add("Cookie", input.line());
    query = input.line();
    settings.override.header = "X-Variant";
    settings.override.cookie = "variant";
    settings.override.secret = "s";
    if (options & 64) settings.override.from.push_back({{}, 0});  // everywhere
    fields.add("X-Variant", input.line());
  }

  SplitChoice choose(const Split& split, const FieldSource& source, const Weights& with,
                     std::uint64_t seed) const {
    RequestView request;
    request.query = query;
    request.fields = &source;
    Random random(seed);
    const SplitChoice choice = split.choose(request, client, with, random);
    check(choice.variant < split.size(), "the choice is one of the variants");
    const bool forced = choice.reason == VariantReason::forced;
    check(forced || with[choice.variant] != 0, "a variant of weight 0 gets nothing");
    check(forced == (choice.override_verdict == OverrideVerdict::granted), "who asked may");
    check(forced || choice.has_key() == (choice.reason == VariantReason::weight), "the reason");
    return choice;
  }

  config::Split settings;
  Weights weights, more;
  std::size_t grown = 0;
  IpAddress client;
  FakeFields fields;
  std::string query;
};

void check_same_again(const Scene& scene, const Split& split, const SplitChoice& first) {
  if (first.issued) {
    FakeFields later;
    later.add("Cookie", "weir-id=" + std::string(first.issued->data(), first.issued->size()));
    for (const auto& [name, value] : scene.fields.all()) later.add(name, value);
    const SplitChoice again = scene.choose(split, later, scene.weights, 2);
    check(!again.issued && again.point == first.point, "a new id is the key at once");
    check(again.variant == first.variant, "a new id gets the same variant later");
  } else if (first.has_key()) {
    const Split built_anew(scene.settings, "route");
    const SplitChoice again = scene.choose(built_anew, scene.fields, scene.weights, 2);
    check(again.point == first.point && again.key == first.key, "a key is where it is");
    check(again.variant == first.variant, "a key gets the same variant");
  }
}

void check_mirror(const Scene& scene, const SplitChoice& choice) {
  if (scene.settings.variants.size() != 2 || choice.reason != VariantReason::weight) return;
  config::Mirror mirror;
  mirror.by = config::MirrorBy::key;
  mirror.share = {scene.weights[0], std::uint64_t{scene.weights[0]} + scene.weights[1]};
  Random unused(1);
  const bool taken = sample(mirror, "GET", &choice.point, unused) == SampleVerdict::taken;
  check(taken == (choice.variant == 0), "the mirror's users are those the candidate has not");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size > 65'536) return 0;
  Input input(bytes, size);
  const Scene scene(input);
  const Split split(scene.settings, "route");
  const SplitChoice before = scene.choose(split, scene.fields, scene.weights, 1);
  const SplitChoice after = scene.choose(split, scene.fields, scene.more, 1);
  check(after.variant == before.variant || after.variant == scene.grown,
        "only the variant that grew gains");
  check_same_again(scene, split, before);
  check_mirror(scene, before);
  return 0;
}
