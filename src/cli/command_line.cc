// The commands' options and help, declared with CLI11. Parses and dispatches; the work is in the
// commands.
#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.h"
#include "cli/failure.h"
#include "config/suggestion.h"
#include "server/version.h"

namespace weir::cli {
namespace {

constexpr const char* kDefaultFile = "/etc/weir/weir.yaml";

void add_file(CLI::App& command, std::string& file) {
  command.add_option("-c,--config,FILE", file, "The configuration file")
      ->default_val(kDefaultFile)
      ->type_name("FILE");
}

void add_run(CLI::App& app, int& code) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand("run", "Serve until SIGTERM or SIGINT");
  add_file(*command, options->file);
  command->add_option("--pid-file", options->pid_file, "Where the serving process writes its id")
      ->type_name("FILE");
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

// Where a running weir is found.
CLI::Option* add_admin(CLI::App& command, AdminTarget& where) {
  return command
      .add_option(
          "--admin", where.admin,
          "Its admin address (default: the one in -c FILE, else $WEIR_ADMIN, else 127.0.0.1:9901)")
      ->type_name("ADDRESS");
}
void add_live(CLI::App& command, AdminTarget& where) {
  add_admin(command, where);
  command.add_option("-c,--config", where.file, "The file it runs with, for its admin address")
      ->type_name("FILE");
}

void add_question(CLI::App& command, server::ExplainQuestion& question) {
  command.add_option("METHOD", question.method, "For example GET")->required();
  command.add_option("URL", question.url, "https://host/path?query, or a path with -H 'Host: ...'")
      ->required();
  command
      .add_option("-H,--header", question.headers,
                  "A request header, 'Name: value'; may be repeated")
      ->type_name("HEADER")
      ->allow_extra_args(false);
  command.add_option("--from", question.from, "The address it comes from")->type_name("IP");
  command.add_option("--listener", question.listener,
                     "The listener it comes in by (default: the one that the URL fits)");
}

void add_explain(CLI::App& app, int& code) {
  auto options = std::make_shared<ExplainOptions>();
  CLI::App* command = app.add_subcommand(
      "explain", "Say which route, variant and endpoints a request gets, and why");
  add_question(*command, options->question);
  CLI::Option* file = command
                          ->add_option("-c,--config", options->file,
                                       "The configuration file; with --live the one it runs with")
                          ->default_str(kDefaultFile)
                          ->type_name("FILE");
  CLI::Option* live =
      command->add_flag("--live", options->live, "Ask a running weir instead of a file");
  add_admin(*command, options->where)->needs(live);
  command->add_flag("--json", options->json, "Print the JSON document");
  command->callback([options, file, &code] {
    if (file->count() == 0 && !options->live) options->file = kDefaultFile;
    if (options->live) options->where.file = options->file;
    code = explain(*options);
  });
}

void add_status(CLI::App& app, int& code) {
  auto options = std::make_shared<StatusOptions>();
  CLI::App* command = app.add_subcommand("status", "Show what a running weir does");
  add_live(*command, options->where);
  command->add_flag("--json", options->json, "Print the JSON documents as they come");
  command->callback([options, &code] { code = status(*options); });
}

void add_weight(CLI::App& app, int& code) {
  auto options = std::make_shared<WeightOptions>();
  CLI::App* command =
      app.add_subcommand("weight", "Change the weights of a running weir's split, or show them");
  command->add_option("ROUTE", options->route, "The route with the split")->required();
  command
      ->add_option("WEIGHTS", options->assignments,
                   "New weights; variants left out keep theirs. None: show the present ones")
      ->type_name("VARIANT=N");
  add_live(*command, options->where);
  command->add_option("--as", options->actor, "Who changes them, for the log (default: user@host)")
      ->type_name("NAME");
  command->callback([options, &code] { code = weight(*options); });
}

void add_reload(CLI::App& app, int& code) {
  auto options = std::make_shared<ReloadOptions>();
  CLI::App* command =
      app.add_subcommand("reload", "A running weir takes its file up again; all of it, or nothing");
  add_live(*command, options->where);
  command->add_flag("--dry-run", options->dry_run, "Only say what would change");
  command->callback([options, &code] { code = reload(*options); });
}

void add_drain(CLI::App& app, int& code) {
  auto options = std::make_shared<DrainOptions>();
  CLI::App* command = app.add_subcommand(
      "drain", "Take an endpoint of a running weir out of service, or bring it back");
  command->add_option("CLUSTER/ENDPOINT", options->endpoint, "The endpoint as weir status shows it")
      ->required();
  CLI::Option* wait =
      command->add_flag("--wait", options->wait, "Return when no request is in flight there");
  command->add_option("--timeout", options->timeout, "How long to wait")
      ->default_str("30s")
      ->type_name("DURATION")
      ->needs(wait);
  command->add_flag("--force", options->force, "Even where min_available forbids it");
  command->add_flag("--undo", options->undo, "Bring it back: new requests go there again")
      ->excludes(wait);
  add_live(*command, options->where);
  command->add_option("--as", options->actor, "Who does it, for the log (default: user@host)")
      ->type_name("NAME");
  command->callback([options, &code] { code = drain(*options); });
}

void add_upgrade(CLI::App& app, int& code) {
  auto options = std::make_shared<UpgradeOptions>();
  CLI::App* command = app.add_subcommand(
      "upgrade", "A running weir hands its sockets to a new process of its binary, and ends");
  add_live(*command, options->where);
  command->callback([options, &code] { code = upgrade(*options); });
}

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::string not_known(std::string_view kind, std::string_view word,
                      const std::vector<std::string>& known) {
  const std::vector<std::string_view> words(known.begin(), known.end());
  return fmt::format("there is no {} '{}'{}", kind, word, config::suggestion(word, words));
}

// Empty when `taker` has the option.
std::string option_not_known(const CLI::App& taker, const std::string& word) {
  if (taker.get_option_no_throw(word) != nullptr) return {};
  std::vector<std::string> known;
  for (const CLI::Option* option : taker.get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  return not_known("option", word, known);
}

// What a mistyped command, or option of one, was meant to be; empty when every word is known.
std::string word_not_known(const CLI::App& app, int argc, char** argv) {
  const CLI::App* command = nullptr;
  std::vector<std::string> names;
  for (const CLI::App* one : commands_of(app)) names.push_back(one->get_name());
  for (int i = 1; i < argc; ++i) {
    const std::string word = std::string(argv[i]).substr(0, std::string(argv[i]).find('='));
    if (word.starts_with("--")) {
      std::string fault = option_not_known(command == nullptr ? app : *command, word);
      if (!fault.empty()) return fault;
    } else if (command == nullptr && !word.starts_with("-")) {
      const auto found = std::ranges::find(names, word);
      if (found == names.end()) return not_known("command", word, names);
      command = commands_of(app)[static_cast<std::size_t>(found - names.begin())];
    }
  }
  return {};
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
  add_weight(app, code);
  add_reload(app, code);
  add_drain(app, code);
  add_upgrade(app, code);
  app.add_subcommand("version", "Print the version")->callback([&code] { code = version(); });
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked = error.get_exit_code() == 0;  // for help, or the version
    if (std::string fault = word_not_known(app, argc, argv); !asked && !fault.empty()) {
      return wrong_usage(fault);
    }
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const nlohmann::json::exception& error) {
    // From a command that asked another version, or no weir at all.
    return failed(std::string("the answer is not as this version knows it: ") + error.what());
  }
  return code;
}

}  // namespace weir::cli
