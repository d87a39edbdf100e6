// SPDX-License-Identifier: Apache-2.0
// Signs an update and checks the signature of its answer (RFC 8945). The key is in a file as `tsig-keygen` writes it
// and `nsupdate -k` reads it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "dns/dns_message.h"

namespace dyad::network {

using namespace dns;

inline constexpr std::size_t maxTsigKeyFile = 4096;
inline constexpr std::uint16_t tsigFudge = 300; // seconds that two clocks may differ (RFC 8945 section 10)

struct TsigKey {
    std::string name;
    std::string algorithm; // "hmac-sha256"
    DnsBytes secret;
};

// key "NAME" { algorithm hmac-sha256; secret "BASE64"; };   An error never quotes the secret.
[[nodiscard]] Result<TsigKey> parseTsigKey(std::string_view text, const std::string& path);
// Refused where others than its owner may read it. Reads a local file of maxTsigKeyFile at most.
[[nodiscard]] Result<TsigKey> readTsigKey(const std::string& path);

// Adds the signature to a message that has none; `mac` of it is needed to check the answer.
struct SignedMessage {
    DnsBytes bytes;
    DnsBytes mac;
};
[[nodiscard]] SignedMessage signMessage(DnsBytes message, const TsigKey& key, std::uint64_t secondsSince1970);

// Whether `bytes`, which were read as `message`, were signed with this key as the answer to a request with
// `requestMac`, within the time that its fudge allows. Error: why not.
[[nodiscard]] Result<void> verifyAnswer(std::span<const std::uint8_t> bytes, const DnsMessage& message,
                                        const TsigKey& key, const DnsBytes& requestMac, std::uint64_t secondsSince1970);

} // namespace dyad::network
