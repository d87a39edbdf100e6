// SPDX-License-Identifier: Apache-2.0
// Somebody who watches one rule. A checker sees what happens to what it asked to see, and the truth at that moment; it
// knows nothing of how the engine works. Once `broken` says something, the life is over.
#pragma once

#include "checkers/truth.h"

#include <optional>
#include <string>

namespace dyad::simulator {

enum class SightKind : std::uint8_t {
    Landed,          // node, boot (of the writer), lun, slot, token
    Acknowledged,    // lun, slot, token: the client was told
    GateOpened,      // node, boot, lun: its claim was answered Good
    GateShut,        // node, lun
    KeysChanged,     // lun
    ResourceChanged, // node, group, resource
    StartAsked,      // node, group, resource: the engine asks for its start
    RoleChanged,     // node, group
    OrderGiven,      // node, number
    OrderAnswered,   // node, number
    HostChanged,     // node: power, freeze, service, heart, path, gateway
    LinksChanged,    // -
    AlarmChanged,    // node, alarm
    ArrayAsked,      // node, lun: a request of the engine
    Stepped,         // node
    Healed,          // the safety phase is over
    Look,            // the time that was asked for has come
};
inline constexpr unsigned sightKinds = static_cast<unsigned>(SightKind::Look) + 1;

struct Sight {
    SightKind kind = SightKind::Look;
    std::uint8_t node = 0; // index
    std::uint32_t boot = 0;
    std::uint32_t lun = 0;
    std::uint32_t group = 0;
    std::uint32_t resource = 0;
    std::uint32_t slot = 0;
    std::uint64_t token = 0;
    std::uint64_t number = 0;
    const std::string* alarm = nullptr;
    bool raised = false;
};

constexpr unsigned sees(SightKind kind) { return 1u << static_cast<unsigned>(kind); }

class Checker {
public:
    virtual ~Checker() = default;
    [[nodiscard]] virtual const char* name() const = 0;
    [[nodiscard]] virtual unsigned wants() const = 0; // sees(...) | ...
    virtual void see(const Sight& sight, const Truth& truth) = 0;

    std::string broken;                // in words; empty while the rule holds
    std::optional<Duration> lookAgain; // see(Look) by then; cleared when it comes

protected:
    void wake(Duration at) {
        if (!lookAgain || at < *lookAgain) lookAgain = at;
    }
    void fail(std::string what) {
        if (broken.empty()) broken = std::move(what);
    }
};

[[nodiscard]] inline const char* nameOfNode(std::size_t node) {
    return node == 0 ? "alpha" : node == 1 ? "beta" : "a stranger";
}

} // namespace dyad::simulator
