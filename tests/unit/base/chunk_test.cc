// Chunk queues hold bytes in order whatever the sizes, and give every chunk back.
#include "base/chunk.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"

namespace weir {
namespace {

TEST(ChunkQueue, KeepsBytesInOrderOverManyChunks) {
  ChunkPool pool;
  ChunkQueue queue(pool);
  Random random(7);
  std::string expected;
  std::string seen;
  for (int round = 0; round < 2000; ++round) {
    const std::string piece(random.below(40'000), static_cast<char>('a' + round % 26));
    queue.append(piece);
    expected += piece;
    const std::size_t taken = std::min<std::size_t>(queue.size(), random.below(50'000));
    for (std::size_t left = taken; left > 0;) {
      const std::string_view front = queue.front().substr(0, left);
      seen += front;
      left -= front.size();
      queue.consume(front.size());
    }
  }
  while (!queue.empty()) {
    seen += queue.front();
    queue.consume(queue.front().size());
  }
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(pool.in_use(), 0U);
}

TEST(ChunkQueue, ShowsRunsFromTheFront) {
  ChunkPool pool;
  ChunkQueue queue(pool);
  queue.append(std::string(limits::kChunkBytes + 10, 'x'));
  std::string_view runs[4];
  ASSERT_EQ(queue.runs(runs, 4), 2U);
  EXPECT_EQ(runs[0].size(), limits::kChunkBytes);
  EXPECT_EQ(runs[1], std::string(10, 'x'));
  EXPECT_EQ(queue.runs(runs, 1), 1U);
}

TEST(ChunkQueue, GivesChunksBackWhenClearedOrDestroyed) {
  ChunkPool pool(1);
  {
    ChunkQueue queue(pool);
    queue.append(std::string(5 * limits::kChunkBytes, 'x'));
    EXPECT_EQ(pool.in_use(), 5U);
    queue.clear();
    EXPECT_EQ(pool.in_use(), 0U);
    queue.append("again");
    ChunkQueue other(std::move(queue));
    EXPECT_EQ(other.front(), "again");
  }
  EXPECT_EQ(pool.in_use(), 0U);
}

}  // namespace
}  // namespace weir
