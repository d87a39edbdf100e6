// SPDX-License-Identifier: Apache-2.0
// Upkeep. Whoever owns proves its lease and removes challenges; whoever doesn't keeps an eye on the keys.
#include "engine/procedures/procedures.h"

#include "engine/judgement/group_plan.h"
#include "engine/judgement/peer.h"

#include <algorithm>

namespace dyad::engine {

using model::ReservationCommand;
using model::ReservationOutcome;

namespace {

LunRecord* findLun(State& state, model::LunId id, GroupRecord** itsGroup = nullptr) {
    for (GroupRecord& group : state.groups)
        for (LunRecord& lun : group.luns)
            if (lun.id == id) {
                if (itsGroup) *itsGroup = &group;
                return &lun;
            }
    return nullptr;
}

void pathIs(StepContext& step, LunRecord& lun, bool up, const std::string& detail) {
    if (up) step.clear("lun.path:", step.name(lun));
    if (lun.pathUp == up) return;
    lun.pathUp = up;
    if (!up) {
        lun.pathDownSince = step.now;
        step.raise("lun.path:" + step.name(lun), model::Severity::Warning,
                   "no path to LUN " + step.name(lun) + (detail.empty() ? "" : ": " + detail),
                   "check the storage network and the array's portal");
    }
}

// Whoever holds with a key that isn't of this cluster may be writing: nothing is ever taken from it.
void tellOfForeignHolder(StepContext& step, const LunRecord& lun) {
    const auto& holder = lun.snapshot.holder;
    if (holder && holder->cluster() != step.configuration.clusterId)
        step.raise("lun.foreign:" + step.name(lun), model::Severity::Critical,
                   "LUN " + step.name(lun) +
                       " is reserved by a key of no node of this cluster: " + model::toText(*holder),
                   "find out which host uses the LUN; Dyad does not take it");
    else
        step.clear("lun.foreign:", step.name(lun));
}

bool peerMissesUs(const StepContext& step) {
    if (step.state.peer.liveness != model::Liveness::Alive) return true;
    return std::none_of(step.state.links.begin(), step.state.links.end(), [](const model::LinkReport& link) {
        return link.liveness == model::Liveness::Alive && link.peerHearsUs;
    });
}

// A key of this boot beside another holder's, or beside nobody's: of a challenge that is over, but could not be
// withdrawn at the time, or whose service died. S2 wants nobody there.
std::optional<model::ReservationKey> leftoverOn(const StepContext& step, const LunRecord& lun) {
    if (!lun.known || (lun.snapshot.holder && leftByUs(step, *lun.snapshot.holder))) return {};
    for (const model::ReservationKey key : lun.snapshot.registrants)
        if (leftByUs(step, key) && key.isOfBoot(step.state.boot)) return key.withLogin(0);
    return {};
}

bool hasChallenge(const GroupRecord& group, const LunRecord& lun) {
    return lun.known && lun.snapshot.heldBy(group.key) &&
           std::any_of(lun.snapshot.registrants.begin(), lun.snapshot.registrants.end(),
                       [&](model::ReservationKey key) { return !key.sameClaim(group.key); });
}

} // namespace

void noteReservation(StepContext& step, const model::ReservationAnswer& answer) {
    GroupRecord* group = nullptr;
    LunRecord* lun = findLun(step.state, answer.lun, &group);
    // A completion that quotes another pair answers a question that nobody asks any more.
    if (!lun || !lun->pending || lun->pending->operation != answer.operation || lun->pending->epoch != answer.epoch ||
        lun->pending->command != answer.command)
        return;
    const PendingReservation pending = *lun->pending;
    lun->pending.reset();

    const bool unreachable = answer.outcome == ReservationOutcome::NoPath || answer.outcome == ReservationOutcome::Late;
    pathIs(step, *lun, !unreachable, answer.detail);
    if (answer.outcome == ReservationOutcome::Good || answer.outcome == ReservationOutcome::Defended ||
        answer.outcome == ReservationOutcome::Conflict) {
        lun->known = true;
        lun->snapshot = answer.snapshot;
        lun->readFrom = answer.readFrom;
        tellOfForeignHolder(step, *lun);
        if ((owns(group->role) || group->role == model::Role::Failed) && lun->provenEpoch == group->epoch &&
            answer.snapshot.heldBy(group->key) && answer.snapshot.registered(group->key)) {
            if (answer.readFrom > lun->provenFrom) lun->provenFrom = answer.readFrom;
        }
    }
    if (answer.outcome == ReservationOutcome::Refused)
        step.explain(kind::arrayRefused,
                     "the array refused to " + std::string(model::toText(answer.command)) + " LUN " + step.name(*lun) +
                         ": " + answer.detail,
                     group, {}, model::Severity::Warning);
    if (pending.command == ReservationCommand::Defend && answer.outcome == ReservationOutcome::Good)
        step.explain(kind::defended,
                     "the peer's challenge on LUN " + step.name(*lun) +
                         " was removed: this node is well and keeps the group",
                     group);
    if (pending.command != ReservationCommand::Read) lun->answer = answer;
}

void noteLun(StepContext& step, const model::LunNotice& notice) {
    GroupRecord* group = nullptr;
    LunRecord* lun = findLun(step.state, notice.lun, &group);
    if (!lun) return;
    switch (notice.kind) {
    case model::LunNotice::Kind::PathUp: pathIs(step, *lun, true, {}); break;
    case model::LunNotice::Kind::PathDown: pathIs(step, *lun, false, notice.detail); break;
    case model::LunNotice::Kind::Fenced:
        lun->fenced = (owns(group->role) || !group->settled) && !group->releasing;
        break;
    }
    // Whatever it was: have a fresh look.
    if (notice.kind == model::LunNotice::Kind::PathUp) lun->lastLook = Instant();
}

void expireReservations(StepContext& step, GroupRecord& group) {
    for (LunRecord& lun : group.luns) {
        if (!lun.pending || !step.due(lun.pending->deadline)) continue;
        model::ReservationAnswer late;
        late.operation = lun.pending->operation;
        late.epoch = lun.pending->epoch;
        late.group = group.id;
        late.lun = lun.id;
        late.command = lun.pending->command;
        late.outcome = ReservationOutcome::Late;
        late.detail = "no answer at all";
        noteReservation(step, late);
    }
}

void lookAtKeys(StepContext& step, GroupRecord& group) {
    const bool owner = owns(group.role) || (group.role == model::Role::Failed && !everythingStopped(group));
    const Duration interval = !owner               ? step.timeouts.watchInterval()
                              : peerMissesUs(step) ? step.timeouts.defendInterval()
                                                   : step.timeouts.verifyInterval();
    for (LunRecord& lun : group.luns) {
        if (lun.pending) continue;
        if (owns(group.role) && !group.releasing && hasChallenge(group, lun) && !group.reprove && !lun.fenced &&
            step.due(lun.lastDefence + step.timeouts.defendInterval())) {
            lun.lastDefence = step.now;
            step.request(group, lun, ReservationCommand::Defend);
            continue;
        }
        const auto leftover = owner ? std::nullopt : leftoverOn(step, lun);
        if (!step.due(lun.lastLook + (leftover ? std::min(interval, step.timeouts.challengeWindow) : interval)))
            continue;
        lun.lastLook = step.now;
        if (leftover) group.key = *leftover;
        step.request(group, lun, leftover ? ReservationCommand::Withdraw : ReservationCommand::Read);
    }
}

void endReproof(GroupRecord& group) {
    if (group.reprove)
        group.reprove = std::any_of(group.luns.begin(), group.luns.end(),
                                    [&](const LunRecord& lun) { return lun.provenFrom < group.reproveFrom; });
}

void noteFreeze(StepContext& step, const WasFrozen& frozen) {
    step.explain(kind::frozen,
                 "this node stood still for " + toText(frozen.gap) +
                     ": every lease is proven anew before anything else",
                 nullptr, {}, model::Severity::Warning);
    for (GroupRecord& group : step.state.groups) {
        for (LunRecord& lun : group.luns) {
            if (lun.pending) lun.pending->deadline = lun.pending->deadline + frozen.gap;
            lun.lastLook = Instant();
            // The term starts again with the freeze over: a first look is allowed before the lease counts as lost.
            if (owns(group.role)) lun.provenFrom = std::max(lun.provenFrom, step.now - step.timeouts.leaseTerm() / 2);
        }
        for (ResourceRecord& resource : group.resources)
            if (resource.pending) resource.pending->deadline = resource.pending->deadline + frozen.gap;
        if (owns(group.role) && !group.luns.empty()) {
            group.reprove = true;
            group.reproveFrom = step.now;
        }
        group.claim.frozen = group.role == model::Role::Claiming;
    }
}

} // namespace dyad::engine
