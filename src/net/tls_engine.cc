// The custom BIO and the turns. The BIO's callbacks only move bytes between OpenSSL and what the
// stream at work has put before it; they never fail but for want of input.
#include "net/tls_engine.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "net/stream.h"

namespace weir::net {
namespace {

constexpr std::size_t kRecordBytes = 16 * 1024;
constexpr std::size_t kOutputKept = 80 * 1024;  // a usual write with its records' overhead

}  // namespace

// C linkage is not needed: OpenSSL calls through pointers of these very types.
static BIO_METHOD* make_method(int (*read)(BIO*, char*, int), int (*write)(BIO*, const char*, int),
                               long (*ctrl)(BIO*, int, long, void*)) {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "weir");
  BIO_meth_set_read(method, read);
  BIO_meth_set_write(method, write);
  BIO_meth_set_ctrl(method, ctrl);
  return method;
}

TlsEngine::TlsEngine(const Clock& clock, Loop* loop, std::shared_ptr<TlsLibrary> library)
    : clock_(clock),
      loop_(loop),
      library_(library ? std::move(library) : std::make_shared<TlsLibrary>()),
      output_(kOutputKept),
      gathered_(kRecordBytes),
      plain_(std::make_unique_for_overwrite<char[]>(kPlainBytes)),
      turn_([](void* engine) { static_cast<TlsEngine*>(engine)->turn(); }, this) {
  static BIO_METHOD* const kMethod = make_method(bio_read, bio_write, bio_ctrl);
  bio_ = BIO_new(kMethod);
  BIO_set_data(bio_, this);
  BIO_set_init(bio_, 1);
}

TlsEngine::~TlsEngine() {
  assert(!anyone_waits());
  BIO_free(bio_);
}

void TlsEngine::attach(SSL* ssl) {
  BIO_up_ref(bio_);
  BIO_up_ref(bio_);
  SSL_set0_rbio(ssl, bio_);
  SSL_set0_wbio(ssl, bio_);
}

int TlsEngine::bio_read(BIO* bio, char* into, int size) {
  auto& engine = *static_cast<TlsEngine*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (engine.input_.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t n = std::min(engine.input_.size(), static_cast<std::size_t>(size));
  std::memcpy(into, engine.input_.data(), n);
  engine.input_.remove_prefix(n);
  return static_cast<int>(n);
}

int TlsEngine::bio_write(BIO* bio, const char* bytes, int size) {
  auto& engine = *static_cast<TlsEngine*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  engine.output_.append({bytes, static_cast<std::size_t>(size)});
  return size;
}

long TlsEngine::bio_ctrl(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP ? 1 : 0;
}

bool TlsEngine::flush(Stream& inner) {
  if (output_.empty()) return true;
  const bool alive = inner.write(output_.view());
  output_.clear();
  if (output_.capacity() > 4 * kOutputKept) output_.shrink(kOutputKept);
  return alive;
}

void TlsEngine::spend(std::uint64_t since_ns) {
  spent_ns_ += now_ns() - since_ns;
  ask_for_turn();
}

void TlsEngine::wait(TlsWaiter& waiter, bool first) {
  ++postponed_;
  if (first) {
    waiting_.push_front(waiter);
  } else {
    waiting_.push_back(waiter);
  }
  ask_for_turn();
}

void TlsEngine::resume(TlsWaiter& waiter) {
  if (waiter.wait_link_.linked()) return;
  ready_.push_back(waiter);
  ask_for_turn();
}

void TlsEngine::ask_for_turn() {
  if (loop_ != nullptr) loop_->defer(turn_);
}

void TlsEngine::turn() {
  spent_ns_ = 0;
  Waiters due;  // who becomes ready meanwhile waits for the next turn
  while (!ready_.empty()) due.push_back(ready_.pop_front());
  while (!due.empty()) due.pop_front().go_on();
  while (!waiting_.empty() && may_begin()) waiting_.pop_front().go_on();
  if (anyone_waits()) ask_for_turn();
}

}  // namespace weir::net
