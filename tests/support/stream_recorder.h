// A StreamEvents that writes down what it is told. For tests that look at a stream from outside.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "net/stream.h"

namespace weir::test {

class StreamRecorder : public net::StreamEvents {
 public:
  virtual ~StreamRecorder() = default;

  void on_read(std::string_view bytes) override {
    received.append(bytes);
    ++reads;
    if (after_read) after_read();
  }
  void on_end() override {
    ++ends;
    if (after_end) after_end();
  }
  void on_reset(Error error) override {
    ++resets;
    reset_error = error;
    if (after_reset) after_reset();
  }
  void on_drained() override {
    ++drains;
    if (after_drained) after_drained();
  }

  std::string take() { return std::exchange(received, {}); }

  std::string received;
  int reads = 0;
  int ends = 0;
  int resets = 0;
  int drains = 0;
  Error reset_error;
  std::function<void()> after_read, after_end, after_reset, after_drained;
};

}  // namespace weir::test
