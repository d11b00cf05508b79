// memfd_create(2).
#include "net/secret_file.h"

#include <algorithm>
#include <cerrno>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/system_error.h"

namespace weir::net {

Result<Descriptor> keep_secret(std::string_view secret) {
  Descriptor file(::memfd_create("weir-secret", MFD_CLOEXEC));
  if (!file) return Failure(system_error(errno));
  const auto written = ::write(file.get(), secret.data(), secret.size());
  if (written != static_cast<ssize_t>(secret.size())) return Failure(system_error(errno));
  return file;
}

std::string take_secret(int fd, std::size_t most) {
  const Descriptor file(fd);
  struct stat status{};
  if (::fstat(fd, &status) != 0) return {};
  std::string secret(std::min(most, static_cast<std::size_t>(status.st_size)), '\0');
  const auto size = ::pread(fd, secret.data(), secret.size(), 0);
  secret.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return secret;
}

}  // namespace weir::net
