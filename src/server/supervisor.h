// The process: starts workers from a configuration file, listens to signals, serves the admin API,
// and stops gracefully. Runs on the main thread; the workers' threads are its own.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <weir/config.h>

#include "base/clock.h"
#include "config/loader.h"
#include "net/connector.h"
#include "net/loop.h"
#include "net/signals.h"
#include "net/tls_engine.h"
#include "server/admin_server.h"
#include "server/endpoint_health.h"
#include "server/file_watch.h"
#include "server/inherited_sockets.h"
#include "server/instruments.h"
#include "server/invocation.h"
#include "server/name_watch.h"
#include "server/pid_file.h"
#include "server/process_state.h"
#include "server/tls_upkeep.h"
#include "server/upgrade.h"
#include "server/worker.h"

namespace weir::server {

class Supervisor {
 public:
  // `pid_file` may be empty: then there is none.
  explicit Supervisor(std::string config_path, std::string pid_file = {});
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Loads, starts, serves until told to stop. 0: stopped as asked; 1: could not start, the reasons
  // are on stderr.
  int run();

 private:
  using Reasons = std::vector<std::string>;

  // Each step of the start; false = reasons were printed.
  bool prepare();
  bool load(config::Config& config);
  bool build(config::Config config);
  std::vector<KeptEndpoint> take_over_settings(const config::Config& config);
  bool open_sockets();
  bool open_admin();
  bool write_pid_file();
  void leave_files();
  void serve();  // until told to stop
  void begin_checks();
  void await_first_checks();
  void start_workers();
  void tell_of_early_changes();
  void watch_names();
  void tell_ready();
  void watch_signals();

  // supervisor_reload.cc: another file for a running process.
  ReloadReport reload(bool dry_run, std::string_view by);
  ReloadReport try_reload(bool dry_run);
  bool open_new_sockets(const proxy::Snapshot& next, std::vector<WorkerSockets>& opened,
                        std::vector<std::string>& addresses, ReloadReport& report) const;
  bool open_logs(const config::Config& next, ReloadReport& report);
  void hand_over(std::shared_ptr<const proxy::Snapshot> next, std::vector<WorkerSockets> sockets,
                 std::vector<std::string> addresses);
  void update_clusters(const std::vector<proxy::ClusterUpdate>& updates);
  using Tell = std::function<void(Worker&, const std::shared_ptr<Countdown>&, std::size_t)>;
  // False: one of them has not done yet what it was told.
  bool tell_workers(std::string_view what, const Tell& tell);
  void watch_file();
  std::vector<std::string> watched_files(const config::Loaded& loaded);

  // supervisor_upgrade.cc: another process for this one.
  std::string upgrade(std::string_view by, Upgrade::Done done);
  std::optional<std::vector<HandedSocket>> sockets_to_hand_over();
  std::string settings_to_hand_over() const;
  std::string why_it_may_not_serve();
  net::ChildProgram successor(const std::vector<HandedSocket>& sockets, int ticket_keys,
                              int settings) const;
  void on_upgrade_over(const UpgradeReport& report, const Upgrade::Done& done);
  void on_upgrade_signal();

  void on_stop_signal();
  void on_reload_signal();
  void on_reopen_signal();
  bool reopen_logs();
  void begin_drain(bool handed_over);
  void stop_now();
  void look_whether_stopped();

  const std::string config_path_;
  std::vector<std::string> files_;  // what the file names, when it was loaded first
  const Invocation invocation_;
  PidFile pid_file_;
  net::Loop loop_;
  ProcessState state_;
  std::unique_ptr<Instruments> instruments_;
  std::vector<WorkerSockets> sockets_;  // by worker, until they are handed over
  std::vector<std::unique_ptr<Worker>> workers_;
  net::TcpConnector connector_{loop_};  // of health checks
  SystemClock clock_;
  net::TlsEngine tls_{clock_, &loop_};  // of health checks
  std::unique_ptr<EndpointHealth> health_;
  std::unique_ptr<NameWatch> names_;  // while the workers serve
  std::unique_ptr<AdminServer> admin_;
  std::vector<std::unique_ptr<net::SignalWatch>> signals_;
  std::unique_ptr<FileWatch> file_watch_;
  std::unique_ptr<TlsUpkeep> tls_upkeep_;
  InheritedSockets inherited_;  // at the start
  std::unique_ptr<Upgrade> upgrade_;
  std::string handed_settings_;  // what the new process was started with
  bool reload_missed_ = false;   // the file changed while an upgrade was under way
  bool reload_waits_ = false;    // for the workers
  net::TimerEntry stop_timer_;
  net::TimeMs stop_at_ = 0;  // when draining ends at the latest
};

}  // namespace weir::server
