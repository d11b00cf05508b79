// Seeds from the operating system, for those who do not bring their own.
#include "base/random.h"

#include <random>

namespace weir {

std::uint64_t random_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

}  // namespace weir
