// docs/observability.md is the contract with whoever reads logs and metrics: every field and series
// is named there, and every field named there exists.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <memory>
#include <set>
#include <sstream>

#include "fixtures.h"
#include "observe/access_log.h"
#include "observe/exchange_metrics.h"
#include "observe/grpc_metrics.h"
#include "observe/json_line.h"
#include "observe/mirror_metrics.h"
#include "observe/rate_limit_metrics.h"
#include "observe/split_metrics.h"
#include "observe/tunnel_metrics.h"
#include "prometheus_text.h"

namespace weir::observe {
namespace {

using Names = std::set<std::string>;

// The first cells of the rows `| \`text\` | ...` under the heading, up to the next one.
Names rows_under(const std::string& heading) {
  Names names;
  bool inside = false;
  for (const std::string& line : lines_of(text_of(WEIR_SOURCE_DIR "/docs/observability.md"))) {
    if (line.starts_with('#')) inside = line == heading;
    if (!inside || !line.starts_with("| `")) continue;
    names.insert(line.substr(3, line.find('`', 3) - 3));
  }
  return names;
}

// `name{label,label}` as the names of the labels by the name of the series.
std::map<std::string, Names> documented_series() {
  std::map<std::string, Names> series;
  for (const std::string& row : rows_under("### Series")) {
    const std::size_t brace = row.find('{');
    Names& labels = series[row.substr(0, brace)];
    if (brace == std::string::npos) continue;
    std::istringstream list(row.substr(brace + 1, row.size() - brace - 2));
    for (std::string label; std::getline(list, label, ',');) labels.insert(label);
  }
  return series;
}

// The same of a page; what a histogram's samples append to its name and labels is left out.
std::map<std::string, Names> rendered_series(const PrometheusPage& page) {
  std::map<std::string, Names> series;
  for (const std::string& family : page.families) {
    auto sample = page.samples.lower_bound(family + "{");
    if (sample == page.samples.end() || !sample->first.starts_with(family + "{")) {
      sample = page.samples.lower_bound(family);
    }
    Names& labels = series[family];
    const std::string& text = sample->first;
    for (std::size_t equals = text.find("=\""); equals != std::string::npos;
         equals = text.find("=\"", equals + 1)) {
      const std::size_t begin = text.find_last_of("{,", equals) + 1;
      labels.insert(text.substr(begin, equals - begin));
    }
    labels.erase("le");
  }
  return series;
}

TEST(Documentation, NamesEveryLogFieldAndNoOther) {
  ExchangeRecord record = full_record();
  record.assigned_variant = "stable";
  record.mirror = "shop-next=sent";
  record.is_copy = true;
  record.grpc_status = 14;
  const Try tries[] = {{.cluster = "c", .endpoint = "e"}, {.cluster = "c", .endpoint = "e"}};
  record.tries = tries;
  const auto memory = std::make_unique<char[]>(json_line_bound(record));
  char* const end = write_json_line(record, "2026-01-31T23:59:59.123Z", memory.get());
  Names fields;
  const auto line = nlohmann::json::parse(memory.get(), end);
  for (const auto& [name, value] : line.items()) fields.insert(name);
  EXPECT_EQ(rows_under("### Fields"), fields);
}

TEST(Documentation, NamesEverySeriesOfThisModuleWithItsLabels) {
  Registry registry(1);
  exchange_series(registry, {"web", "shop", "", "shop-v1"});
  variant_series(registry, "shop", "canary");
  override_series(registry, "shop");
  mirror_series(registry, "shop", "shop-next");
  rate_limit_series(registry, "shop");
  tunnel_series(registry, "shop");
  grpc_series(registry, "shop", "canary", "shop-v2");
  const AccessLog log(1);
  std::string out;
  Exposition page(out);
  registry.render(page);
  log.render(page);
  const PrometheusPage read = PrometheusReader::read(out);
  ASSERT_EQ(read.error, "");
  const auto documented = documented_series();
  for (const auto& [family, labels] : rendered_series(read)) {
    const auto named = documented.find(family);
    ASSERT_NE(named, documented.end()) << family;
    EXPECT_EQ(named->second, labels) << family;
  }
}

// Series that the server renders from its snapshot at scrape time.
TEST(Documentation, NamesEverySeriesOfTheServer) {
  const auto documented = documented_series();
  const std::string source = text_of(WEIR_SOURCE_DIR "/src/server/instruments.cc");
  std::size_t found = 0;
  for (std::size_t at = source.find("\"weir_"); at != std::string::npos;
       at = source.find("\"weir_", at + 1), ++found) {
    const std::string name = source.substr(at + 1, source.find('"', at + 1) - at - 1);
    EXPECT_TRUE(documented.contains(name)) << name;
  }
  EXPECT_GT(found, 10U);
}

TEST(Documentation, ExplainsEveryWordAboutSplitsAndMirrors) {
  Names reasons, outcomes, drops;
  for (std::size_t i = 1; i < kVariantReasons; ++i) {
    reasons.emplace(name_of(static_cast<VariantReason>(i)));
  }
  outcomes.insert(kMirrorOutcomeNames.begin() + 1, kMirrorOutcomeNames.end());  // 1xx never ends
  drops.insert(kMirrorDropNames.begin(), kMirrorDropNames.end());
  EXPECT_EQ(rows_under("### Reasons for a variant"), reasons);
  EXPECT_EQ(rows_under("### Outcomes of copies"), outcomes);
  EXPECT_EQ(rows_under("### Dropped copies"), drops);
}

}  // namespace
}  // namespace weir::observe
