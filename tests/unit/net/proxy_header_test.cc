// PROXY headers: what is read from them, at whatever byte they are cut, what is refused, and that
// what we write is what we read.
#include "net/proxy_header.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include <weir/limits.h>

#include "net/crc32c.h"

namespace weir::net {
namespace {

using Verdict = ProxyHeaderStep::Verdict;

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

std::string raw(std::initializer_list<int> bytes) {
  std::string out;
  for (const int byte : bytes) out.push_back(static_cast<char>(byte));
  return out;
}

// A header of version 2 with its length filled in.
std::string v2(int command, int family, const std::string& content) {
  const std::size_t size = content.size();
  return std::string(kSignature) +
         raw({command, family, static_cast<int>(size >> 8), static_cast<int>(size & 0xff)}) +
         content;
}

std::string tcp4() {
  return raw({192, 0, 2, 7, 198, 51, 100, 1, 0x1f, 0x90, 0x01, 0xbb});  // ports 8080, 443
}

std::string tlv(int type, const std::string& value) {
  return raw({type, static_cast<int>(value.size() >> 8), static_cast<int>(value.size() & 0xff)}) +
         value;
}

std::string with_checksum(std::string header) {  // ends in a CRC32c of zeros
  const std::uint32_t crc = crc32c_end(crc32c_add(kCrc32cBegin, header));
  for (int i = 0; i < 4; ++i) {
    header[header.size() - 1 - static_cast<std::size_t>(i)] = static_cast<char>(crc >> (8 * i));
  }
  return header;
}

Verdict verdict_on(std::string_view bytes) {
  ProxyHeader header;
  return read_proxy_header(bytes, header).verdict;
}

ProxyAddresses addresses(std::string_view source, std::uint16_t source_port,
                         std::string_view destination, std::uint16_t destination_port) {
  return {parse_ip(source).value(), parse_ip(destination).value(), source_port, destination_port};
}

// Reads it cut at every byte: incomplete before its end, and the same whatever follows it.
ProxyHeader read_at_every_cut(const std::string& bytes) {
  ProxyHeader header;
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    const auto step = read_proxy_header(std::string_view(bytes).substr(0, cut), header);
    EXPECT_EQ(step.verdict, Verdict::incomplete) << "at byte " << cut;
    EXPECT_FALSE(header.has_addresses);
  }
  for (const std::string_view rest : {"", "\n", "GET / HTTP/1.1\r\n", "PROXY "}) {
    const auto step = read_proxy_header(bytes + std::string(rest), header);
    EXPECT_EQ(step.verdict, Verdict::complete);
    EXPECT_EQ(step.bytes, bytes.size());
  }
  return header;
}

TEST(ProxyHeaderV1, NamesAClientWhereverItIsCut) {
  const ProxyHeader v4 = read_at_every_cut("PROXY TCP4 192.0.2.7 198.51.100.1 8080 443\r\n");
  EXPECT_TRUE(v4.has_addresses);
  EXPECT_EQ(v4.addresses, addresses("192.0.2.7", 8080, "198.51.100.1", 443));
  const ProxyHeader v6 = read_at_every_cut("PROXY TCP6 2001:db8::7 ::1 65535 0\r\n");
  EXPECT_TRUE(v6.has_addresses);
  EXPECT_EQ(v6.addresses, addresses("2001:db8::7", 65535, "::1", 0));
}

TEST(ProxyHeaderV1, OfNobodyKnownHasNoAddresses) {
  EXPECT_FALSE(read_at_every_cut("PROXY UNKNOWN\r\n").has_addresses);
  EXPECT_FALSE(read_at_every_cut("PROXY UNKNOWN ::1 ::2 what ever\r\n").has_addresses);
}

TEST(ProxyHeaderV1, AnythingElseIsMalformed) {
  for (const std::string_view bad : {
           "G",
           "PROXYX",
           "PROXY\r",
           "proxy TCP4 ",
           "PROXY \r\n",
           "PROXY TCP4\r\n",
           "PROXY TCP5 192.0.2.7 198.51.100.1 8080 443\r\n",
           "PROXY  TCP4 192.0.2.7 198.51.100.1 8080 443\r\n",
           "PROXY TCP4 192.0.2.7  198.51.100.1 8080 443\r\n",
           "PROXY TCP4 192.0.2.7 198.51.100.1 8080 443 \r\n",
           "PROXY TCP4 192.0.2.7 198.51.100.1 8080\r\n",
           "PROXY TCP4 192.0.2.7 198.51.100.1 8080 443 1\r\n",
           "PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n",
           "PROXY TCP4 192.0.2.7 198.51.100.1 08080 443\r\n",
           "PROXY TCP4 192.0.2.7 198.51.100.1 +80 443\r\n",
           "PROXY TCP4 192.0.2.7 198.51.100.1 -1 443\r\n",
           "PROXY TCP4 192.0.2 198.51.100.1 8080 443\r\n",
           "PROXY TCP4 192.0.2.256 198.51.100.1 8080 443\r\n",
           "PROXY TCP4 ::ffff:192.0.2.7 198.51.100.1 8080 443\r\n",
           "PROXY TCP4 ::1 ::2 8080 443\r\n",
           "PROXY TCP6 192.0.2.7 198.51.100.1 8080 443\r\n",
           "PROXY TCP6 [::1] ::2 8080 443\r\n",
           "PROXY TCP6 fe80::1%eth0 ::2 8080 443\r\n",
           "PROXY TCP4 192.0.2.7 198.51.100.1 8080 443\n",
           "PROXY UNKNOWN\n",
           "PROXY UNKNOWN\rX",
           "PROXY UNKNOWN\r\r\n",
           "PROXY UNKNOWNS\r\n",
       }) {
    EXPECT_EQ(verdict_on(bad), Verdict::malformed) << bad;
  }
}

TEST(ProxyHeaderV1, IsALineOfItsLengthAtMost) {
  const auto line = [](std::size_t bytes) {
    return "PROXY UNKNOWN " + std::string(bytes - 16, 'x') + "\r\n";
  };
  const std::size_t most = limits::kProxyHeaderV1Bytes;
  EXPECT_EQ(verdict_on(line(most - 1)), Verdict::complete);
  EXPECT_EQ(verdict_on(line(most)), Verdict::complete);
  EXPECT_EQ(verdict_on(line(most + 1)), Verdict::malformed);
  // The end of the line is not waited for beyond that.
  EXPECT_EQ(verdict_on(line(most + 2).substr(0, most - 1)), Verdict::incomplete);
  EXPECT_EQ(verdict_on(line(most + 2).substr(0, most)), Verdict::malformed);
}

TEST(ProxyHeaderV2, NamesAClientWhereverItIsCut) {
  const ProxyHeader v4 = read_at_every_cut(v2(0x21, 0x11, tcp4()));
  EXPECT_TRUE(v4.has_addresses);
  EXPECT_EQ(v4.addresses, addresses("192.0.2.7", 8080, "198.51.100.1", 443));
  const std::string from = raw({0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7});
  const std::string to = raw({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  const ProxyHeader v6 =
      read_at_every_cut(v2(0x21, 0x21, from + to + raw({0xff, 0xff, 0x00, 0x00})));
  EXPECT_TRUE(v6.has_addresses);
  EXPECT_EQ(v6.addresses, addresses("2001:db8::7", 65535, "::1", 0));
}

TEST(ProxyHeaderV2, OfTheSenderItselfOrNobodyKnownHasNoAddresses) {
  EXPECT_FALSE(read_at_every_cut(v2(0x20, 0x00, "")).has_addresses);      // LOCAL
  EXPECT_FALSE(read_at_every_cut(v2(0x20, 0x11, tcp4())).has_addresses);  // LOCAL, all the same
  EXPECT_FALSE(read_at_every_cut(v2(0x20, 0x99, "junk")).has_addresses);  // ... family ignored
  EXPECT_FALSE(read_at_every_cut(v2(0x21, 0x00, "any")).has_addresses);   // UNSPEC
  EXPECT_FALSE(read_at_every_cut(v2(0x21, 0x31, std::string(216, 'p'))).has_addresses);  // unix
  EXPECT_FALSE(read_at_every_cut(v2(0x21, 0x12, tcp4())).has_addresses);  // datagrams
}

TEST(ProxyHeaderV2, AnythingElseIsMalformed) {
  const std::string bad[] = {
      std::string(kSignature) + raw({0x11}),     // version 1 in a header of version 2
      v2(0x22, 0x11, tcp4()),                    // an unknown command
      v2(0x21, 0x13, tcp4()),                    // an unknown transport
      v2(0x21, 0x10, tcp4()),                    // ... or none, of a family
      v2(0x21, 0x41, tcp4()),                    // an unknown family
      v2(0x21, 0x11, tcp4().substr(1)),          // too short for its family
      v2(0x21, 0x21, std::string(35, 'x')),      //
      v2(0x21, 0x31, std::string(215, 'x')),     //
      v2(0x21, 0x11, ""),                        //
      std::string("\r\n\r\n\1\r\nQUIT\n", 12),   // another signature
      std::string("\r\n\r\nGET / HTTP/1.1\r\n")  // a request behind empty lines
  };
  for (const std::string& each : bad) EXPECT_EQ(verdict_on(each), Verdict::malformed) << each;
}

TEST(ProxyHeaderV2, ExtensionsArePassedOverIfTheirLengthsAreRight) {
  const std::string host = tlv(0x02, "shop.example.com"), nothing = tlv(0x04, "");
  const ProxyHeader header = read_at_every_cut(v2(0x21, 0x11, tcp4() + host + nothing));
  EXPECT_EQ(header.addresses, addresses("192.0.2.7", 8080, "198.51.100.1", 443));
  const std::string bad[] = {
      raw({0x02}),                        // cut within its type and length
      raw({0x02, 0x00}),                  //
      raw({0x02, 0x00, 0x01}),            // a value beyond the header
      raw({0x02, 0xff, 0xff}) + "short",  //
      host.substr(0, host.size() - 1),    //
      nothing + raw({0x01}),              // a byte too many
  };
  for (const std::string& each : bad) {
    EXPECT_EQ(verdict_on(v2(0x21, 0x11, tcp4() + each)), Verdict::malformed);
  }
}

TEST(ProxyHeaderV2, AChecksumMustMatch) {
  const std::string zeros(4, '\0');
  const std::string plain = v2(0x21, 0x11, tcp4() + tlv(0x02, "host") + tlv(0x03, zeros));
  EXPECT_EQ(verdict_on(plain), Verdict::malformed);
  const std::string summed = with_checksum(plain);
  EXPECT_TRUE(read_at_every_cut(summed).has_addresses);
  for (std::size_t at = 16; at < summed.size(); ++at) {
    if (at == 35) continue;  // the checksum's type: then it is none
    std::string flipped = summed;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x20);
    EXPECT_EQ(verdict_on(flipped), Verdict::malformed) << "byte " << at;
  }
  EXPECT_EQ(verdict_on(v2(0x21, 0x11, tcp4() + tlv(0x03, "123"))), Verdict::malformed);
}

TEST(ProxyHeaderV2, IsBounded) {
  const auto header = [](std::size_t bytes) {
    return v2(0x21, 0x11, tcp4() + tlv(0x04, std::string(bytes - 16 - 12 - 3, '\0')));
  };
  const std::size_t most = limits::kProxyHeaderBytes;
  EXPECT_EQ(verdict_on(header(most - 1)), Verdict::complete);
  EXPECT_EQ(verdict_on(header(most)), Verdict::complete);
  // Told by its length already, before its content is waited for.
  EXPECT_EQ(verdict_on(header(most + 1).substr(0, 16)), Verdict::malformed);
  EXPECT_EQ(verdict_on(header(most).substr(0, 16)), Verdict::incomplete);
}

TEST(ProxyHeaderText, IsReadAsItWasMeant) {
  const ProxyAddresses all[] = {
      addresses("192.0.2.7", 8080, "198.51.100.1", 443),
      addresses("2001:db8::7", 65535, "2001:db8::1", 80),
      addresses("255.255.255.255", 65535, "255.255.255.255", 65535),
      addresses("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535,
                "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", 65535),
      addresses("192.0.2.7", 1, "2001:db8::1", 2),  // one of each: both as IPv6
      addresses("2001:db8::7", 1, "198.51.100.1", 0),
  };
  for (const ProxyVersion version : {ProxyVersion::v1, ProxyVersion::v2}) {
    for (const ProxyAddresses& each : all) {
      const ProxyHeaderText text(version, each);
      const ProxyHeader header = read_at_every_cut(std::string(text.view()));
      EXPECT_TRUE(header.has_addresses) << text.view();
      EXPECT_EQ(header.addresses, each) << text.view();
    }
    const ProxyHeaderText local(version);
    EXPECT_FALSE(read_at_every_cut(std::string(local.view())).has_addresses);
  }
  EXPECT_EQ(ProxyHeaderText(ProxyVersion::v1, all[0]).view(),
            "PROXY TCP4 192.0.2.7 198.51.100.1 8080 443\r\n");
  EXPECT_EQ(ProxyHeaderText(ProxyVersion::v1).view(), "PROXY UNKNOWN\r\n");
}

}  // namespace
}  // namespace weir::net
