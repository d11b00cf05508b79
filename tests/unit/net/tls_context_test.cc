// What a listener's contexts promise: which certificate a name gets, protocols, clients'
// certificates, tickets, OCSP.
#include "net/tls_context.h"

#include <gtest/gtest.h>

#include <string>

#include "tls_pair.h"

namespace weir::net {
namespace {

TlsServerSettings with_certificates(const std::vector<test::CertificateWishes>& wishes) {
  TlsServerSettings settings;
  for (const auto& each : wishes) settings.certificates.push_back(loaded(authority().issue(each)));
  return settings;
}

std::string shown_to(const TlsServerSettings& settings, const std::string& name) {
  TlsPair pair(settings, {.server_name = name});
  pair.shake();
  EXPECT_TRUE(pair.client_told.secured) << name;
  return pair.shown_name();
}

TEST(TlsSites, ANameGetsItsCertificateAndOthersTheFirst) {
  const auto settings = with_certificates({{.names = {"first.test"}},
                                           {.names = {"exact.test", "also.test"}},
                                           {.names = {"*.wild.test"}},
                                           {.names = {"in.wild.test"}}});
  const std::pair<const char*, const char*> kRows[] = {
      {"first.test", "first.test"},    {"exact.test", "exact.test"},
      {"EXACT.Test", "exact.test"},    {"also.test", "exact.test"},
      {"x.wild.test", "*.wild.test"},  {"in.wild.test", "in.wild.test"},
      {"a.b.wild.test", "first.test"}, {"wild.test", "first.test"},
      {"unknown.test", "first.test"},  {"", "first.test"},
  };
  for (const auto& [asked, shown] : kRows) EXPECT_EQ(shown_to(settings, asked), shown) << asked;
}

TEST(TlsSites, TwoKindsForOneNameGoByTheClientsAlgorithms) {
  const auto settings = with_certificates({{.names = {"both.test"}, .rsa = true},
                                           {.names = {"both.test", "ec.test"}},
                                           {.names = {"rsa.test"}, .rsa = true}});
  const auto kind = [&](const std::string& name, const std::string& sigalgs) {
    TlsPair pair(settings, {.server_name = name, .sigalgs = sigalgs});
    pair.shake();
    EXPECT_TRUE(pair.client_told.secured) << name << sigalgs;
    return pair.shown_kind() + " " + pair.shown_name();
  };
  EXPECT_EQ(kind("both.test", "ECDSA+SHA256:RSA-PSS+SHA256"), "id-ecPublicKey both.test");
  EXPECT_EQ(kind("both.test", "RSA-PSS+SHA256"), "rsaEncryption both.test");
  EXPECT_EQ(kind("ec.test", "ECDSA+SHA256:RSA-PSS+SHA256"), "id-ecPublicKey both.test");
  EXPECT_EQ(kind("rsa.test", "ECDSA+SHA256:RSA-PSS+SHA256"), "rsaEncryption rsa.test");
  EXPECT_EQ(kind("nobody.test", "RSA-PSS+SHA256"), "rsaEncryption both.test");
  EXPECT_EQ(kind("nobody.test", "ECDSA+SHA256:RSA-PSS+SHA256"), "id-ecPublicKey both.test");
}

TEST(TlsSites, TheChainIsSent) {
  const test::CertificateAuthority between("Between", authority());
  test::Issued issued = between.issue({.names = {"one.test"}});
  issued.certificate += between.certificate();
  TlsServerSettings settings;
  settings.certificates = {loaded(issued)};
  TlsPair pair(settings);
  pair.shake();
  EXPECT_TRUE(pair.client_told.secured);  // it knows the root only
}

// --- versions, ciphers, protocols ---

TEST(TlsVersions, MinVersionIsKept) {
  TlsServerSettings settings = usual_settings();
  settings.min_version = TlsVersion::v1_3;
  TlsPair pair(settings, {.version = TLS1_2_VERSION});
  pair.shake();
  ASSERT_TRUE(pair.server_told.failure);
  EXPECT_EQ(pair.server_told.failure->kind, TlsFailureKind::no_agreement);
  EXPECT_EQ(pair.server_told.failure->words, "unsupported protocol");
}

TEST(TlsVersions, CiphersOfTls12CanBeChosen) {
  TlsServerSettings settings = usual_settings();
  settings.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384";
  TlsPair pair(settings, {.version = TLS1_2_VERSION});
  pair.secure();
  EXPECT_EQ(pair.server_told.facts.cipher, "ECDHE-ECDSA-AES256-GCM-SHA384");
  settings.ciphers = "NOTHING-KNOWN";
  TlsLibrary library;
  const auto made = TlsServerContext::make(settings, std::make_shared<TlsLibrary>(),
                                           std::make_shared<TicketKeys>());
  ASSERT_FALSE(made);
  EXPECT_TRUE(made.error().starts_with("OpenSSL knows none of these ciphers")) << made.error();
}

TEST(TlsVersions, OldCiphersAreNotOffered) {
  for (const char* cipher :
       {"AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384"}) {
    TlsPair pair(usual_settings(), {.ciphers = cipher, .version = TLS1_2_VERSION});
    pair.shake();
    ASSERT_TRUE(pair.server_told.failure) << cipher;
    EXPECT_EQ(pair.server_told.failure->kind, TlsFailureKind::no_agreement);
  }
}

TEST(TlsAlpn, TheServersPreferenceDecides) {
  TlsServerSettings settings = usual_settings();
  settings.alpn = {"h2", "http/1.1"};
  const auto agreed = [&](const std::string& offered) {
    TlsPair pair(settings, {.alpn = offered});
    pair.shake();
    EXPECT_TRUE(pair.server_told.secured);
    return pair.server_told.alpn;
  };
  EXPECT_EQ(agreed("\x08http/1.1\x02h2"), "h2");
  EXPECT_EQ(agreed("\x08http/1.1"), "http/1.1");
  EXPECT_EQ(agreed(""), "");
}

TEST(TlsAlpn, NothingInCommonIsAnError) {
  TlsServerSettings settings = usual_settings();
  settings.alpn = {"http/1.1"};
  TlsPair pair(settings, {.alpn = "\x03"
                                  "ftp"});
  pair.shake();
  ASSERT_TRUE(pair.server_told.failure);
  EXPECT_EQ(pair.server_told.failure->kind, TlsFailureKind::no_agreement);
}

// --- clients' certificates ---

TlsServerSettings asking(ClientAuth auth) {
  TlsServerSettings settings = usual_settings();
  settings.client_auth = auth;
  settings.client_ca = authority().certificate();
  return settings;
}

TEST(TlsClients, ARequiredCertificateIsChecked) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsPair good(asking(ClientAuth::require),
                 {.certificate = authority().issue({.names = {"client"}}), .version = version});
    good.secure();
    EXPECT_TRUE(good.server_told.facts.peer_certificate);

