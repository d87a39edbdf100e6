// SPDX-License-Identifier: Apache-2.0
// A resource on one host of the virtual world: runs or doesn't, takes its time, and can be made to fail or to hang.
#pragma once

#include "base/time.h"
#include "model/messages.h"

#include <cstdint>

namespace dyad::world {

enum class Manner : std::uint8_t { Well, Fails, Hangs };

struct VirtualResource {
    bool running = false;    // also: half started, half stopped. Something of it is there
    bool supervised = false; // by the present life of the service
    bool killHung = false;   // force did not help yet; its host resets itself for it in the end
    std::uint64_t turn = 0;  // of the latest request; an older one that is overtaken says nothing any more
    Manner start = Manner::Well;
    Manner stop = Manner::Well;
    Manner kill = Manner::Well;
    Manner probe = Manner::Well;
    Duration startTakes{0};
    Duration stopTakes{0};
    Duration killTakes{0};

    [[nodiscard]] Manner manner(model::ResourceVerb verb) const {
        switch (verb) {
        case model::ResourceVerb::Start: return start;
        case model::ResourceVerb::Stop: return stop;
        case model::ResourceVerb::Kill: return kill;
        case model::ResourceVerb::Probe: return probe;
        }
        return Manner::Well;
    }
    [[nodiscard]] Duration takes(model::ResourceVerb verb) const {
        switch (verb) {
        case model::ResourceVerb::Start: return startTakes;
        case model::ResourceVerb::Stop: return stopTakes;
        case model::ResourceVerb::Kill: return killTakes;
        case model::ResourceVerb::Probe: return Duration(1ms);
        }
        return Duration(1ms);
    }
};

} // namespace dyad::world
