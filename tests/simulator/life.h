// SPDX-License-Identifier: Apache-2.0
// One life of a pair in a virtual world: real engines, real heart cores, real reservation procedures; everything else
// is modelled. Pure: the same plan gives the same verdict and digest, whatever compiler and build type.
#pragma once

#include "plan.h"

#include <array>
#include <cstdint>
#include <string>

namespace dyad::simulator {

struct Counts {
    std::uint64_t faults = 0;
    std::array<std::uint64_t, faultKinds> faultsByKind{};
    std::uint64_t takeovers = 0;   // a node won a group from a peer that did not let go
    std::uint64_t switchovers = 0; // ... from one that did
    std::uint64_t steps = 0;       // of both engines
    std::uint64_t heartbeats = 0;  // sent, per link; those of a calm that was skipped are not among them
    std::uint64_t arrayCommands = 0;
    std::uint64_t acknowledgedWrites = 0;
    std::uint64_t selfFences = 0;
    std::uint64_t orders = 0;
    std::uint64_t happenings = 0; // of the world's clock
    Duration virtualTime{0};
    Duration calmTime{0}; // of it: the pair stood settled, and the next fault came at once (README.md)

    Counts& operator+=(const Counts& other);
};

struct Verdict {
    enum class Kind : std::uint8_t { Clean, Safety, Liveness } kind = Kind::Clean;
    std::string checker; // "two-writers", "liveness"; empty when clean
    std::string what;    // in words, for people
    Duration at{0};      // since the life began
    std::uint64_t digest = 0;
    Counts counts;
};
[[nodiscard]] const char* toText(Verdict::Kind kind);

// Hears the life in the operator's words.
class Story {
public:
    virtual ~Story() = default;
    virtual void line(Duration at, std::string_view text) = 0;
};

[[nodiscard]] Verdict live(const Plan& plan, Story* story = nullptr);

} // namespace dyad::simulator
