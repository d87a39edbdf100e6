// SPDX-License-Identifier: Apache-2.0
#include "storage/reservations/procedures.h"

#include "storage/reservations/nexus_awaiters.h"

#include <algorithm>

namespace dyad::storage {

using model::ClaimFrom;
using model::ReservationCommand;
using model::ReservationKey;
using model::ReservationOutcome;
using model::ReservationRequest;
using model::ReservationSnapshot;
using model::ReservationType;

namespace {

// The holder that the claim was decided upon; or this claim itself, when an earlier try had won without our knowing.
bool holderAsExpected(const ReservationSnapshot& snapshot, const ReservationRequest& request) {
    if (snapshot.heldBy(request.key)) return true;
    if (!request.expectedHolder) return !snapshot.holder;
    return snapshot.heldBy(*request.expectedHolder);
}

ProcedureEnd endAs(ProcedureEnd end, ReservationOutcome outcome, std::string detail) {
    end.outcome = outcome;
    end.detail = std::move(detail);
    return end;
}

} // namespace

Task<ProcedureEnd> Procedures::run(ReservationRequest request) {
    switch (request.command) {
    case ReservationCommand::Read: co_return co_await read();
    case ReservationCommand::Challenge: co_return co_await challenge(request.key);
    case ReservationCommand::Withdraw: co_return co_await withdraw(request.key);
    case ReservationCommand::Defend: co_return co_await defend(request.key);
    case ReservationCommand::Claim: co_return co_await claim(request);
    case ReservationCommand::Release: co_return co_await release(request.key);
    }
    co_return ProcedureEnd{ReservationOutcome::Refused, {}, {}, "no such command"};
}

Task<ProcedureEnd> Procedures::read() { co_return co_await picture(); }

Task<ProcedureEnd> Procedures::challenge(ReservationKey key) {
    if (typeMissing()) co_return endAs({}, ReservationOutcome::Refused, toText(*m_memory.capabilities));
    ProcedureEnd before = co_await picture();
    if (before.outcome != ReservationOutcome::Good) co_return before;
    if (before.snapshot.holder && sameNode(*before.snapshot.holder, key))
        co_return endAs(std::move(before), ReservationOutcome::Conflict,
                        "a key of this node holds the reservation: there is nobody to challenge");
    const bool placed = ownKeyListed(before.snapshot) && m_memory.registered->sameClaim(key);
    if (!placed) {
        const ScsiReply reply = co_await registerKey(key, before.snapshot);
        if (!reply.good() && !reply.conflict()) co_return failed(reply, "REGISTER");
        if (reply.conflict()) {
            ProcedureEnd after = co_await picture();
            if (after.outcome != ReservationOutcome::Good) co_return after;
            co_return endAs(std::move(after), ReservationOutcome::Conflict, "REGISTER: RESERVATION CONFLICT");
        }
    }
    // Ghosts of this node's earlier logins; none of them holds, so nothing but the list changes.
    std::size_t removed = 0;
    for (const ReservationKey ghost : before.snapshot.registrants) {
        if (!sameNode(ghost, key) || ghost == *m_memory.registered || ++removed > maxForeignKeys) continue;
        const ScsiReply reply = co_await preemptOnly(ghost);
        if (!reply.answered()) co_return failed(reply, "PREEMPT of an own leftover key");
    }
    ProcedureEnd after = co_await picture();
    if (after.outcome != ReservationOutcome::Good) co_return after;
    if (!ownKeyListed(after.snapshot)) {
        m_memory.registered.reset();
        co_return endAs(std::move(after), ReservationOutcome::Defended, "the challenge was removed at once");
    }
    co_return after;
}

Task<ProcedureEnd> Procedures::withdraw(ReservationKey key) {
    ProcedureEnd before = co_await picture();
    if (before.outcome != ReservationOutcome::Good) co_return before;
    if (before.snapshot.heldBy(key))
        co_return endAs(std::move(before), ReservationOutcome::Conflict,
                        "this claim holds the reservation: it must be released, not withdrawn");
    std::vector<ReservationKey> ghosts;
    for (const ReservationKey each : before.snapshot.registrants)
        if (each.sameClaim(key) && each != m_memory.registered && ghosts.size() < maxForeignKeys)
            ghosts.push_back(each);
    if (!ghosts.empty() && !ownKeyListed(before.snapshot)) {
        const ScsiReply reply = co_await registerKey(key, before.snapshot);
        if (!reply.answered()) co_return failed(reply, "REGISTER");
    }
    if (m_memory.registered) {
        for (const ReservationKey ghost : ghosts) {
            const ScsiReply reply = co_await preemptOnly(ghost);
            if (!reply.answered()) co_return failed(reply, "PREEMPT of an own leftover key");
        }
        const ScsiReply reply = co_await unregister();
        if (!reply.good() && !reply.conflict()) co_return failed(reply, "REGISTER with key 0");
    }
    ProcedureEnd after = co_await picture();
    if (after.outcome != ReservationOutcome::Good) co_return after;
    if (after.snapshot.registered(key))
        co_return endAs(std::move(after), ReservationOutcome::Conflict, "the key is still listed");
    co_return after;
}

Task<ProcedureEnd> Procedures::defend(ReservationKey key) {
    for (unsigned round = 0; round < maxRounds; ++round) {
        ProcedureEnd before = co_await picture();
        if (before.outcome != ReservationOutcome::Good) co_return before;
        if (!ownNexusHolds(before.snapshot) || !m_memory.registered->sameClaim(key))
            co_return endAs(std::move(before), ReservationOutcome::Defended,
                            "this nexus does not hold the reservation");
        std::size_t removed = 0;
        for (const ReservationKey each : before.snapshot.registrants) {
            if (each == *m_memory.registered || ++removed > maxForeignKeys) continue;
            const ScsiReply reply = co_await preemptOnly(each);
            if (!reply.good() && !reply.conflict()) co_return failed(reply, "PREEMPT");
        }
        if (removed == 0) co_return before;
    }
    ProcedureEnd after = co_await picture();
    if (after.outcome != ReservationOutcome::Good) co_return after;
    if (!ownNexusHolds(after.snapshot))
        co_return endAs(std::move(after), ReservationOutcome::Defended, "this nexus does not hold the reservation");
    if (!after.snapshot.ownedOnlyBy(key))
        co_return endAs(std::move(after), ReservationOutcome::Conflict, "others register as fast as they are removed");
    co_return after;
}

Task<ProcedureEnd> Procedures::claim(ReservationRequest request) {
    if (typeMissing()) co_return endAs({}, ReservationOutcome::Refused, toText(*m_memory.capabilities));
    ProcedureEnd before = co_await picture();
    if (before.outcome != ReservationOutcome::Good) co_return before;
    const bool standing = ownKeyListed(before.snapshot) && m_memory.registered->sameClaim(request.key);
    if (request.from == ClaimFrom::Challenge && !standing) {
        m_memory.registered.reset();
        co_return endAs(std::move(before), ReservationOutcome::Defended, "the challenge is gone from the array");
    }
    if (!holderAsExpected(before.snapshot, request))
        co_return endAs(std::move(before), ReservationOutcome::Conflict,
                        before.snapshot.holder ? "another key holds the reservation"
                                               : "nobody holds the reservation any more");
    if (!standing) {
        const ScsiReply reply = co_await registerKey(request.key, before.snapshot);
        if (!reply.good() && !reply.conflict()) co_return failed(reply, "REGISTER");
        if (reply.conflict()) {
            ProcedureEnd after = co_await picture();
            if (after.outcome != ReservationOutcome::Good) co_return after;
            co_return endAs(std::move(after), ReservationOutcome::Conflict, "REGISTER: RESERVATION CONFLICT");
        }
    }
    ProcedureEnd end = co_await claimAsRegistered(request);
    const bool lost = end.outcome == ReservationOutcome::Refused || end.outcome == ReservationOutcome::Conflict;
    // Only what this call has registered is taken back here; a challenge is withdrawn by whoever placed it. A claim
    // that holds but can't be finished would keep everyone out: it goes back in either case.
    const bool holds = end.outcome == ReservationOutcome::Refused || end.snapshot.heldBy(request.key);
    if (lost && (request.from == ClaimFrom::Nothing || holds)) co_return co_await giveBack(std::move(end));
    co_return end;
}

Task<ProcedureEnd> Procedures::claimAsRegistered(ReservationRequest request) {
    ProcedureEnd now;
    bool cleared = false;
    for (unsigned round = 0; round < maxRounds; ++round) {
        now = co_await picture();
        if (now.outcome != ReservationOutcome::Good) co_return now;
        if (!ownKeyListed(now.snapshot)) {
            m_memory.registered.reset();
            co_return endAs(std::move(now), ReservationOutcome::Defended, "the key was removed from the array");
        }
        const ReservationKey own = *m_memory.registered;
        const bool expected = holderAsExpected(now.snapshot, request) || (cleared && !now.snapshot.holder);
        if (!expected)
            co_return endAs(std::move(now), ReservationOutcome::Conflict, "another key holds the reservation");

        // `aborted`: every nexus that lost its key here lost its tasks too.
        bool aborted = true;
        bool ownerAborted = false; // and the one that held was among them
        std::size_t removed = 0;
        ScsiReply reply;
        if (!now.snapshot.holder) {
            reply = co_await send(reserveOutCommand(ReserveOut::Reserve, own, ReservationKey{0}));
            if (reply.conflict()) continue;
            if (!reply.good()) co_return failed(reply, "RESERVE");
        } else if (*now.snapshot.holder != own) {
            reply = co_await preempt(*now.snapshot.holder, &aborted);
            if (reply.conflict()) continue;
            if (!reply.good()) co_return failed(reply, "PREEMPT of the holder");
            ownerAborted = aborted;
            ++removed;
        }
        for (const ReservationKey each : now.snapshot.registrants) {
            if (each == own || each == now.snapshot.holder || removed > maxForeignKeys) continue;
            reply = co_await preempt(each, &aborted);
            if (!reply.good() && !reply.conflict()) co_return failed(reply, "PREEMPT");
            if (reply.conflict()) aborted = false;
            ++removed;
        }
        // Nothing that was sent before may be in flight from here on: not of an owner that is no longer listed, and not
        // of ourselves either, where this nexus holds already and claims anew after it had given its writes up.
        if (!aborted || !ownerAborted) {
            reply = co_await barrier();
            if (!reply.good()) {
                if (reply.conflict()) continue;
                co_return failed(reply, "LOGICAL UNIT RESET (the barrier)");
            }
        }
        ProcedureEnd after = co_await picture();
        if (after.outcome != ReservationOutcome::Good) co_return after;
        const bool alone = after.snapshot.ownedOnlyBy(own) && after.snapshot.registrants.size() == 1 &&
                           ownNexusHolds(after.snapshot) && after.snapshot.type == ReservationType::WriteExclusive;
        if (alone) co_return after;
        if (!cleared && after.snapshot.holder == own && !ownKeyListed(after.snapshot)) {
            reply = co_await clearBrokenList(request.key);
            if (!reply.good() && !reply.conflict()) co_return failed(reply, "CLEAR of a broken list of keys");
            cleared = reply.good();
        }
        now = std::move(after);
    }
    co_return endAs(std::move(now), ReservationOutcome::Conflict, "the read-back still shows others");
}

Task<ProcedureEnd> Procedures::giveBack(ProcedureEnd end) {
    const ScsiReply reply = co_await unregister(); // releases too, when this nexus holds (SPC-4 5.12.11.2.2)
    if (!reply.answered()) {
        ProcedureEnd broken = failed(reply, "giving back");
        broken.detail = end.detail + "; " + broken.detail;
        co_return broken;
    }
    ProcedureEnd after = co_await picture();
    if (after.outcome == ReservationOutcome::Good) after.outcome = end.outcome;
    after.detail = end.detail;
    co_return after;
}

Task<ProcedureEnd> Procedures::release(ReservationKey key) {
    bool otherHolds = false;
    for (unsigned round = 0; round < maxRounds; ++round) {
        ProcedureEnd before = co_await picture();
        if (before.outcome != ReservationOutcome::Good) co_return before;
        otherHolds = before.snapshot.holder && !before.snapshot.heldBy(key);
        if (!before.snapshot.registered(key) && !before.snapshot.heldBy(key)) break;
        if (!ownKeyListed(before.snapshot)) {
            // Our keys are left by an earlier login: only a registrant can remove them.
            m_memory.registered.reset();
            const ScsiReply reply = co_await registerKey(key, before.snapshot);
            if (!reply.good() && !reply.conflict()) co_return failed(reply, "REGISTER");
            if (reply.conflict()) continue;
        }
        ScsiReply reply;
        if (before.snapshot.heldBy(key) && !(before.snapshot.holder == m_memory.registered)) {
            reply = co_await preemptOnly(*before.snapshot.holder);
            if (reply.conflict()) continue;
            if (!reply.good()) co_return failed(reply, "PREEMPT of an own leftover key");
        }
        for (const ReservationKey ghost : before.snapshot.registrants) {
            if (!ghost.sameClaim(key) || ghost == *m_memory.registered || ghost == before.snapshot.holder) continue;
            reply = co_await preemptOnly(ghost);
            if (!reply.good() && !reply.conflict()) co_return failed(reply, "PREEMPT of an own leftover key");
        }
        if (before.snapshot.heldBy(key)) {
            reply = co_await send(reserveOutCommand(ReserveOut::Release, *m_memory.registered, ReservationKey{0}));
            if (!reply.good() && !reply.conflict()) co_return failed(reply, "RELEASE");
        }
        reply = co_await unregister();
        if (!reply.good() && !reply.conflict()) co_return failed(reply, "REGISTER with key 0");
    }
    ProcedureEnd after = co_await picture();
    if (after.outcome != ReservationOutcome::Good) co_return after;
    if (after.snapshot.registered(key) || after.snapshot.heldBy(key))
        co_return endAs(std::move(after), ReservationOutcome::Conflict, "the key is still listed");
    if (otherHolds)
        co_return endAs(std::move(after), ReservationOutcome::Defended, "another key holds the reservation");
    co_return after;
}

Task<ProcedureEnd> Procedures::prove(ReservationKey claim) {
    ProcedureEnd before = co_await picture();
    if (before.outcome != ReservationOutcome::Good) co_return before;
    if (ownNexusHolds(before.snapshot) && m_memory.registered->sameClaim(claim))
        co_return co_await withoutGhosts(claim, std::move(before));
    if (!before.snapshot.heldBy(claim))
        co_return endAs(std::move(before), ReservationOutcome::Defended,
                        before.snapshot.holder
                            ? "another key holds the reservation"
                            : "the array no longer knows our reservation (it was restarted, or it was cleared)");
    ProcedureEnd end = co_await proveAsRegistered(claim);
    if (end.outcome == ReservationOutcome::Good) co_return end;
    // Not ours any more: nothing of this nexus stays on the list of the one who holds now.
    if (end.outcome == ReservationOutcome::Defended || end.outcome == ReservationOutcome::Conflict) {
        const ScsiReply reply = co_await unregister();
        if (!reply.answered()) co_return failed(reply, "REGISTER with key 0");
    }
    co_return end;
}

Task<ProcedureEnd> Procedures::proveAsRegistered(ReservationKey claim) {
    ProcedureEnd now;
    for (unsigned round = 0; round < maxRounds; ++round) {
        now = co_await picture();
        if (now.outcome != ReservationOutcome::Good) co_return now;
        if (!now.snapshot.heldBy(claim))
            co_return endAs(std::move(now), ReservationOutcome::Defended, "another key holds the reservation");
        ScsiReply reply;
        if (!ownKeyListed(now.snapshot)) {
            reply = co_await registerKey(claim, now.snapshot);
            if (reply.conflict()) continue;
            if (!reply.good()) co_return failed(reply, "REGISTER");
            now = co_await picture();
            if (now.outcome != ReservationOutcome::Good) co_return now;
            if (!now.snapshot.heldBy(claim))
                co_return endAs(std::move(now), ReservationOutcome::Defended, "another key holds the reservation");
        }
        // What the broken session had sent may still be in flight in the array; it must not land after what is sent
        // again. So this, too, is done behind the barrier.
        bool aborted = now.snapshot.holder != m_memory.registered;
        if (now.snapshot.holder != m_memory.registered) {
            reply = co_await preempt(*now.snapshot.holder, &aborted);
            if (reply.conflict()) continue;
            if (!reply.good()) co_return failed(reply, "PREEMPT of the own key of the earlier login");
        }
        if (!aborted) {
            reply = co_await barrier();
            if (reply.conflict()) continue;
            if (!reply.good()) co_return failed(reply, "LOGICAL UNIT RESET (the barrier)");
        }
        ProcedureEnd after = co_await picture();
        if (after.outcome != ReservationOutcome::Good) co_return after;
        if (ownNexusHolds(after.snapshot) && after.snapshot.type == ReservationType::WriteExclusive)
            co_return co_await withoutGhosts(claim, std::move(after));
        now = std::move(after);
    }
    co_return endAs(std::move(now),
                    now.snapshot.heldBy(claim) ? ReservationOutcome::Conflict : ReservationOutcome::Defended,
                    "the reservation could not be taken over from the earlier login");
}

// A session that broke between its REGISTER and its PREEMPT has left a key that never held. It can't write, but nobody
// but the owner is to be on the list, and the list has an end.
Task<ProcedureEnd> Procedures::withoutGhosts(ReservationKey claim, ProcedureEnd now) {
    bool removed = false;
    for (const ReservationKey key : now.snapshot.registrants) {
        if (!key.sameClaim(claim) || key == *m_memory.registered) continue;
        const ScsiReply reply = co_await preemptOnly(key);
        if (!reply.answered()) co_return failed(reply, "PREEMPT of a key of an earlier login");
        removed = true; // a conflict says that it is gone already
    }
    if (!removed) co_return now;
    ProcedureEnd after = co_await picture();
    if (after.outcome == ReservationOutcome::Good && !ownNexusHolds(after.snapshot))
        co_return endAs(std::move(after), ReservationOutcome::Defended, "another key holds the reservation");
    co_return after;
}

} // namespace dyad::storage
