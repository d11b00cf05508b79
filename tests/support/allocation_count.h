// How often this thread has called operator new: tests show with it that the data path allocates
// nothing. A program that links weir_allocation_count has its operators replaced
// (allocation_count.cc).
#pragma once

#include <cstdint>

namespace weir::test {

std::uint64_t allocations();

}  // namespace weir::test
