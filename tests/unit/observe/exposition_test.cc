// The text format: golden pages, escaping, and values that a scraper has its own words for.
#include "observe/exposition.h"

#include <gtest/gtest.h>

#include <limits>

#include "prometheus_text.h"

namespace weir::observe {
namespace {

TEST(Exposition, GoldenPage) {
  std::string out;
  Exposition page(out);
  page.family("weir_up", MetricType::gauge, "Is it up?");
  page.sample({}, 1);
  page.family("weir_up", MetricType::gauge, "Is it up?");  // still open: nothing is printed
  page.sample({{"b", "2"}, {"a", "1"}}, -5);
  page.family("weir_ratio", MetricType::gauge, "A ratio.");
  page.sample({}, 0.25);
  EXPECT_EQ(out,
            "# HELP weir_up Is it up?\n"
            "# TYPE weir_up gauge\n"
            "weir_up 1\n"
            "weir_up{a=\"1\",b=\"2\"} -5\n"
            "# HELP weir_ratio A ratio.\n"
            "# TYPE weir_ratio gauge\n"
            "weir_ratio 0.25\n");
  EXPECT_EQ(PrometheusReader::read(out).error, "");
}

TEST(Exposition, EscapesLabelsAndHelp) {
  std::string out;
  Exposition page(out);
  page.family("weir_x", MetricType::counter, "back\\slash \"quote\" new\nline");
  page.sample({{"path", "C:\\dir \"q\"\nend"}}, 1u);
  EXPECT_EQ(out,
            "# HELP weir_x back\\\\slash \"quote\" new\\nline\n"
            "# TYPE weir_x counter\n"
            "weir_x{path=\"C:\\\\dir \\\"q\\\"\\nend\"} 1\n");
  EXPECT_EQ(PrometheusReader::read(out).error, "");
}

TEST(Exposition, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(Labels({{"l", "gr\xc3\xbc\xc3\x9f \xff\xc3"}}).text(),
            "l=\"gr\xc3\xbc\xc3\x9f \xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST(Exposition, SpecialValuesHaveNames) {
  using Limits = std::numeric_limits<double>;
  std::string out;
  Exposition page(out);
  page.family("weir_v", MetricType::gauge, "v");
  page.sample({{"v", "nan"}}, Limits::quiet_NaN());
  page.sample({{"v", "inf"}}, Limits::infinity());
  page.sample({{"v", "-inf"}}, -Limits::infinity());
  page.sample({{"v", "max"}}, std::numeric_limits<std::uint64_t>::max());
  const PrometheusPage read = PrometheusReader::read(out);
  EXPECT_EQ(read.error, "");
  EXPECT_EQ(read.value("weir_v{v=\"nan\"}"), "NaN");
  EXPECT_EQ(read.value("weir_v{v=\"inf\"}"), "+Inf");
  EXPECT_EQ(read.value("weir_v{v=\"-inf\"}"), "-Inf");
  EXPECT_EQ(read.value("weir_v{v=\"max\"}"), "18446744073709551615");
}

TEST(Exposition, HistogramIsCumulativeAndInSeconds) {
  std::string out;
  Exposition page(out);
  page.family("weir_d_seconds", MetricType::histogram, "d");
  BucketCounts buckets{};
  buckets[0] = 2;
  buckets[3] = 1;
  buckets[kBuckets - 1] = 4;
  page.histogram({{"route", "r"}}, buckets, 90'000'000'125);
  const PrometheusPage read = PrometheusReader::read(out);
  EXPECT_EQ(read.error, "");
  EXPECT_EQ(read.value("weir_d_seconds_bucket{route=\"r\",le=\"0.001\"}"), "2");
  EXPECT_EQ(read.value("weir_d_seconds_bucket{route=\"r\",le=\"0.005\"}"), "2");
  EXPECT_EQ(read.value("weir_d_seconds_bucket{route=\"r\",le=\"0.01\"}"), "3");
  EXPECT_EQ(read.value("weir_d_seconds_bucket{route=\"r\",le=\"60\"}"), "3");
  EXPECT_EQ(read.value("weir_d_seconds_bucket{route=\"r\",le=\"+Inf\"}"), "7");
  EXPECT_EQ(read.value("weir_d_seconds_count{route=\"r\"}"), "7");
  EXPECT_EQ(read.value("weir_d_seconds_sum{route=\"r\"}"), "90.000000125");
}

TEST(Exposition, LabelsAreASet) {
  EXPECT_EQ(Labels({{"a", "1"}, {"b", "2"}}), Labels({{"b", "2"}, {"a", "1"}}));
  EXPECT_NE(Labels({{"a", "1"}}), Labels({{"a", "2"}}));
  EXPECT_EQ(Labels().text(), "");
}

// The reader is what the other tests rely on: it has to be able to say no.
TEST(PrometheusReader, RefusesWhatIsWrong) {
  const std::string head = "# HELP a x\n# TYPE a counter\n";
  EXPECT_EQ(PrometheusReader::read(head + "a 1\n").error, "");
  for (const std::string bad :
       {"a", "b 1", "a{l=\"x} 1", "a{l=\"\\x\"} 1", "a{l=\"1\",l=\"2\"} 1", "a one", "a{1=\"\"} 1",
        "a 1\na 2", "# HELP a x\n# TYPE a counter", "# TYPE c counter"}) {
    EXPECT_NE(PrometheusReader::read(head + bad + "\n").error, "") << bad;
  }
  EXPECT_NE(PrometheusReader::read(head + "a 1").error, "");
}

}  // namespace
}  // namespace weir::observe
