// The words of the file that stand for enumerators. Read by the sections, written by the dump: one
// table for both, so that neither knows a word that the other does not. A new enumerator is a new
// row here.
#pragma once

#include <weir/config.h>

#include "config/scalars.h"

namespace weir::config {

inline constexpr Choice<LogFormat> kLogFormats[] = {
    {"json", LogFormat::json}, {"combined", LogFormat::combined}, {"off", LogFormat::off}};

inline constexpr Choice<LogLevel> kLogLevels[] = {{"debug", LogLevel::debug},
                                                  {"info", LogLevel::info},
                                                  {"warn", LogLevel::warn},
                                                  {"error", LogLevel::error}};

inline constexpr Choice<AddressFamilies> kAddressFamilies[] = {{"auto", AddressFamilies::automatic},
                                                               {"ipv4", AddressFamilies::ipv4},
                                                               {"ipv6", AddressFamilies::ipv6},
                                                               {"both", AddressFamilies::both}};

inline constexpr Choice<UnderscoreFields> kUnderscoreFields[] = {
    {"drop", UnderscoreFields::drop},
    {"pass", UnderscoreFields::pass},
    {"refuse", UnderscoreFields::refuse}};

inline constexpr Choice<TlsVersion> kTlsVersions[] = {{"1.2", TlsVersion::v1_2},
                                                      {"1.3", TlsVersion::v1_3}};

inline constexpr Choice<ClientAuth> kClientAuths[] = {{"none", ClientAuth::none},
                                                      {"optional", ClientAuth::optional},
                                                      {"require", ClientAuth::require}};

inline constexpr Choice<KeySource> kKeySources[] = {{"header", KeySource::header},
                                                    {"cookie", KeySource::cookie},
                                                    {"query", KeySource::query},
                                                    {"client_ip", KeySource::client_ip},
                                                    {"issued_cookie", KeySource::issued_cookie}};

inline constexpr Choice<SecureCookie> kSecureCookies[] = {{"on_tls", SecureCookie::on_tls},
                                                          {"always", SecureCookie::always},
                                                          {"never", SecureCookie::never}};

inline constexpr Choice<SameSite> kSameSites[] = {
    {"lax", SameSite::lax}, {"strict", SameSite::strict}, {"none", SameSite::none}};

inline constexpr Choice<HeaderPreset> kHeaderPresets[] = {{"none", HeaderPreset::none},
                                                          {"security", HeaderPreset::security}};

inline constexpr Choice<MissingKey> kMissingKeys[] = {{"random", MissingKey::random},
                                                      {"stable", MissingKey::stable}};

inline constexpr Choice<OnUnavailable> kOnUnavailable[] = {{"failover", OnUnavailable::failover},
                                                           {"fail", OnUnavailable::fail}};

inline constexpr Choice<MirrorBy> kMirrorBy[] = {{"request", MirrorBy::request},
                                                 {"key", MirrorBy::key}};

inline constexpr Choice<MirrorWhen> kMirrorWhen[] = {{"concurrent", MirrorWhen::concurrent},
                                                     {"after", MirrorWhen::after}};

inline constexpr Choice<CheckMethod> kCheckMethods[] = {{"GET", CheckMethod::get},
                                                        {"HEAD", CheckMethod::head}};

inline constexpr Choice<UpstreamProtocol> kUpstreamProtocols[] = {
    {"http1", UpstreamProtocol::http1}, {"http2", UpstreamProtocol::http2}};

inline constexpr Choice<SendProxy> kSendProxy[] = {
    {"off", SendProxy::off}, {"v1", SendProxy::v1}, {"v2", SendProxy::v2}};

inline constexpr Choice<WhenAllUnhealthy> kWhenAllUnhealthy[] = {
    {"fail", WhenAllUnhealthy::fail}, {"use_all", WhenAllUnhealthy::use_all}};

}  // namespace weir::config
