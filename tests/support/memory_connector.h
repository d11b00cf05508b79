// A Connector whose connects wait until the test accepts or refuses them, and that remembers who
// was asked for.
#pragma once

#include <cerrno>
#include <chrono>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "net/connector.h"
#include "support/memory_peer.h"

namespace weir::test {

class MemoryConnector final : public net::Connector {
 public:
  struct Target {
    SocketAddress address;
    std::chrono::milliseconds timeout;
  };

  std::unique_ptr<net::ConnectTicket> connect(const SocketAddress& to,
                                              std::chrono::milliseconds timeout,
                                              net::ConnectEvents& events) override {
    targets_.push_back({to, timeout});
    attempts_.push_back(std::make_shared<Attempt>(Attempt{to, &events}));
    return std::make_unique<Ticket>(attempts_.back());
  }

  // Every connect ever asked for, in order, and how many of them wait for an answer now.
  const std::vector<Target>& targets() const { return targets_; }
  std::size_t waiting() const {
    std::size_t count = 0;
    for (const auto& attempt : attempts_) count += attempt->events != nullptr;
    return count;
  }

  // Lets the oldest waiting connect (to that address) succeed; the origin's end of it, null when
  // none waits.
  std::unique_ptr<MemoryPeer> accept(net::FaultPlan from_origin = {}, net::FaultPlan to_origin = {},
                                     std::string_view at = {}) {
    auto* events = answer_oldest(at);
    if (events == nullptr) return nullptr;
    auto peer = std::make_unique<MemoryPeer>(from_origin, to_origin);
    events->on_connected(peer->take_stream());
    peer->deliver();
    return peer;
  }

  // Lets the oldest waiting connect fail; false when none waits.
  bool refuse(Error error = {Errc::connect_refused, ECONNREFUSED}) {
    auto* events = answer_oldest();
    if (events != nullptr) events->on_connect_failed(error);
    return events != nullptr;
  }

 private:
  struct Attempt {
    SocketAddress to;
    net::ConnectEvents* events;  // null: answered or cancelled
  };
  struct Ticket final : net::ConnectTicket {
    explicit Ticket(std::shared_ptr<Attempt> its_attempt) : attempt(std::move(its_attempt)) {}
    ~Ticket() override { attempt->events = nullptr; }
    std::shared_ptr<Attempt> attempt;
  };

  net::ConnectEvents* answer_oldest(std::string_view at = {}) {
    for (const auto& attempt : attempts_) {
      if (!at.empty() && to_string(attempt->to) != at) continue;
      if (attempt->events != nullptr) return std::exchange(attempt->events, nullptr);
    }
    return nullptr;
  }

  std::vector<Target> targets_;
  std::vector<std::shared_ptr<Attempt>> attempts_;
};

}  // namespace weir::test