    TlsPair none(asking(ClientAuth::require), {.version = version});
    none.shake();
    ASSERT_TRUE(none.server_told.failure);
    EXPECT_EQ(none.server_told.failure->kind, TlsFailureKind::certificate);
    EXPECT_EQ(none.server_told.failure->words, "peer did not return a certificate");

    TlsPair foreign(
        asking(ClientAuth::require),
        {.certificate = test::CertificateAuthority("Foreign").issue({}), .version = version});
    foreign.shake();
    ASSERT_TRUE(foreign.server_told.failure);
    EXPECT_EQ(foreign.server_told.failure->kind, TlsFailureKind::certificate);
    EXPECT_EQ(foreign.server_told.failure->words, "unable to get local issuer certificate");

    TlsPair late(asking(ClientAuth::require),
                 {.certificate = authority().issue({.starts_in = -7200, .ends_in = -3600}),
                  .version = version});
    late.shake();
    ASSERT_TRUE(late.server_told.failure);
    EXPECT_EQ(late.server_told.failure->words, "certificate has expired");
  }
}

TEST(TlsClients, AnOptionalOneMayBeMissingButNotWrong) {
  TlsPair none(asking(ClientAuth::optional));
  none.secure();
  EXPECT_FALSE(none.server_told.facts.peer_certificate);
  TlsPair good(asking(ClientAuth::optional), {.certificate = authority().issue({})});
  good.secure();
  EXPECT_TRUE(good.server_told.facts.peer_certificate);
  TlsPair foreign(asking(ClientAuth::optional),
                  {.certificate = test::CertificateAuthority("Foreign").issue({})});
  foreign.shake();
  EXPECT_TRUE(foreign.server_told.failure);
}

