// Files that a configuration names: read beside the file that says so, and a mistake with a place
// when there is none.
#include "config/named_file.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <weir/limits.h>

#include "support.h"

namespace weir::config::testing {
namespace {

class NamedFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "weir-named-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
  }
  Loaded load(const std::string& ca) {
    write("weir.yaml",
          "listeners: { web: { address: 127.0.0.1:0 } }\n"
          "clusters:\n"
          "  c:\n"
          "    endpoints: [127.0.0.1:1]\n"
          "    tls: { ca: " +
              ca + " }\n");
    Loaded loaded = load_file(folder_ + "/weir.yaml", environment_of(kNoVariables));
    read_named_files(loaded);
    return loaded;
  }

  std::string folder_;
};

TEST_F(NamedFiles, AreReadBesideTheFileThatNamesThem) {
  write("ca.pem", "some text");
  const Loaded loaded = load("ca.pem");
  ASSERT_EQ(lines_of(loaded.errors), "");
  EXPECT_EQ(loaded.config.clusters[0].tls->ca.text, "some text");
  EXPECT_EQ(loaded.config.clusters[0].tls->ca.path, folder_ + "/ca.pem");
  EXPECT_EQ(load(folder_ + "/ca.pem").config.clusters[0].tls->ca.text, "some text");
}

TEST_F(NamedFiles, AnotherTextIsAnotherConfiguration) {
  write("ca.pem", "one");
  const Loaded before = load("ca.pem");
  EXPECT_EQ(load("ca.pem").config, before.config);
  write("ca.pem", "two");
  EXPECT_NE(load("ca.pem").config, before.config);
}

TEST_F(NamedFiles, WhatCannotBeReadIsAMistakeWithAPlace) {
  const std::string place = folder_ + "/weir.yaml:5:16: ";
  EXPECT_EQ(lines_of(load("gone.pem").errors),
            place + folder_ + "/gone.pem: cannot be opened: No such file or directory\n");
  std::filesystem::create_directory(folder_ + "/keys");
  EXPECT_EQ(lines_of(load("keys").errors),
            place + folder_ + "/keys: is a directory: name the file\n");
  write("empty.pem", "");
  EXPECT_EQ(lines_of(load("empty.pem").errors), place + folder_ + "/empty.pem: is empty\n");
}

TEST_F(NamedFiles, AreBounded) {
  write("most.pem", std::string(limits::kNamedFileBytes, 'x'));
  EXPECT_EQ(lines_of(load("most.pem").errors), "");
  write("more.pem", std::string(limits::kNamedFileBytes + 1, 'x'));
  EXPECT_EQ(load("more.pem").errors.size(), 1U);
}

}  // namespace
}  // namespace weir::config::testing
