// The load of the tunnels' bench by HTTP/2: WebSockets in streams (RFC 8441), a hundred on each
// connection, which is what a server lets a client have open by custom. nghttp2 speaks for the
// client; cleartext with prior knowledge. Called by main() in tunnels.cc.
#include <nghttp2/nghttp2.h>

#include <memory>
#include <utility>

#include "tunnels.h"

namespace weir_tunnels {
namespace {

constexpr std::size_t kPerConnection = 100;

nghttp2_nv field(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

struct Tunnel {
  std::int32_t stream = 0;
  std::string in, out;
  bool open = false;
  bool ended = false;
  Count count;
};

// A connection and its tunnels. What is wrong with one tunnel ends it alone.
class Connection {
 public:
  Connection(int port, std::size_t tunnels, Tally& tally)
      : fd_(connect_to(port)), tunnels_(tunnels), tally_(tally) {
    nghttp2_session_callbacks* calls = nullptr;
    nghttp2_session_callbacks_new(&calls);
    nghttp2_session_callbacks_set_on_frame_recv_callback(calls, on_frame);
    nghttp2_session_callbacks_set_on_header_callback(calls, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(calls, on_close);
    nghttp2_session_client_new(&session_, calls, this);
    nghttp2_session_callbacks_del(calls);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  ~Connection() {
    nghttp2_session_del(session_);
    close(fd_);
  }
  Connection(const Connection&) = delete;

  int fd() const { return fd_; }
  bool gone() const { return gone_; }
  bool wants_to_write() const { return !out_.empty(); }

  void speak() {
    for (Tunnel& tunnel : tunnels_) {
      if (tunnel.open && !tunnel.ended) say(tunnel);
    }
  }

  void read_in() {
    static std::array<std::uint8_t, 65536> buffer;
    const ssize_t n = recv(fd_, buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0 ||
        nghttp2_session_mem_recv(session_, buffer.data(), static_cast<std::size_t>(n)) < 0)
      lose_all();
  }

  // Until there is no more, or the socket takes no more.
  void send_out() {
    while (!gone_) {
      const std::uint8_t* bytes = nullptr;
      while (out_.size() < 65536) {
        const ssize_t n = nghttp2_session_mem_send(session_, &bytes);
        if (n <= 0) break;
        out_.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(n));
      }
      if (out_.empty()) return;
      const ssize_t n = send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
      if (n < 0 && errno == EAGAIN) return;
      if (n <= 0) return lose_all();
      out_.erase(0, static_cast<std::size_t>(n));
    }
  }

 private:
  void open_all() {
    for (Tunnel& tunnel : tunnels_) {
      const std::array head = {
          field(":method", "CONNECT"), field(":protocol", "websocket"),
          field(":scheme", "http"),    field(":authority", "127.0.0.1"),
          field(":path", "/echo"),     field("sec-websocket-version", "13"),
      };
      const nghttp2_data_provider source{{.ptr = &tunnel}, give};
      tunnel.stream =
          nghttp2_submit_request(session_, nullptr, head.data(), head.size(), &source, &tunnel);
      if (tunnel.stream < 0) end(tunnel);
    }
  }

  void say(Tunnel& tunnel) {
    tunnel.count.sent_ns = now_ns();
    tunnel.out += tally_.message();
    nghttp2_session_resume_data(session_, tunnel.stream);
  }

  void take(Tunnel& tunnel) {
    const Echo echo = tally_.take(tunnel.in, tunnel.count);
    if (echo == Echo::next) say(tunnel);
    if (echo == Echo::done) tunnel.ended = true;  // as far as it is counted
    if (echo == Echo::wrong) end(tunnel);
  }

  void end(Tunnel& tunnel) {
    if (std::exchange(tunnel.ended, true)) return;
    tally_.failed();
  }

  void lose_all() {
    gone_ = true;
    for (Tunnel& tunnel : tunnels_) end(tunnel);
  }

  Tunnel* find(std::int32_t stream) {
    return static_cast<Tunnel*>(nghttp2_session_get_stream_user_data(session_, stream));
  }

  static ssize_t give(nghttp2_session* /*session*/, std::int32_t /*stream*/, std::uint8_t* out,
                      std::size_t most, std::uint32_t* /*flags*/, nghttp2_data_source* source,
                      void* /*self*/) {
    std::string& from = static_cast<Tunnel*>(source->ptr)->out;
    if (from.empty()) return NGHTTP2_ERR_DEFERRED;
    const std::size_t n = from.copy(reinterpret_cast<char*>(out), most);
    from.erase(0, n);
    return static_cast<ssize_t>(n);
  }

  // Requests wait for the server's word that it knows :protocol.
  static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* self) {
    auto& own = *static_cast<Connection*>(self);
    if (frame->hd.type == NGHTTP2_GOAWAY) own.lose_all();
    if (frame->hd.type != NGHTTP2_SETTINGS || std::exchange(own.asked_, true)) return 0;
    if (nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) ==
        0) {
      std::fprintf(stderr, "weir_tunnels: the server has no tunnels in HTTP/2\n");
      own.lose_all();
    } else {
      own.open_all();
    }
    return 0;
  }

  static int on_header(nghttp2_session* /*session*/, const nghttp2_frame* frame,
                       const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                       std::size_t value_size, std::uint8_t /*flags*/, void* self) {
    auto& own = *static_cast<Connection*>(self);
    const auto text = [](const std::uint8_t* bytes, std::size_t size) {
      return std::string_view(reinterpret_cast<const char*>(bytes), size);
    };
    Tunnel* tunnel = own.find(frame->hd.stream_id);
    if (tunnel == nullptr || text(name, name_size) != ":status") return 0;
    if (text(value, value_size) != "200") {
      own.end(*tunnel);
    } else if (!std::exchange(tunnel->open, true)) {
      own.tally_.opened();
    }
    return 0;
  }

  static int on_data(nghttp2_session* /*session*/, std::uint8_t /*flags*/, std::int32_t stream,
                     const std::uint8_t* bytes, std::size_t size, void* self) {
    auto& own = *static_cast<Connection*>(self);
    Tunnel* tunnel = own.find(stream);
    if (tunnel == nullptr || tunnel->ended) return 0;
    tunnel->in.append(reinterpret_cast<const char*>(bytes), size);
    own.take(*tunnel);
    return 0;
  }

  static int on_close(nghttp2_session* /*session*/, std::int32_t stream, std::uint32_t /*error*/,
                      void* self) {
    auto& own = *static_cast<Connection*>(self);
    if (Tunnel* tunnel = own.find(stream)) own.end(*tunnel);
    return 0;
  }

  const int fd_;
  std::vector<Tunnel> tunnels_;  // never moves: nghttp2 points into it
  Tally& tally_;
  nghttp2_session* session_ = nullptr;
  std::string out_;
  bool asked_ = false;
  bool gone_ = false;
};

class StreamLoad {
 public:
  explicit StreamLoad(const Task& task) : task_(task), tally_(task) {}

