// The legal steps of an exchange, in one table. exchange.cc walks them; anything else is a bug and
// is caught at once.
//
//   idle -> reading -> deciding -> leasing -> sending -> awaiting -> relaying -> idle
//                                                                \-> tunnelling -> idle
//
// Every step may end the exchange (-> idle): by an answer of our own, because the client left, or
// because the origin's answer broke off. A retry goes back to leasing, some after waiting, and only
// while nothing of a response has been passed on.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace weir::proxy {

enum class Step : std::uint8_t {
  idle,        // no request
  reading,     // the request head is arriving
  deciding,    // the head is complete: route, action, endpoint
  waiting,     // between two tries
  leasing,     // an endpoint is picked, its connection is not there yet
  sending,     // the head was sent, content is still arriving
  awaiting,    // the request was sent whole
  relaying,    // the response has begun to go to the client
  tunnelling,  // both have switched protocols: bytes go both ways, whatever they mean
};
inline constexpr std::size_t kSteps = 9;

using StepSet = std::uint16_t;

constexpr StepSet to(Step step) {
  return static_cast<StepSet>(1U << static_cast<unsigned>(step));
}

inline constexpr StepSet kAnotherTry = to(Step::leasing) | to(Step::waiting);

inline constexpr std::array<StepSet, kSteps> kLegalSteps = {
    /* idle     */ to(Step::reading),
    /* reading  */ to(Step::deciding) | to(Step::idle),
    /* deciding */ to(Step::leasing) | to(Step::idle),
    /* waiting  */ to(Step::leasing) | to(Step::idle),
    /* leasing  */ to(Step::sending) | to(Step::awaiting) | kAnotherTry | to(Step::idle),
    /* sending  */ to(Step::awaiting) | to(Step::relaying) | kAnotherTry | to(Step::idle),
    /* awaiting */ to(Step::relaying) | to(Step::tunnelling) | kAnotherTry | to(Step::idle),
    /* relaying */ to(Step::idle),
    /* tunnelling */ to(Step::idle),
};

constexpr bool legal(Step from, Step next) {
  return (kLegalSteps[static_cast<std::size_t>(from)] & to(next)) != 0;
}

}  // namespace weir::proxy
