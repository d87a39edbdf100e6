// SPDX-License-Identifier: Apache-2.0
#include "lab/chaos/bound.h"

#include "lab/settings.h"

#include <algorithm>

namespace dyad::lab {

namespace {

constexpr Duration recoveryGuard = 20s;      // journal replay and crash recovery of a database under full load
constexpr Duration bootGuard = 5s;           // power to a running service
constexpr Duration restartGuard = 5s;        // the service, the heart or dyad-lun, started again
constexpr Duration startGuard = 6s;          // the same after a fault that stands alone: journal replay, recovery
constexpr Duration stopGuard = 6s;           // and an orderly stop
constexpr Duration frozenCustomer = 4s;      // customers whom a frozen host has let in wait there for 3 s
constexpr Duration breath = 3s;              // checkpoints, a busy machine
constexpr Duration orderGuard = 15s;         // an orderly stop of the database
constexpr Duration administratorGuard = 30s; // finds out that a group has failed and clears it
constexpr Duration notice = 500ms;           // two samples of the watch on a busy machine

bool any(const Episode& episode, std::initializer_list<FaultKind> kinds) {
    return std::any_of(episode.faults.begin(), episode.faults.end(), [&](const PlannedFault& fault) {
        return std::find(kinds.begin(), kinds.end(), fault.kind) != kinds.end();
    });
}

} // namespace

Bounds boundsOf(const Episode& episode, const engine::Timeouts& timeouts) {
    const bool boots = any(episode, {FaultKind::PowerOff, FaultKind::PowerOffBoth, FaultKind::Shutdown});
    const bool loses =
        any(episode, {FaultKind::ArrayStop, FaultKind::ArraySlow, FaultKind::StoragePulled, FaultKind::KillLun,
                      FaultKind::Freeze, FaultKind::LunFull, FaultKind::Loss, FaultKind::Delay});
    const bool partition = any(episode, {FaultKind::LinksCut, FaultKind::OneWay, FaultKind::Loss, FaultKind::Delay});
    const bool ordered = any(episode, {FaultKind::Switchover, FaultKind::Switchback, FaultKind::Shutdown,
                                       FaultKind::PublicPulled, FaultKind::Maintenance});

    Bounds bounds;
    // Silence, challenge, claim, start: every way to a new owner has these.
    const Duration takeOver = timeouts.preemptAfter() + timeouts.reservationAnswer() + recoveryGuard;
    bounds.back = takeOver + restartGuard;
    if (boots) bounds.back += bootGuard + timeouts.startupWait();
    // Lost for good: the lease runs out, what hangs is killed, else the host resets itself and boots.
    if (loses)
        bounds.back += timeouts.pathGrace() + timeouts.leaseTerm() + timeouts.reservationAnswer() +
                       timeouts.killDeadline() * 2 + bootGuard + timeouts.startupWait();
    if (partition || episode.faults.size() > 1)
        bounds.back += timeouts.rechallengeInterval() + timeouts.challengeWindow;
    if (ordered) bounds.back += orderGuard + timeouts.gatewayGrace();
    if (any(episode, {FaultKind::LunFull, FaultKind::HostDiskFull})) bounds.back += administratorGuard;
    if (episode.faults.size() > 1) bounds.back += bootGuard + timeouts.startupWait() + timeouts.leaseTerm();

    if (episode.faults.size() != 1) return bounds;
    const PlannedFault& only = episode.faults.front();
    const Duration move = timeouts.preemptAfter() + startGuard;
    switch (only.kind) {
    case FaultKind::PowerOff: bounds.gap = move; break;
    case FaultKind::Freeze: bounds.gap = move + frozenCustomer; break;
    case FaultKind::StoragePulled: bounds.gap = timeouts.pathGrace() + timeouts.killDeadline() + move; break;
    case FaultKind::PublicPulled: bounds.gap = timeouts.gatewayGrace() + stopGuard + move; break;
    case FaultKind::Shutdown:
    case FaultKind::Switchover:
    case FaultKind::Switchback: bounds.gap = stopGuard + move; break;
    case FaultKind::KillDatabase: bounds.gap = startGuard; break;
    default:
        // What may move nothing interrupts nothing for longer than a database's own breath.
        if (!mayDisturb(episode, groupName)) bounds.gap = breath;
    }
    return bounds;
}

bool mayDisturb(const Episode& episode, const std::string& group) {
    static constexpr FaultKind harmless[] = {FaultKind::LinksCut,    FaultKind::LinkCut,      FaultKind::OneWay,
                                             FaultKind::Loss,        FaultKind::Delay,        FaultKind::KillHeart,
                                             FaultKind::ClockJump,   FaultKind::ClearFailure, FaultKind::KillService,
                                             FaultKind::HostDiskFull};
    const bool serviceDies = any(episode, {FaultKind::KillService});
    for (const auto& fault : episode.faults) {
        if (std::find(std::begin(harmless), std::end(harmless), fault.kind) == std::end(harmless)) {
            static constexpr FaultKind ofOneHost[] = {FaultKind::PowerOff,     FaultKind::Freeze,
                                                      FaultKind::Shutdown,     FaultKind::StoragePulled,
                                                      FaultKind::PublicPulled, FaultKind::KillLun};
            const bool standbyAlone =
                group == groupName && fault.host == standbyHost && episode.faults.size() == 1 &&
                std::find(std::begin(ofOneHost), std::end(ofOneHost), fault.kind) != std::end(ofOneHost);
            if (!standbyAlone) return true;
        }
        if ((fault.kind == FaultKind::Loss || fault.kind == FaultKind::Delay) && fault.link == "storage") return true;
    }
    // A service that dies while nobody is heard can't defend.
    return serviceDies && episode.faults.size() > 1;
}

Duration longestDoubleAddress(const Episode& episode, const engine::Timeouts& timeouts) {
    Duration longest = notice;
    const bool apart = any(episode, {FaultKind::LinksCut, FaultKind::OneWay, FaultKind::Loss, FaultKind::Delay});
    const bool arrayAway = any(episode, {FaultKind::ArrayStop, FaultKind::ArraySlow, FaultKind::StoragePulled,
                                         FaultKind::KillLun, FaultKind::Loss, FaultKind::Delay});
    if (apart && arrayAway) longest += timeouts.leaseTerm();
    if (any(episode, {FaultKind::KillService})) longest += restartGuard;
    return longest;
}

} // namespace dyad::lab
