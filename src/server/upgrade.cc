// A new process is ready, exits, or is killed; each ends the attempt once.
#include "server/upgrade.h"

#include <fmt/core.h>

#include <unistd.h>
#include <utility>

#include <weir/limits.h>

#include "server/upgrade_words.h"

namespace weir::server {
namespace {

// After the exit, for what is still in the pipe: its end may never come when a grandchild has it.
constexpr net::TimeMs kLastWordsMs = 200;

}  // namespace

Upgrade::Upgrade(net::Loop& loop, net::TimeMs patience, MayServe may_serve, Done done)
    : loop_(loop),
      patience_(patience),
      may_serve_(std::move(may_serve)),
      done_(std::move(done)),
      child_(loop, *this),
      timer_([](void* self) { static_cast<Upgrade*>(self)->on_timer(); }, this) {}

Error Upgrade::start(const net::ChildProgram& program) {
  const Error error = child_.start(program);
  settled_ = static_cast<bool>(error);
  if (!error) loop_.wheel().arm_in(timer_, patience_);
  return error;
}

void Upgrade::give_up(std::string why) {
  if (settled_ || exited_ || !why_.empty()) return;
  why_ = std::move(why);
  timer_.cancel();
  child_.kill();
}

void Upgrade::on_child_stderr(std::string_view bytes) {
  if (bytes.empty()) {
    stderr_over_ = true;
    if (exited_) settle(false);
    return;
  }
  words_ += bytes.substr(0, limits::kUpgradeWordsBytes - words_.size());
  // People look for it where the new process would have written it.
  if (::write(STDERR_FILENO, bytes.data(), bytes.size()) < 0) return;
}

// One that does not ask is older than the question.
void Upgrade::on_child_word(char word) {
  if (settled_ || exited_ || !why_.empty()) return;
  if (word != upgrade_words::kPrepared) return settle(true);
  std::string reason = may_serve_();
  if (reason.empty() && !child_.answer(upgrade_words::kServe)) reason = "it cannot be answered";
  if (!reason.empty()) give_up(std::move(reason));
}

void Upgrade::on_child_exit(int code, int signal) {
  exited_ = true;
  if (settled_) return;
  if (why_.empty()) {
    why_ = signal != 0 ? fmt::format("the new process was ended by signal {}", signal)
                       : fmt::format("the new process exited with {}", code);
  }
  if (stderr_over_) {
    settle(false);
  } else {
    loop_.wheel().arm_in(timer_, kLastWordsMs);
  }
}

void Upgrade::on_timer() {
  if (exited_) {
    settle(false);
  } else {
    give_up(fmt::format("the new process was not ready within {} ms", patience_));
  }
}

void Upgrade::settle(bool serves) {
  if (std::exchange(settled_, true)) return;
  timer_.cancel();
  UpgradeReport report{.serves = serves, .pid = child_.pid()};
  if (!serves) {
    report.errors.push_back(why_);
    std::string_view rest = words_;
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      if (end != 0) report.errors.emplace_back(rest.substr(0, end));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
  }
  done_(report);
}

}  // namespace weir::server
