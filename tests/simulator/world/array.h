// SPDX-License-Identifier: Apache-2.0
// The array, as SPC-4 and SBC-3 have it and as real targets bend it: persistent reservations per I_T nexus, unit
// attentions, writes that stay in flight, a cache that loses what was not flushed. Bytes in, bytes out.
//
// A nexus is one login of one node. Where registrations survive a new login of the same initiator port, all logins of
// a node are one nexus.
#pragma once

#include "storage/reservations/nexus.h"
#include "storage/reservations/persistent_reserve.h"
#include "world/random.h"

#include <optional>
#include <vector>

namespace dyad::simulator {

struct ArrayManners {
    bool preemptAndAbort = false;
    bool registrationSurvives = false;
    bool lunReset = true;
    bool resetLandsWrites = false;
    bool keepsKeys = false;
};

inline constexpr std::uint8_t strangerNode = 2;

struct NexusName {
    std::uint8_t node = 0; // index, or strangerNode
    std::uint32_t login = 0;
    bool operator==(const NexusName&) const = default;
};

// What a write says: which record it is, and who wrote it. `token` names the writer and its attempt uniquely.
struct Record {
    std::uint32_t slot = 0;
    std::uint64_t token = 0;
};
inline constexpr std::uint64_t tornToken = ~std::uint64_t{0};
inline constexpr std::size_t recordBytes = 512;

// One logical unit.
class LogicalUnit {
public:
    struct Registration {
        NexusName nexus;
        model::ReservationKey key;
    };
    struct Flying {
        NexusName nexus;
        Record record;
        std::uint32_t command = 0;
        std::uint32_t boot = 0; // of the node that sent it
    };

    LogicalUnit(const ArrayManners& manners, std::uint64_t seed, std::uint64_t subject)
        : m_manners(manners), m_dice(seed, subject) {}

    // A session begins: its first command would meet a unit attention, which the login swallows.
    void loggedIn(std::uint8_t node, std::uint32_t login);
    // Carries a command out and answers it (delivery, status, sense, data; the times are the caller's).
    void carryOut(const NexusName& nexus, const storage::ScsiCommand& command, storage::ScsiReply& reply);
    void reset(storage::ScsiReply& reply);
    // A read, a write or a flush. A write that is accepted is not answered yet: it flies.
    [[nodiscard]] bool accept(const NexusName& nexus, const storage::DataTransfer& transfer, std::uint32_t command,
                              std::uint32_t boot, storage::ScsiReply& reply);
    // The write of this command reaches the medium; nothing if it was aborted meanwhile.
    [[nodiscard]] std::optional<Flying> land(std::uint32_t command);

    // The connection of this login is still there: a restart of the target ends all of them.
    [[nodiscard]] bool speaksWith(std::uint8_t node, std::uint32_t login) const { return m_live[node] == login; }
    void connectionReset(std::uint8_t node, std::uint32_t login) {
        if (m_live[node] == login) m_live[node] = 0;
    }
    void restart(bool keepKeys);
    void attention(std::uint8_t node, storage::Sense sense);
    void strangerReserves();
    void strangerLeaves();

    // --- for those who watch ---
    [[nodiscard]] const std::vector<Registration>& registrations() const { return m_registrations; }
    [[nodiscard]] std::optional<Registration> holder() const;
    [[nodiscard]] bool takesWritesOf(std::uint8_t node) const;
    [[nodiscard]] const std::vector<std::uint64_t>& medium() const { return m_medium; }
    [[nodiscard]] std::uint64_t changes() const { return m_changes; } // of registrations and holder
    [[nodiscard]] std::size_t inFlight() const { return m_flying.size(); }

    bool refuses = false; // PERSISTENT RESERVE OUT
    bool busy = false;
    // Called for a write that lands because a reset waits for it.
    std::function<void(const Flying&)> onLanded;

private:
    [[nodiscard]] NexusName nameOf(NexusName nexus) const {
        return m_manners.registrationSurvives ? NexusName{nexus.node, 0} : nexus;
    }
    [[nodiscard]] Registration* find(const NexusName& name);
    void changed() {
        ++m_generation;
        ++m_changes;
    }
    void reserveIn(const storage::ScsiCommand& command, storage::ScsiReply& reply) const;
    void reserveOut(const NexusName& name, const storage::ScsiCommand& command, storage::ScsiReply& reply);
    void preempt(const NexusName& name, model::ReservationKey victim, bool abort, storage::ScsiReply& reply);
    void place(const Record& record);
    void tear(const Flying& write);
    void abortOf(const NexusName& name);

    ArrayManners m_manners;
    Stream m_dice;
    std::vector<Registration> m_registrations;
    std::optional<NexusName> m_holder;
    std::uint32_t m_generation = 1;
    std::uint64_t m_changes = 0;
    std::uint32_t m_logins[2] = {0, 0};
    std::uint32_t m_live[2] = {0, 0};
    std::vector<storage::Sense> m_attentions[2];
    std::vector<Flying> m_flying;
    std::vector<std::uint64_t> m_medium; // token by slot; 0: never written
    struct Unflushed {
        std::uint32_t slot;
        std::uint64_t before;
    };
    std::vector<Unflushed> m_cache;
};

// Record ↔ the first bytes of a block.
void writeRecord(const Record& record, std::vector<std::uint8_t>& bytes);
[[nodiscard]] Record readRecord(const std::vector<std::uint8_t>& bytes);

} // namespace dyad::simulator
