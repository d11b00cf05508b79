// One stream of bytes, cut in two random ways, must come to the same messages: as a request and as
// a response. The first eight bytes of the input seed the cuts.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "fuzz/forwarded_copy.h"

namespace {

using namespace weir;
using namespace weir::http;
using namespace weir::http::fuzz;

// All that a parser reported.
struct Report {
  bool head = false;
  bool complete = false;
  bool refused = false;
  std::string content;
  std::string head_bytes;
  std::vector<std::string> fields;
  std::vector<std::string> trailers;
  std::size_t consumed = 0;

  bool operator==(const Report&) const = default;
};

Report drive(H1Parser& parser, const Head& head, std::string_view input, Random& cuts) {
  Report report;
  std::size_t at = 0;
  while (at < input.size() && !report.complete && !report.refused) {
    const std::uint32_t most = cuts.below(4) == 0 ? 400 : 3;
    const std::string piece(input.substr(at, 1 + cuts.below(most)));
    const ParseStep step = parser.feed(piece);
    for (const std::string_view part : step.content) report.content += part;
    report.head |= step.head;
    report.complete = step.complete;
    report.refused = static_cast<bool>(step.error);
    require(report.complete || report.refused || step.consumed > 0);
    at += step.consumed;
  }
  // Where exactly a refused message was given up, and for which of its faults, may depend on the
  // cuts.
  if (!report.refused) report.consumed = at;
  if (report.head) {
    report.head_bytes = head.bytes().view();
    for (const Field& field : head.fields()) {
      report.fields.push_back(std::string(head.name(field)) + ": " +
                              std::string(head.value(field)));
    }
  }
  if (report.complete) {
    for (const Field& field : head.trailers()) {
      report.trailers.push_back(std::string(head.name(field)) + ": " +
                                std::string(head.value(field)));
    }
  }
  return report;
}

Report as_request(std::string_view input, std::uint64_t seed) {
  RequestHead head;
  H1RequestParser parser;
  Random cuts(seed);
  parser.reset(head, {.head_bytes = 2000, .fields = 20}, UnderscorePolicy::drop);
  return drive(parser, head, input, cuts);
}

Report as_response(std::string_view input, std::uint64_t seed) {
  ResponseHead head;
  H1ResponseParser parser;
  Random cuts(seed);
  parser.reset(head, seed % 2 == 0 ? Method::get : Method::head,
               {.head_bytes = 2000, .fields = 20});
  Report report = drive(parser, head, input, cuts);
  report.complete |= parser.end_of_stream();
  return report;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::uint64_t seed = 0;
  if (size < sizeof seed) return 0;
  std::memcpy(&seed, data, sizeof seed);
  const std::string_view input(reinterpret_cast<const char*>(data) + sizeof seed,
                               size - sizeof seed);
  require(as_request(input, seed) == as_request(input, seed + 2));
  require(as_response(input, seed) == as_response(input, seed + 2));
  return 0;
}
