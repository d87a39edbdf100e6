// SPDX-License-Identifier: Apache-2.0
// What model::ReservationCommand asks for, carried out on one nexus. Every procedure is bounded in steps (the
// constants) and in time (its deadline), ends in a read-back, and takes no decision: it does, or it says what stood in
// the way.
//
// The array is asked, never assumed: targets differ in whether a registration survives a new login (a "ghost" of the
// old login stays behind on those where it doesn't), and in whether they have PREEMPT AND ABORT.
#pragma once

#include "model/messages.h"
#include "storage/reservations/persistent_reserve.h"
#include "storage/reservations/task.h"

#include <optional>
#include <string>

namespace dyad::storage {

inline constexpr Duration commandDeadline = 1500ms; // of one SCSI command; the barrier has all that is left
inline constexpr Duration busyPause = 10ms;         // before a command is sent again that met BUSY or NOT READY
inline constexpr unsigned maxBusyTries = 100;
inline constexpr unsigned maxUnitAttentions = 16; // swallowed per command; an array queues a handful at most
inline constexpr unsigned maxTornReads = 8;       // READ KEYS and READ RESERVATION of different generations
inline constexpr unsigned maxRounds = 4;          // of taking the reservation while others change what is there
inline constexpr std::size_t maxForeignKeys = 64; // removed one by one; more than that is no pair's array
inline constexpr std::size_t maxOwnLeftovers = 8; // own keys tried as "the one this nexus is registered under"

// What this process knows of its own registrations. Kept from one procedure to the next.
struct NexusMemory {
    std::optional<model::ReservationKey> registered;     // through the present nexus; forgotten with it
    std::uint8_t lastLogin = 0;                          // of the keys made so far
    bool preemptAndAbortMissing = false;                 // the target answered ILLEGAL REQUEST to it
    bool capabilitiesAsked = false;                      // through the present nexus
    std::optional<ReservationCapabilities> capabilities; // none: the target doesn't tell (not asked so far, or too old)

    void nexusLost() {
        registered.reset();
        capabilitiesAsked = false;
    }
};

struct ProcedureEnd {
    model::ReservationOutcome outcome = model::ReservationOutcome::NoPath;
    model::ReservationSnapshot snapshot; // valid as in ReservationAnswer
    Instant readFrom;
    std::string detail;
};

class Procedures {
public:
    // Both outlive the object, and the object outlives the Task that a call returns.
    Procedures(Nexus& nexus, NexusMemory& memory, Instant deadline)
        : m_nexus(nexus), m_memory(memory), m_deadline(deadline) {}
    Procedures(const Procedures&) = delete;
    Procedures& operator=(const Procedures&) = delete;

    // One of the six of model::ReservationCommand.
    Task<ProcedureEnd> run(model::ReservationRequest request);

    // REPORT CAPABILITIES, once after each login; into the memory. A target that doesn't know it is used by trying.
    // Challenge and Claim are Refused where it says that it hasn't the type that Dyad needs.
    Task<ProcedureEnd> askCapabilities();

    // After a new login, or a unit attention 29/xx, with the gate open: may what is held be written?
    // Good: `claim` holds the reservation through this very nexus, and nothing of an earlier nexus is in flight.
    // Defended: it doesn't hold it; fenced, and nothing of ours is registered through this nexus.
    Task<ProcedureEnd> prove(model::ReservationKey claim);

private:
    Task<ProcedureEnd> read();
    Task<ProcedureEnd> challenge(model::ReservationKey key);
    Task<ProcedureEnd> withdraw(model::ReservationKey key);
    Task<ProcedureEnd> defend(model::ReservationKey key);
    Task<ProcedureEnd> claim(model::ReservationRequest request);
    Task<ProcedureEnd> claimAsRegistered(model::ReservationRequest request);
    Task<ProcedureEnd> release(model::ReservationKey key);
    Task<ProcedureEnd> proveAsRegistered(model::ReservationKey claim);
    // `now` shows this nexus as the holder. What earlier logins of the same claim have left on the list is removed.
    Task<ProcedureEnd> withoutGhosts(model::ReservationKey claim, ProcedureEnd now);
    // For an array that drops the wrong entry of its list when it preempts (istgt 0.4): the reservation is ours, but
    // the list shows the victim and not us. CLEAR empties the list, then we register anew; RESERVE and the barrier
    // follow.
    Task<ScsiReply> clearBrokenList(model::ReservationKey claim);
    // After a claim that can't be finished: RELEASE and unregister, then the picture as it is now.
    Task<ProcedureEnd> giveBack(ProcedureEnd end);

    Task<ScsiReply> send(ScsiCommand command);
    Task<ScsiReply> registerKey(model::ReservationKey claim, model::ReservationSnapshot snapshot);
    Task<ScsiReply> unregister();
    // PREEMPT AND ABORT where there is one, else PREEMPT; `aborted` becomes false with the latter.
    Task<ScsiReply> preempt(model::ReservationKey victim, bool* aborted);
    Task<ScsiReply> preemptOnly(model::ReservationKey victim);
    Task<ScsiReply> barrier();
    Task<ProcedureEnd> picture();

    [[nodiscard]] bool typeMissing() const { return m_memory.capabilities && !m_memory.capabilities->writeExclusive; }
    [[nodiscard]] bool ownKeyListed(const model::ReservationSnapshot& snapshot) const;
    [[nodiscard]] bool ownNexusHolds(const model::ReservationSnapshot& snapshot) const;
    // An earlier nexus of the same node, whatever boot and epoch.
    [[nodiscard]] static bool sameNode(model::ReservationKey key, model::ReservationKey other);
    [[nodiscard]] static ProcedureEnd failed(const ScsiReply& reply, const char* what);

    Nexus& m_nexus;
    NexusMemory& m_memory;
    Instant m_deadline;
};

} // namespace dyad::storage
