// Listening sockets and accepting. A ListenSocket is opened (bound) before any worker runs, so that
// a busy port is an error of the start; each worker then accepts from its own (SO_REUSEPORT) or,
// for unix sockets, from a duplicate.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include <weir/address.h>
#include <weir/error.h>

#include "net/stream.h"

namespace weir::net {

class Loop;

// A bound, listening, non-blocking descriptor; closes it (and unlinks a unix socket it created) on
// destruction. TCP_NODELAY and TCP_NOTSENT_LOWAT are set here and inherited by what is
// accepted.
class ListenSocket {
 public:
  static constexpr int kBacklog = 4096;

  ~ListenSocket();
  ListenSocket(ListenSocket&& other) noexcept;
  ListenSocket& operator=(ListenSocket&& other) noexcept;
  ListenSocket(const ListenSocket&) = delete;
  ListenSocket& operator=(const ListenSocket&) = delete;

  // Errors: address_in_use, permission_denied, system (with errno). A port of 0 picks a free one. A
  // stale unix socket file that nobody listens on is replaced; a live one is address_in_use.
  static Result<ListenSocket> open(const SocketAddress& address, int backlog = kBacklog);
  // A socket that was open when the process began, by its descriptor, which is taken over even when
  // this fails: it must be a listening stream socket. `owns_file`: the file of a unix socket is
  // unlinked as if it had been created here.
  static Result<ListenSocket> adopt(int fd, bool owns_file);
  // Another socket on the same address for another worker; a duplicate where the kernel would not
  // share the address.
  Result<ListenSocket> another() const;
  // The same socket by another descriptor, close-on-exec; it does not own the file.
  Result<ListenSocket> duplicate() const;

  // Has it a queue of its own, beside others on the address? Else another() duplicates.
  bool shares_address() const;
  bool owns_file() const { return inode_ != 0; }
  // The file is another process's from now on.
  void leave_file() { inode_ = 0; }

  int fd() const { return fd_; }
  const SocketAddress& address() const { return address_; }  // with the real port

 private:
  ListenSocket(int fd, SocketAddress address) : fd_(fd), address_(std::move(address)) {}
  static Result<ListenSocket> open_tcp(const SocketAddress& address, int backlog);
  static Result<ListenSocket> open_unix(const SocketAddress& address, int backlog);

  int fd_ = -1;
  SocketAddress address_;
  int backlog_ = 0;
  std::uint64_t inode_ = 0;  // of the socket file this object created and will unlink; 0 = none
};

// Where a connection came from. `is_unix`: no IP address, ip is ::1.
struct Peer {
  IpAddress ip;
  std::uint16_t port = 0;
  bool is_unix = false;
};

class AcceptEvents {
 public:
  virtual void on_accept(StreamPtr stream, const Peer& peer) = 0;
  // accept() failed for want of descriptors; accepting pauses for limits::kAcceptPause. At most
  // once per pause.
  virtual void on_accept_starved(Error error) = 0;
  // Asked before each turn; false: accepting pauses for limits::kAcceptPause, who waits goes on
  // waiting.
  virtual bool wants_connections() { return true; }
  // For longer than limits::kAcceptStarvedMost there was no descriptor for anybody: a connection
  // that waits is closed, after these bytes were sent to it.
  virtual std::string_view on_accept_shed() { return {}; }

 protected:
  ~AcceptEvents() = default;
};

// Accepts on one loop, in each turn a number that goes with what else the loop does
// (limits::kAcceptsLeast and those behind it). Holds a descriptor in reserve, with
// which it refuses connections when there is no other: they would hang. Destroying it stops
// accepting; the socket stays open.
class Acceptor {
 public:
  Acceptor(Loop& loop, int listen_fd, AcceptEvents& events);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  // Accepts all that the kernel has queued, without waiting for the loop: before a socket is
  // closed.
  void accept_now();

 private:
  struct Block;
  Block* block_;
};

}  // namespace weir::net
