// One attempt to let a new process serve: starts it, reads what it writes to stderr until it says
// that it is ready, and kills it when that takes too long. The supervisor's, on its loop; sockets
// and the drain that follows are the supervisor's own.
#pragma once

#include <functional>
#include <string>

#include "net/child_process.h"
#include "net/loop.h"
#include "server/upgrade_report.h"

namespace weir::server {

class Upgrade final : net::ChildEvents {
 public:
  // The new process could serve: empty when it may, else why it is to end instead.
  using MayServe = std::function<std::string()>;
  using Done = std::function<void(const UpgradeReport&)>;

  // `may_serve` is called at most once, `done` once, from the loop, unless start() failed.
  Upgrade(net::Loop& loop, net::TimeMs patience, MayServe may_serve, Done done);
  Upgrade(const Upgrade&) = delete;
  Upgrade& operator=(const Upgrade&) = delete;

  Error start(const net::ChildProgram& program);
  // Kills the new process, if it is not ready yet.
  void give_up(std::string why);

 private:
  void on_child_stderr(std::string_view bytes) override;
  void on_child_word(char word) override;
  void on_child_exit(int code, int signal) override;
  void on_timer();
  void settle(bool serves);

  net::Loop& loop_;
  const net::TimeMs patience_;
  MayServe may_serve_;
  Done done_;
  net::ChildProcess child_;
  net::TimerEntry timer_;
  std::string why_;    // what happened to it, when it is not ready
  std::string words_;  // what it wrote to stderr
  bool exited_ = false;
  bool stderr_over_ = false;
  bool settled_ = false;
};

}  // namespace weir::server
