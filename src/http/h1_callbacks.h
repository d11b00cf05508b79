// llhttp's callbacks as calls of H1Parser's members; included by h1_parser.cc alone. Only those
// that are needed are set, because each one costs.
#pragma once

#include <llhttp.h>

#include "http/h1_parser.h"

namespace weir::http {

struct H1Callbacks {
  static H1Parser& parser(llhttp_t* llhttp) { return *static_cast<H1Parser*>(llhttp->data); }

  template <int (H1Parser::*take)(std::string_view)>
  static int span(llhttp_t* llhttp, const char* at, std::size_t length) {
    return (parser(llhttp).*take)({at, length});
  }
  template <int (H1Parser::*finish)()>
  static int event(llhttp_t* llhttp) {
    return (parser(llhttp).*finish)();
  }
  static int chunk_extension(llhttp_t* llhttp, const char* at, std::size_t) {
    return parser(llhttp).take_chunk_extension(at);
  }

  static llhttp_settings_t make() {
    llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    settings.on_url = span<&H1Parser::take_start_line_part>;
    settings.on_status = span<&H1Parser::take_start_line_part>;
    settings.on_header_field = span<&H1Parser::take_field_name>;
    settings.on_header_value = span<&H1Parser::take_field_value>;
    settings.on_headers_complete = event<&H1Parser::finish_head>;
    settings.on_body = span<&H1Parser::take_content>;
    settings.on_chunk_extension_name = chunk_extension;
    settings.on_chunk_header = event<&H1Parser::finish_chunk_line>;
    settings.on_chunk_complete = event<&H1Parser::finish_chunk>;
    settings.on_message_complete = event<&H1Parser::finish_message>;
    return settings;
  }
  // llhttp keeps a pointer to it.
  static const llhttp_settings_t& settings() {
    static const llhttp_settings_t settings = make();
    return settings;
  }
};

}  // namespace weir::http
