// Over uv_spawn, which forks safely beside threads and dups descriptors without losing one to
// another. Its three handles live in a block that outlives the object until libuv lets go of them.
#include "net/child_process.h"

#include <csignal>
#include <fcntl.h>

#include "net/loop_core.h"
#include "net/system_error.h"

namespace weir::net {
namespace {

std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& each : strings) pointers.push_back(const_cast<char*>(each.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

uv_stdio_container_t inherited(int fd) {
  uv_stdio_container_t how{};
  how.flags = UV_IGNORE;
  if (::fcntl(fd, F_GETFD) >= 0) {
    how.flags = UV_INHERIT_FD;
    how.data.fd = fd;
  }
  return how;
}

enum class Direction : std::uint8_t { from_child, both };

uv_stdio_container_t pipe_for(uv_pipe_t& pipe, Direction direction) {
  uv_stdio_container_t how{};
  const int answers = direction == Direction::both ? UV_READABLE_PIPE : 0;
  how.flags = static_cast<uv_stdio_flags>(UV_CREATE_PIPE | UV_WRITABLE_PIPE | answers);
  how.data.stream = reinterpret_cast<uv_stream_t*>(&pipe);
  return how;
}

}  // namespace

struct ChildProcess::Block {
  Block(Loop& its_loop, ChildEvents& its_events) : loop(its_loop), events(&its_events) {
    uv_pipe_init(loop.uv(), &error_output, 0);
    uv_pipe_init(loop.uv(), &word, 0);
    error_output.data = word.data = process.data = this;
  }

  Loop& loop;
  ChildEvents* events;  // null: nobody listens any more
  uv_process_t process{};
  uv_pipe_t error_output{};
  uv_pipe_t word{};
  bool started = false;
  int open_handles = 0;
  char buffer[4096];

  static Block& of(const void* handle) {
    return *static_cast<Block*>(static_cast<const uv_handle_t*>(handle)->data);
  }

  static void give_buffer(uv_handle_t* handle, std::size_t, uv_buf_t* out) noexcept {
    Block& block = of(handle);
    *out = uv_buf_init(block.buffer, sizeof block.buffer);
  }

  static void on_error_output(uv_stream_t* stream, ssize_t n, const uv_buf_t*) noexcept {
    Block& block = of(stream);
    if (n < 0) uv_read_stop(stream);
    if (block.events == nullptr || n == 0) return;
    block.loop.refresh_now();
    block.events->on_child_stderr({block.buffer, n < 0 ? 0 : static_cast<std::size_t>(n)});
  }

  static void on_word(uv_stream_t* stream, ssize_t n, const uv_buf_t*) noexcept {
    Block& block = of(stream);
    if (n < 0) uv_read_stop(stream);
    block.loop.refresh_now();
    for (ssize_t i = 0; i < n && block.events != nullptr; ++i) {
      block.events->on_child_word(block.buffer[i]);
    }
  }

  static void on_exit(uv_process_t* process, std::int64_t code, int signal) noexcept {
    Block& block = of(process);
    if (block.events == nullptr) return;
    block.loop.refresh_now();
    block.events->on_child_exit(static_cast<int>(code), signal);
  }

  static void on_closed(uv_handle_t* handle) noexcept {
    Block& block = of(handle);
    if (--block.open_handles == 0) delete &block;
  }

  void close() {
    events = nullptr;
    for (void* handle : {static_cast<void*>(&error_output), static_cast<void*>(&word),
                         static_cast<void*>(&process)}) {
      if (handle == &process && !started) continue;
      ++open_handles;
      uv_close(static_cast<uv_handle_t*>(handle), on_closed);
    }
  }
};

ChildProcess::ChildProcess(Loop& loop, ChildEvents& events) : block_(new Block(loop, events)) {}

ChildProcess::~ChildProcess() {
  block_->close();
}

Error ChildProcess::start(const ChildProgram& program) {
  std::vector<uv_stdio_container_t> stdio(kFirstFd);
  stdio[0].flags = UV_IGNORE;
  stdio[1] = inherited(1);
  stdio[2] = pipe_for(block_->error_output, Direction::from_child);
  stdio[kStderrFd] = inherited(2);
  stdio[kWordFd] = pipe_for(block_->word, Direction::both);
  for (const int fd : program.descriptors) stdio.push_back(inherited(fd));
  std::vector<char*> arguments = pointers_to(program.arguments);
  std::vector<char*> environment = pointers_to(program.environment);
  uv_process_options_t options{};
  options.exit_cb = &Block::on_exit;
  options.file = program.path.c_str();
  options.args = arguments.data();
  options.env = environment.data();
  options.stdio = stdio.data();
  options.stdio_count = static_cast<int>(stdio.size());
  const int status = uv_spawn(block_->loop.uv(), &block_->process, &options);
  block_->started = true;  // its handle is to be closed whatever came of it
  if (status != 0) return system_error(-status);
  uv_read_start(reinterpret_cast<uv_stream_t*>(&block_->error_output), &Block::give_buffer,
                &Block::on_error_output);
  uv_read_start(reinterpret_cast<uv_stream_t*>(&block_->word), &Block::give_buffer,
                &Block::on_word);
  return {};
}

int ChildProcess::pid() const {
  return block_->process.pid;
}

bool ChildProcess::answer(char word) {
  const uv_buf_t buffer = uv_buf_init(&word, 1);
  return uv_try_write(reinterpret_cast<uv_stream_t*>(&block_->word), &buffer, 1) == 1;
}

void ChildProcess::kill() {
  uv_process_kill(&block_->process, SIGKILL);
}

}  // namespace weir::net
