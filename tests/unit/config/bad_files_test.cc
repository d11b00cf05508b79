// Every file of bad/ is refused with exactly the errors that its last lines name ("# error
// LINE:COLUMN: message"). A new mistake worth catching is a new file there. Never compares less
// than everything: a message that is missing, moved or reworded fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "support.h"

namespace weir::config::testing {
namespace {

std::vector<std::string> expected_errors(const std::string& text) {
  constexpr std::string_view kPrefix = "# error ";
  std::vector<std::string> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(kPrefix)) out.push_back(line.substr(kPrefix.size()));
  }
  return out;
}

std::vector<std::string> bad_files() {
  std::vector<std::string> out;
  for (const auto& entry :
       std::filesystem::directory_iterator(source_file("tests/unit/config/bad"))) {
    if (entry.path().extension() == ".yaml") out.push_back(entry.path().stem().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

class BadFile : public ::testing::TestWithParam<std::string> {};

TEST_P(BadFile, IsRefusedWithExactlyTheseErrors) {
  const std::string path = source_file("tests/unit/config/bad/" + GetParam() + ".yaml");
  const std::vector<std::string> expected = expected_errors(text_of(path));
  ASSERT_FALSE(expected.empty()) << path << " names no errors";

  const Loaded loaded = load_file(path, environment_of(kNoVariables));
  std::vector<std::string> found;
  for (const ConfigError& error : loaded.errors) {
    EXPECT_EQ(error.file, path);
    found.push_back(std::to_string(error.line) + ":" + std::to_string(error.column) + ": " +
                    error.message);
  }
  EXPECT_THAT(found, ::testing::ElementsAreArray(expected));
}

INSTANTIATE_TEST_SUITE_P(Config, BadFile, ::testing::ValuesIn(bad_files()),
                         [](const auto& name) { return name.param; });

}  // namespace
}  // namespace weir::config::testing
