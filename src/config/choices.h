// The words of the file that stand for enumerators. Read by the sections, written by the dump: one
// table for both, so that neither knows a word that the other does not. A new enumerator is a new
// row here.
#pragma once

#include <weir/config.h>

#include "config/scalars.h"

namespace weir::config {

inline constexpr Choice<LogFormat> kLogFormats[] = {
    {"json", LogFormat::json}, {"combined", LogFormat::combined}, {"off", LogFormat::off}};

inline constexpr Choice<LogLevel> kLogLevels[] = {{"debug", LogLevel::debug},
                                                  {"info", LogLevel::info},
                                                  {"warn", LogLevel::warn},
                                                  {"error", LogLevel::error}};

inline constexpr Choice<UnderscoreFields> kUnderscoreFields[] = {
    {"drop", UnderscoreFields::drop},
    {"pass", UnderscoreFields::pass},
    {"refuse", UnderscoreFields::refuse}};

}  // namespace weir::config
