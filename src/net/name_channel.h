// c-ares on a loop: libuv watches its sockets, the timer wheel its next deadline. Owned by a
// Resolver and used by its lookups, on the loop's thread; for the files of net/ alone. Never waits
// for a name server; reads resolv.conf when it is made and the hosts file for each question.
#pragma once

#include <ares.h>
#include <cstddef>
#include <map>
#include <memory>
#include <sys/stat.h>

#include "net/loop.h"
#include "net/resolver.h"

namespace weir::net {

class NameChannel {
 public:
  NameChannel(Loop& loop, const ResolverSettings& settings);
  // Questions under way are answered with ARES_EDESTRUCTION first.
  ~NameChannel();
  NameChannel(const NameChannel&) = delete;
  NameChannel& operator=(const NameChannel&) = delete;

  // ARES_SUCCESS, or why nothing can be asked.
  int status() const { return status_; }
  ares_channel get() const { return channel_; }

  // A question goes in, and has come back. Callbacks come from inside c-ares: they may neither
  // destroy the channel nor call anybody who might.
  void question_begins() { ++questions_; }
  void question_ends() { --questions_; }
  bool idle() const { return questions_ == 0; }
  // To be called after questions went in: the deadline may be another one.
  void watch_deadline();

  // Has resolv.conf changed since the channel was made?
  bool outdated() const;

 private:
  struct SocketWatch;

  void open(const ResolverSettings& settings);
  static void on_socket_state(void* self, ares_socket_t fd, int readable, int writable);
  void watch(ares_socket_t fd, int events);
  void unwatch(ares_socket_t fd);
  void process(ares_socket_t readable, ares_socket_t writable);

  Loop& loop_;
  ares_channel channel_ = nullptr;
  int status_ = ARES_SUCCESS;
  std::size_t questions_ = 0;
  struct stat system_file_{};
  std::map<ares_socket_t, SocketWatch*> watches_;
  TimerEntry deadline_;
};

}  // namespace weir::net
