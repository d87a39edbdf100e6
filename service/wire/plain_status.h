// SPDX-License-Identifier: Apache-2.0
// model::NodeStatus without a pointer in it: the same bytes travel in a heartbeat and lie on the heart's board.
#pragma once

#include "model/status.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <type_traits>

namespace dyad::wire {

struct PlainGroup {
    static constexpr std::uint8_t useless = 1, released = 2, asks = 4, unfit = 8, disabled = 16, frozen = 32,
                                  allFlags = 63;

    std::uint32_t epoch = 0;
    std::uint8_t role = 0; // model::Role
    std::uint8_t flags = 0;
    std::uint16_t standing = 0; // version of the standing order: disabled, frozen
    std::uint32_t tag = 0;      // model::groupTag()

    bool operator==(const PlainGroup&) const = default;
};

struct PlainStatus {
    static constexpr std::uint8_t serviceAlive = 1, leaving = 2, maintenance = 4, allFlags = 7;

    std::uint64_t configurationDigest = 0;
    std::uint8_t flags = 0;
    std::uint8_t groupCount = 0;            // of groups; the rest is zero
    std::array<std::uint8_t, 6> reserved{}; // zero
    std::array<PlainGroup, model::maxGroups> groups{};

    // By their bytes: they are compared with every heartbeat.
    bool operator==(const PlainStatus& other) const { return std::memcmp(this, &other, sizeof *this) == 0; }
    // Roles, flags and count are all known; false: never made by toPlain().
    [[nodiscard]] bool wellFormed() const;
    void setServiceAlive(bool alive) {
        flags = static_cast<std::uint8_t>(alive ? flags | serviceAlive : flags & ~unsigned{serviceAlive});
    }
};

static_assert(sizeof(PlainGroup) == 12 && std::is_trivially_copyable_v<PlainGroup>);
static_assert(sizeof(PlainStatus) == 16 + 12 * model::maxGroups && std::is_trivially_copyable_v<PlainStatus> &&
              std::has_unique_object_representations_v<PlainStatus>);

// More than maxGroups groups break an invariant: the configuration refuses them.
[[nodiscard]] PlainStatus toPlain(const model::NodeStatus& status);
// Nothing when it is not well-formed.
[[nodiscard]] std::optional<model::NodeStatus> toModel(const PlainStatus& plain);

} // namespace dyad::wire
