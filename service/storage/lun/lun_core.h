// SPDX-License-Identifier: Apache-2.0
// What may pass to the array, and when. Holds the gate, the queue of reads and writes, and the queue of reservation
// requests of one LUN; knows no socket, no FUSE, no clock of its own.
//
// The gate is shut at first. It opens only at the end of a Claim whose read-back shows this nexus as the only
// registrant and holder, and is latched shut as soon as anything shows that this is no longer so, or the service says
// so; then only a later Claim opens it again. While it is open and the path is out, requests are held; after the next
// login the ownership is proved again before anything of them goes out.
#pragma once

#include "model/messages.h"
#include "storage/reservations/procedures.h"

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>

namespace dyad::storage {

inline constexpr std::size_t maxReservationQueue = 64;
inline constexpr std::size_t maxDataRequests = 1024; // FUSE's own max_background is far below
inline constexpr unsigned maxDataRetries = 64;       // of one request, after answers that ask for a retry
inline constexpr Duration dataRetryPause = 10ms;
inline constexpr Duration proofRetryPause = 100ms;

struct LunCoreSettings {
    model::LunId lun;
    Duration requestDeadline = 3s; // of one reservation request, from its arrival
    Duration hold = 15s;           // how long a read or write may wait for the path before it fails
};

struct DataRequest {
    std::shared_ptr<DataTransfer> transfer;
    std::function<void(int errorNumber, DataTransfer& transfer)> done; // 0 or an errno; called once
};

class LunCore {
public:
    explicit LunCore(LunCoreSettings settings) : m_settings(settings) {}

    std::function<void(const model::ReservationAnswer&)> onAnswer;
    std::function<void(const model::LunNotice&)> onNotice;
    std::function<void(bool open, const std::string& why)> onGate;
    // After each login: what the array says of its reservations; none: it doesn't say.
    std::function<void(const std::optional<ReservationCapabilities>&)> onCapabilities;

    // A login succeeded; `nexus` stays valid until sessionDown(). Between the two calls every command that the core has
    // given to the nexus is answered.
    void sessionUp(Nexus& nexus);
    void sessionDown(const std::string& why);

    void request(const model::ReservationRequest& request, Instant now);
    void closeGate();
    void submit(DataRequest request, Instant now);

    // Frees procedures that have ended. From the event loop, never from within a callback.
    void collect() { m_ended.clear(); }
    // Deadlines and pauses; to be called at nextDeadline() or later.
    void tick(Instant now);
    [[nodiscard]] std::optional<Instant> nextDeadline() const;

    [[nodiscard]] bool pathUp() const { return m_nexus != nullptr; }
    [[nodiscard]] bool gateOpen() const { return m_claim.has_value(); }
    [[nodiscard]] std::size_t waiting() const { return m_held.size() + m_flying.size(); }

private:
    struct Pending {
        DataRequest request;
        Instant arrived;
        unsigned tries = 0;
        bool answered = false;
    };
    using PendingPointer = std::shared_ptr<Pending>;
    struct Queued {
        model::ReservationRequest request;
        Instant deadline;
        std::uint64_t shutCount = 0; // closeGate() calls before it came: a later one keeps this Claim from opening
    };
    struct Running { // one procedure; kept until it has ended
        std::unique_ptr<Procedures> procedures;
        std::optional<Task<ProcedureEnd>> task;
    };

    void pump();
    void startProof();
    void startCapabilities();
    void startRequest(Queued queued);
    void finishRequest(const Queued& queued, const ProcedureEnd& end);
    void finishProof(model::ReservationKey claim, std::uint64_t session, const ProcedureEnd& end);
    void start(Task<ProcedureEnd> (*make)(Procedures&, const model::ReservationRequest&), Instant deadline,
               const model::ReservationRequest& request, std::function<void(ProcedureEnd)> done);
    void answer(const model::ReservationRequest& request, ProcedureEnd end);
    void sendHeld();
    void send(PendingPointer pending);
    void received(const PendingPointer& pending, std::uint64_t session, const ScsiReply& reply);
    void finish(const PendingPointer& pending, int errorNumber);
    void latch(bool fenced, const std::string& why);
    void openGate(model::ReservationKey claim);
    void doubt(); // 29/xx on the data path: prove the ownership before the next command

    LunCoreSettings m_settings;
    Nexus* m_nexus = nullptr;
    std::uint64_t m_session = 0; // counts logins; what belongs to an earlier one is recognised by it
    NexusMemory m_memory;

    std::optional<model::ReservationKey> m_claim; // set: the gate is open for this claim
    bool m_proved = false;                        // on the present nexus
    std::uint64_t m_shutCount = 0;

    std::deque<Queued> m_queue;
    Running m_running;
    std::vector<Running> m_ended; // until collect(): a coroutine is not freed while its own last step is on the stack
    bool m_busy = false;          // a procedure runs
    std::optional<Instant> m_proofAgain;

    std::deque<PendingPointer> m_held;
    std::list<PendingPointer> m_flying;
    std::optional<Instant> m_sendAgain;
};

} // namespace dyad::storage
