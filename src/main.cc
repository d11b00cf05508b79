// The program: everything is in the command line module.
#include "cli/command_line.h"

int main(int argc, char** argv) {
  return weir::cli::run_command_line(argc, argv);
}
