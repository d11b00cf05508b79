// A set of endpoints for tests of balancing: made from weights, changed at will, shown to balancers
// as they expect it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <weir/balancer.h>

namespace weir::test {

class Fleet {
 public:
  Fleet() = default;
  explicit Fleet(const std::vector<std::uint32_t>& weights) {
    for (std::uint32_t weight : weights) add(weight);
  }
  static Fleet of(std::size_t count, std::uint32_t weight = 1) {
    return Fleet(std::vector<std::uint32_t>(count, weight));
  }

  Endpoint& add(std::uint32_t weight, bool backup = false) {
    return add("10.0.0." + std::to_string(endpoints_.size()) + ":80", weight, backup);
  }
  Endpoint& add(std::string name, std::uint32_t weight, bool backup = false) {
    endpoints_.push_back(
        std::make_unique<Endpoint>(std::move(name), SocketAddress{}, weight, backup));
    pointers_.push_back(endpoints_.back().get());
    return *endpoints_.back();
  }
  void remove(std::size_t index) {
    endpoints_.erase(endpoints_.begin() + static_cast<std::ptrdiff_t>(index));
    pointers_.erase(pointers_.begin() + static_cast<std::ptrdiff_t>(index));
  }

  Endpoint& operator[](std::size_t index) { return *endpoints_[index]; }
  const std::string& name(std::size_t index) const { return endpoints_[index]->name(); }
  std::size_t size() const { return endpoints_.size(); }
  EndpointSet set() const { return pointers_; }

 private:
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
  std::vector<const Endpoint*> pointers_;
};

}  // namespace weir::test
