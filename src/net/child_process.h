// Another program, started by this one: its descriptors are chosen one by one, everything else is
// closed in it. The supervisor starts its own successor so. Never waits: what the child says and
// how it ends are events on the loop.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <weir/error.h>

namespace weir::net {

class Loop;

class ChildEvents {
 public:
  // What it wrote to stderr; empty: it has closed it.
  virtual void on_child_stderr(std::string_view bytes) = 0;
  // The child wrote to kWordFd: called for each byte.
  virtual void on_child_word(char word) = 0;
  // It has ended, by `signal` if that is not 0. Its last words to stderr may follow.
  virtual void on_child_exit(int code, int signal) = 0;

 protected:
  ~ChildEvents() = default;
};

struct ChildProgram {
  std::string path;
  std::vector<std::string> arguments;    // with the program's name
  std::vector<std::string> environment;  // NAME=value
  std::vector<int> descriptors;          // of this process, for kFirstFd and the numbers behind it
};

class ChildProcess {
 public:
  // What the child finds, beside /dev/null as stdin and this process's stdout.
  static constexpr int kStderrFd = 3;  // this process's stderr; the child's own is read here
  static constexpr int kWordFd = 4;    // a byte written here is on_child_word(); answers are read
  static constexpr int kFirstFd = 5;

  // On the loop's thread, like its events.
  ChildProcess(Loop& loop, ChildEvents& events);
  // Lets go of it: the child goes on.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Once. An error: the program could not be executed, and no event follows.
  Error start(const ChildProgram& program);
  int pid() const;
  void kill();
  // One byte, for the child to read at kWordFd. False: it cannot be written.
  bool answer(char word);

 private:
  struct Block;
  Block* block_;
};

}  // namespace weir::net