// --- tickets ---

TEST(TlsTickets, ASessionIsResumedWhoeverIssuedIt) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsPair first(usual_settings(), {.version = version});
    first.secure();
    first.server->write("x");
    first.deliver();
    TlsPair second(first, usual_settings(), {.session = first.session(), .version = version});
    second.secure();
    EXPECT_TRUE(second.server_told.facts.resumed) << version;
  }
}

TEST(TlsTickets, OtherKeysOrAnotherIdentityMakeItAFullHandshake) {
  TlsPair first;
  first.secure();
  TlsPair other_keys(usual_settings(), {.session = first.session()});
  other_keys.secure();
  EXPECT_FALSE(other_keys.server_told.facts.resumed);

  TlsServerSettings other = asking(ClientAuth::optional);
  TlsPair strict(first, other, {.session = first.session()});
  strict.secure();
  EXPECT_FALSE(strict.server_told.facts.resumed);
}

TEST(TlsTickets, AnOldKeyResumesUntilItIsGone) {
  auto keys = std::make_shared<TicketKeys>();
  TicketKey found;
  std::size_t age = 9;
  const TicketKey first = keys->current();
  ASSERT_TRUE(keys->find(first.name.data(), found, age));
  EXPECT_EQ(age, 0u);
  keys->rotate();
  ASSERT_TRUE(keys->find(first.name.data(), found, age));
  EXPECT_EQ(age, 1u);
  EXPECT_EQ(found, first);
  keys->rotate();
  EXPECT_FALSE(keys->find(first.name.data(), found, age));
}

TEST(TlsTickets, KeysAreHandedOver) {
  TicketKeys one, other;
  const TicketKey before = other.current();
  for (const std::string& bad : {std::string(), std::string("12"), std::string(320, 'x'),
                                 std::string(318, 'a'), std::string(322, 'a')}) {
    EXPECT_FALSE(other.restore(bad));
    EXPECT_EQ(other.current(), before);
  }
  EXPECT_EQ(one.save().size(), 320u);
  ASSERT_TRUE(other.restore(one.save()));
  EXPECT_EQ(other.current(), one.current());
}

TEST(TlsTickets, CanBeSwitchedOff) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsServerSettings settings = usual_settings();
    settings.tickets = false;
    TlsPair first(settings, {.version = version});
    first.secure();
    first.server->write("x");
    first.deliver();
    TlsPair second(first, settings, {.session = first.session(), .version = version});
    second.secure();
    EXPECT_FALSE(second.server_told.facts.resumed) << version;
  }
}

// --- OCSP ---

TEST(TlsOcsp, AResponseIsStapledWhileItIsGood) {
  const auto stapled = [](std::int64_t ends_in, bool asks) {
    TlsServerSettings settings;
    settings.certificates = {loaded(
        usual_certificate(), authority().ocsp(usual_certificate().certificate, true, ends_in))};
    TlsPair pair(settings, {.ocsp = asks});
    pair.secure();
    const unsigned char* bytes = nullptr;
    return SSL_get_tlsext_status_ocsp_resp(pair.client->ssl(), &bytes);
  };
  EXPECT_GT(stapled(3600, true), 100);
  EXPECT_EQ(stapled(3600, false), -1);
  EXPECT_EQ(stapled(-60, true), -1);
}

}  // namespace
}  // namespace weir::net