  int run() {
    for (std::size_t begun = 0; begun < task_.tunnels;) {
      begun += connect(std::min(kPerConnection, task_.tunnels - begun));
      while (tally_.settled() < begun && step()) {
      }
    }
    if (!tally_.wait_for_word()) return 1;
    for (auto& each : connections_) {
      each->speak();
      flush(*each);
    }
    while (!tally_.over() && step()) {
    }
    return tally_.report();
  }

 private:
  std::size_t connect(std::size_t tunnels) {
    auto made = std::make_unique<Connection>(task_.port, tunnels, tally_);
    const auto at = static_cast<std::size_t>(made->fd());
    if (by_fd_.size() <= at) by_fd_.resize(at + 1);
    by_fd_[at] = made.get();
    poll_.add(made->fd(), EPOLLIN | EPOLLOUT);
    connections_.push_back(std::move(made));
    return tunnels;
  }

  // False: nothing has happened for too long.
  bool step() {
    return poll_.wait(kPatienceMs, [this](int fd, std::uint32_t events) {
      Connection& each = *by_fd_[static_cast<std::size_t>(fd)];
      if ((events & ~std::uint32_t{EPOLLOUT}) != 0) each.read_in();
      flush(each);
    });
  }

  void flush(Connection& each) {
    each.send_out();
    if (each.gone()) return poll_.modify(each.fd(), 0);
    poll_.modify(each.fd(), each.wants_to_write() ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }

  const Task task_;
  Tally tally_;
  Poll poll_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> by_fd_;
};

}  // namespace

int run_streams(const Task& task) {
  return StreamLoad(task).run();
}

}  // namespace weir_tunnels
