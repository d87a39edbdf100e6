// SPDX-License-Identifier: Apache-2.0
#include "storage/lun/lun_core.h"

#include <algorithm>
#include <cerrno>

namespace dyad::storage {

using model::LunNotice;
using model::ReservationAnswer;
using model::ReservationCommand;
using model::ReservationKey;
using model::ReservationOutcome;
using model::ReservationRequest;

void LunCore::sessionUp(Nexus& nexus) {
    DYAD_CHECK(m_nexus == nullptr, "a second session of one LUN came up");
    m_nexus = &nexus;
    ++m_session;
    m_memory.nexusLost();
    m_proved = false;
    m_proofAgain.reset();
    if (onNotice) onNotice({m_settings.lun, LunNotice::Kind::PathUp, "logged in"});
    pump();
}

void LunCore::sessionDown(const std::string& why) {
    m_nexus = nullptr;
    m_proved = false;
    m_memory.nexusLost();
    m_sendAgain.reset();
    // What was in flight is held and sent again once the ownership is proved: a write of a block may be repeated.
    for (auto each = m_flying.rbegin(); each != m_flying.rend(); ++each)
        if (!(*each)->answered) m_held.push_front(*each);
    m_flying.clear();
    if (onNotice) onNotice({m_settings.lun, LunNotice::Kind::PathDown, why});
    while (!m_queue.empty()) {
        const ReservationRequest request = m_queue.front().request;
        m_queue.pop_front();
        answer(request, {ReservationOutcome::NoPath, {}, {}, why});
    }
}

void LunCore::request(const ReservationRequest& request, Instant now) {
    if (!m_nexus) return answer(request, {ReservationOutcome::NoPath, {}, {}, "no session with the array"});
    if (m_queue.size() >= maxReservationQueue)
        return answer(request, {ReservationOutcome::Late, {}, {}, "too many requests wait for the array"});
    m_queue.push_back({request, now + m_settings.requestDeadline, m_shutCount});
    pump();
}

void LunCore::closeGate() {
    ++m_shutCount;
    latch(false, "the service has shut the gate");
}

void LunCore::submit(DataRequest request, Instant now) {
    auto pending = std::make_shared<Pending>(Pending{std::move(request), now});
    if (!gateOpen()) return finish(pending, EIO);
    if (waiting() >= maxDataRequests) return finish(pending, EBUSY);
    m_held.push_back(std::move(pending));
    sendHeld();
}

void LunCore::tick(Instant now) {
    std::deque<PendingPointer> late;
    for (const PendingPointer& each : m_held)
        if (each->arrived + m_settings.hold <= now) late.push_back(each);
    std::erase_if(m_held, [&](const PendingPointer& each) { return each->arrived + m_settings.hold <= now; });
    for (const PendingPointer& each : late)
        finish(each, EIO);
    if (m_sendAgain && *m_sendAgain <= now) m_sendAgain.reset();
    if (m_proofAgain && *m_proofAgain <= now) m_proofAgain.reset();
    pump();
    sendHeld();
}

std::optional<Instant> LunCore::nextDeadline() const {
    std::optional<Instant> next;
    const auto consider = [&next](Instant at) {
        if (!next || at < *next) next = at;
    };
    for (const PendingPointer& each : m_held)
        consider(each->arrived + m_settings.hold);
    if (m_sendAgain) consider(*m_sendAgain);
    if (m_proofAgain) consider(*m_proofAgain);
    return next;
}

// One procedure at a time; the proof of the ownership goes before anything that the service asks, and then what the
// array can do.
void LunCore::pump() {
    while (m_nexus && !m_busy) {
        if (gateOpen() && !m_proved && !m_proofAgain) {
            startProof();
            continue;
        }
        if (!m_memory.capabilitiesAsked) {
            startCapabilities();
            continue;
        }
        if (m_queue.empty()) return;
        Queued next = std::move(m_queue.front());
        m_queue.pop_front();
        startRequest(std::move(next));
    }
}

void LunCore::start(Task<ProcedureEnd> (*make)(Procedures&, const ReservationRequest&), Instant deadline,
                    const ReservationRequest& request, std::function<void(ProcedureEnd)> done) {
    m_busy = true;
    if (m_running.task) m_ended.push_back(std::move(m_running));
    m_running = {};
    m_running.procedures = std::make_unique<Procedures>(*m_nexus, m_memory, deadline);
    m_running.task.emplace(make(*m_running.procedures, request));
    m_running.task->start([this, done = std::move(done)](ProcedureEnd end) {
        m_busy = false;
        done(std::move(end));
    });
}

void LunCore::startProof() {
    const ReservationKey claim = *m_claim;
    const std::uint64_t session = m_session;
    ReservationRequest request;
    request.key = claim;
    start([](Procedures& procedures, const ReservationRequest& what) { return procedures.prove(what.key); },
          m_nexus->now() + m_settings.requestDeadline, request,
          [this, claim, session](ProcedureEnd end) { finishProof(claim, session, end); });
}

void LunCore::startCapabilities() {
    const std::uint64_t session = m_session;
    start([](Procedures& procedures, const ReservationRequest&) { return procedures.askCapabilities(); },
          m_nexus->now() + m_settings.requestDeadline, {},
          [this, session](const ProcedureEnd&) {
              if (m_session != session || !m_nexus) return;
              if (onCapabilities) onCapabilities(m_memory.capabilities);
              pump();
          });
}

void LunCore::finishProof(ReservationKey claim, std::uint64_t session, const ProcedureEnd& end) {
    const bool stillAsked = m_claim == claim && m_session == session && m_nexus;
    if (!stillAsked) return;
    switch (end.outcome) {
    case ReservationOutcome::Good:
        m_proved = true;
        sendHeld();
        break;
    case ReservationOutcome::Defended: latch(true, end.detail); break;
    case ReservationOutcome::Conflict:
    case ReservationOutcome::Refused:
    case ReservationOutcome::NoPath:
    case ReservationOutcome::Late: m_proofAgain = m_nexus->now() + proofRetryPause; break;
    }
}

void LunCore::startRequest(Queued queued) {
    const ReservationRequest& request = queued.request;
    if (queued.deadline <= m_nexus->now())
        return answer(request, {ReservationOutcome::Late, {}, {}, "the request waited too long for others before it"});
    const bool owner = gateOpen() && m_proved && m_claim->sameClaim(request.key);
    if (request.command == ReservationCommand::Release) latch(false, "released");
    // An owner that claims what it has looks whether it still has it; a barrier would abort its own writes.
    ReservationRequest toRun = request;
    if (request.command == ReservationCommand::Claim) {
        if (owner)
            toRun.command = ReservationCommand::Defend;
        else
            latch(false, "a claim begins");
    }
    start([](Procedures& procedures, const ReservationRequest& what) { return procedures.run(what); }, queued.deadline,
          toRun, [this, queued](ProcedureEnd end) { finishRequest(queued, end); });
}

void LunCore::finishRequest(const Queued& queued, const ProcedureEnd& end) {
    ProcedureEnd told = end;
    const bool known = end.outcome == ReservationOutcome::Good || end.outcome == ReservationOutcome::Defended ||
                       end.outcome == ReservationOutcome::Conflict;
    if (queued.request.command == ReservationCommand::Claim && end.outcome == ReservationOutcome::Good) {
        if (queued.shutCount != m_shutCount) {
            told.outcome = ReservationOutcome::Conflict;
            told.detail = "won, but the service shut the gate meanwhile";
        } else if (m_nexus && m_memory.registered) {
            openGate(*m_memory.registered);
        } else {
            told.outcome = ReservationOutcome::NoPath;
        }
    } else if (known && gateOpen() && m_proved && !end.snapshot.heldBy(*m_claim)) {
        latch(true, "the read-back shows: " + toText(end.snapshot));
    }
    answer(queued.request, std::move(told));
    // The loop in pump(), or the next call of anything, goes on with the queue.
    if (m_nexus) {
        pump();
        sendHeld();
    }
}

void LunCore::answer(const ReservationRequest& request, ProcedureEnd end) {
    ReservationAnswer answer;
    answer.operation = request.operation;
    answer.epoch = request.epoch;
    answer.group = request.group;
    answer.lun = request.lun;
    answer.command = request.command;
    answer.outcome = end.outcome;
    answer.snapshot = std::move(end.snapshot);
    answer.readFrom = end.readFrom;
    answer.detail = std::move(end.detail);
    if (onAnswer) onAnswer(answer);
}

void LunCore::openGate(ReservationKey claim) {
    m_claim = claim;
    m_proved = true;
    if (onGate) onGate(true, "the read-back shows this node alone");
}

void LunCore::latch(bool fenced, const std::string& why) {
    const bool wasOpen = gateOpen();
    m_claim.reset();
    m_proved = false;
    m_proofAgain.reset();
    // In flight or held, read or write: EIO at once. The transfers stay alive until the array has answered them.
    std::deque<PendingPointer> failed;
    failed.swap(m_held);
    for (const PendingPointer& each : m_flying)
        if (!each->answered) failed.push_back(each);
    for (const PendingPointer& each : failed)
        finish(each, EIO);
    if (!wasOpen) return;
    // A write that is still on its way, in a buffer of this host or of the network, is refused while somebody else
    // holds the reservation; but were it late, and the next owner gone again by then, nothing would refuse it.
    const bool writing = std::any_of(m_flying.begin(), m_flying.end(), [](const PendingPointer& each) {
        return each->request.transfer->kind == DataTransfer::Kind::Write;
    });
    if (m_nexus && writing) m_nexus->giveUp("the gate was latched with writes on their way");
    if (onGate) onGate(false, why);
    if (fenced && onNotice) onNotice({m_settings.lun, LunNotice::Kind::Fenced, why});
}

void LunCore::doubt() {
    if (!gateOpen()) return;
    m_proved = false;
    pump();
}

void LunCore::sendHeld() {
    while (m_nexus && gateOpen() && m_proved && !m_sendAgain && !m_held.empty()) {
        PendingPointer next = m_held.front();
        m_held.pop_front();
        send(std::move(next));
    }
}

void LunCore::send(PendingPointer pending) {
    m_flying.push_back(pending);
    const std::uint64_t session = m_session;
    m_nexus->transfer(pending->request.transfer,
                      [this, pending, session](ScsiReply reply) { received(pending, session, reply); });
}

void LunCore::received(const PendingPointer& pending, std::uint64_t session, const ScsiReply& reply) {
    if (session == m_session) m_flying.remove(pending);
    // What the array says of a write that was latched out still counts for the gate, but the asker has its EIO.
    const bool ofThisSession = session == m_session && m_nexus;
    if (reply.good()) return finish(pending, 0);
    // `counted`: it should work the next time. A busy array may need long; the hold time bounds that.
    const auto hold = [&](bool counted = true) {
        if (pending->answered) return;
        if (!gateOpen() || (counted && ++pending->tries > maxDataRetries)) return finish(pending, EIO);
        m_held.push_front(pending);
    };
    if (!reply.answered()) {
        // The session is on its way down, sessionDown() comes next: nothing more goes out over it.
        m_proved = false;
        if (!gateOpen())
            finish(pending, EIO);
        else if (!pending->answered)
            m_held.push_front(pending);
        return;
    }
    if (reply.conflict() || (reply.checkCondition() && reply.sense.reservationTaken())) {
        hold();
        if (ofThisSession) latch(true, "the array answered: " + toText(reply));
        return;
    }
    if (reply.checkCondition() && reply.sense.afterReset()) {
        hold();
        if (ofThisSession) doubt();
        return;
    }
    if (reply.checkCondition() && reply.sense.unitAttention()) {
        hold();
        sendHeld();
        return;
    }
    const bool later = reply.status == ScsiStatus::Busy || reply.status == ScsiStatus::TaskSetFull ||
                       reply.status == ScsiStatus::TaskAborted ||
                       (reply.checkCondition() && (reply.sense.notReady() || reply.sense.abortedCommand()));
    if (later && ofThisSession) {
        hold(reply.checkCondition() && reply.sense.abortedCommand());
        m_sendAgain = m_nexus->now() + dataRetryPause;
        return;
    }
    finish(pending, reply.checkCondition() && reply.sense.key == 0x07 ? EROFS : EIO);
}

void LunCore::finish(const PendingPointer& pending, int errorNumber) {
    if (pending->answered) return;
    pending->answered = true;
    if (pending->request.done) pending->request.done(errorNumber, *pending->request.transfer);
    pending->request.done = nullptr;
}

} // namespace dyad::storage
