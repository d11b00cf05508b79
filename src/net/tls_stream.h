// TLS as a Stream, over any other: the server's or the client's end of one connection. Owned by
// proxy/arrival until the handshake is over, then by whoever speaks HTTP over it. Keeps the
// contract of Stream: what the owner writes is encrypted and handed on in one write, what arrives
// is decrypted into the loop's scratch buffer and told at once. Keeps no bytes of its own but
// those that wait for a handshake's turn.
//
// How the other side ended is told apart (RFC 8446 section 6.1): after its close_notify comes
// on_end; a connection that ends without one may have been cut by anybody and comes as on_reset
// with Errc::tls_truncated. Errc::tls_failed says that what arrived was not the peer's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "net/stream.h"
#include "net/tls_engine.h"
#include "net/tls_facts.h"
#include "net/tls_peer.h"

struct ssl_st;

namespace weir::net {

class TlsServerContext;

struct SslFree {
  void operator()(ssl_st* ssl) const;
};
using SslPtr = std::unique_ptr<ssl_st, SslFree>;

// What the handshake came to; told once. Each may destroy the stream.
class TlsEvents {
 public:
  // The stream can be written to and is to be start()ed, here or later; what has arrived behind the
  // handshake is told then.
  virtual void on_secured(const TlsFacts& facts) = 0;
  // The last event. The alert that tells the peer, if there is one, was written.
  virtual void on_insecure(const TlsFailure& failure) = 0;

 protected:
  ~TlsEvents() = default;
};

class TlsStream final : public Stream, StreamEvents, TlsWaiter {
 public:
  // The server's end. The context is let go when the handshake is over.
  TlsStream(TlsEngine& engine, StreamPtr inner, std::shared_ptr<const TlsServerContext> context);
  // The client's end: `ssl` has its server name, verification and session set, and no BIO.
  TlsStream(TlsEngine& engine, StreamPtr inner, SslPtr ssl);
  ~TlsStream() override;

  // Begins the handshake and arms reading. `early`: bytes of it that were read before. It has no
  // deadline here: who waits destroys the stream. Events come during the call only when `early` is
  // not empty.
  void secure(TlsEvents& events, std::string_view early = {});

  // Before on_secured: none of these but destruction and take_inner().
  void start(StreamEvents& events) override;
  using Stream::write;
  bool write(std::span<const std::string_view> parts) override;
  std::size_t pending_bytes() const override;
  void pause_reading() override;
  void resume_reading() override;
  void finish_writing() override;
  void abort_on_close() override;

  // After on_insecure: the stream below, for an answer in plain text. This one is of no use then.
  StreamPtr take_inner() { return std::move(inner_); }
  // After on_secured, the server's end: the certificate that the client proved; null = none. Lives
  // as long as the stream.
  const TlsPeer* peer() const { return peer_.get(); }
  // After on_secured: OpenSSL's view, for net/ (client certificates, sessions).
  ssl_st* ssl() const { return ssl_.get(); }

 private:
  enum class State : std::uint8_t { fresh, shaking, secured, over };

  void on_read(std::string_view bytes) override;
  void on_end() override;
  void on_reset(Error error) override;
  void on_drained() override;
  void go_on() override;

  bool may_go_on(std::string_view bytes);
  bool make_server(std::string_view bytes);
  void arrived(std::string_view bytes);
  bool shake(std::string_view& bytes);
  bool secured();
  void insecure(TlsFailure failure);
  void insecure_by_end(std::string_view words);
  void decrypt(std::string_view bytes);
  std::size_t fill(std::string_view& bytes, int& verdict);
  bool tell(std::string_view plain);
  void hold(std::string_view bytes);
  void lost(Error error);
  bool encrypt(std::string_view plain);
  bool send();
  void send_control();
  void say_farewell();
  bool receiving() const { return events_ != nullptr && !paused_; }

  TlsEngine& engine_;
  StreamPtr inner_;
  std::unique_ptr<const TlsPeer> peer_;
  std::shared_ptr<const TlsServerContext> context_;  // the server's, until it is secured
  SslPtr ssl_;
  TlsEvents* tls_events_ = nullptr;
  StreamEvents* events_ = nullptr;
  bool* destroyed_ = nullptr;   // of the frame that calls the owner
  std::string held_;            // ciphertext that arrived before it could be taken
  std::uint32_t overhead_ = 0;  // of what was sent since the inner stream had nothing pending
  Error lost_;                  // why it is over, once it is
  State state_ = State::fresh;
  bool greeted_ : 1 = false;   // our first flight was sent
  bool paused_ : 1 = false;    // by the owner
  bool ended_ : 1 = false;     // the peer's close_notify was told
  bool finished_ : 1 = false;  // our close_notify was sent
  bool unwritable_ : 1 = false;
  bool abort_ : 1 = false;
};

}  // namespace weir::net
