// A few words that one thread writes and all read: a reader sees one whole set of them, never a
// mixture, and waits for nobody. For what changes once in minutes and is read with each request or
// handshake; neither side allocates or locks.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace weir {

template <class Word, std::size_t count>
class VersionedWords {
 public:
  using Words = std::array<Word, count>;

  VersionedWords() = default;
  VersionedWords(const VersionedWords&) = delete;
  VersionedWords& operator=(const VersionedWords&) = delete;

  // From when it returns, every read that begins sees these. One thread.
  void set(const Words& words) {
    const std::uint32_t version = version_.load(std::memory_order_relaxed);
    version_.store(version + 1, std::memory_order_relaxed);
    // Release: who sees one of the new words sees the odd version too, and asks again.
    for (std::size_t i = 0; i < count; ++i) words_[i].store(words[i], std::memory_order_release);
    version_.store(version + 2, std::memory_order_release);
  }

  // The first of them; the others are 0. Any thread.
  Words get(std::size_t first = count) const {
    Words seen{};
    for (;;) {
      const std::uint32_t before = version_.load(std::memory_order_acquire);
      for (std::size_t i = 0; i < first; ++i) seen[i] = words_[i].load(std::memory_order_acquire);
      const std::uint32_t after = version_.load(std::memory_order_relaxed);
      if (before == after && before % 2 == 0) return seen;
    }
  }

 private:
  std::atomic<std::uint32_t> version_{0};  // odd while words are being written
  std::array<std::atomic<Word>, count> words_{};
};

}  // namespace weir
