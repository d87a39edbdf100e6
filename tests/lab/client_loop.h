// SPDX-License-Identifier: Apache-2.0
// What goes on inside the client's thread.
#pragma once

#include "lab/client.h"

#include <atomic>
#include <mutex>
#include <optional>
#include <vector>

#include <libpq-fe.h>

namespace dyad::lab {

struct ClientRecord {
    std::atomic<bool> stop = false;
    mutable std::mutex mutex;
    std::vector<std::uint64_t> acknowledged;
    std::uint64_t nextRow = 1;
    std::uint64_t newestAcknowledged = 0;
    Instant lastAcknowledgement;
    ClientGap gap;
};

[[nodiscard]] std::string clientConnection(int timeoutSeconds);

class ClientLoop {
public:
    ClientLoop(ClientRecord& record, unsigned loadConnections);
    ~ClientLoop();
    ClientLoop(const ClientLoop&) = delete;
    ClientLoop& operator=(const ClientLoop&) = delete;

    void run(); // until record.stop

private:
    struct Session {
        PGconn* connection = nullptr;
        bool connected = false;
        bool writesWanted = false;        // poll for it while connecting
        Instant began;                    // of the connection attempt
        std::optional<std::uint64_t> row; // sent, not yet acknowledged
        Instant sentAt;
        Instant heardAt;
    };

    void considerProbe(Instant now);
    void considerLoad(Session& session, Instant now);
    void attempt(Session& session, Instant now);
    void send(Session& session, Instant now);
    void serve(Session& session, short events);
    void acknowledge(Session& session);
    void drop(Session& session);
    [[nodiscard]] Instant nextWakeUp(Instant now) const;

    ClientRecord& m_record;
    Session m_probe;
    std::vector<Session> m_attempts; // beside a silent probe
    std::vector<Session> m_load;
    Instant m_nextProbe;
    Instant m_nextAttempt;
    Instant m_newSessionAt; // when the probe last began to work through a new connection
};

} // namespace dyad::lab
