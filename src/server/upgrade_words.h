// What a process and its successor say to each other while one takes the other's place, a byte
// each: by server/upgrade on the one side and server/predecessor on the other, over
// net::ChildProcess::kWordFd.
#pragma once

namespace weir::server::upgrade_words {

inline constexpr char kPrepared = 'p';  // successor: nothing can fail any more; may I serve?
inline constexpr char kServe = 's';     // predecessor: yes, and what you know is what I know
inline constexpr char kServing = '1';   // successor: I do

}  // namespace weir::server::upgrade_words
