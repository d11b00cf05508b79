// The calendar is std::chrono's; only the text is made here, because strftime follows the locale
// and gmtime takes a lock.
#include "http/date.h"

#include <chrono>
#include <cstring>

namespace weir::http {
namespace {

constexpr char kDays[] = "SunMonTueWedThuFriSat";
constexpr char kMonths[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

void put_two(char* at, unsigned number) {
  at[0] = static_cast<char>('0' + number / 10 % 10);
  at[1] = static_cast<char>('0' + number % 10);
}

}  // namespace

std::string_view format_date(std::int64_t unix_seconds, DateText& out) {
  using std::chrono::days;
  const std::chrono::sys_seconds time{std::chrono::seconds(unix_seconds)};
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::weekday weekday(day);
  const auto second = static_cast<unsigned>((time - day).count());
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));

  std::memcpy(out.data(), "Ddd, 00 Mmm 0000 00:00:00 GMT", kDateBytes);
  std::memcpy(out.data(), kDays + 3 * weekday.c_encoding(), 3);
  put_two(out.data() + 5, static_cast<unsigned>(date.day()));
  std::memcpy(out.data() + 8, kMonths + 3 * (static_cast<unsigned>(date.month()) - 1), 3);
  put_two(out.data() + 12, year / 100);
  put_two(out.data() + 14, year);
  put_two(out.data() + 17, second / 3600);
  put_two(out.data() + 20, second / 60 % 60);
  put_two(out.data() + 23, second % 60);
  return {out.data(), out.size()};
}

}  // namespace weir::http
