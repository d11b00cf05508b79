// Lookups under way: of a host's addresses, and of a service's, which is one question for its
// records and then one lookup for each host that they name. Made by Resolver; for the files of net/
// alone. A lookup tells its end once, between two turns of the loop and never from inside c-ares.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "net/loop.h"
#include "net/name_channel.h"
#include "net/resolver.h"
#include "net/service_records.h"

namespace weir::net {

// Sorts, removes duplicates and cuts to limits::kNameAddresses.
void arrange(std::vector<ResolvedAddress>& addresses);

class PendingLookup : public Lookup {
 public:
  PendingLookup(Loop& loop, NameChannel& channel, ResolveEvents& events);
  ~PendingLookup() override;
  PendingLookup(const PendingLookup&) = delete;
  PendingLookup& operator=(const PendingLookup&) = delete;

 protected:
  // What c-ares gives back with an answer; it cannot be taken back, so its asker may be gone.
  struct Question;
  Question* ask();
  static PendingLookup* take(void* question);

  Loop& loop() { return loop_; }
  NameChannel& channel() { return channel_; }
  // False: nothing can be asked, and that is the answer.
  bool begin_within(std::chrono::milliseconds timeout);
  void succeed(Resolved answer);
  void fail(int status);
  void fail(const ResolveFailure& failure);

 private:
  void tell();
  void abandon();

  Loop& loop_;
  NameChannel& channel_;
  ResolveEvents& events_;
  Question* question_ = nullptr;
  bool ended_ = false;
  Resolved answer_;
  ResolveFailure failure_;
  TimerEntry deadline_;
  Deferred known_;
};

class AddressLookup final : public PendingLookup {
 public:
  using PendingLookup::PendingLookup;
  void begin(const std::string& host, int family, std::chrono::milliseconds timeout);

 private:
  static void on_answer(void* question, int status, int timeouts, ares_addrinfo* found);
};

class ServiceLookup final : public PendingLookup {
 public:
  ServiceLookup(Loop& loop, NameChannel& channel, ResolveEvents& events);
  ~ServiceLookup() override;
  void begin(const std::string& name, int family, std::chrono::milliseconds timeout);

 private:
  class Target;

  static void on_answer(void* question, int status, int timeouts, unsigned char* message,
                        int length);
  void ask_targets();
  void look_whether_done();

  int family_ = 0;
  std::chrono::milliseconds timeout_{0};
  std::vector<ServiceRecord> records_;
  std::map<std::string, std::unique_ptr<Target>> targets_;  // by host
  Deferred records_known_;
};

}  // namespace weir::net
