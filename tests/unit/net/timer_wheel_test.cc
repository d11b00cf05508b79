// The wheel against a plain list of deadlines, with a clock moved by hand.
#include "net/timer_wheel.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/random.h"

namespace weir::net {
namespace {

constexpr TimeMs kTick = TimerWheel::kTickMs;
constexpr TimeMs kSpan = kTick * TimerWheel::kSlots;

struct Probe {
  int fired = 0;
  std::function<void()> after;
  TimerEntry entry{[](void* self) {
                     auto* probe = static_cast<Probe*>(self);
                     ++probe->fired;
                     if (probe->after) probe->after();
                   },
                   this};
};

TEST(TimerWheel, FiresOnceAtTheFirstTickNotBeforeTheDeadline) {
  TimerWheel wheel(1000 * kTick);
  Probe probe;
  wheel.arm(probe.entry, 1000 * kTick + 1);
  EXPECT_EQ(wheel.advance(1000 * kTick), 0u);
  EXPECT_EQ(wheel.advance(1001 * kTick - 1), 0u);
  EXPECT_TRUE(probe.entry.armed());
  EXPECT_EQ(wheel.advance(1001 * kTick), 1u);
  EXPECT_FALSE(probe.entry.armed());
  EXPECT_EQ(wheel.advance(1000 * kTick + kSpan * 2), 0u);
  EXPECT_EQ(probe.fired, 1);
}

TEST(TimerWheel, ADeadlineOnATickIsNotLate) {
  TimerWheel wheel(0);
  Probe probe;
  wheel.arm(probe.entry, 3 * kTick);
  EXPECT_EQ(wheel.advance(3 * kTick - 1), 0u);
  EXPECT_EQ(wheel.advance(3 * kTick), 1u);
}

TEST(TimerWheel, AnOverdueDeadlineFiresWithTheNextTick) {
  TimerWheel wheel(100 * kTick);
  Probe probe;
  wheel.arm(probe.entry, 5);
  EXPECT_EQ(wheel.next_due(), 101 * kTick);
  EXPECT_EQ(wheel.advance(101 * kTick), 1u);
}

TEST(TimerWheel, MovingTheDeadlineLaterKeepsTheEntryWhereItIs) {
  TimerWheel wheel(0);
  Probe probe;
  wheel.arm(probe.entry, 2 * kTick);
  wheel.arm(probe.entry, 50 * kTick);
  EXPECT_EQ(wheel.linked(), 1u);
  EXPECT_EQ(wheel.next_due(), 2 * kTick);
  EXPECT_EQ(wheel.advance(2 * kTick), 0u);
  EXPECT_EQ(wheel.next_due(), 50 * kTick);
  EXPECT_EQ(wheel.advance(50 * kTick), 1u);
}

TEST(TimerWheel, MovingTheDeadlineEarlierIsHeeded) {
  TimerWheel wheel(0);
  Probe probe;
  wheel.arm(probe.entry, 50 * kTick);
  wheel.arm(probe.entry, 2 * kTick);
  EXPECT_EQ(wheel.linked(), 1u);
  EXPECT_EQ(wheel.advance(2 * kTick), 1u);
  EXPECT_EQ(wheel.advance(60 * kTick), 0u);
}

TEST(TimerWheel, ACancelledEntryIsDroppedSilently) {
  TimerWheel wheel(0);
  Probe probe;
  wheel.arm(probe.entry, 2 * kTick);
  probe.entry.cancel();
  EXPECT_EQ(wheel.linked(), 1u);
  EXPECT_EQ(wheel.advance(2 * kTick), 0u);
  EXPECT_EQ(wheel.linked(), 0u);
  EXPECT_EQ(wheel.next_due(), TimerWheel::kNever);
}

TEST(TimerWheel, ADestroyedEntryIsNotCounted) {
  TimerWheel wheel(0);
  {
    Probe probe;
    wheel.arm(probe.entry, 2 * kTick);
    EXPECT_EQ(wheel.linked(), 1u);
  }
  EXPECT_EQ(wheel.linked(), 0u);
  EXPECT_EQ(wheel.advance(3 * kTick), 0u);
}

TEST(TimerWheel, ADeadlineBeyondTheSpanIsQueuedAgain) {
  TimerWheel wheel(0);
  Probe probe;
  const TimeMs deadline = 5 * kSpan + 7;
  wheel.arm(probe.entry, deadline);
  while (wheel.next_due() < deadline) ASSERT_EQ(wheel.advance(wheel.next_due()), 0u);
  EXPECT_LT(wheel.next_due(), deadline + kTick);
  EXPECT_EQ(wheel.advance(wheel.next_due()), 1u);
}

TEST(TimerWheel, ALongSleepFiresEverythingDue) {
  TimerWheel wheel(0);
  std::vector<std::unique_ptr<Probe>> probes;
  for (TimeMs i = 0; i < TimerWheel::kSlots; ++i) {
    probes.push_back(std::make_unique<Probe>());
    wheel.arm(probes.back()->entry, i * kTick);
  }
  Probe later;
  wheel.arm(later.entry, 100 * kSpan);
  EXPECT_EQ(wheel.advance(50 * kSpan + 3), TimerWheel::kSlots);
  EXPECT_TRUE(later.entry.armed());
  EXPECT_EQ(wheel.advance(100 * kSpan), 1u);
}

TEST(TimerWheel, AnIdleWheelCatchesUpWithTheClock) {
  TimerWheel wheel(0);
  wheel.set_now(1000 * kSpan);
  Probe probe;
  wheel.arm_in(probe.entry, 10 * kTick);
  EXPECT_EQ(wheel.next_due(), 1000 * kSpan + 10 * kTick);
}

TEST(TimerWheel, TheClockNeverGoesBack) {
  TimerWheel wheel(500);
  wheel.set_now(400);
  EXPECT_EQ(wheel.now(), 500u);
}

TEST(TimerWheel, ACallbackMaySetItsNextDeadlineOrDestroyItsNeighbour) {
  TimerWheel wheel(0);
  Probe again;
  again.after = [&] {
    if (again.fired < 3) wheel.arm_in(again.entry, kTick);
  };
  auto victim = std::make_unique<Probe>();
  auto own = std::make_unique<Probe>();
  own->after = [&] {
    victim.reset();
    own.reset();
  };
  wheel.arm(again.entry, kTick);
  wheel.arm(own->entry, kTick);
  wheel.arm(victim->entry, kTick);
  EXPECT_EQ(wheel.advance(kTick), 2u);
  EXPECT_EQ(wheel.advance(2 * kTick), 1u);
  EXPECT_EQ(wheel.advance(3 * kTick), 1u);
  EXPECT_EQ(again.fired, 3);
  EXPECT_EQ(wheel.linked(), 0u);
}

// Random arming, moving, cancelling and destroying; each deadline fires exactly once, never early
// and at most one tick after the first advance() that could have known.
TEST(TimerWheel, AgreesWithAListOfDeadlines) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(seed);
    TimeMs now = random.below(1'000'000);
    TimerWheel wheel(now);
    struct Timed {
      std::unique_ptr<Probe> probe = std::make_unique<Probe>();
      std::optional<TimeMs> deadline;
      int expected = 0;
    };
    std::vector<Timed> timers(64);
    for (int round = 0; round < 2000; ++round) {
      Timed& timed = timers[random.below(64)];
      switch (random.below(8)) {
        case 0:
          timed.probe->entry.cancel();
          timed.deadline.reset();
          break;
        case 1:
          timed = Timed();
          break;
        default: {
          const TimeMs reach = random.below(10) == 0 ? 3 * static_cast<std::uint32_t>(kSpan) : 800;
          timed.deadline = now + random.below(static_cast<std::uint32_t>(reach));
          wheel.arm(timed.probe->entry, *timed.deadline);
        }
      }
      // Like the loop: sometimes just when due, sometimes late, sometimes the clock moves without
      // advance().
      const std::uint32_t kind = random.below(4);
      if (kind == 0) continue;
      now += random.below(kind == 1 ? 4 : 90);
      if (random.below(200) == 0) now += 2 * kSpan;
      wheel.set_now(now);
      if (kind == 3 && wheel.next_due() > now) continue;
      wheel.advance(now);
      for (Timed& each : timers) {
        const int before = each.expected;
        if (each.probe->fired > before) {
          ASSERT_TRUE(each.deadline && *each.deadline <= now) << "early, seed " << seed;
          ASSERT_EQ(each.probe->fired, before + 1) << "twice, seed " << seed;
          each.expected = each.probe->fired;
          each.deadline.reset();
        }
        ASSERT_FALSE(each.deadline && *each.deadline + kTick <= now) << "late, seed " << seed;
        ASSERT_EQ(each.probe->entry.armed(), each.deadline.has_value());
      }
    }
  }
}

}  // namespace
}  // namespace weir::net
