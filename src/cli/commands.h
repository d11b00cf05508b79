// The commands behind `weir`, one function each. Each prints what people need to stdout, failures
// to stderr, and returns the process's exit code.
#pragma once

#include <string>
#include <vector>

#include "cli/admin_client.h"
#include "server/explained_request.h"

namespace weir::cli {

struct RunOptions {
  std::string file;
  std::string pid_file;  // empty = none
};
int run(const RunOptions& options);

struct CheckOptions {
  std::string file;
  bool dump = false;  // print the resolved configuration as YAML instead of a summary
};
int check(const CheckOptions& options);

struct ExplainOptions {
  server::ExplainQuestion question;
  std::string file;   // offline
  bool live = false;  // ask a running weir, and not a file
  AdminTarget where;
  bool json = false;
};
int explain(const ExplainOptions& options);

struct StatusOptions {
  AdminTarget where;
  bool json = false;
};
int status(const StatusOptions& options);

struct WeightOptions {
  AdminTarget where;
  std::string route;
  std::vector<std::string> assignments;  // VARIANT=N; none = show the present ones
  std::string actor;                     // --as; empty = user and host
};
int weight(const WeightOptions& options);

struct ReloadOptions {
  AdminTarget where;
  bool dry_run = false;
};
int reload(const ReloadOptions& options);

struct DrainOptions {
  AdminTarget where;
  std::string endpoint;         // CLUSTER/ENDPOINT
  bool undo = false;            // back to active
  bool wait = false;            // until nothing is in flight
  std::string timeout = "30s";  // of waiting
  bool force = false;
  std::string actor;  // --as; empty = user and host
};
int drain(const DrainOptions& options);

struct UpgradeOptions {
  AdminTarget where;
};
int upgrade(const UpgradeOptions& options);

int version();

}  // namespace weir::cli
