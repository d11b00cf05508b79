// Every bound in Weir has its name here: what exceeds one is refused before it is stored. Defaults
// that a file can change are in config.h and refer to these. Each has a test one below, at, and one
// above it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace weir::limits {

using namespace std::chrono_literals;
using Millis = std::chrono::milliseconds;

// Message heads (docs/threat-model.md).
inline constexpr std::size_t kTargetBytes = 16 * 1024;  // request target; 414
inline constexpr std::size_t kHeadBytes = 64 * 1024;    // request or response head; 431 or 502
inline constexpr std::size_t kFields = 100;  // header fields, trailers counted with them; 431
inline constexpr std::size_t kFieldNameBytes = 1024;  // one field's name; 431
inline constexpr std::size_t kLeadingEmptyLines = 8;  // CRLFs tolerated before a request line; 400
inline constexpr std::size_t kChunkExtensionBytes = 8192;  // extensions of one chunk; 400
inline constexpr std::size_t kChunkOverheadBytes =
    16 * 1024;                                       // all extensions: this + half the content; 400
inline constexpr std::size_t kChunkSizeDigits = 16;  // hexadecimal digits of a chunk size; 400
inline constexpr int kInterimResponses = 16;         // 1xx answers before the final one; 502

// Buffers.
inline constexpr std::size_t kReceiveBuffer = 64 * 1024;  // one per worker
inline constexpr std::size_t kChunkBytes =
    16 * 1024;  // pooled chunks for what a socket did not take
inline constexpr std::size_t kHighWatermark =
    256 * 1024;  // pending output above which the source is paused
inline constexpr std::size_t kLowWatermark = 128 * 1024;  // ... and below which it resumes
inline constexpr std::size_t kUnsentBytes =
    128 * 1024;  // of a client, in the kernel, beyond what it has room for
inline constexpr std::size_t kEarlyBodyBytes =
    64 * 1024;  // request content held while an upstream is connecting
inline constexpr std::size_t kLingerBytes =
    64 * 1024;  // client content drained after an early answer
inline constexpr Millis kLingerTime = 1s;
inline constexpr std::size_t kBodySpans = 32;  // content spans one parse step hands out

// Of buffer_bytes held, in percent, where that is set: from which point on ...
inline constexpr std::uint64_t kBuffersTight = 80;  // connections are not kept
inline constexpr std::uint64_t kBuffersFull = 90;   // new requests are answered 503
inline constexpr std::uint64_t kBuffersSpent = 95;  // nobody is accepted
inline constexpr std::uint64_t kBufferBytesLeast = 1024 * 1024;
inline constexpr std::size_t kUsualHeadBytes = 16 * 1024;  // of an exchange; not counted

static_assert(kLowWatermark * 2 <= kHighWatermark, "or reading flaps");
static_assert(kChunkBytes * 2 <= kHighWatermark);

// Time: every wait is finite by default.
inline constexpr Millis kConnectTimeout = 2s;
inline constexpr Millis kClientHeadTimeout = 10s;
inline constexpr Millis kClientBodyIdleTimeout = 30s;
inline constexpr Millis kClientWriteIdleTimeout = 30s;
inline constexpr std::uint64_t kClientRate = 240;  // bytes a second, the least of either direction
inline constexpr Millis kClientRateGrace = 10s;    // of a request's content
inline constexpr Millis kClientIdleTimeout = 75s;
inline constexpr Millis kResponseHeadTimeout = 30s;
inline constexpr Millis kResponseIdleTimeout = 60s;
inline constexpr Millis kBackoffBase = 25ms;
inline constexpr Millis kBackoffMax = 250ms;
inline constexpr Millis kUpstreamIdleTimeout = 30s;
inline constexpr Millis kRushIdleTimeout = 1s;  // of connections beyond connections.idle
inline constexpr Millis kTunnelIdleTimeout = 1h;
inline constexpr Millis kStreamIdleTimeout = 5min;
inline constexpr Millis kShutdownTimeout = 30s;
inline constexpr Millis kStopGrace = 1s;        // a stop leaves idle clients open so long
inline constexpr Millis kHandOverGrace = 10s;   // ... and so long when another process serves on
inline constexpr Millis kUpgradeTimeout = 30s;  // of a new binary, until it serves

// TLS.
inline constexpr Millis kHandshakeTimePerTurn = 2ms;  // of a worker; the rest waits for the next
inline constexpr std::size_t kHandshakeHeldBytes = 16 * 1024;  // of one that waits
inline constexpr Millis kHandshakeTimeout = 10s;               // a client's, from the accept
inline constexpr std::size_t kClientChainBytes =
    16 * 1024;  // Client-Cert-Chain; longer is left out
// A key encrypts session tickets so long and decrypts them as long again; a ticket is as good.
inline constexpr Millis kTicketKeyLife = 1h;
inline constexpr std::size_t kCertificateBytes = 1024 * 1024;  // of a file
inline constexpr Millis kCertificateWarning = 14 * 24h;        // before it expires
inline constexpr Millis kCertificateLook = 12h;                // that, and whether it is there

