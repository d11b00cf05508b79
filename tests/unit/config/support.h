// What the tests of config/ share: environments without the process's own, and files of the source
// tree. Included by the tests of this folder only. Never reads the real environment, so that a test
// says the same on every machine.
#pragma once

#ifndef WEIR_SOURCE_DIR
#define WEIR_SOURCE_DIR "."  // the build says where the sources are
#endif

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>

#include "config/loader.h"

namespace weir::config::testing {

using Variables = std::map<std::string, std::string>;

// The variables must outlive the environment.
inline Environment environment_of(const Variables& variables) {
  return {[](const void* context, const char* name) -> const char* {
            const auto& all = *static_cast<const Variables*>(context);
            const auto found = all.find(name);
            return found == all.end() ? nullptr : found->second.c_str();
          },
          &variables};
}

inline const Variables kNoVariables;
inline const Variables kReferenceVariables = {{"WEIR_ADMIN_TOKEN", "secret"},
                                              {"WEIR_TESTER_SECRET", "tester"}};

inline std::string source_file(std::string_view path) {
  return std::string(WEIR_SOURCE_DIR) + "/" + std::string(path);
}

inline std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline Loaded load(std::string_view text, const Variables& variables = kNoVariables) {
  return load_text(text, "test.yaml", environment_of(variables));
}

// The errors as lines, for a failure that shows all of them.
inline std::string lines_of(const std::vector<ConfigError>& errors) {
  std::string out;
  for (const ConfigError& error : errors) out += to_string(error) + "\n";
  return out;
}

// A file that is right, with something behind it.
inline std::string with_listener(std::string_view rest) {
  return "listeners: { web: { address: 127.0.0.1:8080 } }\n" + std::string(rest);
}

}  // namespace weir::config::testing
