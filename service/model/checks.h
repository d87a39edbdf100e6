// SPDX-License-Identifier: Apache-2.0
// What the checks of a resource have said so far: for people and metrics, never for a decision.
#pragma once

#include "base/time.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace dyad::model {

enum class CheckVerdict : std::uint8_t { Well, Failed, CouldNotRun };
inline constexpr std::array allCheckVerdicts{CheckVerdict::Well, CheckVerdict::Failed, CheckVerdict::CouldNotRun};
[[nodiscard]] constexpr const char* toText(CheckVerdict verdict) {
    switch (verdict) {
    case CheckVerdict::Well: return "well";
    case CheckVerdict::Failed: return "failed";
    case CheckVerdict::CouldNotRun: return "could not run";
    }
    return "?";
}

inline constexpr std::size_t maxCheckHistory = 16; // of one probe
inline constexpr std::size_t maxCheckDetail = 160; // bytes

// One answer of a probe.
struct CheckResult {
    std::int64_t wallClockMs = 0;
    CheckVerdict verdict = CheckVerdict::CouldNotRun;
    Duration took{0};
    std::string detail; // at most maxCheckDetail bytes
};

struct CheckCounts {
    std::uint64_t well = 0;
    std::uint64_t failed = 0;
    std::uint64_t couldNotRun = 0;
};

struct ProbeView {
    std::string name;              // "health" for the one that belongs to the agent
    std::string what;              // "tcp 10.77.0.5 port 80", without anything secret
    bool asked = false;            // it is asked again and again now
    CheckCounts counts;            // since the service started
    unsigned failing = 0;          // failures that count now ...
    unsigned limit = 0;            // ... and how many make the resource fail ...
    unsigned of = 0;               // ... of so many checks
    Duration mean{0};              // of the answers that were well, smoothed (RFC 6298 section 2)
    Duration deviation{0};         // their jitter
    Duration total{0};             // of all answers that were well
    std::vector<CheckResult> last; // the newest at the end, at most maxCheckHistory
};

struct PoolServerView {
    std::string name;
    std::string address; // "10.77.0.11:8080"
    std::string state;   // "in", "out", "unknown"
    bool maintenance = false;
    CheckCounts counts; // since the service started
    std::string detail; // what decided the state, or why it couldn't be checked
};

// Of one resource, on this node.
struct ResourceChecks {
    std::vector<ProbeView> probes;
    std::vector<PoolServerView> servers; // of a pool
};

} // namespace dyad::model
