// SPDX-License-Identifier: Apache-2.0
// Taking a group: challenge → window → arbiter → the other LUNs → won. Nothing is taken from the other LUNs before the
// arbiter is won, and all of it is given back when one of them is refused.
#include "engine/procedures/procedures.h"

#include "engine/judgement/claimant.h"
#include "engine/judgement/peer.h"

#include <algorithm>

namespace dyad::engine {

using model::ClaimFrom;
using model::Liveness;
using model::ReservationCommand;
using model::ReservationOutcome;
using model::Role;

namespace {

// Within one claim: how often a LUN that turned out to be free, or to have changed hands, is tried again.
constexpr unsigned maxAttempts = 3;

Trigger triggerOf(ClaimCause cause) {
    switch (cause) {
    case ClaimCause::PeerSilent: return Trigger::PeerSilent;
    case ClaimCause::PeerUseless: return Trigger::PeerUseless;
    case ClaimCause::PeerReleased: return Trigger::PeerReleased;
    case ClaimCause::NobodyOwns: return Trigger::NobodyOwns;
    }
    return Trigger::NobodyOwns;
}

// Later than every epoch that this node has seen, in heartbeats or on the array.
model::Epoch nextEpoch(const StepContext& step, const GroupRecord& group) {
    std::uint32_t latest = group.epoch.value;
    if (const model::GroupStatus* word = peerWord(step, group)) latest = std::max(latest, word->epoch.value);
    for (const LunRecord& lun : group.luns)
        for (const model::ReservationKey key : lun.snapshot.registrants)
            if (key.cluster() == step.configuration.clusterId)
                latest = std::max(latest, (latest & ~std::uint32_t{0xffff}) | key.epoch());
    return model::Epoch(latest + 1);
}

// An epoch that no earlier claim has, as far as this node has seen, and the key that tells of it.
void makeKey(StepContext& step, GroupRecord& group) {
    group.epoch = nextEpoch(step, group);
    group.key = model::ReservationKey::make(step.configuration.clusterId, step.self, step.state.boot, group.epoch);
}

// The keys that were read only now (after a boot, say) tell of a claim as late as the one that is being made.
bool epochTaken(const StepContext& step, const GroupRecord& group) {
    return std::any_of(group.luns.begin(), group.luns.end(), [&](const LunRecord& lun) {
        return std::any_of(lun.snapshot.registrants.begin(), lun.snapshot.registrants.end(),
                           [&](model::ReservationKey key) {
                               return key.cluster() == step.configuration.clusterId && !key.sameClaim(group.key) &&
                                      key.epoch() >= (group.epoch.value & 0xffff);
                           });
    });
}

// Our key may stand on the arbiter.
bool challenged(const GroupRecord& group) {
    return !group.luns.empty() && (group.claim.phase == ClaimPhase::Challenging ||
                                   group.claim.phase == ClaimPhase::Window || group.claim.phase == ClaimPhase::Arbiter);
}

// Or of a stranger that an operator wants gone.
bool mayBeTaken(const StepContext& step, const GroupRecord& group, const LunRecord& lun) {
    return !lun.snapshot.holder || lun.snapshot.holder->cluster() == step.configuration.clusterId ||
           lun.snapshot.holder == group.evict;
}

// As last read: nobody holds, or a claim that is over.
bool freeForUs(const StepContext& step, const GroupRecord& group, const LunRecord& lun) {
    const auto& holder = lun.snapshot.holder;
    return !holder || leftByUs(step, *holder) || leftByPeer(step, group, *holder) || holder == group.evict;
}

void tellIfRefused(StepContext& step, const GroupRecord& group, const LunRecord& lun,
                   const model::ReservationAnswer& answer) {
    if (answer.outcome != ReservationOutcome::Refused) return;
    const std::string& name = step.setup(group).name;
    step.raise("group.claim:" + name, model::Severity::Critical,
               "the array refuses to give LUN " + step.name(lun) + " of group " + name + ": " + answer.detail,
               "check that the target has persistent reservations (SPC-4) switched on for this LUN");
}

void readAll(StepContext& step, GroupRecord& group) {
    group.claim.phase = ClaimPhase::Reading;
    for (LunRecord& lun : group.luns)
        step.request(group, lun, ReservationCommand::Read);
}

// Nothing was said against us: the array could not be asked, or the session was lost and our key with it.
bool onlyUnheard(const GroupRecord& group, const model::ReservationAnswer& answer) {
    return answer.outcome == ReservationOutcome::NoPath || answer.outcome == ReservationOutcome::Late ||
           (answer.outcome == ReservationOutcome::Defended && answer.snapshot.registered(group.key));
}

void abandon(StepContext& step, GroupRecord& group, Trigger trigger, const std::string& detail = {},
             bool unheard = false) {
    if (challenged(group) && trigger != Trigger::Defended)
        step.request(group, group.luns.front(), ReservationCommand::Withdraw);
    // Heard again: should it fall silent once more, that is a new silence.
    // After a freeze of our own the facts are old, not bad: look again at once.
    const bool atOnce = trigger == Trigger::PeerBack || group.claim.frozen;
    group.claim.notBefore =
        atOnce ? Instant() : step.now + (unheard ? step.timeouts.challengeWindow : step.timeouts.rechallengeInterval());
    group.claim.defended = trigger == Trigger::Defended;
    group.evict.reset();
    for (LunRecord& lun : group.luns)
        lun.provenEpoch = model::Epoch();
    step.transition(group, trigger, detail);
}

// An answer that took its time may tell of a lease that is nearly over, or is: nothing starts on it before a fresh
// look.
void reproveWhereOld(StepContext& step, GroupRecord& group) {
    const bool old = std::any_of(group.luns.begin(), group.luns.end(), [&](const LunRecord& lun) {
        return step.now > lun.provenFrom + step.timeouts.verifyInterval();
    });
    if (!old) return;
    group.reprove = true;
    group.reproveFrom = step.now;
    for (LunRecord& lun : group.luns) {
        lun.provenFrom = std::max(lun.provenFrom, step.now - step.timeouts.leaseTerm() / 2); // the term to look in
        lun.lastLook = Instant();
    }
}

void won(StepContext& step, GroupRecord& group) {
    group.takeover = group.claim.cause == ClaimCause::PeerSilent || group.claim.cause == ClaimCause::PeerUseless;
    group.released = false;
    group.asksUntil.reset();
    group.alone = false;
    group.evict.reset();
    group.handoverUntil = Instant();
    for (ResourceRecord& resource : group.resources) {
        resource.mustStop = false;
        resource.failures.clear();
    }
    group.wonAt = step.now;
    step.explain(kind::reservationWon,
                 group.luns.empty()
                     ? "epoch " + std::to_string(group.epoch.value) + " is ours; the group has no LUN to ask"
                     : "the read-back of every LUN shows our reservation, epoch " + std::to_string(group.epoch.value),
                 &group);
    reproveWhereOld(step, group);
    step.transition(group, Trigger::ReservationWon);
}

// Not where the peer is silent: what it may still write is refused only while somebody holds the reservation.
bool mayGiveBack(const StepContext& step) { return step.state.peer.liveness == Liveness::Alive; }

void giveBack(StepContext& step, GroupRecord& group) {
    group.claim.phase = ClaimPhase::GivingBack;
    for (LunRecord& lun : group.luns) {
        if (lun.provenEpoch != group.epoch) continue;
        if (mayGiveBack(step))
            step.request(group, lun, ReservationCommand::Release);
        else
            step.act(CloseGate{lun.id});
    }
}

void claimOthers(StepContext& step, GroupRecord& group) {
    group.claim.phase = ClaimPhase::Others;
    bool asked = false;
    for (std::size_t i = 1; i < group.luns.size(); ++i) {
        LunRecord& lun = group.luns[i];
        if (lun.provenEpoch == group.epoch) continue;
        // A look that is still under way says whose it is: driveOthers() waits for it.
        if (!lun.pending && !mayBeTaken(step, group, lun)) continue;
        asked = true;
        if (lun.pending) continue;
        step.request(group, lun, ReservationCommand::Claim, ClaimFrom::Nothing,
                     lun.known ? lun.snapshot.holder : std::optional<model::ReservationKey>());
    }
    if (!asked) giveBack(step, group); // what is left belongs to strangers
}

// True if the answer is a claim that stands: the engine believes the read-back, not the word "good".
bool standsAsOurs(StepContext& step, GroupRecord& group, LunRecord& lun, const model::ReservationAnswer& answer) {
    if (answer.outcome != ReservationOutcome::Good || !answer.snapshot.ownedOnlyBy(group.key)) return false;
    lun.provenFrom = answer.readFrom;
    lun.provenEpoch = group.epoch;
    lun.fenced = false;
    lun.lastLook = step.now;
    return true;
}

void driveChallenging(StepContext& step, GroupRecord& group) {
    LunRecord& arbiter = group.luns.front();
    if (!arbiter.answer) return;
    const model::ReservationAnswer answer = *arbiter.answer;
    arbiter.answer.reset();
    tellIfRefused(step, group, arbiter, answer);
    if (answer.outcome == ReservationOutcome::Conflict && freeForUs(step, group, arbiter)) {
        // There is nobody to challenge: our own dead boot holds, or nobody does.
        readAll(step, group);
        return;
    }
    if (answer.outcome == ReservationOutcome::Good && !mayBeTaken(step, group, arbiter)) {
        abandon(step, group, Trigger::ClaimRefused,
                "LUN " + step.name(arbiter) + " is held by a key of no node of this cluster");
        return;
    }
    if (answer.outcome != ReservationOutcome::Good) {
        abandon(step, group, Trigger::ClaimRefused,
                std::string("the challenge: ") + toText(answer.outcome) +
                    (answer.detail.empty() ? "" : ", " + answer.detail),
                onlyUnheard(group, answer));
        return;
    }
    group.claim.phase = ClaimPhase::Window;
    group.claim.windowFrom = answer.readFrom;
    step.explain(kind::challengePlaced,
                 "our key stands beside the holder's on LUN " + step.name(arbiter) + ": " + toText(answer.snapshot),
                 &group);
    for (std::size_t i = 1; i < group.luns.size(); ++i)
        step.request(group, group.luns[i], ReservationCommand::Read);
}

// The owner is well after all, or has become so again.
bool peerKeepsIt(const StepContext& step, const GroupRecord& group) {
    if (step.state.peer.liveness != Liveness::Alive) return false;
    if (!peerSpeaks(step)) return true; // its heart beats: the service comes back and adopts
    const model::GroupStatus* word = peerWord(step, group);
    return word && !word->useless && (owns(word->role) || word->role == Role::Claiming);
}

void driveWindow(StepContext& step, GroupRecord& group) {
    if (peerKeepsIt(step, group)) {
        abandon(step, group, Trigger::PeerBack);
        return;
    }
    const model::GroupStatus* word = peerWord(step, group);
    const bool peerIsQuiet =
        peerSpeaks(step) && word && !owns(word->role) && word->role != Role::Lost && !word->useless;
    const bool windowOver =
        group.luns.empty() || peerIsQuiet || step.due(group.claim.windowFrom + step.timeouts.challengeWindow);
    const bool peerGone =
        step.state.peer.liveness == Liveness::Lost || peerIsQuiet || (peerSpeaks(step) && word && word->useless);
    if (!windowOver || !peerGone) return;
    if (group.luns.empty()) {
        won(step, group);
        return;
    }
    group.claim.phase = ClaimPhase::Arbiter;
    step.request(group, group.luns.front(), ReservationCommand::Claim, ClaimFrom::Challenge,
                 group.luns.front().snapshot.holder);
}

void driveReading(StepContext& step, GroupRecord& group) {
    for (const LunRecord& lun : group.luns)
        if (lun.pending) return;
    if (group.luns.empty()) {
        won(step, group);
        return;
    }
    for (const LunRecord& lun : group.luns) {
        if (!lun.pathUp || !lun.known) {
            abandon(step, group, Trigger::ClaimRefused, "no path to LUN " + step.name(lun), true);
            return;
        }
        // Against a silent peer the arbiter decides: whoever has it may take what the peer left on the others.
        const bool follows = group.claim.cause == ClaimCause::PeerSilent && &lun != &group.luns.front();
        if (follows ? !mayBeTaken(step, group, lun) : !freeForUs(step, group, lun)) {
            abandon(step, group, Trigger::ClaimRefused,
                    "LUN " + step.name(lun) + " is held by " + toText(*lun.snapshot.holder));
            return;
        }
    }
    group.claim.phase = ClaimPhase::Arbiter;
    if (epochTaken(step, group)) makeKey(step, group); // what stands under the old one is replaced
    LunRecord& arbiter = group.luns.front();
    step.request(group, arbiter, ReservationCommand::Claim, ClaimFrom::Nothing, arbiter.snapshot.holder);
}

void driveArbiter(StepContext& step, GroupRecord& group) {
    LunRecord& arbiter = group.luns.front();
    if (!arbiter.answer) return;
    const model::ReservationAnswer answer = *arbiter.answer;
    arbiter.answer.reset();
    tellIfRefused(step, group, arbiter, answer);
    if (answer.outcome == ReservationOutcome::Defended && !onlyUnheard(group, answer)) {
        step.explain(kind::challengeDefended,
                     "our challenge on LUN " + step.name(arbiter) + " was removed by its owner: the owner lives",
                     &group, {}, model::Severity::Warning);
        abandon(step, group, Trigger::Defended);
    } else if (answer.outcome == ReservationOutcome::Conflict && freeForUs(step, group, arbiter) &&
               ++group.claim.attempts < maxAttempts) {
        readAll(step, group); // its owner let go of it in between
    } else if (!standsAsOurs(step, group, arbiter, answer)) {
        abandon(step, group, Trigger::ClaimRefused,
                "LUN " + step.name(arbiter) + ": " + toText(answer.outcome) +
                    (answer.detail.empty() ? "" : ", " + answer.detail),
                onlyUnheard(group, answer));
    } else if (group.luns.size() == 1) {
        won(step, group);
    } else {
        claimOthers(step, group);
    }
}

void driveOthers(StepContext& step, GroupRecord& group) {
    bool refused = false;
    for (std::size_t i = 1; i < group.luns.size(); ++i) {
        LunRecord& lun = group.luns[i];
        if (lun.pending) return;
        if (lun.answer) {
            const model::ReservationAnswer answer = *lun.answer;
            lun.answer.reset();
            standsAsOurs(step, group, lun, answer);
        }
        refused = refused || lun.provenEpoch != group.epoch;
    }
    if (!refused) {
        won(step, group);
        return;
    }
    // The snapshot is fresh now; a holder that is the peer's or nobody's may be tried again.
    if (++group.claim.attempts < maxAttempts) {
        claimOthers(step, group);
        return;
    }
    giveBack(step, group);
}

// What was won before or while this node stood still may be somebody else's by now. Answers that are under way are
// waited for, then everything is read anew; what is still ours is claimed once more, which changes nothing on the
// array.
void startOverAfterFreeze(StepContext& step, GroupRecord& group) {
    for (LunRecord& lun : group.luns)
        if (lun.pending) return;
    for (LunRecord& lun : group.luns) {
        lun.answer.reset();
        lun.provenEpoch = model::Epoch();
    }
    group.claim.frozen = false;
    readAll(step, group);
}

void driveGivingBack(StepContext& step, GroupRecord& group) {
    for (LunRecord& lun : group.luns)
        if (lun.pending) return;
    for (LunRecord& lun : group.luns)
        lun.answer.reset();
    step.raise("group.claim:" + step.setup(group).name, model::Severity::Critical,
               "the first LUN of group " + step.setup(group).name +
                   " was won but another one was refused: nothing is started",
               "look at the keys with `dyad status` and find out who holds the other LUN");
    abandon(step, group, Trigger::ClaimRefused, "another LUN of the group was refused");
}

} // namespace

void considerClaim(StepContext& step, GroupRecord& group) {
    const std::optional<ClaimCause> cause = claimCause(step, group);
    if (!cause) return;
    group.claim = ClaimRecord{.cause = *cause, .notBefore = group.claim.notBefore};
    makeKey(step, group);
    group.released = false;
    group.takeover = false;
    step.transition(group, triggerOf(*cause));

    switch (*cause) {
    case ClaimCause::PeerSilent:
    case ClaimCause::PeerUseless:
        group.claim.phase = group.luns.empty() ? ClaimPhase::Window : ClaimPhase::Challenging;
        if (!group.luns.empty()) step.request(group, group.luns.front(), ReservationCommand::Challenge);
        break;
    case ClaimCause::PeerReleased:
        // It was released: nobody holds. Should the array say otherwise, the claim is refused and the keys are read.
        group.claim.phase = group.luns.empty() ? ClaimPhase::Reading : ClaimPhase::Arbiter;
        if (!group.luns.empty()) {
            for (LunRecord& lun : group.luns) {
                lun.snapshot = {};
                lun.pending.reset();
            }
            step.request(group, group.luns.front(), ReservationCommand::Claim, ClaimFrom::Nothing, std::nullopt);
        }
        break;
    case ClaimCause::NobodyOwns: readAll(step, group); break;
    }
}

void driveClaim(StepContext& step, GroupRecord& group) {
    const bool nothingTakenYet = group.claim.phase == ClaimPhase::Challenging ||
                                 group.claim.phase == ClaimPhase::Window || group.claim.phase == ClaimPhase::Reading;
    if (nothingTakenYet && step.state.leaving) return abandon(step, group, Trigger::ShutdownOrdered);
    if (nothingTakenYet && step.state.maintenance) return abandon(step, group, Trigger::MaintenanceOn);
    if (nothingTakenYet && (group.standing.disabled || group.standing.frozen))
        return abandon(step, group, Trigger::HeldBack);
    if (nothingTakenYet && group.claim.frozen)
        return abandon(step, group, Trigger::ClaimRefused, "this node stood still meanwhile");
    if (group.claim.frozen && group.claim.phase != ClaimPhase::GivingBack) return startOverAfterFreeze(step, group);

    switch (group.claim.phase) {
    case ClaimPhase::Challenging: driveChallenging(step, group); break;
    case ClaimPhase::Window: driveWindow(step, group); break;
    case ClaimPhase::Reading: driveReading(step, group); break;
    case ClaimPhase::Arbiter: driveArbiter(step, group); break;
    case ClaimPhase::Others: driveOthers(step, group); break;
    case ClaimPhase::GivingBack: driveGivingBack(step, group); break;
    }
}

} // namespace dyad::engine
