// SPDX-License-Identifier: Apache-2.0
// What dyadd and dyad-lun say to each other over one unix socket of type SOCK_SEQPACKET: one message per packet, fixed
// layouts, little-endian. They are installed together, so another version is refused and not translated.
#pragma once

#include "base/result.h"
#include "model/messages.h"

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace dyad::storage {

inline constexpr std::uint32_t lunProtocolMagic = 0x4e4c5944; // "DYLN"
inline constexpr std::uint16_t lunProtocolVersion = 1;
inline constexpr std::size_t maxLunMessageBytes = 32 * 1024;
inline constexpr std::size_t maxLunMessageText = 1024; // longer details are cut
inline constexpr std::size_t maxLunMessageKeys = 2048; // more registrants than that are not passed on: Refused

// dyadd → dyad-lun
struct LunHello {
    bool operator==(const LunHello&) const = default;
};
struct LunRequest {
    model::ReservationRequest request; // without its lun: the socket says which
    bool operator==(const LunRequest&) const = default;
};
struct LunCloseGate {
    bool operator==(const LunCloseGate&) const = default;
};
// End, if nobody has the exported file open.
struct LunQuit {
    bool operator==(const LunQuit&) const = default;
};

// dyad-lun → dyadd. State comes after Hello and after every change.
struct LunState {
    std::uint64_t settingsDigest = 0;
    bool pathUp = false;
    bool gateOpen = false;
    bool exported = false;
    std::uint64_t sizeBytes = 0;
    std::uint32_t blockBytes = 0;
    std::string detail;
    bool operator==(const LunState&) const = default;
};
struct LunAnswer {
    model::ReservationAnswer answer;
    bool operator==(const LunAnswer&) const = default;
};
struct LunTold {
    model::LunNotice notice;
    bool operator==(const LunTold&) const = default;
};

using LunMessage = std::variant<LunHello, LunRequest, LunCloseGate, LunQuit, LunState, LunAnswer, LunTold>;

[[nodiscard]] std::vector<std::uint8_t> encodeLunMessage(const LunMessage& message);
// Error: wrong magic or version, unknown type, a value out of range, too short, or bytes left over.
[[nodiscard]] Result<LunMessage> decodeLunMessage(std::span<const std::uint8_t> bytes);

// FNV-1a over the words; not for secrets, only for "is it the same".
[[nodiscard]] std::uint64_t lunSettingsDigest(const std::vector<std::string>& words);

} // namespace dyad::storage
