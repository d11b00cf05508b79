// The admin API's connections: parse a request, send its answer, wait for the next. One thread,
// bounded everywhere.
#include "server/admin_server.h"

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/intrusive_list.h"
#include "http/date.h"
#include "http/h1_parser.h"
#include "http/h1_writer.h"
#include "observe/log.h"

namespace weir::server {
namespace {

constexpr std::size_t kConnectionsMax = 128;
constexpr std::size_t kContentMax = 1024 * 1024;
constexpr http::HeadLimits kHeadLimits{.head_bytes = 16 * 1024, .fields = 64};
constexpr net::TimeMs kTimeoutMs = 15'000;
constexpr net::TimeMs kLookMs = 20;  // how often a later answer is looked for

}  // namespace

// One client of the API: a request, its answer, and the next.
class AdminConnection final : public net::Retirable, net::StreamEvents {
 public:
  AdminConnection(AdminServer& server, net::StreamPtr stream, std::string peer)
      : server_(server),
        stream_(std::move(stream)),
        peer_(std::move(peer)),
        timer_([](void* owner) { static_cast<AdminConnection*>(owner)->on_timer(); }, this) {
    await_request();
    stream_->start(*this);
  }

  void close() {
    if (!stream_) return;
    stream_.reset();
    timer_.cancel();
    link_.unlink();
    server_.loop_.retire(std::unique_ptr<net::Retirable>(this));
  }

 private:
  void await_request() {
    body_.clear();
    parser_.reset(head_, kHeadLimits, http::UnderscorePolicy::drop);
    server_.loop_.wheel().arm_in(timer_, kTimeoutMs);
  }

  void on_timer() {
    if (!later_) return close();
    std::optional<AdminAnswer> answer = later_->look();
    if (!answer) return server_.loop_.wheel().arm_in(timer_, kLookMs);
    later_.reset();
    finish(*answer);
  }

  void on_read(std::string_view bytes) override {
    // One answer at a time: who sends more while it is made gets a last one.
    if (later_ && !bytes.empty()) closing_ = true;
    while (!bytes.empty() && stream_ && !closing_) {
      const http::ParseStep step = parser_.feed(bytes);
      bytes.remove_prefix(step.consumed);
      const bool fits = take_content(step.content);
      if (step.error || !fits) {
        closing_ = true;
        const Errc reason = step.error ? step.error.code : Errc::body_too_large;
        send(text_answer(status_of(reason), std::string(words_of(reason)) + "\n"));
      } else if (step.complete) {
        // So does who pipelines or does not read.
        closing_ = !head_.keep_alive() || !bytes.empty() || stream_->pending_bytes() > 0 ||
                   server_.handed_over_;
        AdminAnswer answer = server_.api_.answer(request());
        later_ = std::move(answer.later);
        if (!later_) return finish(answer);
        server_.loop_.wheel().arm_in(timer_, kLookMs);
        return;
      }
    }
  }

  void finish(const AdminAnswer& answer) {
    send(answer);
    if (!stream_) return;
    if (!closing_) return await_request();
    server_.loop_.wheel().arm_in(timer_, kTimeoutMs);
  }

  // False: it is more than is read.
  bool take_content(std::span<const std::string_view> content) {
    for (std::string_view run : content) {
      if (run.size() > kContentMax - body_.size()) return false;
      body_ += run;
    }
    return true;
  }

  AdminRequest request() const {
    return {.method = head_.method_name(),
            .path = head_.path(),
            .query = head_.query(),
            .host = head_.authority(),
            .authorization = value_of("Authorization"),
            .origin = value_of("Origin"),
            .actor = value_of("X-Weir-Actor"),
            .peer = peer_,
            .body = body_};
  }
  std::string_view value_of(std::string_view name) const {
    const http::Field* field = head_.find(name);
    return field == nullptr ? std::string_view() : head_.value(*field);
  }

  void send(const AdminAnswer& answer) {
    std::array<char, http::kDateBytes> date;
    std::array<http::HeadEdit, 3> fields;
    std::size_t count = 0;
    const auto add = [&](std::string_view name, std::string_view value) {
      if (value.empty()) return;
      fields[count++] = {http::EditKind::add, http::FieldId::other, name, value};
    };
    add("Cache-Control", "no-store");
    add("Allow", answer.allow);
    add("WWW-Authenticate", answer.challenge);
    server_.out_.clear();
    http::write_own_answer(server_.out_,
                           {.status = answer.status,
                            .content_type = answer.content_type,
                            .body = answer.body,
                            .fields = std::span(fields.data(), count),
                            .head_request = head_.method() == http::Method::head,
                            .keep_alive = !closing_,
                            .client_minor_version = head_.minor_version(),
                            .date = http::format_date(SystemClock().wall_ms() / 1000, date)});
    if (!stream_->write(server_.out_.view())) {
      close();
    } else if (closing_) {
      stream_->finish_writing();
    }
  }

  void on_end() override { close(); }
  void on_reset(Error) override { close(); }
  void on_drained() override {}

  AdminServer& server_;
  net::StreamPtr stream_;
  const std::string peer_;
  net::TimerEntry timer_;
  http::RequestHead head_;
  http::H1RequestParser parser_;
  std::string body_;
  std::shared_ptr<LaterAnswer> later_;  // what is waited for
  bool closing_ = false;

 public:
  Link link_;
};

struct AdminServer::Connections {
  IntrusiveList<AdminConnection, &AdminConnection::link_> list;
  std::size_t count() {
    std::size_t n = 0;
    list.for_each([&n](AdminConnection&) { ++n; });
    return n;
  }
};

AdminServer::AdminServer(net::Loop& loop, net::ListenSocket socket, ProcessState& state)
    : loop_(loop),
      socket_(std::move(socket)),
      api_(state),
      connections_(std::make_unique<Connections>()) {}

AdminServer::~AdminServer() {
  connections_->list.for_each([](AdminConnection& connection) { connection.close(); });
}

void AdminServer::begin() {
  acceptor_.emplace(loop_, socket_.fd(), static_cast<net::AcceptEvents&>(*this));
}

void AdminServer::hand_over() {
  acceptor_.reset();
  socket_.leave_file();
  handed_over_ = true;
}

void AdminServer::on_accept(net::StreamPtr stream, const net::Peer& peer) {
  if (connections_->count() >= kConnectionsMax) return;
  auto* connection = new AdminConnection(  // owned by itself until it retires
      *this, std::move(stream), peer.is_unix ? "unix" : to_string(peer.ip));
  connections_->list.push_back(*connection);
}

void AdminServer::on_accept_starved(Error error) {
  observe::log_error("admin: {} (errno {}): accepting pauses", words_of(error.code), error.sys);
}

}  // namespace weir::server
