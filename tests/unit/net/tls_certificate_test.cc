// Certificates are read and checked: good ones tell what they are for, bad ones what is wrong and
// in which file.
#include "net/tls_certificate.h"

#include <gtest/gtest.h>

#include <ctime>

#include "support/certificates.h"
#include "tls_pair.h"

namespace weir::net {
namespace {

using Part = TlsCertificate::Part;

std::string mistake(Part part, TlsCertificate::Text text) {
  const auto read = TlsCertificate::read(std::move(text));
  if (read) return "none";
  EXPECT_EQ(static_cast<int>(read.error().part), static_cast<int>(part));
  return read.error().words;
}

TEST(TlsCertificate, TellsNamesKindAndTimes) {
  const auto rsa = loaded(authority().issue({.names = {"A.test", "*.B.test"}, .rsa = true}));
  EXPECT_EQ(rsa->names, (std::vector<std::string>{"a.test", "*.b.test"}));
  EXPECT_EQ(rsa->kind, KeyKind::rsa);
  const auto ec = loaded(authority().issue({.ends_in = 1000}));
  EXPECT_EQ(ec->kind, KeyKind::ecdsa);
  const std::int64_t now = std::time(nullptr);
  EXPECT_NEAR(static_cast<double>(ec->not_after), static_cast<double>(now + 1000), 60);
  EXPECT_FALSE(ec->expired(ec->not_after - 1));
  EXPECT_TRUE(ec->expired(ec->not_after));
}

TEST(TlsCertificate, AChainIsAsGoodAsItsShortest) {
  const test::Issued longer = authority().issue({.ends_in = 80'000});
  const test::Issued shorter = authority().issue({.ends_in = 5000});
  const auto chain = loaded({longer.certificate + shorter.certificate, longer.key});
  EXPECT_EQ(chain->not_after, loaded(shorter)->not_after);
}

TEST(TlsCertificate, MistakesNameTheirPart) {
  const test::Issued one = authority().issue({});
  const test::Issued other = authority().issue({});
  const std::string cut = one.certificate.substr(0, one.certificate.size() / 2);
  EXPECT_EQ(mistake(Part::chain, {"", one.key, ""}), "holds no certificate in PEM form");
  EXPECT_EQ(mistake(Part::chain, {one.key, one.key, ""}), "holds no certificate in PEM form");
  EXPECT_TRUE(mistake(Part::chain, {one.certificate + cut, one.key, ""})
                  .starts_with("has a broken certificate in it ("));
  EXPECT_TRUE(mistake(Part::key, {one.certificate, "", ""})
                  .starts_with("holds no private key in PEM form ("));
  EXPECT_EQ(mistake(Part::key, {one.certificate, other.key, ""}),
            "is not the key of the certificate");
  EXPECT_EQ(mistake(Part::key, {other.certificate + one.certificate, one.key, ""}),
            "is the key of certificate 2 in the file: put that one first, then those that lead to "
            "the root");
  EXPECT_TRUE(mistake(Part::key, {one.certificate, test::encrypted(one.key), ""})
                  .starts_with("is encrypted"));
  const test::Issued weak = authority().issue({.rsa = true, .rsa_bits = 1024});
  EXPECT_EQ(mistake(Part::key, {weak.certificate, weak.key, ""}),
            "has only 1024 bits, which no client of today accepts");
}

TEST(TlsCertificate, AnOcspResponseMustSpeakWellOfTheCertificate) {
  const test::Issued one = authority().issue({});
  const test::Issued other = authority().issue({});
  const std::string good = authority().ocsp(one.certificate);
  EXPECT_GT(loaded(one, good)->ocsp_until, std::time(nullptr));
  EXPECT_EQ(mistake(Part::ocsp, {one.certificate, one.key, "nonsense"}),
            "is no OCSP response in DER form");
  EXPECT_EQ(mistake(Part::ocsp, {other.certificate, other.key, good}),
            "is an OCSP response about another certificate");
  EXPECT_EQ(
      mistake(Part::ocsp, {one.certificate, one.key, authority().ocsp(one.certificate, false)}),
      "says that the certificate is revoked");
}

TEST(TlsCertificate, AuthoritiesAreCounted) {
  EXPECT_EQ(*read_authorities(authority().certificate() + authority().certificate()), 2u);
  EXPECT_EQ(read_authorities("").error(), "holds no certificate in PEM form");
}

TEST(TlsCertificate, DatesAreForPeople) {
  EXPECT_EQ(date_text(1'700'000'000), "2023-11-14 22:13:20 UTC");
}

}  // namespace
}  // namespace weir::net
