// The turn of the loop: timers, deferred calls, retired objects, and what other threads may do to
// it.
#include "net/loop.h"

#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "net/signals.h"
#include "net_fixture.h"

namespace weir::net {
namespace {

using LoopTest = NetTest;

TEST_F(LoopTest, StopsFromAnotherThread) {
  std::thread other([this] { loop_.stop(); });
  loop_.run();
  other.join();
}

TEST_F(LoopTest, AStopBeforeRunIsNotLost) {
  loop_.stop();
  loop_.run();
  loop_.stop();
  loop_.run();
}

TEST_F(LoopTest, PostWakesOnTheLoopsThreadAndCoalesces) {
  struct Woken {
    Loop& loop;
    std::thread::id thread;
    int calls = 0;
  } woken{loop_, {}};
  loop_.set_wake(
      [](void* owner) {
        auto* self = static_cast<Woken*>(owner);
        self->thread = std::this_thread::get_id();
        ++self->calls;
        self->loop.stop();
      },
      &woken);
  std::thread other([this] {
    for (int i = 0; i < 100; ++i) loop_.post();
  });
  other.join();
  loop_.run();
  EXPECT_EQ(woken.thread, std::this_thread::get_id());
  EXPECT_EQ(woken.calls, 1);
}

TEST_F(LoopTest, FiresADeadlineNeverEarlyAndLeavesTheTimerAloneAfterwards) {
  bool fired = false;
  TimerEntry entry([](void* flag) { *static_cast<bool*>(flag) = true; }, &fired);
  loop_.post();
  loop_.run_once();
  const TimeMs armed_at = loop_.now();
  loop_.wheel().arm_in(entry, 30);
  const auto begin = std::chrono::steady_clock::now();
  while (!fired) loop_.run_once();
  EXPECT_GE(loop_.now(), armed_at + 30);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 28ms);  // the loop's clock is cut to ms
  EXPECT_EQ(loop_.wheel().linked(), 0u);
}

TEST_F(LoopTest, ADeadlineSetWhileTheTimerSleepsLongerIsHeeded) {
  struct Both {
    Loop& loop;
    int fired = 0;
    TimerEntry far{[](void*) {}, nullptr};
    TimerEntry near{[](void* self) { ++static_cast<Both*>(self)->fired; }, this};
  } both{loop_};
  loop_.wheel().arm_in(both.far, 10'000);
  loop_.post();
  loop_.run_once();
  loop_.wheel().arm_in(both.near, 1);
  loop_.run_once();
  while (both.fired == 0) loop_.run_once();
  EXPECT_TRUE(both.far.armed());
}

struct Mortal final : Retirable {
  explicit Mortal(bool& its_flag) : flag(its_flag) {}
  ~Mortal() override { flag = true; }
  bool& flag;
};

TEST_F(LoopTest, ARetiredObjectLivesUntilTheTurnIsOver) {
  struct Case {
    Loop& loop;
    bool dead = false;
    bool dead_inside = true;
    TimerEntry entry{[](void* self) {
                       auto* c = static_cast<Case*>(self);
                       c->loop.retire(std::make_unique<Mortal>(c->dead));
                       c->dead_inside = c->dead;
                     },
                     this};
  } c{loop_};
  loop_.wheel().arm_in(c.entry, 1);
  run_until([&] { return c.dead; });
  EXPECT_FALSE(c.dead_inside);
}

TEST_F(LoopTest, AnObjectRetiredBetweenTurnsDoesNotWaitForAnEvent) {
  bool dead = false;
  loop_.retire(std::make_unique<Mortal>(dead));
  loop_.run_once();
  EXPECT_TRUE(dead);
}

TEST(Loop, DestroysWhatIsStillRetired) {
  bool dead = false;
  {
    Loop loop;
    loop.retire(std::make_unique<Mortal>(dead));
  }
  EXPECT_TRUE(dead);
}

TEST_F(LoopTest, ADeferredCallComesOnceAndNotAtOnce) {
  int calls = 0;
  Deferred call([](void* count) { ++*static_cast<int*>(count); }, &calls);
  loop_.defer(call);
  loop_.defer(call);
  EXPECT_EQ(calls, 0);
  loop_.run_once();
  settle();
  EXPECT_EQ(calls, 1);
}

TEST_F(LoopTest, ADestroyedDeferredCallIsTakenBack) {
  int calls = 0;
  {
    Deferred call([](void* count) { ++*static_cast<int*>(count); }, &calls);
    loop_.defer(call);
  }
  settle();
  EXPECT_EQ(calls, 0);
}

TEST_F(LoopTest, ACallThatDefersItselfDoesNotStarveTheLoop) {
  struct Again {
    Loop& loop;
    int calls = 0;
    Deferred call{[](void* self) {
                    auto* again = static_cast<Again*>(self);
                    ++again->calls;
                    again->loop.defer(again->call);
                  },
                  this};
  } again{loop_};
  loop_.defer(again.call);
  loop_.run_once();
  EXPECT_EQ(again.calls, 1);
  loop_.run_once();
  EXPECT_EQ(again.calls, 2);
}

TEST_F(LoopTest, HearsASignalUntilTheWatchIsGone) {
  int heard = 0;
  const auto count = [](void* counter) { ++*static_cast<int*>(counter); };
  {
    SignalWatch watch(loop_, SIGUSR2, count, &heard);
    raise(SIGUSR2);
    run_until([&] { return heard == 1; });
  }
  const auto before = signal(SIGUSR2, SIG_IGN);
  raise(SIGUSR2);
  settle();
  signal(SIGUSR2, before);
  EXPECT_EQ(heard, 1);
}

TEST_F(LoopTest, AWatchMayEndInItsOwnCall) {
  struct Case {
    std::unique_ptr<SignalWatch> watch;
    bool heard = false;
  } c;
  c.watch = std::make_unique<SignalWatch>(
      loop_, SIGUSR2,
      [](void* self) {
        static_cast<Case*>(self)->watch.reset();
        static_cast<Case*>(self)->heard = true;
      },
      &c);
  raise(SIGUSR2);
  run_until([&] { return c.heard; });
}

TEST(LoopDeathTest, AbortsWhenAHandleIsLeaked) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        Loop loop;
        new SignalWatch(loop, SIGUSR2, [](void*) {}, nullptr);
      },
      "open signal handle");
}

}  // namespace
}  // namespace weir::net
