// The weir command: parses arguments and runs one of its commands. Exit codes: 0 done, 1 failed, 2
// wrong usage.
#pragma once

namespace weir::cli {

int run_command_line(int argc, char** argv);

}  // namespace weir::cli
