// Fuzzes the configuration loader: any bytes are refused with errors that have a place, or
// accepted, and what is accepted survives being dumped and loaded again unchanged. Run by libFuzzer
// (preset fuzz); seeds are the files of conf/ and of tests/unit/config/bad. Never touches files,
// the network or the process environment.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "config/dump.h"
#include "config/loader.h"

namespace {

constexpr std::size_t kLongest = 64 * 1024;  // longer inputs find nothing that shorter ones do not

const char* variable(const void*, const char* name) {
  if (std::strcmp(name, "A") == 0) return "a";
  if (std::strcmp(name, "WEIR_ADMIN_TOKEN") == 0) return "token";
  if (std::strcmp(name, "WEIR_TESTER_SECRET") == 0) return "secret";
  if (std::strcmp(name, "TEXT") == 0) return "${A} $$ \" ' \\ \n: #";
  return std::strlen(name) == 1 ? "" : nullptr;
}

[[noreturn]] void fail(const char* what, std::string_view text) {
  std::fprintf(stderr, "%s\n%.*s\n", what, static_cast<int>(text.size()), text.data());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size > kLongest) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const weir::config::Environment environment{variable};
  const weir::config::Loaded loaded = weir::config::load_text(text, "fuzz.yaml", environment);
  for (const auto& error : loaded.errors) {
    const bool one_line = error.message.find('\n') == std::string::npos;
    if (error.message.empty() || !one_line || error.line < 0)
      fail("an error without words or place", text);
  }
  if (!loaded.errors.empty()) return 0;

  const std::string dumped = weir::config::dump(loaded.config);
  const weir::config::Loaded again = weir::config::load_text(dumped, "dump.yaml", environment);
  if (!again.errors.empty()) fail(to_string(again.errors.front()).c_str(), dumped);
  if (again.config != loaded.config) fail("the dump loads to another configuration", dumped);
  return 0;
}
