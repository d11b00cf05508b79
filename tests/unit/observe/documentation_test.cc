// docs/observability.md is the contract with whoever reads logs and metrics: every field and series
// is named there, and every field named there exists.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <set>

#include "fixtures.h"
#include "observe/access_log.h"
#include "observe/exchange_metrics.h"
#include "observe/json_line.h"
#include "prometheus_text.h"

namespace weir::observe {
namespace {

// The rows `| \`name\` | ...` under the heading, up to the next one.
std::set<std::string> rows_under(const std::string& heading) {
  std::set<std::string> names;
  bool inside = false;
  for (const std::string& line : lines_of(text_of(WEIR_SOURCE_DIR "/docs/observability.md"))) {
    if (line.starts_with('#')) inside = line == heading;
    if (!inside || !line.starts_with("| `")) continue;
    const std::size_t end = line.find_first_of("`{", 3);
    names.insert(line.substr(3, end - 3));
  }
  return names;
}

TEST(Documentation, NamesEveryLogFieldAndNoOther) {
  const ExchangeRecord record = full_record();
  const auto memory = std::make_unique<char[]>(json_line_bound(record));
  char* const end = write_json_line(record, "2026-01-31T23:59:59.123Z", memory.get());
  std::set<std::string> fields;
  const auto line = nlohmann::json::parse(memory.get(), end);
  for (const auto& [name, value] : line.items()) fields.insert(name);
  EXPECT_EQ(rows_under("### Fields"), fields);
}

TEST(Documentation, NamesEverySeriesOfThisModule) {
  Registry registry(1);
  exchange_series(registry, {"web", "shop", "", "shop-v1"});
  const AccessLog log(1);
  std::string out;
  Exposition page(out);
  registry.render(page);
  log.render(page);
  const PrometheusPage read = PrometheusReader::read(out);
  ASSERT_EQ(read.error, "");
  const std::set<std::string> named = rows_under("### Series");
  for (const std::string& family : read.families) EXPECT_TRUE(named.contains(family)) << family;
}

}  // namespace
}  // namespace weir::observe
