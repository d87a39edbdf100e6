// SPDX-License-Identifier: Apache-2.0
#include "lab/client_loop.h"

#include "lab/host.h"
#include "lab/network.h"

#include <algorithm>
#include <cstring>
#include <poll.h>

namespace dyad::lab {

namespace {

constexpr Duration probePeriod = 5ms;
constexpr Duration silence = 100ms; // then the probe tries other connections
constexpr Duration attemptPeriod = 10ms;
constexpr Duration attemptPatience = 300ms; // with a host that doesn't answer at all
// A server that has taken the connection is given longer, and only a few are kept waiting there: else the attempts
// themselves would keep a busy server from ever answering one in time.
constexpr Duration answerPatience = 3s;
constexpr std::size_t maxWaitingThere = 8;
constexpr std::size_t maxAttempts = 40;
constexpr std::size_t maxRowsKept = 20'000'000;

} // namespace

std::string clientConnection(int timeoutSeconds) {
    return std::string("host=") + floatingAddress +
           " user=postgres dbname=postgres sslmode=disable gssencmode=disable connect_timeout=" +
           std::to_string(timeoutSeconds);
}

ClientLoop::ClientLoop(ClientRecord& record, unsigned loadConnections) : m_record(record), m_load(loadConnections) {}

ClientLoop::~ClientLoop() {
    drop(m_probe);
    for (auto& session : m_attempts)
        drop(session);
    for (auto& session : m_load)
        drop(session);
}

void ClientLoop::drop(Session& session) {
    if (session.connection != nullptr) PQfinish(session.connection);
    session = {};
}

void ClientLoop::attempt(Session& session, Instant now) {
    drop(session);
    session.began = session.heardAt = now;
    session.connection = PQconnectStart(clientConnection(0).c_str());
    session.writesWanted = true;
    if (session.connection == nullptr || PQstatus(session.connection) == CONNECTION_BAD) {
        drop(session);
        return;
    }
    // What a server says while it ends is no news to a customer who is waiting for the next one.
    PQsetNoticeProcessor(
        session.connection, [](void*, const char*) {}, nullptr);
    PQsetnonblocking(session.connection, 1);
}

void ClientLoop::send(Session& session, Instant now) {
    std::uint64_t row = 0;
    {
        const std::lock_guard lock(m_record.mutex);
        if (m_record.acknowledged.size() >= maxRowsKept) return;
        row = m_record.nextRow++;
    }
    const std::string text =
        "insert into ledger values (" + std::to_string(row) + "," + std::to_string(now.nanoseconds() / 1000) + ")";
    session.row = row;
    session.sentAt = now;
    if (PQsendQuery(session.connection, text.c_str()) != 1) drop(session);
}

void ClientLoop::acknowledge(Session& session) {
    const Instant now = monotonicNow();
    const std::lock_guard lock(m_record.mutex);
    m_record.acknowledged.push_back(*session.row);
    m_record.newestAcknowledged = std::max(m_record.newestAcknowledged, *session.row);
    const Instant before = m_record.lastAcknowledgement;
    if (before != Instant() && now - before > m_record.gap.longest) {
        m_record.gap.longest = now - before;
        m_record.gap.from = before;
        m_record.gap.to = now;
    }
    m_record.lastAcknowledgement = now;
    session.heardAt = now;
    session.row.reset();
}

// The socket is ready: go on with connecting, or take the answer.
void ClientLoop::serve(Session& session, short events) {
    if (session.connection == nullptr || events == 0) return;
    if (!session.connected) {
        switch (PQconnectPoll(session.connection)) {
        case PGRES_POLLING_OK: session.connected = true; break;
        case PGRES_POLLING_READING: session.writesWanted = false; return;
        case PGRES_POLLING_WRITING: session.writesWanted = true; return;
        default: drop(session); return;
        }
        send(session, monotonicNow());
        return;
    }
    if (PQconsumeInput(session.connection) != 1) {
        drop(session);
        return;
    }
    PQflush(session.connection);
    while (session.connection != nullptr && session.row && PQisBusy(session.connection) == 0) {
        PGresult* result = PQgetResult(session.connection);
        if (result == nullptr) break;
        const bool well = PQresultStatus(result) == PGRES_COMMAND_OK;
        PQclear(result);
        if (!well) {
            drop(session);
            return;
        }
        acknowledge(session);
        while ((result = PQgetResult(session.connection)) != nullptr)
            PQclear(result);
    }
}

void ClientLoop::considerProbe(Instant now) {
    // An attempt whose first row was acknowledged becomes the probe.
    for (auto& attempted : m_attempts) {
        if (attempted.connection == nullptr || !attempted.connected || attempted.row) continue;
        drop(m_probe);
        std::swap(m_probe, attempted);
        for (auto& other : m_attempts)
            drop(other);
        m_attempts.clear();
        m_newSessionAt = now;
        break;
    }
    std::size_t waitingThere = 0;
    std::erase_if(m_attempts, [&](Session& attempted) {
        if (attempted.connection == nullptr) return true;
        const bool taken = PQstatus(attempted.connection) != CONNECTION_STARTED;
        const bool hopeless = now - attempted.began > (taken ? answerPatience : attemptPatience);
        if (hopeless)
            drop(attempted);
        else if (taken)
            ++waitingThere;
        return hopeless;
    });
    const bool silent = m_probe.connection == nullptr || (m_probe.row && now - m_probe.sentAt > silence);
    if (!silent && !m_attempts.empty()) {
        for (auto& other : m_attempts)
            drop(other);
        m_attempts.clear();
    }
    if (silent && now >= m_nextAttempt && m_attempts.size() < maxAttempts && waitingThere < maxWaitingThere) {
        m_attempts.emplace_back();
        attempt(m_attempts.back(), now);
        m_nextAttempt = now + attemptPeriod;
    }
    if (m_probe.connected && !m_probe.row && now >= m_nextProbe) {
        const Duration late = now - m_nextProbe;
        if (m_nextProbe != Instant() && late < silence) {
            const std::lock_guard lock(m_record.mutex);
            m_record.gap.worstLateness = std::max(m_record.gap.worstLateness, late);
        }
        send(m_probe, now);
        m_nextProbe = now + probePeriod;
    }
}

void ClientLoop::considerLoad(Session& session, Instant now) {
    const bool probeWorks = m_probe.connected;
    if (session.connection == nullptr) {
        if (probeWorks && now - session.began > silence) attempt(session, now);
        return;
    }
    // Silent, although the probe works through a connection that is newer: this one leads to a dead host.
    const Instant since = session.row ? session.sentAt : session.began;
    const bool waiting = !session.connected || session.row;
    if (probeWorks && waiting && since < m_newSessionAt && now - m_newSessionAt > 0ms && now - since > silence) {
        attempt(session, now);
        return;
    }
    if (session.connected && !session.row) send(session, now);
}

Instant ClientLoop::nextWakeUp(Instant now) const {
    Instant next = now + probePeriod;
    if (m_probe.connected && !m_probe.row) next = std::min(next, m_nextProbe);
    return next;
}

void ClientLoop::run() {
    std::vector<pollfd> descriptors;
    std::vector<Session*> owners;
    while (!m_record.stop) {
        const Instant now = monotonicNow();
        considerProbe(now);
        for (auto& session : m_load)
            considerLoad(session, now);

        descriptors.clear();
        owners.clear();
        const auto watch = [&](Session& session) {
            if (session.connection == nullptr) return;
            const int handle = PQsocket(session.connection);
            if (handle < 0) return;
            const bool writing = !session.connected ? session.writesWanted : false;
            descriptors.push_back({handle, static_cast<short>(writing ? POLLOUT : POLLIN), 0});
            owners.push_back(&session);
        };
        watch(m_probe);
        for (auto& session : m_attempts)
            watch(session);
        for (auto& session : m_load)
            watch(session);

        const Duration wait = std::max(Duration(0), nextWakeUp(monotonicNow()) - monotonicNow());
        const timespec timeout{0, static_cast<long>(wait.count())};
        if (ppoll(descriptors.data(), descriptors.size(), &timeout, nullptr) <= 0) continue;
        for (std::size_t i = 0; i < owners.size(); ++i)
            serve(*owners[i], descriptors[i].revents);
    }
}

} // namespace dyad::lab
