// A secret for another process, in a file without a name that lives in memory: by descriptor it
// can be handed to a child without showing in its environment or on a disk.
#pragma once

#include <string>
#include <string_view>

#include <weir/error.h>

#include "net/descriptor.h"

namespace weir::net {

Result<Descriptor> keep_secret(std::string_view secret);
// What is in it, up to `most` bytes; closes the descriptor. Empty when there is nothing to read.
std::string take_secret(int fd, std::size_t most);

}  // namespace weir::net
