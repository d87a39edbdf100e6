// SPDX-License-Identifier: Apache-2.0
// What is really so in the world, as plain values: all that a checker may know. Nobody's belief is in it but where it
// says so.
#pragma once

#include "engine/timeouts.h"
#include "model/names.h"

#include <array>
#include <cstdint>
#include <vector>

namespace dyad::simulator {

inline constexpr std::size_t maxSimulatedLuns = 12;
inline constexpr std::size_t maxSimulatedGroups = 4;
inline constexpr std::size_t maxSimulatedResources = 8; // of a group
inline constexpr std::uint8_t nobody = 255;

enum class ResourceType : std::uint8_t { Filesystem, Process, Address };

struct ResourceTruth {
    ResourceType type = ResourceType::Process;
    bool there = false; // something of it runs, is mounted, is raised
    bool bent = false;  // on this boot it has lied, hung or failed to go: what it does is not the engine's fault
};

struct NodeTruth {
    bool powered = false;
    bool still = false; // frozen, or between two slices of a slow schedule
    bool slow = false;
    bool heart = false;
    bool service = false;
    bool gateway = true;
    std::uint32_t boot = 0; // counts
    std::uint32_t serviceLife = 0;
    std::array<bool, maxSimulatedLuns> path{};          // what is sent can arrive
    std::array<model::Role, maxSimulatedGroups> role{}; // the engine's word; meaningful while `service`
    std::array<std::array<ResourceTruth, maxSimulatedResources>, maxSimulatedGroups> resources{};
};

struct UnitTruth {
    std::uint8_t holder = nobody;   // node index, 2 for a stranger
    bool heldByPresentBoot = false; // the holder's key is of the boot that its node has now
    std::array<bool, 2> beside{};   // a key of the present boot of the node is registered and doesn't hold
    std::array<bool, 2> gate{};     // of the node's dyad-lun
    bool bent = false;              // the array refuses, loses, is slow or away
};

struct GroupTruth {
    std::vector<std::size_t> luns;
    std::size_t resources = 0;
    std::uint8_t preferred = 0;
    bool automaticFailback = false;
};

struct Truth {
    Duration now{0};
    bool healed = false; // the liveness phase has begun
    const engine::Timeouts* timeouts = nullptr;
    std::vector<GroupTruth> groups;
    std::array<NodeTruth, 2> nodes;
    std::array<UnitTruth, maxSimulatedLuns> units;
    std::size_t luns = 0;
    std::size_t links = 0;
    std::array<std::array<bool, 4>, 2> linkWorks{}; // by sender and link: neither cut nor bent
    unsigned otherFaults = 0;                       // that stand now and are not of links
    Duration lastOtherTrouble{0};                   // when something other than a link was last touched
};

} // namespace dyad::simulator
