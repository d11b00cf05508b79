// Strict incremental HTTP/1 parsing on llhttp: bytes in, a head and content spans out. llhttp finds
// the structure; request_rules.cc and response_rules.cc refuse what it lets through
// (docs/threat-model.md). No IO, no clock. Used by proxy/'s downstream connections (requests),
// upstream/'s connections (responses) and the admin server.
#pragma once

#include <llhttp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <weir/error.h>
#include <weir/limits.h>

#include "http/chunk_meter.h"
#include "http/head.h"

namespace weir::http {

struct HeadLimits {
  std::size_t head_bytes = limits::kHeadBytes;
  std::size_t fields = limits::kFields;
};

enum class UnderscorePolicy : std::uint8_t { drop, pass, refuse };

// What one call of feed() reached. `head` and `complete` are true only in the call that reached
// them; both in one call for messages without content and for small ones. After `complete` or
// `error` the parser wants reset(). `error` may come with `head` and `content` when the fault lies
// behind them. How a message is cut into calls changes nothing, but for this: one with several
// faults is refused for one of them.
struct ParseStep {
  std::size_t consumed =
      0;  // of the bytes fed; less than all after complete, error, or when the spans were full
  bool head = false;      // the head is complete and valid
  bool complete = false;  // the message ended exactly here
  Error error;
  std::span<const std::string_view>
      content;  // decoded, in order, pointing into the bytes fed; none empty
};

// The part that requests and responses share. Fields point into the head given to reset().
class H1Parser {
 public:
  H1Parser(const H1Parser&) = delete;
  H1Parser& operator=(const H1Parser&) = delete;

  // Feeds bytes; call again with what was not consumed until complete or error. Never keeps a
  // pointer to `bytes`.
  ParseStep feed(std::string_view bytes);

  // True when not one byte of the message has been seen (empty lines before a request do not
  // count).
  bool untouched() const { return !touched_; }
  // No leniency of llhttp's is on.
  bool strict() const { return llhttp_.lenient_flags == 0; }

 protected:
  explicit H1Parser(llhttp_type type);
  ~H1Parser() = default;

  // Begins the next message; `head` has been reset.
  void begin(Head& head, const HeadLimits& limits);
  // The connection ended: true when that is how the message ends.
  bool end_content();

  // The head's bytes and fields (trimmed, with ids) are there: validates, and fills in all else.
  // Errc::none accepts.
  virtual Errc check_head() = 0;
  // What a fault, named as if in a request, is called for this kind of message.
  virtual Errc name_fault(Errc request_fault) const = 0;

  const llhttp_t& llhttp() const { return llhttp_; }
  // The request target, or the reason phrase.
  Slice start_line_part() const { return start_line_part_; }

 private:
  friend struct H1Callbacks;
  enum class Phase : std::uint8_t { empty_lines, head, odd_method, content, trailers, done };

  // Each takes bytes off the front of `rest`.
  void skip_empty_lines(std::string_view& rest);
  void run_head(std::string_view& rest);
  void judge_odd_method(std::string_view& rest);
  void run(std::string_view& rest, std::size_t most);

  void close_run(const char* end);
  Errc fault_of(llhttp_errno error) const;
  int refuse(Errc request_fault);
  void fail(Errc request_fault);
  std::uint64_t position_of(const char* at) const;

  int take_start_line_part(std::string_view part);
  int take_field_name(std::string_view part);
  int take_field_value(std::string_view part);
  int take_trailer_name(std::string_view part);
  int take_content(std::string_view part);
  int take_chunk_extension(const char* name);
  int finish_head();
  int finish_chunk_line();
  int finish_chunk();
  int finish_message();
  bool copy_rest_of_head();
  bool framing_agrees() const;
  bool trailers_fit(std::uint64_t position) const;

  llhttp_t llhttp_;
  Head* head_ = nullptr;
  HeadLimits limits_;
  Phase phase_ = Phase::done;
  std::uint8_t empty_line_bytes_ = 0;  // CRs and LFs before the start line
  bool paused_ = false;                // the spans are full
  const char* run_ = nullptr;          // the bytes llhttp is working on, valid in run() only ...
  const char* run_end_ = nullptr;
  std::uint64_t run_position_ = 0;  // ... and where they lie, from the start line's first byte
  std::uint64_t name_end_ = 0;      // position after the last bytes of a field name
  std::uint64_t trailers_begin_ = 0;
  std::uint64_t content_end_ = 0;  // position after the last bytes of content
  Slice start_line_part_;
  ChunkMeter chunks_;
  ParseStep step_;
  std::size_t spans_ = 0;
  std::array<std::string_view, limits::kBodySpans> span_;

 protected:
  bool touched_ = false;
};

class H1RequestParser final : public H1Parser {
 public:
  H1RequestParser();
  // Begins the next message into `head`, which is cleared and must outlive the message.
  void reset(RequestHead& head, const HeadLimits& limits, UnderscorePolicy underscores);

 private:
  Errc check_head() override;
  Errc name_fault(Errc request_fault) const override { return request_fault; }

  RequestHead* request_ = nullptr;
  UnderscorePolicy underscores_ = UnderscorePolicy::drop;
};

class H1ResponseParser final : public H1Parser {
 public:
  H1ResponseParser();
  // `request_method`: decides about content (HEAD). For the message after an interim answer, reset
  // again.
  void reset(ResponseHead& head, Method request_method, const HeadLimits& limits);
  // The connection ended. True when that completes the message (Framing::until_close), false when
  // it cuts it.
  bool end_of_stream();

 private:
  Errc check_head() override;
  Errc name_fault(Errc request_fault) const override;

  ResponseHead* response_ = nullptr;
  Method request_method_ = Method::get;
};

}  // namespace weir::http
