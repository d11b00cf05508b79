// The Stream over a socket: TCP or unix. Made by Acceptor and TcpConnector, owned by a connection.
// Reads into the loop's one receive buffer, writes at once what the socket takes and queues the
// rest, one libuv write at a time.
//
// Costs per message in steady state: one read, one write, no allocation. Per idle connection: this
// object and its StreamBlock, no buffer.
#pragma once

#include "net/stream.h"
#include "net/stream_block.h"

namespace weir::net {

class TcpStream final : public Stream {
 public:
  // Takes over an open block.
  explicit TcpStream(StreamBlock* block) : block_(block) { block_->owner = this; }
  ~TcpStream() override;

  void start(StreamEvents& events) override;
  using Stream::write;
  bool write(std::span<const std::string_view> parts) override;
  std::size_t pending_bytes() const override;
  void pause_reading() override;
  void resume_reading() override;
  void finish_writing() override;
  void abort_on_close() override { abort_ = true; }
  SocketAddress local_address() const override;

  // Borrowed; for options and tests.
  int fd() const;

 private:
  static void lend_buffer(uv_handle_t* handle, std::size_t suggested, uv_buf_t* buffer) noexcept;
  static void read_done(uv_stream_t* stream, ssize_t n, const uv_buf_t* buffer) noexcept;
  static void write_done(uv_write_t* request, int status) noexcept;

  void listen_to_socket();
  void received(ssize_t n, const char* bytes);
  void ended(bool hang_up);
  void sent(int status);
  void fail(int status);
  void queue(std::span<const std::string_view> parts, std::size_t already_sent);
  int send_queued();
  void send_fin();

  StreamBlock* block_;
  StreamEvents* events_ = nullptr;
  bool reading_ : 1 = false;     // libuv reads for us
  bool paused_ : 1 = false;      // ... and should not
  bool ended_ : 1 = false;       // the peer's FIN was told
  bool dead_ : 1 = false;        // a reset was told
  bool unwritable_ : 1 = false;  // a write failed; what had arrived is still read
  bool finishing_ : 1 = false;   // FIN follows the pending bytes
  bool above_high_ : 1 =
      false;  // pending bytes were above the high watermark since the last on_drained
  bool abort_ : 1 = false;
};

}  // namespace weir::net
