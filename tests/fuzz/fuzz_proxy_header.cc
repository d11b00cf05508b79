// Bytes as a PROXY header: the verdict must not depend on where they are cut, what is accepted must
// be within its bounds, and what we write of it must be read as the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <weir/limits.h>

#include "net/proxy_header.h"

namespace {

using namespace weir;
using namespace weir::net;
using Verdict = ProxyHeaderStep::Verdict;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_written(const ProxyAddresses& addresses) {
  for (const ProxyVersion version : {ProxyVersion::v1, ProxyVersion::v2}) {
    const ProxyHeaderText text(version, addresses);
    ProxyHeader again;
    const ProxyHeaderStep step = read_proxy_header(text.view(), again);
    require(step.verdict == Verdict::complete && step.bytes == text.view().size());
    require(again.has_addresses && again.addresses == addresses);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ProxyHeader whole;
  const ProxyHeaderStep step = read_proxy_header(bytes, whole);
  require(step.verdict != Verdict::incomplete || size < limits::kProxyHeaderBytes);
  require(step.verdict == Verdict::complete || (step.bytes == 0 && !whole.has_addresses));
  if (step.verdict == Verdict::complete) {
    require(step.bytes > 0 && step.bytes <= size && step.bytes <= limits::kProxyHeaderBytes);
  }
  // As an arrival reads it: the first piece that decides, decides alike.
  for (std::size_t cut = 0; cut <= size; ++cut) {
    ProxyHeader part;
    const ProxyHeaderStep early = read_proxy_header(bytes.substr(0, cut), part);
    if (early.verdict == Verdict::incomplete) continue;
    require(early.verdict == step.verdict && early.bytes == step.bytes);
    require(part.has_addresses == whole.has_addresses && part.addresses == whole.addresses);
    break;
  }
  if (whole.has_addresses) check_written(whole.addresses);
  return 0;
}
