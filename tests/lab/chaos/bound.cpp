// SPDX-License-Identifier: Apache-2.0
#include "lab/chaos/bound.h"

#include "lab/host.h"
#include "lab/settings.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>

namespace dyad::lab {

namespace {

constexpr Duration recoveryGuard = 6s;       // mount with journal replay, crash recovery of a database under full load
constexpr Duration startGuard = 2s;          // mount and start after an orderly stop
constexpr Duration stopGuard = 3s;           // an orderly stop
constexpr Duration bootGuard = 3s;           // power to a running service
constexpr Duration resetTime = 2s;           // a reset takes a machine so long (stage.cpp)
constexpr Duration restartGuard = 5s;        // the service, started again
constexpr Duration frozenCustomer = 3500ms;  // customers whom a frozen host has let in wait there for 3 s
constexpr Duration breath = 3s;              // checkpoints, a busy machine
constexpr Duration administratorGuard = 30s; // finds out that a group has failed and clears it
constexpr Duration gatewayMissed = 2s;       // three questions, half a second apart, without an answer
constexpr Duration notice = 500ms;           // two samples of the watch on a busy machine

bool any(const Episode& episode, std::initializer_list<FaultKind> kinds) {
    return std::any_of(episode.faults.begin(), episode.faults.end(), [&](const PlannedFault& fault) {
        return std::find(kinds.begin(), kinds.end(), fault.kind) != kinds.end();
    });
}

using Faults = std::vector<FaultSpan>;

bool any(const Faults& faults, std::initializer_list<FaultKind> kinds) {
    return std::any_of(faults.begin(), faults.end(), [&](const FaultSpan& fault) {
        return std::find(kinds.begin(), kinds.end(), fault.kind) != kinds.end();
    });
}

bool disturbsStorage(const FaultSpan& fault) {
    return (fault.kind == FaultKind::Loss || fault.kind == FaultKind::Delay) && fault.link == "storage";
}

// While the fault lasts, the host can't serve the group "erp". An empty host: neither can.
bool disables(const FaultSpan& fault, const std::string& host) {
    switch (fault.kind) {
    case FaultKind::PowerOffBoth:
    case FaultKind::ArrayStop:
    case FaultKind::ArraySlow: return true;
    case FaultKind::LunFull: return fault.link == "array";
    case FaultKind::PowerOff:
    case FaultKind::Shutdown:
    case FaultKind::Freeze:
    case FaultKind::PublicPulled:
    case FaultKind::StoragePulled:
    case FaultKind::Maintenance: return fault.host.empty() || fault.host == host;
    default: return disturbsStorage(fault) && (fault.host.empty() || fault.host == host);
    }
}

bool isAble(const std::string& host, const Faults& faults, Duration at) {
    return std::none_of(faults.begin(), faults.end(), [&](const FaultSpan& fault) {
        return fault.begins <= at && at < fault.heals && disables(fault, host);
    });
}

bool hasBooted(const std::string& host, const Faults& faults) {
    return std::any_of(faults.begin(), faults.end(), [&](const FaultSpan& fault) {
        return fault.kind == FaultKind::PowerOffBoth ||
               ((fault.kind == FaultKind::PowerOff || fault.kind == FaultKind::Shutdown) && fault.host == host);
    });
}

// The way back to service from an instant on. What may still be going on because of earlier faults of the episode
// counts: its time-outs run side by side in detection, stop and claim, and these follow each other.
Duration wayBack(const Faults& soFar, const std::vector<std::string>& able, const Troubles& troubles,
                 const engine::Timeouts& timeouts) {
    const bool path =
        any(soFar, {FaultKind::ArrayStop, FaultKind::ArraySlow, FaultKind::StoragePulled, FaultKind::KillLun}) ||
        std::any_of(soFar.begin(), soFar.end(), disturbsStorage);
    const bool apart =
        any(soFar, {FaultKind::LinksCut, FaultKind::OneWay}) ||
        std::any_of(soFar.begin(), soFar.end(), [](const FaultSpan& fault) {
            return (fault.kind == FaultKind::Loss || fault.kind == FaultKind::Delay) && !disturbsStorage(fault);
        });
    const bool ordered =
        any(soFar, {FaultKind::Switchover, FaultKind::Switchback, FaultKind::Shutdown, FaultKind::Maintenance});
    const bool handedOver = ordered || any(soFar, {FaultKind::PublicPulled});
    const bool stuck = path || any(soFar, {FaultKind::Freeze, FaultKind::LunFull});
    // Whatever else moves a group ends its database without asking it.
    const bool crashes =
        stuck || troubles.resets > 0 ||
        any(soFar, {FaultKind::PowerOff, FaultKind::PowerOffBoth, FaultKind::KillDatabase, FaultKind::KillService});
    const bool allBooted =
        std::all_of(able.begin(), able.end(), [&](const std::string& host) { return hasBooted(host, soFar); });

    Duration detection = timeouts.preemptAfter();
    const auto atLeast = [&](Duration duration) { detection = std::max(detection, duration); };
    // A question to the array that is on its way is waited for; who has a lease keeps it until its term is over.
    if (path) atLeast(std::max(timeouts.pathGrace(), timeouts.leaseTerm()) + timeouts.reservationAnswer());
    if (any(soFar, {FaultKind::PublicPulled})) atLeast(gatewayMissed + timeouts.gatewayGrace());
    if (any(soFar, {FaultKind::KillService})) atLeast(restartGuard);
    if (allBooted) atLeast(bootGuard + timeouts.startupWait());
    if (troubles.resets > 0) atLeast(timeouts.killDeadline() * 2 + resetTime + bootGuard + timeouts.startupWait());

    Duration stop{0};
    if (stuck) stop = timeouts.killDeadline();
    if (handedOver) stop = std::max(stop, stopGuard);
    // Refused or defended while nobody was heard: the next challenge has its own time.
    const Duration claim = timeouts.challengeWindow + (apart ? timeouts.rechallengeInterval() : Duration(0));
    const Duration oneStart = crashes ? recoveryGuard : startGuard;
    Duration start = oneStart;
    if (stuck) start += frozenCustomer;
    // An order may send the group to a host where it then can't be started.
    if (ordered && soFar.size() > 1) start += timeouts.preemptAfter() + oneStart;
    if (troubles.clearedFailures > 0) start += administratorGuard;
    return detection + stop + claim + start;
}

} // namespace

Bounds boundsOfNothing() { return {breath, breath}; }

Bounds boundsOf(const Faults& faults, const Troubles& troubles, const engine::Timeouts& timeouts) {
    std::set<Duration> turns;
    for (const auto& fault : faults) {
        turns.insert(fault.begins);
        turns.insert(fault.heals);
    }
    Bounds bounds;
    std::optional<Duration> awaySince;
    for (auto turn = turns.begin(); turn != turns.end(); ++turn) {
        if (!awaySince) awaySince = *turn;
        Faults soFar;
        std::copy_if(faults.begin(), faults.end(), std::back_inserter(soFar),
                     [&](const FaultSpan& fault) { return fault.begins <= *turn; });
        std::vector<std::string> able;
        for (const char* host : hostNames)
            if (isAble(host, faults, *turn)) able.emplace_back(host);
        const auto next = std::next(turn);
        const Duration way = wayBack(soFar, able, troubles, timeouts);
        if (next == turns.end()) bounds.back = way;
        if (next != turns.end() && (able.empty() || *next - *turn < way)) continue;
        bounds.gap = std::max(bounds.gap, *turn - *awaySince + way);
        awaySince.reset();
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
