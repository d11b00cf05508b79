// The system's clocks behind Clock. The only place in base/ that asks the kernel for the time.
#include "base/clock.h"

#include <ctime>

namespace weir {
namespace {

std::uint64_t read(clockid_t id, std::uint64_t per_second) {
  timespec t{};
  clock_gettime(id, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * per_second +
         static_cast<std::uint64_t>(t.tv_nsec) / (1'000'000'000 / per_second);
}

}  // namespace

std::uint64_t SystemClock::mono_ns() const {
  return read(CLOCK_MONOTONIC, 1'000'000'000);
}
std::uint64_t SystemClock::wall_ms() const {
  return read(CLOCK_REALTIME, 1'000);
}

}  // namespace weir
