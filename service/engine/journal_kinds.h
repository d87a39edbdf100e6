// SPDX-License-Identifier: Apache-2.0
// The stable words by which programs know the lines of the journal.
#pragma once

namespace dyad::engine::kind {

inline constexpr const char* serviceStarted = "service_started";
inline constexpr const char* linkChanged = "link_changed";
inline constexpr const char* peerAlive = "peer_alive";
inline constexpr const char* peerSuspect = "peer_suspect";
inline constexpr const char* peerLost = "peer_lost";
inline constexpr const char* peerRebooted = "peer_rebooted";
inline constexpr const char* peerServiceDied = "peer_service_died";
inline constexpr const char* roleChanged = "role_changed"; // text: the row of the transition table
inline constexpr const char* challengePlaced = "challenge_placed";
inline constexpr const char* challengeDefended = "challenge_defended"; // the challenger's side
inline constexpr const char* defended = "defended";                    // the owner's side
inline constexpr const char* reservationWon = "reservation_won";       // one per group: every LUN is read back as ours
inline constexpr const char* reservationReleased = "reservation_released";
inline constexpr const char* leaseLost = "lease_lost";
inline constexpr const char* arrayRefused = "array_refused";
inline constexpr const char* resourceStarting = "resource_starting";
inline constexpr const char* resourceRunning = "resource_running";
inline constexpr const char* resourceProgress = "resource_progress";
inline constexpr const char* resourceStopped = "resource_stopped";
inline constexpr const char* resourceFailed = "resource_failed";
inline constexpr const char* resourceAdopted = "resource_adopted";
inline constexpr const char* groupActive = "group_active";
inline constexpr const char* groupStopped = "group_stopped";
inline constexpr const char* order = "order";
inline constexpr const char* alarmRaised = "alarm_raised";
inline constexpr const char* alarmCleared = "alarm_cleared";
inline constexpr const char* frozen = "was_frozen";
inline constexpr const char* selfFence = "self_fence";

} // namespace dyad::engine::kind
