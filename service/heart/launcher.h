// SPDX-License-Identifier: Apache-2.0
// Starts dyad-heart so that it outlives whoever starts it, and finds the one that lives already.
#pragma once

#include "base/result.h"
#include "heart/process_identity.h"
#include "model/names.h"

#include <cstdint>
#include <optional>
#include <string>

namespace dyad::heart {

// Files of one heart in the run directory.
[[nodiscard]] inline std::string settingsPath(const std::string& runDirectory) {
    return runDirectory + "/heart.settings";
}
[[nodiscard]] inline std::string socketPath(const std::string& runDirectory) { return runDirectory + "/heart.socket"; }
[[nodiscard]] inline std::string pidPath(const std::string& runDirectory) { return runDirectory + "/heart.pid"; }
[[nodiscard]] inline std::string logPath(const std::string& runDirectory) { return runDirectory + "/heart.log"; }

inline constexpr std::int64_t maxLogBytes = 256 * 1024; // a longer log is begun anew at the next start

struct LivingHeart {
    ProcessIdentity process;
    // 0 when its board can't be read (another release, or it has only just begun)
    model::BootDigest boot;
    std::uint64_t settingsDigest = 0;
};

// Nothing: no heart runs for this run directory.
[[nodiscard]] std::optional<LivingHeart> findHeart(const std::string& runDirectory);

// In a session of its own, child of pid 1, no descriptor of ours, output to heart.log. Returns once the program runs
// (a millisecond or so); whether it gets ready is seen by connecting to it.
[[nodiscard]] Result<void> startHeart(const std::string& program, const std::string& runDirectory);

} // namespace dyad::heart
