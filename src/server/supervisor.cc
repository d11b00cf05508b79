// The process from start to stop, in the order in which it happens. It never serves a request
// itself.
#include "server/supervisor.h"

#include <fmt/core.h>

#include <csignal>
#include <cstdio>
#include <unistd.h>
#include <utility>

#include <weir/limits.h>

#include "base/clock.h"
#include "base/random.h"
#include "config/loader.h"
#include "config/named_file.h"
#include "net/process.h"
#include "net/service_notice.h"
#include "observe/log.h"
#include "server/cluster_change.h"
#include "server/error_words.h"
#include "server/handed_settings.h"
#include "server/predecessor.h"
#include "server/snapshot_builder.h"
#include "server/upstream_tls.h"
#include "server/version.h"

namespace weir::server {
namespace {

constexpr net::TimeMs kStopLookMs = 20;

void print_error(std::string_view line) {
  fmt::print(stderr, "weir: {}\n", line);
}

}  // namespace

Supervisor::Supervisor(std::string config_path, std::string pid_file)
    : config_path_(std::move(config_path)),
      invocation_(own_invocation()),
      pid_file_(std::move(pid_file)),
      stop_timer_([](void* owner) { static_cast<Supervisor*>(owner)->look_whether_stopped(); },
                  this) {}

Supervisor::~Supervisor() = default;

int Supervisor::run() {
  net::ignore_sigpipe();
  net::raise_descriptor_limit();
  if (!prepare()) {
    if (has_predecessor()) leave_files();
    return 1;
  }
  begin_checks();
  await_first_checks();
  const bool may_serve = state_.draining || ask_predecessor();
  if (!may_serve) leave_files();
  if (may_serve && !state_.draining) serve();
  for (const auto& worker : workers_) worker->join();
  workers_.clear();
  admin_.reset();
  file_watch_.reset();
  tls_upkeep_.reset();
  upgrade_.reset();
  names_.reset();
  health_.reset();
  signals_.clear();
  observe::log_info("stopped");
  return may_serve ? 0 : 1;
}

// Everything that can fail.
bool Supervisor::prepare() {
  inherited_ = InheritedSockets::of_environment();
  config::Config config;
  if (!load(config) || !build(std::move(config)) || !open_sockets() || !open_admin()) return false;
  inherited_.warn_of_rest();
  watch_signals();
  return write_pid_file();
}

// The files of unix sockets are the predecessor's again: it goes on serving by them.
void Supervisor::leave_files() {
  inherited_.leave_files();
  for (WorkerSockets& sockets : sockets_) {
    for (auto& [index, socket] : sockets) socket.leave_file();
  }
  if (admin_) admin_->hand_over();
}

void Supervisor::serve() {
  state_.reload = [this](bool dry_run, std::string_view by) { return reload(dry_run, by); };
  state_.update_clusters = [this](const auto& updates) { update_clusters(updates); };
  state_.upgrade = [this](std::string_view by, Upgrade::Done done) {
    return upgrade(by, std::move(done));
  };
  start_workers();
  inherited_ = {};
  watch_names();
  tell_of_early_changes();
  watch_file();
  tls_upkeep_ = std::make_unique<TlsUpkeep>(loop_, state_);
  tell_ready();
  if (reload_waits_) on_reload_signal();
  loop_.run();
}

bool Supervisor::load(config::Config& config) {
  config::Loaded loaded = config::load_file(config_path_);
  config::read_named_files(loaded);
  for (const config::ConfigError& warning : loaded.warnings)
    print_error("warning: " + to_string(warning));
  for (const config::ConfigError& error : loaded.errors) print_error(to_string(error));
  if (!loaded.errors.empty()) return false;
  config = std::move(loaded.config);
  files_ = std::move(loaded.includes);
  for (std::string& file : names_of_tls_files(config)) files_.push_back(std::move(file));
  return true;
}

bool Supervisor::build(config::Config config) {
  if (!observe::open_log(config.log)) return false;
  state_.config_path = config_path_;
  state_.workers = config.workers > 0 ? config.workers : static_cast<int>(net::usable_cpus());
  instruments_ = std::make_unique<Instruments>(state_.workers);
  state_.instruments = instruments_.get();
  if (const Error error = instruments_->access_log.open(config.access_log)) {
    print_error(fmt::format("access_log {}: {}", config.access_log.path, why(error)));
    return false;
  }
  for (int i = 0; i < state_.workers; ++i) {
    state_.live.tls.libraries.push_back(std::make_shared<net::TlsLibrary>());
  }
  state_.live.tls.tickets->restore(ticket_keys_of_predecessor());
  TlsFiles tls = read_tls_files(config, nullptr, SystemClock().wall_seconds());
  for (const std::string& warning : tls.warnings) print_error("warning: " + warning);
  for (const std::string& reason : tls.errors) print_error(reason);
  if (!tls.errors.empty()) return false;
  std::vector<KeptEndpoint> endpoints = take_over_settings(config);
  auto built = build_snapshot(std::move(config), 1, instruments_->registry, state_.live, nullptr,
                              std::move(tls));
  if (!built) {
    for (const std::string& reason : built.error()) print_error(reason);
    return false;
  }
  state_.snapshot = std::move(*built);
  for (const std::string& line :
       expiring_certificates(state_.snapshot->setups, SystemClock().wall_seconds())) {
    print_error("warning: " + line);
  }
  for (const std::string& line :
       state_.live.endpoints.take_over(std::move(endpoints), state_.snapshot->setups)) {
    observe::log_warn("upgrade: {}", line);
  }
  put_in_force(*state_.snapshot, state_.live);
  state_.started_mono_ns = SystemClock().mono_ns();
  state_.started_wall_ms = state_.loaded_wall_ms = SystemClock().wall_ms();
  return true;
}

// What operators had set in the process before this one, for what the file still says the same of.
// The endpoints' are left: they have to be there first.
std::vector<KeptEndpoint> Supervisor::take_over_settings(const config::Config& config) {
  const std::string text = settings_of_predecessor();
  if (text.empty()) return {};
  auto handed = read_handed_settings(text);
  if (!handed) {
    observe::log_warn(
        "upgrade: what was set at run time is not understood; the file's is in force");
    return {};
  }
  const std::size_t changes =
      handed->splits.size() + handed->endpoints.size() + handed->sets.size();
  if (changes > 0) {
    observe::log_info(
        "upgrade: handed over as set at run time: splits {}, endpoints {}, sets of endpoints {}",
        handed->splits.size(), handed->endpoints.size(), handed->sets.size());
  }
  state_.live.splits.take_over(std::move(handed->splits));
  state_.live.endpoints.take_over(std::move(handed->sets));
  for (const auto& lines :
       {state_.live.splits.overruled_by(config), state_.live.endpoints.sets_overruled_by(config)}) {
    for (const std::string& line : lines) observe::log_warn("upgrade: {}", line);
  }
  return std::move(handed->endpoints);
}

bool Supervisor::open_sockets() {
  sockets_.resize(static_cast<std::size_t>(state_.workers));
  for (const proxy::ListenerPlan& listener : state_.snapshot->listeners) {
    const config::Listener& settings = *listener.settings;
    const auto bound = open_for_all(settings, listener.index, sockets_, inherited_);
    if (!bound) {
      print_error(fmt::format("listener {}: {}: {}", settings.name, to_string(settings.address),
                              why(bound.error())));
      return false;
    }
    state_.listener_addresses.push_back(to_string(*bound));
  }
  return true;
}

bool Supervisor::open_admin() {
  const config::Admin& admin = state_.snapshot->config.admin;
  if (!admin.enabled) return true;
  auto socket = admin_socket(admin.address, inherited_);
  if (!socket) {
    print_error(fmt::format("admin: {}: {}", to_string(admin.address), why(socket.error())));
    return false;
  }
  admin_ = std::make_unique<AdminServer>(loop_, std::move(*socket), state_);
  // Until then the predecessor answers: what is set here would be lost if this one failed.
  if (!has_predecessor()) admin_->begin();
  return true;
}

void Supervisor::begin_checks() {
  health_ =
      std::make_unique<EndpointHealth>(connector_, loop_.wheel(), clock_, instruments_->registry,
                                       instruments_->supervisor_cells(), random_seed(), &tls_);
  state_.health = health_.get();
  health_->adopt(state_.snapshot->clusters);
}

// Connections wait in the backlog meanwhile: better than an answer from an endpoint that is dead.
void Supervisor::await_first_checks() {
  const net::TimeMs until =
      loop_.now() + static_cast<net::TimeMs>(limits::kFirstChecksWait.count());
  state_.starting = true;
  while (!state_.draining && !health_->settled() && loop_.now() < until) loop_.run_once();
  state_.starting = false;
}

void Supervisor::start_workers() {
  for (int i = 0; i < state_.workers; ++i) {
    const auto index = static_cast<std::size_t>(i);
    workers_.push_back(std::make_unique<Worker>(i, state_.workers, *instruments_,
                                                state_.live.tls.libraries[index]));
    workers_.back()->start(state_.snapshot, std::move(sockets_[index]));
  }
  sockets_.clear();
  std::string addresses;
  for (const std::string& address : state_.listener_addresses) addresses += " " + address;
  observe::log_info("weir {} ready: {} workers, {} routes, {} clusters, listening on{}", kVersion,
                    state_.workers, state_.snapshot->routes.size(),
                    state_.snapshot->clusters.size(), addresses);
}

// Workers begin with the snapshot's endpoints; an operator may have replaced some while the first
// checks were awaited.
void Supervisor::tell_of_early_changes() {
  const proxy::Snapshot& snapshot = *state_.snapshot;
  std::vector<ClusterPtr> changed;
  for (std::size_t i = 0; i < snapshot.clusters.size(); ++i) {
    if (snapshot.clusters[i]->setup() != snapshot.setups[i]) {
      changed.push_back(snapshot.clusters[i]);
    }
  }
  if (!changed.empty()) server::tell_workers(state_, changed);
}

// Not before there are workers to tell of other endpoints.
void Supervisor::watch_names() {
  names_ = std::make_unique<NameWatch>(loop_, state_, instruments_->registry,
                                       instruments_->supervisor_cells());
  names_->adopt();
}

bool Supervisor::write_pid_file() {
  const Error error = pid_file_.write();
  if (error) print_error(fmt::format("pid file {}: {}", pid_file_.path(), why(error)));
  return !error;
}

void Supervisor::tell_ready() {
  const bool successor = has_predecessor();
  tell_predecessor();
  // Where they lead to stderr, they were opened while that led to the predecessor.
  if (successor) reopen_logs();
  if (successor && admin_) admin_->begin();
  std::string lines = fmt::format("READY=1\nSTATUS=weir {} serves", kVersion);
  if (successor) lines += fmt::format("\nMAINPID={}", ::getpid());
  net::tell_service_manager(lines);
}

void Supervisor::watch_signals() {
  const auto watch = [this](int signal, void (*heard)(void*)) {
    signals_.push_back(std::make_unique<net::SignalWatch>(loop_, signal, heard, this));
  };
  watch(SIGTERM, [](void* owner) { static_cast<Supervisor*>(owner)->on_stop_signal(); });
  watch(SIGINT, [](void* owner) { static_cast<Supervisor*>(owner)->on_stop_signal(); });
  watch(SIGUSR1, [](void* owner) { static_cast<Supervisor*>(owner)->on_reopen_signal(); });
  watch(SIGUSR2, [](void* owner) { static_cast<Supervisor*>(owner)->on_upgrade_signal(); });
  watch(SIGHUP, [](void* owner) { static_cast<Supervisor*>(owner)->on_reload_signal(); });
}

void Supervisor::on_stop_signal() {
  if (state_.draining) {
    observe::log_info("second signal: stopping at once");
    stop_now();
  } else {
    begin_drain(false);
  }
}

// Before the workers are there, nobody could take it up.
void Supervisor::on_reload_signal() {
  reload_waits_ = workers_.empty();
  if (!reload_waits_) reload(false, "SIGHUP");
}

void Supervisor::on_reopen_signal() {
  if (reopen_logs()) observe::log_info("logs reopened");
}

bool Supervisor::reopen_logs() {
  observe::reopen_log();
  if (const Error error = instruments_->access_log.reopen()) {
    observe::log_error("access log: {}; the old file stays in use", why(error));
    return false;
  }
  return true;
}

void Supervisor::begin_drain(bool handed_over) {
  state_.draining = true;
  if (!handed_over) net::tell_service_manager("STOPPING=1\nSTATUS=finishing requests");
  if (names_) names_->stop();
  if (upgrade_ && state_.upgrades.under_way) upgrade_->give_up("this process was told to stop");
  const auto timeout = state_.snapshot->config.shutdown_timeout;
  stop_at_ = loop_.now() + static_cast<net::TimeMs>(timeout.count());
  observe::log_info("stopping: no new connections, finishing requests for at most {} s",
                    timeout.count() / 1000);
  for (const auto& worker : workers_) worker->drain(handed_over);
  look_whether_stopped();
}

void Supervisor::stop_now() {
  for (const auto& worker : workers_) worker->stop_now();
}

void Supervisor::look_whether_stopped() {
  bool all = true;
  for (const auto& worker : workers_) all = all && worker->finished();
  if (all) {
    loop_.stop();
    return;
  }
  if (loop_.now() >= stop_at_) {
    observe::log_warn("shutdown_timeout is over: closing what is left");
    stop_now();
    stop_at_ = net::TimerWheel::kNever;
  }
  loop_.wheel().arm_in(stop_timer_, kStopLookMs);
}

}  // namespace weir::server
