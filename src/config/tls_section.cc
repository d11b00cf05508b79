// tls of a listener: which certificates it shows, and which it asks for.
// Called by listener_section.cc.
// Never opens a file: what is in them is looked at where they are used (server/tls_files.cc).
#include <fmt/format.h>

#include "config/choices.h"
#include "config/keys.h"
#include "config/named_file.h"
#include "config/sections.h"

namespace weir::config {
namespace {

template <auto Member>
constexpr Key<SectionOf<Member>> key_file(std::string_view name) {
  return {name, [](Reader& reader, const Node& node, SectionOf<Member>& section) {
            read_file_name(reader, node, section.*Member);
          }};
}

constexpr Key<Certificate> kCertificateKeys[] = {
    key_file<&Certificate::cert>("cert"),
    key_file<&Certificate::key>("key"),
    key_file<&Certificate::ocsp>("ocsp"),
};

bool read_certificate(Reader& reader, const Node& node, Certificate& out) {
  read_section(reader, node, out, kCertificateKeys);
  if (!node.is_map()) return false;
  for (const std::string_view needed : {"cert", "key"}) {
    if (node.find(needed) != nullptr) continue;
    reader.error(node, fmt::format("a certificate needs cert and key: {} is missing", needed));
  }
  return true;
}

void read_ciphers(Reader& reader, const Node& node, ListenerTls& tls) {
  tls.ciphers_place = reader.place(node);
  read(reader, node, tls.ciphers);
}

constexpr Key<ListenerTls> kListenerTlsKeys[] = {
    {"certificates",
     [](Reader& reader, const Node& node, ListenerTls& tls) {
       read_list(reader, node, tls.certificates, read_certificate);
     },
     list_elements<kCertificateKeys>},
    key_choice<&ListenerTls::min_version, kTlsVersions>("min_version"),
    {"ciphers", read_ciphers},
    key_file<&ListenerTls::client_ca>("client_ca"),
    key_choice<&ListenerTls::client_auth, kClientAuths>("client_auth"),
    key<&ListenerTls::session_tickets>("session_tickets"),
    key<&ListenerTls::handshake_timeout>("handshake_timeout"),
};

}  // namespace

void read_listener_tls(Reader& reader, const Node& node, Listener& listener) {
  if (is_off(node)) return;
  ListenerTls& tls = listener.tls.emplace();
  read_section(reader, node, tls, kListenerTlsKeys);
  if (!node.is_map()) return;
  const Node* certificates = node.find("certificates");
  if (certificates == nullptr || certificates->entries.empty()) {
    reader.error(certificates == nullptr ? node : *certificates,
                 "no certificates: tls needs at least one, { cert: FILE, key: FILE }");
  }
  if (!tls.ciphers.empty() && tls.min_version == TlsVersion::v1_3) {
    reader.warn(*node.find("ciphers"), "ciphers are of TLS 1.2, and min_version is 1.3");
  }
  const bool has_authorities = node.find("client_ca") != nullptr;
  if (node.find("client_auth") == nullptr) {
    if (has_authorities) tls.client_auth = ClientAuth::require;
  } else if (tls.client_auth != ClientAuth::none && !has_authorities) {
    reader.error(*node.find("client_auth"),
                 "nobody is trusted to sign clients' certificates: name a client_ca");
  } else if (tls.client_auth == ClientAuth::none && has_authorities) {
    reader.warn(*node.find("client_ca"), "client_ca is not used: client_auth is none");
  }
}

void list_listener_tls(KeyList& out, const std::string& path) {
  list_keys<kListenerTlsKeys>(out, path);
}

}  // namespace weir::config
