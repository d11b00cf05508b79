// Another process for this one's sockets: it is started with them, and this one drains when it
// serves, or goes on as before when it does not. Called by SIGUSR2 and by the admin API, on the
// supervisor's thread.
#include <fmt/core.h>

#include <unistd.h>
#include <utility>

#include <weir/limits.h>

#include "base/clock.h"
#include "net/secret_file.h"
#include "net/service_notice.h"
#include "observe/log.h"
#include "server/error_words.h"
#include "server/handed_settings.h"
#include "server/supervisor.h"

namespace weir::server {

// Empty: it has begun, and `done` will be called. Else why it cannot.
std::string Supervisor::upgrade(std::string_view by, Upgrade::Done done) {
  if (workers_.empty()) return "the process is starting";
  if (state_.draining) return "the process is stopping";
  if (state_.upgrades.under_way) return "an upgrade is under way";
  if (::getpid() == 1) return "this is process 1 of its container: start another container instead";
  const auto sockets = sockets_to_hand_over();
  if (!sockets) return "a worker does not answer";
  handed_settings_ = settings_to_hand_over();
  if (handed_settings_.size() > limits::kHandedSettingsBytes) {
    return "more was set at run time than can be handed over: write it into the file";
  }
  const auto settings = net::keep_secret(handed_settings_);
  if (!settings) return fmt::format("what was set at run time: {}", why(settings.error()));
  observe::log_info("upgrade ({}): starting {}", by, invocation_.path);
  state_.upgrades.under_way = true;
  upgrade_ = std::make_unique<Upgrade>(
      loop_, static_cast<net::TimeMs>(limits::kUpgradeTimeout.count()),
      [this] { return why_it_may_not_serve(); },
      [this, done = std::move(done)](const UpgradeReport& report) {
        on_upgrade_over(report, done);
      });
  // Without them clients' sessions are not resumed, and nothing worse.
  const auto keys = net::keep_secret(state_.live.tls.tickets->save());
  const Error error =
      upgrade_->start(successor(*sockets, keys ? keys->get() : -1, settings->get()));
  if (error) {
    const std::string reason = fmt::format("{}: {}", invocation_.path, why(error));
    on_upgrade_over({.errors = {reason}}, {});
    return reason;
  }
  return {};
}

std::string Supervisor::settings_to_hand_over() const {
  const LiveState& live = state_.live;
  LiveEndpoints::Setups setups;
  for (const auto& cluster : state_.snapshot->clusters) setups.push_back(cluster->setup());
  return write_handed_settings({.splits = live.splits.kept(),
                                .endpoints = live.endpoints.kept_endpoints(setups),
                                .sets = live.endpoints.kept_sets()});
}

// It was started with what was set then. From here on nothing is, until it serves or has ended.
std::string Supervisor::why_it_may_not_serve() {
  if (settings_to_hand_over() != handed_settings_) {
    return "weights or endpoints were changed while the new process was starting, and it would "
           "not know: upgrade again";
  }
  state_.upgrades.handing_over = true;
  return {};
}

std::optional<std::vector<HandedSocket>> Supervisor::sockets_to_hand_over() {
  // One list for each worker: each writes its own.
  std::vector<std::shared_ptr<std::vector<HandedSocket>>> lists;
  const auto hand_out = [&](Worker& worker, const auto& countdown, std::size_t) {
    lists.push_back(std::make_shared<std::vector<HandedSocket>>());
    worker.hand_out_sockets(lists.back(), countdown);
  };
  if (!tell_workers("the wish for its sockets", hand_out)) return {};
  std::vector<HandedSocket> all;
  for (const auto& list : lists) {
    for (HandedSocket& each : *list) all.push_back(std::move(each));
  }
  if (admin_ == nullptr) return all;
  if (auto socket = admin_->socket().duplicate()) {
    const bool owns_file = admin_->socket().owns_file();
    all.push_back({.description = {.name = "admin", .admin = true, .owns_file = owns_file},
                   .socket = std::move(*socket)});
  }
  return all;
}

// `ticket_keys`: -1 = none.
net::ChildProgram Supervisor::successor(const std::vector<HandedSocket>& sockets, int ticket_keys,
                                        int settings) const {
  net::ChildProgram program{.path = invocation_.path,
                            .arguments = invocation_.arguments,
                            .environment = inheritable_environment(),
                            .descriptors = {}};
  std::vector<NamedDescriptor> named;
  for (const HandedSocket& each : sockets) {
    named.push_back(each.description);
    named.back().fd = net::ChildProcess::kFirstFd + static_cast<int>(program.descriptors.size());
    program.descriptors.push_back(each.socket.fd());
  }
  const auto pass = [&program](std::string_view name, int descriptor) {
    const auto fd = net::ChildProcess::kFirstFd + program.descriptors.size();
    program.environment.push_back(fmt::format("{}={}", name, fd));
    program.descriptors.push_back(descriptor);
  };
  if (ticket_keys >= 0) pass("WEIR_TICKET_KEYS_FD", ticket_keys);
  pass("WEIR_SETTINGS_FD", settings);
  program.environment.push_back("WEIR_SOCKETS=" + sockets_variable(named));
  program.environment.push_back(fmt::format("WEIR_STDERR_FD={}", net::ChildProcess::kStderrFd));
  program.environment.push_back(fmt::format("WEIR_READY_FD={}", net::ChildProcess::kWordFd));
  return program;
}

void Supervisor::on_upgrade_over(const UpgradeReport& report, const Upgrade::Done& done) {
  UpgradeHistory& history = state_.upgrades;
  history.under_way = history.handing_over = false;
  history.last_wall_ms = SystemClock().wall_ms();
  history.last = report;
  if (!report.serves) {
    ++history.failed;
    for (const std::string& error : report.errors) observe::log_error("upgrade: {}", error);
    observe::log_error("upgrade failed; this process goes on");
    write_pid_file();  // the new process may have been that far
    if (done) done(report);
    if (std::exchange(reload_missed_, false)) reload(false, "the file changed");
    return;
  }
  observe::log_info("upgrade: process {} serves", report.pid);
  net::tell_service_manager(
      fmt::format("MAINPID={}\nREADY=1\nSTATUS=process {} serves", report.pid, report.pid));
  if (done) done(report);
  if (admin_) admin_->hand_over();
  if (!state_.draining) begin_drain(true);
}

void Supervisor::on_upgrade_signal() {
  const std::string refusal = upgrade("SIGUSR2", {});
  if (!refusal.empty()) observe::log_error("upgrade (SIGUSR2) refused: {}", refusal);
}

}  // namespace weir::server
