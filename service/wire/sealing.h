// SPDX-License-Identifier: Apache-2.0
// Heartbeat ↔ datagram. XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha) seals the body and authenticates the header.
// The nonce is boot digest ‖ sequence ‖ sender ‖ link ‖ salt: the first four never come twice for one key as long as a
// sender's sequence grows within its boot; the random salt covers even a sequence that was set back.
#pragma once

#include "wire/heartbeat.h"
#include "wire/key_file.h"
#include "wire/reject_reason.h"

#include <array>
#include <cstdint>
#include <span>
#include <variant>

namespace dyad::wire {

using Salt = std::array<std::uint8_t, layout::saltBytes>;
using Datagram = std::array<std::uint8_t, maxDatagramBytes>;

// Call once before anything else of this room; false: the host has no usable source of random bytes.
[[nodiscard]] bool prepareSealing();
[[nodiscard]] Salt randomSalt();

// Writes into `out` and returns how many of its bytes are the datagram. Allocates nothing, always succeeds.
std::size_t seal(const Heartbeat& heartbeat, const ClusterKey& key, const Salt& salt, Datagram& out);

// Any bytes may come in. `cluster`: ours. What comes out was sealed with `key` and is well-formed; whether it is new,
// and meant for this node and link, is the heart's question. Allocates nothing.
[[nodiscard]] std::variant<Heartbeat, RejectReason> unseal(std::span<const std::uint8_t> datagram,
                                                           const ClusterKey& key, std::uint16_t cluster);

} // namespace dyad::wire
