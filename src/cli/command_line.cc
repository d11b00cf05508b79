// The commands' options and help, declared with CLI11. Parses and dispatches; the work is in the
// commands.
#include "cli/command_line.h"

#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "server/version.h"

namespace weir::cli {
namespace {

constexpr const char* kDefaultFile = "/etc/weir/weir.yaml";

void add_file(CLI::App& command, std::string& file) {
  command.add_option("-c,--config", file, "The configuration file")
      ->default_val(kDefaultFile)
      ->type_name("FILE");
}

void add_run(CLI::App& app, int& code) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand("run", "Serve until SIGTERM or SIGINT");
  add_file(*command, options->file);
  command->callback([options, &code] { code = run(*options); });
}

void add_check(CLI::App& app, int& code) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command = app.add_subcommand(
      "check", "Check a configuration file; every error is printed with its place");
  add_file(*command, options->file);
  command->add_flag("--dump", options->dump, "Print the resolved configuration as YAML");
  command->callback([options, &code] { code = check(*options); });
}

void add_explain(CLI::App& app, int& code) {
  auto options = std::make_shared<ExplainOptions>();
  CLI::App* command =
      app.add_subcommand("explain", "Say which route and endpoints a request gets, and why");
  command->add_option("METHOD", options->method, "For example GET")->required();
  command->add_option("URL", options->url, "https://host/path?query, or a path with -H 'Host: ...'")
      ->required();
  add_file(*command, options->file);
  command
      ->add_option("-H,--header", options->headers,
                   "A request header, 'Name: value'; may be repeated")
      ->type_name("HEADER")
      ->allow_extra_args(false);
  command->add_option("--from", options->from, "The client's address")->type_name("IP");
  command->add_option("--listener", options->listener,
                      "The listener it comes in by (default: the first)");
  command->callback([options, &code] { code = explain(*options); });
}

void add_status(CLI::App& app, int& code) {
  auto options = std::make_shared<StatusOptions>();
  CLI::App* command = app.add_subcommand("status", "Show what a running weir does");
  command->add_option(
      "--admin", options->admin,
      "Its admin address (default: the one in -c FILE, else $WEIR_ADMIN, else 127.0.0.1:9901)");
  command->add_option("-c,--config", options->file, "The file it runs with, for its admin address")
      ->type_name("FILE");
  command->add_flag("--json", options->json, "Print the JSON documents as they come");
  command->callback([options, &code] { code = status(*options); });
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app("weir: an HTTP load balancer", "weir");
  app.set_version_flag("-V,--version", "weir " + std::string(server::kVersion),
                       "Print the version");
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Show the help of every command");
  int code = 0;
  add_run(app, code);
  add_check(app, code);
  add_explain(app, code);
  add_status(app, code);
  app.add_subcommand("version", "Print the version")->callback([&code] { code = version(); });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return code;
}

}  // namespace weir::cli
