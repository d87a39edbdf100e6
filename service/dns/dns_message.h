// SPDX-License-Identifier: Apache-2.0
// The little of DNS that an alias needs (RFC 1035, RFC 2136): a question and an update to send, any bytes to read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"

namespace dyad::dns {

using DnsBytes = std::vector<std::uint8_t>;

inline constexpr std::uint16_t dnsTypeA = 1;
inline constexpr std::uint16_t dnsTypeCname = 5;
inline constexpr std::uint16_t dnsTypeSoa = 6;
inline constexpr std::uint16_t dnsTypeAaaa = 28;
inline constexpr std::uint16_t dnsTypeTsig = 250;
inline constexpr std::uint16_t dnsClassIn = 1;
inline constexpr std::uint16_t dnsClassAny = 255;
inline constexpr std::uint8_t dnsOpcodeQuery = 0;
inline constexpr std::uint8_t dnsOpcodeUpdate = 5;

inline constexpr std::uint8_t dnsNoError = 0;
inline constexpr std::uint8_t dnsNoSuchName = 3; // NXDOMAIN
inline constexpr std::uint8_t dnsRefused = 5;
inline constexpr std::uint8_t dnsNotAuth = 9;
inline constexpr std::uint8_t dnsNotZone = 10;
// "REFUSED", "NOTAUTH", "BADKEY"; "error 42" for one without a name. Of TSIG, too (RFC 8945 section 3).
[[nodiscard]] std::string dnsErrorWord(unsigned code);

inline constexpr std::size_t maxDnsName = 255;      // in its form on the wire
inline constexpr std::size_t maxDnsRecords = 256;   // of one message, all sections together
inline constexpr std::size_t maxDnsMessage = 16384; // a longer one is not read

// Names are kept in lower case without the last dot; "" is the root. Anything but letters, digits, '-' and '_' of what
// comes in is written as \DDD, so that it equals no name of ours.
// False, with nothing added, where it is no name that can be sent.
[[nodiscard]] bool appendDnsName(DnsBytes& to, const std::string& name);
void appendDnsNumber(DnsBytes& to, std::uint64_t value, unsigned bytes);

struct DnsQuestion {
    std::string name;
    std::uint16_t type = 0;
    std::uint16_t klass = dnsClassIn;

    bool operator==(const DnsQuestion&) const = default;
};

struct DnsRecord {
    std::string name;
    std::uint16_t type = 0;
    std::uint16_t klass = dnsClassIn;
    std::uint32_t ttl = 0;
    DnsBytes data;
};

// RFC 8945 section 4.2
struct TsigRecord {
    std::string keyName;
    std::string algorithm;
    std::uint64_t time = 0; // seconds since 1970
    std::uint16_t fudge = 0;
    DnsBytes mac;
    std::uint16_t originalId = 0;
    std::uint16_t error = 0;
    DnsBytes other;
    std::size_t begin = 0; // where the record begins in the message
};

struct DnsMessage {
    std::uint16_t id = 0;
    bool response = false;
    std::uint8_t opcode = 0;
    bool authoritative = false;
    bool truncated = false;
    std::uint8_t code = 0;
    std::vector<DnsQuestion> questions; // of an update: the zone
    std::vector<DnsRecord> answers;
    std::optional<TsigRecord> tsig; // only as the last record of the message
};

// Error: it is no whole message; says where. Never reads outside `bytes`, never loops.
[[nodiscard]] Result<DnsMessage> readDnsMessage(std::span<const std::uint8_t> bytes);

// The bytes of a question that asks a resolver to go on asking, as a client's does. Names must be such that can be
// sent.
[[nodiscard]] DnsBytes dnsQuery(std::uint16_t id, const DnsQuestion& question);

// In one message, which the server carries out as a whole or not at all (RFC 2136 section 3.4): every A and AAAA record
// of the name goes, these come. Not signed yet.
[[nodiscard]] DnsBytes dnsReplace(std::uint16_t id, const std::string& zone, const std::string& name, std::uint32_t ttl,
                                  const std::vector<IpAddress>& addresses);

// What the answer to a question for A or AAAA says of `name`.
struct DnsAddresses {
    std::vector<IpAddress> addresses; // in order, each once
    std::uint32_t ttl = 0;            // the smallest; 0 where there are none
    bool canonicalName = false;       // it is another name's second name (CNAME)
};
[[nodiscard]] DnsAddresses addressesIn(const DnsMessage& answer, const DnsQuestion& question);

} // namespace dyad::dns
