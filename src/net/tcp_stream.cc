// Reading and writing over libuv. The order in here is the contract of Stream: no function touches
// `this` after it has called the observer, because the observer may have destroyed the stream.
#include "net/tcp_stream.h"

#include <array>
#include <cassert>
#include <sys/socket.h>

#include <weir/limits.h>

#include "net/loop_core.h"
#include "net/native_address.h"
#include "net/system_error.h"

namespace weir::net {
namespace {

// libuv copies up to four buffer descriptors into the request itself and allocates for more.
constexpr std::size_t kRunsPerWrite = 4;

uv_buf_t as_buffer(std::string_view bytes) {
  // libuv's buffers are mutable for reading's sake; writing does not change them.
  return uv_buf_init(const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size()));
}

StreamBlock& block_of(void* data) {
  return *static_cast<StreamBlock*>(data);
}

int take_socket_error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
  return error;
}

}  // namespace

TcpStream::~TcpStream() {
  block_->close(abort_);
}

int TcpStream::fd() const {
  uv_os_fd_t fd = -1;
  uv_fileno(&block_->handle.any, &fd);
  return fd;
}

SocketAddress TcpStream::local_address() const {
  NativeAddress own;
  own.length = sizeof own.storage;
  if (::getsockname(fd(), own.get(), &own.length) != 0 || own.family() == AF_UNIX) return {};
  return from_native(own.get());
}

void TcpStream::start(StreamEvents& events) {
  events_ = &events;
  listen_to_socket();
}

void TcpStream::listen_to_socket() {
  if (reading_ || paused_ || ended_ || dead_ || events_ == nullptr) return;
  reading_ = uv_read_start(&block_->handle.stream, lend_buffer, read_done) == 0;
}

void TcpStream::pause_reading() {
  paused_ = true;
  if (!reading_) return;
  uv_read_stop(&block_->handle.stream);
  reading_ = false;
}

void TcpStream::resume_reading() {
  paused_ = false;
  listen_to_socket();
}

void TcpStream::lend_buffer(uv_handle_t* handle, std::size_t, uv_buf_t* buffer) noexcept {
  auto& memory = block_of(handle->data).loop->core().receive_buffer;
  *buffer = uv_buf_init(memory, sizeof memory);
}

void TcpStream::read_done(uv_stream_t* stream, ssize_t n, const uv_buf_t* buffer) noexcept {
  StreamBlock& block = block_of(stream->data);
  if (block.owner == nullptr || n == 0) return;
  block.loop->refresh_now();
  block.owner->received(n, buffer->base);
}

void TcpStream::received(ssize_t n, const char* bytes) {
  if (n > 0) {
    events_->on_read({bytes, static_cast<std::size_t>(n)});
  } else if (n == UV_EOF) {
    ended(bytes == nullptr);
  } else {
    fail(static_cast<int>(n));
  }
}

// `hang_up`: libuv concluded the end from the poll's hang-up after a short read, without a read()
// that said so. A reset behind the last bytes looks the same to it; the socket knows.
void TcpStream::ended(bool hang_up) {
  reading_ = false;
  if (hang_up) {
    const int error = take_socket_error(fd());
    if (error != 0) {
      fail(-error);
      return;
    }
  }
  ended_ = true;
  events_->on_end();
}

void TcpStream::fail(int status) {
  pause_reading();
  if (dead_) return;
  dead_ = true;
  if (events_ != nullptr) events_->on_reset(system_error(-status));
}

bool TcpStream::write(std::span<const std::string_view> parts) {
  assert(parts.size() <= kMaxParts);
  assert(!finishing_);
  if (dead_ || unwritable_) return false;
  if (!block_->pending.empty()) {
    queue(parts, 0);
    return true;
  }
  uv_buf_t buffers[kMaxParts];
  unsigned count = 0;
  std::size_t total = 0;
  for (std::string_view part : parts) {
    if (part.empty()) continue;
    buffers[count++] = as_buffer(part);
    total += part.size();
  }
  if (count == 0) return true;
  int taken = uv_try_write(&block_->handle.stream, buffers, count);
  if (taken == UV_EAGAIN) taken = 0;
  if (taken >= 0 && static_cast<std::size_t>(taken) == total) return true;
  if (taken >= 0) {
    queue(parts, static_cast<std::size_t>(taken));
    taken = send_queued();
  }
  if (taken < 0) unwritable_ = true;
  return taken >= 0;
}

void TcpStream::queue(std::span<const std::string_view> parts, std::size_t already_sent) {
  for (std::string_view part : parts) {
    const std::size_t skip = part.size() < already_sent ? part.size() : already_sent;
    already_sent -= skip;
    block_->pending.append(part.substr(skip));
  }
  if (pending_bytes() > limits::kHighWatermark) above_high_ = true;
}

std::size_t TcpStream::pending_bytes() const {
  const std::size_t unsent_in_flight =
      block_->in_flight == 0 ? 0 : uv_stream_get_write_queue_size(&block_->handle.stream);
  return block_->pending.size() - block_->in_flight + unsent_in_flight;
}

// Lends the front of the queue to libuv; a libuv status. The bytes stay in the queue until
// write_done.
int TcpStream::send_queued() {
  assert(block_->in_flight == 0);
  std::array<std::string_view, kRunsPerWrite> runs;
  std::array<uv_buf_t, kRunsPerWrite> buffers;
  const std::size_t count = block_->pending.runs(runs.data(), runs.size());
  std::size_t total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    buffers[i] = as_buffer(runs[i]);
    total += runs[i].size();
  }
  auto& free_requests = block_->loop->core().write_requests;
  uv_write_t* request = free_requests.acquire();
  request->data = block_;
  const int status = uv_write(request, &block_->handle.stream, buffers.data(),
                              static_cast<unsigned>(count), write_done);
  if (status != 0) {
    free_requests.release(request);
    block_->pending.clear();
    return status;
  }
  block_->in_flight = total;
  return 0;
}

void TcpStream::write_done(uv_write_t* request, int status) noexcept {
  StreamBlock& block = block_of(request->data);
  block.loop->core().write_requests.release(request);
  const std::size_t sent = block.in_flight;
  block.in_flight = 0;
  if (status == 0) {
    block.pending.consume(sent);
  } else {
    block.pending.clear();
  }
  if (block.owner == nullptr) return;
  block.loop->refresh_now();
  block.owner->sent(status);
}

void TcpStream::sent(int status) {
  if (status == 0 && !block_->pending.empty()) status = send_queued();
  if (status != 0) {
    fail(status);
    return;
  }
  const bool empty = block_->pending.empty();
  if (empty && finishing_) send_fin();
  const bool drained = empty || (above_high_ && pending_bytes() <= limits::kLowWatermark);
  if (!drained) return;
  above_high_ = false;
  if (events_ != nullptr) events_->on_drained();
}

void TcpStream::finish_writing() {
  if (finishing_ || dead_ || unwritable_) return;
  finishing_ = true;
  if (block_->pending.empty()) send_fin();
}

// Directly, not with uv_shutdown(): nothing is queued in libuv, so its request would only cost
// memory, a callback and an epoll_ctl, and it would forbid uv_tcp_close_reset() meanwhile. A peer
// that is gone already is noticed by reading.
void TcpStream::send_fin() {
  ::shutdown(fd(), SHUT_WR);
}

}  // namespace weir::net
