// SPDX-License-Identifier: Apache-2.0
// Everything that is decided before a life begins. A plan is all of its randomness about *what* happens; the small dice
// of the world (jitter, which datagram is lost) are thrown from the seed in streams of their own, so that taking one
// fault away leaves all other dice as they were.
#pragma once

#include "fault.h"

#include <vector>

namespace dyad::simulator {

// The swarm's options: what kind of pair and world this seed is about. Numbers only; plan.cpp has their names.
struct Options {
    unsigned profile = 1; // model::Profile
    unsigned links = 2;
    unsigned groups = 1;
    unsigned lunsPerGroup = 1; // 0: addresses and applications only
    unsigned failback = 0;     // model::Failback
    unsigned preferSecond = 0; // bit per group
    unsigned gateways = 1;
    unsigned bootTogether = 1; // else the second node comes later
    // How the array behaves (the three that are known differ in just these).
    unsigned preemptAndAbort = 0;
    unsigned registrationSurvives = 0; // a new login of the same initiator is the same nexus
    unsigned resetLandsWrites = 0;     // a LUN reset waits for what is in flight instead of aborting it
    unsigned keepsKeys = 0;            // over its own restart
    unsigned noReset = 0;              // the target knows no LUN RESET
    // Times, in microseconds.
    unsigned linkDelayUs = 100;
    unsigned linkJitterUs = 50;
    unsigned arrayDelayUs = 100;
    unsigned arrayJitterUs = 50;
    unsigned writeEveryUs = 100000; // the modelled database
    unsigned startUs = 50000;       // of a resource; drawn around it
    // Clock of each host: parts per million fast (1000 is exact: 0 means 1000 slow).
    unsigned rateFirst = 1000;
    unsigned rateSecond = 1000;

    bool operator==(const Options&) const = default;
};

struct Plan {
    std::uint64_t seed = 0;
    Options options;
    std::vector<Fault> faults; // by time

    bool operator==(const Plan&) const = default;
};

inline constexpr Duration safetyPhase = 35s;
inline constexpr Duration wholeLife = 60s;

[[nodiscard]] Plan drawPlan(std::uint64_t seed);

// "seed=7", one line per option that differs from its default ("profile=0"), one per fault. Comments begin with '#'.
[[nodiscard]] std::string toText(const Plan& plan);
// An Error names the line, what is wrong with it and what would be right.
[[nodiscard]] Result<Plan> planFromText(std::string_view text);

} // namespace dyad::simulator