// Counts.
inline constexpr std::size_t kUpgradeProtocols = 16;  // that a route passes
inline constexpr std::size_t kRouteEdits = 48;        // header edits of a route, each way
inline constexpr std::uint32_t kRequestsPerConnection = 10'000;  // then close, spread by +-10 %
inline constexpr std::uint32_t kCountedAddresses =
    65'536;  // of one listener's clients, where connections_per_address is set; 8 bytes each
inline constexpr std::uint32_t kConnectionsPerAddressMost = 1'000'000;
// What comes new in a turn of a worker's loop costs the others that turn: so many where there is
// nothing else, one more for so many events, and never more than so many.
inline constexpr std::uint32_t kAcceptsLeast = 4;
inline constexpr std::uint32_t kEventsPerAccept = 16;
inline constexpr std::uint32_t kAcceptsMost = 64;
inline constexpr Millis kAcceptPause = 100ms;     // after running out of file descriptors
inline constexpr Millis kAcceptStarvedMost = 2s;  // then who waits is refused
inline constexpr Millis kIdleSpared = 1s;         // an idle client makes room for others after that
inline constexpr std::uint32_t kIdleClosed = 64;  // of them, each time
inline constexpr std::size_t kMaxForwardsHops = 255;
static_assert(kIdleSpared + 2 * kAcceptPause < kAcceptStarvedMost, "or nobody waits for the room");

// The PROXY protocol.
inline constexpr std::size_t kProxyHeaderV1Bytes = 107;  // a line of version 1, by its definition
inline constexpr std::size_t kProxyHeaderBytes = 4096;   // a header of version 2, all of it
inline constexpr Millis kProxyHeaderTimeout = 5s;        // from the accept to its last byte

// HTTP/2 (RFC 9113): what a connection's client may have open, send and leave lying. The allowances
// are token buckets: so many at once, and so many a second; who exceeds one loses the connection
// (ENHANCE_YOUR_CALM).
inline constexpr std::uint32_t kH2Streams = 100;  // open at once; more are refused
inline constexpr std::uint32_t kH2StreamsMost = 1000;
inline constexpr std::uint32_t kH2Window = 64 * 1024;  // of a stream's content, not yet taken
inline constexpr std::uint32_t kH2ConnectionWindow = 1024 * 1024;
inline constexpr std::uint32_t kH2WindowLeast = 16 * 1024;
inline constexpr std::uint32_t kH2WindowMost = 16 * 1024 * 1024;
inline constexpr std::size_t kH2StreamHigh =
    64 * 1024;  // response content waiting for a stream's window, above which its source is paused
inline constexpr std::size_t kH2StreamLow = 32 * 1024;   // ... and below which it resumes
inline constexpr std::size_t kH2BatchBytes = 64 * 1024;  // frames gathered for one write
inline constexpr std::size_t kH2Spans = 8;               // of a stream's content, taken in at once
inline constexpr std::size_t kH2BombFactor = 4;          // of a head's limit, then it is an attack
inline constexpr std::size_t kH2PseudoFields = 5;        // which come besides a head's fields
inline constexpr std::uint32_t kH2SettingsEntries = 32;  // of one SETTINGS frame
inline constexpr std::uint32_t kH2Continuations = 8;     // of one header block
inline constexpr Millis kH2GoawayGrace = 1s;  // between the two GOAWAYs, if no PING comes back
struct H2Allowance {
  std::uint32_t burst;
  std::uint32_t per_second;
};
inline constexpr H2Allowance kH2Resets{200, 20};
// For so many counts one that came with its request. A client may cancel all that is open at once.
inline constexpr std::uint32_t kH2HastyReset = 2;
static_assert(kH2Streams * kH2HastyReset <= kH2Resets.burst);
inline constexpr H2Allowance kH2SettingsFrames{20, 1};
inline constexpr H2Allowance kH2Pings{100, 10};  // and one for each DATA frame sent
inline constexpr H2Allowance kH2Priorities{300, 50};
inline constexpr H2Allowance kH2EmptyFrames{50, 5};
inline constexpr H2Allowance kH2LateFrames{2000, 500};
inline constexpr H2Allowance kH2UnknownFrames{100, 10};
inline constexpr H2Allowance kH2WindowUpdates{2000, 500};  // and two for each DATA frame sent
// HTTP/2 to endpoints. They may do so many times what a client may.
inline constexpr std::uint32_t kH2EndpointGenerosity = 20;
inline constexpr std::uint32_t kH2EndpointStreams = 100;  // requests at once on one connection
inline constexpr std::uint32_t kH2EndpointStreamsMost = 1000;
inline constexpr std::uint32_t kH2EndpointWindow = 256 * 1024;  // of an answer, not yet taken
inline constexpr std::uint32_t kH2EndpointConnectionWindow = 16 * 1024 * 1024;
static_assert(kH2StreamLow * 2 <= kH2StreamHigh, "or reading flaps");

