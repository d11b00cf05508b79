// Resolving: what needs no lookup, what the hosts file knows, and a resolver that hangs (all of
// libuv's threads busy).
#include "net/resolver.h"

#include <uv.h>

#include <semaphore>

#include "net_fixture.h"

namespace weir::net {
namespace {

class ResolveRecorder final : public ResolveEvents {
 public:
  void on_resolved(std::vector<SocketAddress> found) override {
    addresses = std::move(found);
    ++answers;
    if (after) after();
  }
  void on_resolve_failed(Error failure) override {
    error = failure;
    ++answers;
    if (after) after();
  }

  std::vector<SocketAddress> addresses;
  Error error;
  int answers = 0;
  std::function<void()> after;
};

// Keeps every thread of libuv's pool waiting from construction until release().
class BusyThreads {
 public:
  explicit BusyThreads(Loop& loop) : loop_(loop) {
    for (uv_work_t& work : works_) {
      work.data = this;
      uv_queue_work(
          loop_.uv(), &work,
          [](uv_work_t* w) { static_cast<BusyThreads*>(w->data)->wait_at_gate(); },
          [](uv_work_t* w, int) { ++static_cast<BusyThreads*>(w->data)->finished; });
    }
    for (int i = 0; i < kThreads; ++i) waiting_.acquire();
  }
  void release() {
    gate_.release(kThreads);
    while (finished < kThreads) loop_.run_once();
  }

  static constexpr int kThreads = 4;  // libuv's default
  int finished = 0;

 private:
  void wait_at_gate() {
    waiting_.release();
    gate_.acquire();
  }

  Loop& loop_;
  std::counting_semaphore<kThreads> waiting_{0};
  std::counting_semaphore<kThreads> gate_{0};
  uv_work_t works_[kThreads];
};

class ResolverTest : public NetTest {
 protected:
  void resolve_now(const std::string& host, std::uint16_t port) {
    const auto lookup = resolve(loop_, host, port, 10s, seen_);
    EXPECT_EQ(seen_.answers, 0) << "inside resolve()";
    run_until([&] { return seen_.answers == 1; });
  }
  ResolveRecorder seen_;
};

TEST_F(ResolverTest, LiteralsNeedNoLookup) {
  BusyThreads busy(loop_);
  resolve_now("192.0.2.7", 81);
  busy.release();
  ASSERT_EQ(seen_.addresses.size(), 1u);
  EXPECT_EQ(to_string(seen_.addresses[0]), "192.0.2.7:81");
}

TEST_F(ResolverTest, Ipv6LiteralsWithOrWithoutBrackets) {
  resolve_now("[2001:db8::1]", 82);
  EXPECT_EQ(to_string(seen_.addresses.at(0)), "[2001:db8::1]:82");
  seen_.answers = 0;
  resolve_now("2001:db8::1", 82);
  EXPECT_EQ(to_string(seen_.addresses.at(0)), "[2001:db8::1]:82");
}

TEST_F(ResolverTest, UnixPaths) {
  resolve_now("unix:/run/app.sock", 0);
  EXPECT_EQ(seen_.addresses.at(0).unix_path, "/run/app.sock");
  seen_.answers = 0;
  resolve_now("/run/app.sock", 0);
  EXPECT_EQ(seen_.addresses.at(0).unix_path, "/run/app.sock");
}

TEST_F(ResolverTest, NamesResolveIpv4FirstWithoutDuplicates) {
  resolve_now("localhost", 8080);
  ASSERT_FALSE(seen_.addresses.empty());
  bool v6_seen = false;
  for (std::size_t i = 0; i < seen_.addresses.size(); ++i) {
    EXPECT_EQ(seen_.addresses[i].port, 8080);
    EXPECT_TRUE(seen_.addresses[i].ip.is_loopback());
    v6_seen = v6_seen || !seen_.addresses[i].ip.is_v4();
    EXPECT_TRUE(!v6_seen || !seen_.addresses[i].ip.is_v4());
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(seen_.addresses[i], seen_.addresses[j]);
  }
}

TEST_F(ResolverTest, ANameThatCannotExistFails) {
  resolve_now(std::string(300, 'n'), 80);
  EXPECT_EQ(seen_.error.code, Errc::resolve_failed);
}

TEST_F(ResolverTest, TheDeadlineDoesNotWaitForTheThreads) {
  BusyThreads busy(loop_);
  const auto lookup = resolve(loop_, "localhost", 80, 30ms, seen_);
  run_until([&] { return seen_.answers == 1; });
  EXPECT_EQ(seen_.error, (Error{Errc::resolve_timeout, ETIMEDOUT}));
  EXPECT_EQ(busy.finished, 0);
  busy.release();
  settle();
  EXPECT_EQ(seen_.answers, 1);
}

TEST_F(ResolverTest, ADestroyedLookupIsSilent) {
  BusyThreads busy(loop_);
  resolve(loop_, "localhost", 80, 10s, seen_);
  resolve(loop_, "127.0.0.1", 80, 10s, seen_);
  busy.release();
  resolve(loop_, "localhost", 80, 10s, seen_);
  settle();
  EXPECT_EQ(seen_.answers, 0);
}

TEST_F(ResolverTest, ALookupMayBeDestroyedInItsEvent) {
  std::unique_ptr<Lookup> lookup;
  seen_.after = [&] { lookup.reset(); };
  lookup = resolve(loop_, "localhost", 80, 10s, seen_);
  run_until([&] { return lookup == nullptr; });
  lookup = resolve(loop_, "127.0.0.1", 80, 10s, seen_);
  run_until([&] { return lookup == nullptr; });
  BusyThreads busy(loop_);
  lookup = resolve(loop_, "localhost", 80, 20ms, seen_);
  run_until([&] { return lookup == nullptr; });
  busy.release();
}

}  // namespace
}  // namespace weir::net
