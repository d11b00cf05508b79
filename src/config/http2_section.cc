// listeners.NAME.http2: whether clients may speak HTTP/2, and what one of their connections may
// have open. Called by listener_section.cc. Never speaks it; the allowances for floods are limits
// of the program, not of the file.
#include <fmt/format.h>

#include <weir/limits.h>

#include "config/keys.h"
#include "config/sections.h"

namespace weir::config {
namespace {

template <auto Member>
constexpr Key<Http2> key_window(std::string_view name) {
  return {name, [](Reader& reader, const Node& node, Http2& http2) {
            read_as(
                reader, node, http2.*Member, [](std::string_view text) -> Parsed<std::uint64_t> {
                  Parsed<std::uint64_t> size = parse_size(text);
                  if (size && (*size < limits::kH2WindowLeast || *size > limits::kH2WindowMost)) {
                    return std::unexpected(fmt::format("{} is out of range: {} to {}", text,
                                                       format_size(limits::kH2WindowLeast),
                                                       format_size(limits::kH2WindowMost)));
                  }
                  return size;
                });
          }};
}

constexpr Key<Http2> kHttp2Keys[] = {
    key<&Http2::enabled>("enabled"),
    key_between<&Http2::max_streams, 1, limits::kH2StreamsMost>("max_streams"),
    key_window<&Http2::window>("window"),
    key_window<&Http2::connection_window>("connection_window"),
    key<&Http2::tunnels>("tunnels"),
};

}  // namespace

void read_http2(Reader& reader, const Node& node, Listener& listener) {
  Http2& http2 = listener.http2;
  read_section(reader, node, http2, kHttp2Keys);
  if (!node.is_map() || http2.window <= http2.connection_window) return;
  const Node* window = node.find("window");
  reader.error(window == nullptr ? node : *window,
               "window is above connection_window, which no stream could use: lower it, or raise "
               "connection_window");
}

void list_http2(KeyList& out, const std::string& path) {
  list_keys<kHttp2Keys>(out, path);
}

}  // namespace weir::config