// Rate limits of routes.
inline constexpr std::uint32_t kRateRequests = 1'000'000;  // per period, and in a burst
inline constexpr Millis kRatePeriodMost = 24h;
inline constexpr Millis kRateRefillMost = 30 * 24h;  // of an empty bucket
inline constexpr std::uint32_t kRateKeys = 100'000;  // of one route, 16 bytes each
inline constexpr std::uint32_t kRateKeysMost = 1'000'000;

// Endpoints, and changing them while running.
inline constexpr std::uint32_t kEndpointWeight = 65'535;
inline constexpr Millis kDrainWait = 30s;      // of ?wait=drained, unless it says otherwise
inline constexpr Millis kDrainWaitMost = 24h;  // and at most

// Names of endpoints.
inline constexpr Millis kResolveTimeout = 5s;       // of a lookup, all tries together
inline constexpr Millis kResolveLeast = 1s;         // between two lookups of a name
inline constexpr Millis kResolveMost = 300s;        // ... whatever its records say
inline constexpr Millis kResolveRetryMost = 30s;    // after failures, which come further apart
inline constexpr std::size_t kNameAddresses = 256;  // of one name, or of a service's records
inline constexpr std::size_t kNameServers = 8;

// Health.
inline constexpr Millis kCheckInterval = 5s;
inline constexpr Millis kCheckIntervalLeast = 100ms;  // the least a file may ask for
inline constexpr Millis kCheckTimeout = 2s;
inline constexpr Millis kCheckGrace = 5s;
inline constexpr Millis kFirstChecksWait = 1s;  // the start waits so long for first results
inline constexpr std::size_t kCheckHeaders = 16;
inline constexpr std::size_t kCheckBodyBytes = 64 * 1024;  // of an answer, that are looked at
inline constexpr std::size_t kStatusRanges = 32;
inline constexpr Millis kOutlierInterval = 10s;
inline constexpr Millis kEjection = 10s;
inline constexpr Millis kMaxEjection = 300s;

// Splits and mirrors.
inline constexpr std::size_t kVariants = 16;                // of one split
inline constexpr std::uint32_t kVariantWeight = 1'000'000;  // one variant's
inline constexpr std::size_t kSplitKeys = 8;                // places where a key is looked for
inline constexpr Millis kIssuedCookieAge = 30 * 24h;
inline constexpr Millis kHstsAge = 365 * 24h;          // also the least that browsers' lists take
inline constexpr std::size_t kMirrors = 8;             // of one route
inline constexpr Millis kMirrorTimeout = 5s;           // of a copy, from its first byte
inline constexpr std::uint32_t kMirrorInFlight = 256;  // copies of one mirror at once
inline constexpr std::uint64_t kMirrorBodyBytes = 64 * 1024;        // of one request's content
inline constexpr std::uint64_t kMirrorBodyMost = 16 * 1024 * 1024;  // the most a file may ask for
inline constexpr std::uint64_t kMirrorBytes = 16 * 1024 * 1024;     // held by one mirror
inline constexpr std::uint64_t kMirrorProcessBytes = 64 * 1024 * 1024;
inline constexpr std::uint64_t kMirrorResponseBytes = 256 * 1024;  // read of an answer, then closed
inline constexpr std::uint32_t kMirrorFailures = 5;  // in a row, then a worker's mirror pauses
inline constexpr Millis kMirrorPause = 1s;

// Configuration files.
inline constexpr std::size_t kConfigBytes = 64 * 1024 * 1024;
inline constexpr std::size_t kNamedFileBytes = 4 * 1024 * 1024;  // certificates and the like
inline constexpr std::size_t kConfigDepth = 32;
inline constexpr std::size_t kConfigNodes =
    2'000'000;                                      // values of a file, each alias counted in full
inline constexpr std::size_t kConfigErrors = 1000;  // reported of one load; the rest is counted
inline constexpr std::size_t kConfigIncludes = 1000;  // files that one includes
inline constexpr std::size_t kNameBytes =
    128;  // a name the file gives or matches: route, header, parameter
inline constexpr std::size_t kRegexBytes = 4096;  // a pattern, and what replaces its matches
inline constexpr std::size_t kRespondBodyBytes = 64 * 1024;

// Upgrades.
inline constexpr std::size_t kUpgradeWordsBytes = 16 * 1024;  // kept of why a new binary failed
inline constexpr std::size_t kHandedSettingsBytes =
    4 * 1024 * 1024;  // of what was set at run time, for a new binary

// The log.
inline constexpr std::size_t kLogRingBytes =
    1024 * 1024;  // per worker; full = the line is dropped and counted
inline constexpr std::size_t kLogValueBytes = 4096;  // one value of a line is cut here
inline constexpr std::size_t kLogTries = 13;  // 1, 10 retries, a replaced connection, a rescue

}  // namespace weir::limits
