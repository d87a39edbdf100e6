// SPDX-License-Identifier: Apache-2.0
// A pool as nft(8) reads it. One text is one transaction of the kernel: the whole table is replaced by the new one, or
// nothing is changed. What a connection was translated to is kept by the kernel beside the rules: it survives.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/configuration.h"

namespace dyad::agents {

enum class ServerDuty : std::uint8_t {
    Serves,  // gets new connections
    Resting, // gets none; those that it has go on
    Out,     // gets none; those that it has are reset as soon as the client sends
};

// "dyad_GROUP_POOL"
[[nodiscard]] std::string poolTable(const std::string& group, const std::string& pool);
// "ip" or "ip6"
[[nodiscard]] std::string poolFamily(const model::PoolSettings& settings);
// `duties` is by server. Where nobody serves, clients are reset.
[[nodiscard]] std::string poolRules(const model::PoolSettings& settings, const std::string& table,
                                    const std::vector<ServerDuty>& duties);
// By server: whether it gets new connections by the rules that nft(8) has listed so. For a service that finds them in
// the kernel and did not make them itself.
[[nodiscard]] std::vector<bool> servingIn(const std::string& listing, const model::PoolSettings& settings);

} // namespace dyad::agents
