// SPDX-License-Identifier: Apache-2.0
// The steps that the procedures are made of.
#include "storage/reservations/nexus_awaiters.h"
#include "storage/reservations/procedures.h"

#include <algorithm>

namespace dyad::storage {

using model::ReservationKey;
using model::ReservationOutcome;
using model::ReservationSnapshot;

std::string toText(const ScsiReply& reply) {
    switch (reply.delivery) {
    case ScsiReply::Delivery::NoPath: return reply.why.empty() ? "the session with the array broke" : reply.why;
    case ScsiReply::Delivery::Late: return reply.why.empty() ? "the array did not answer in time" : reply.why;
    case ScsiReply::Delivery::Answered: break;
    }
    std::string text = toText(reply.status);
    if (reply.checkCondition()) text += ": " + toText(reply.sense);
    return text;
}

ProcedureEnd Procedures::failed(const ScsiReply& reply, const char* what) {
    ProcedureEnd end;
    switch (reply.delivery) {
    case ScsiReply::Delivery::NoPath: end.outcome = ReservationOutcome::NoPath; break;
    case ScsiReply::Delivery::Late: end.outcome = ReservationOutcome::Late; break;
    case ScsiReply::Delivery::Answered: end.outcome = ReservationOutcome::Refused; break;
    }
    end.detail = std::string(what) + ": " + toText(reply);
    return end;
}

bool Procedures::sameNode(ReservationKey key, ReservationKey other) {
    return key.cluster() == other.cluster() && key.nodeNumber() == other.nodeNumber();
}

bool Procedures::ownKeyListed(const ReservationSnapshot& snapshot) const {
    return m_memory.registered && std::find(snapshot.registrants.begin(), snapshot.registrants.end(),
                                            *m_memory.registered) != snapshot.registrants.end();
}

bool Procedures::ownNexusHolds(const ReservationSnapshot& snapshot) const {
    return ownKeyListed(snapshot) && snapshot.holder == m_memory.registered;
}

// A unit attention stands before a command and keeps it from being carried out (SAM-5 5.14): the command is sent again.
Task<ScsiReply> Procedures::send(ScsiCommand command) {
    unsigned attentions = 0;
    unsigned busy = 0;
    for (;;) {
        const Instant deadline = std::min(m_nexus.now() + commandDeadline, m_deadline);
        auto answer = executeOn(m_nexus, command, deadline);
        ScsiReply reply = co_await answer;
        const bool attention = reply.checkCondition() && reply.sense.unitAttention();
        const bool busyNow =
            reply.answered() &&
            (reply.status == ScsiStatus::Busy || reply.status == ScsiStatus::TaskSetFull ||
             reply.status == ScsiStatus::TaskAborted ||
             (reply.status == ScsiStatus::CheckCondition && (reply.sense.notReady() || reply.sense.abortedCommand())));
        if (attention && ++attentions <= maxUnitAttentions) continue;
        if (!busyNow || ++busy > maxBusyTries) co_return reply;
        if (m_nexus.now() + busyPause >= m_deadline) co_return reply;
        auto pause = pauseOn(m_nexus, busyPause);
        co_await pause;
    }
}

Task<ProcedureEnd> Procedures::askCapabilities() {
    m_memory.capabilitiesAsked = true;
    m_memory.capabilities.reset();
    const ScsiReply reply = co_await send(reportCapabilitiesCommand());
    if (!reply.good()) co_return failed(reply, "REPORT CAPABILITIES");
    const Result<ReservationCapabilities> told = decodeCapabilities(reply.data);
    if (told) m_memory.capabilities = told.value();
    ProcedureEnd end;
    end.outcome = told ? ReservationOutcome::Good : ReservationOutcome::Refused;
    if (!told) end.detail = told.error().text();
    co_return end;
}

Task<ProcedureEnd> Procedures::picture() {
    ProcedureEnd end;
    std::size_t bytes = firstKeysBytes;
    for (unsigned round = 0; round < maxTornReads; ++round) {
        ScsiReply keysReply = co_await send(readKeysCommand(bytes));
        if (keysReply.checkCondition() && keysReply.sense == Sense{0x05, 0x20, 0x00})
            co_return failed(keysReply,
                             "the array has no persistent reservations, so Dyad can't use this LUN: READ KEYS");
        if (!keysReply.good()) co_return failed(keysReply, "READ KEYS");
        const Result<KeyList> keys = decodeKeys(keysReply.data);
        if (!keys) {
            end.outcome = ReservationOutcome::Refused;
            end.detail = keys.error().text();
            co_return end;
        }
        if (keys.value().neededBytes > bytes) {
            if (keys.value().neededBytes > maxKeysBytes) {
                end.outcome = ReservationOutcome::Refused;
                end.detail = "READ KEYS: the array lists more than " + std::to_string((maxKeysBytes - 8) / 8) + " keys";
                co_return end;
            }
            bytes = keys.value().neededBytes;
            continue;
        }
        ScsiReply heldReply = co_await send(readReservationCommand());
        if (!heldReply.good()) co_return failed(heldReply, "READ RESERVATION");
        const Result<HeldReservation> held = decodeReservation(heldReply.data);
        if (!held) {
            end.outcome = ReservationOutcome::Refused;
            end.detail = held.error().text();
            co_return end;
        }
        end.snapshot.generation = held.value().generation;
        end.snapshot.registrants = keys.value().keys;
        end.snapshot.holder = held.value().holder;
        end.snapshot.type = held.value().type;
        end.readFrom = keysReply.sentAt;
        if (held.value().generation == keys.value().generation) {
            end.outcome = ReservationOutcome::Good;
            co_return end;
        }
    }
    end.outcome = ReservationOutcome::Conflict;
    end.detail = "the keys changed between every two looks at them";
    co_return end;
}

// REGISTER with the key that this nexus is registered under: none as a rule. Some arrays keep a registration over a new
// login with the same initiator name and ISID; there it is one of our own listed keys, and the array tells which.
// REGISTER AND IGNORE EXISTING KEY is never sent: it would let a fenced host register blindly.
Task<ScsiReply> Procedures::registerKey(ReservationKey claim, ReservationSnapshot snapshot) {
    const auto listed = [&snapshot](ReservationKey key) {
        return std::find(snapshot.registrants.begin(), snapshot.registrants.end(), key) != snapshot.registrants.end();
    };
    std::optional<ReservationKey> fresh;
    for (unsigned tries = 0; tries < 255 && !fresh; ++tries) {
        m_memory.lastLogin = static_cast<std::uint8_t>(m_memory.lastLogin == 255 ? 1 : m_memory.lastLogin + 1);
        const ReservationKey candidate = claim.withLogin(m_memory.lastLogin);
        if (!listed(candidate)) fresh = candidate;
    }
    ScsiReply reply;
    if (!fresh) {
        reply.delivery = ScsiReply::Delivery::Answered;
        reply.status = ScsiStatus::ReservationConflict;
        co_return reply;
    }
    std::vector<ReservationKey> from;
    if (ownKeyListed(snapshot)) from.push_back(*m_memory.registered);
    from.push_back(ReservationKey{0});
    for (const ReservationKey key : snapshot.registrants)
        if (sameNode(key, claim) && from.size() < maxOwnLeftovers) from.push_back(key);
    for (const ReservationKey key : from) {
        reply = co_await send(reserveOutCommand(ReserveOut::Register, key, *fresh));
        if (reply.good()) m_memory.registered = *fresh;
        if (!reply.conflict()) co_return reply;
    }
    co_return reply;
}

Task<ScsiReply> Procedures::unregister() {
    ScsiReply reply;
    reply.delivery = ScsiReply::Delivery::Answered;
    if (!m_memory.registered) co_return reply;
    reply = co_await send(reserveOutCommand(ReserveOut::Register, *m_memory.registered, ReservationKey{0}));
    // A conflict says that somebody else has removed it: gone either way.
    if (reply.good() || reply.conflict()) m_memory.registered.reset();
    co_return reply;
}

Task<ScsiReply> Procedures::preemptOnly(ReservationKey victim) {
    co_return co_await send(reserveOutCommand(ReserveOut::Preempt, *m_memory.registered, victim));
}

Task<ScsiReply> Procedures::preempt(ReservationKey victim, bool* aborted) {
    if (!m_memory.preemptAndAbortMissing) {
        ScsiReply reply = co_await send(reserveOutCommand(ReserveOut::PreemptAndAbort, *m_memory.registered, victim));
        if (!(reply.checkCondition() && reply.sense.illegalRequest())) co_return reply;
        m_memory.preemptAndAbortMissing = true;
    }
    *aborted = false;
    co_return co_await preemptOnly(victim);
}

Task<ScsiReply> Procedures::clearBrokenList(ReservationKey claim) {
    const std::optional<ReservationKey> before = m_memory.registered;
    ProcedureEnd now = co_await picture();
    ScsiReply refused;
    refused.delivery = ScsiReply::Delivery::Answered;
    refused.status = ScsiStatus::ReservationConflict;
    if (now.outcome != ReservationOutcome::Good || now.snapshot.holder != before || ownKeyListed(now.snapshot))
        co_return refused;
    ScsiReply reply = co_await registerKey(claim, now.snapshot);
    if (!reply.good()) co_return reply;
    // A last look: CLEAR takes the reservation from whoever has it.
    now = co_await picture();
    if (now.outcome != ReservationOutcome::Good || now.snapshot.holder != before) co_return refused;
    reply = co_await send(reserveOutCommand(ReserveOut::Clear, *m_memory.registered, ReservationKey{0}));
    if (!reply.good()) co_return reply;
    m_memory.registered.reset();
    co_return co_await registerKey(claim, ReservationSnapshot{});
}

// The reset waits for what is in flight. Its own unit attention (29/00) is swallowed here, so that it isn't taken for a
// restart of the array by the first read or write.
Task<ScsiReply> Procedures::barrier() {
    auto reset = resetOn(m_nexus, m_deadline);
    ScsiReply reply = co_await reset;
    if (!reply.good()) co_return reply;
    co_return co_await send(testUnitReadyCommand());
}

} // namespace dyad::storage
