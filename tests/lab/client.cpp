// SPDX-License-Identifier: Apache-2.0
#include "lab/client.h"

#include "lab/client_loop.h"
#include "lab/host.h"
#include "lab/namespaces.h"

#include <algorithm>
#include <libpq-fe.h>
#include <thread>

namespace dyad::lab {

struct Client::State {
    ClientRecord record;
    ClientSettings settings;
    std::thread thread;
};

Client::Client(const ClientSettings& settings) : m_state(std::make_unique<State>()) { m_state->settings = settings; }

Client::~Client() {
    m_state->record.stop = true;
    if (m_state->thread.joinable()) m_state->thread.join();
}

Result<void> Client::start() {
    std::atomic<int> entered = 0;
    std::optional<Error> trouble;
    m_state->thread = std::thread([&, state = m_state.get()] {
        if (auto inside = enterNetwork("client"); !inside) {
            trouble = inside.error();
            entered = -1;
            return;
        }
        const unsigned load = state->settings.fullSpeed ? state->settings.loadConnections : 0;
        entered = 1;
        ClientLoop(state->record, load).run();
    });
    while (entered == 0)
        std::this_thread::sleep_for(1ms);
    if (trouble) return *trouble;
    return {};
}

std::uint64_t Client::acknowledged() const {
    const std::lock_guard lock(m_state->record.mutex);
    return m_state->record.acknowledged.size();
}

Instant Client::lastAcknowledgement() const {
    const std::lock_guard lock(m_state->record.mutex);
    return m_state->record.lastAcknowledgement;
}

bool Client::waitForNewRow(Duration deadline) const {
    const Instant began = monotonicNow();
    std::uint64_t before = 0;
    {
        const std::lock_guard lock(m_state->record.mutex);
        before = m_state->record.nextRow;
    }
    while (monotonicNow() - began < deadline) {
        {
            const std::lock_guard lock(m_state->record.mutex);
            if (m_state->record.newestAcknowledged >= before && before > 0) return true;
            if (before == 0 && !m_state->record.acknowledged.empty()) return true;
        }
        std::this_thread::sleep_for(2ms);
    }
    return false;
}

void Client::restartGap() {
    const std::lock_guard lock(m_state->record.mutex);
    m_state->record.gap = {};
    m_state->record.gap.from = m_state->record.gap.to = m_state->record.lastAcknowledgement;
}

ClientGap Client::gap() const {
    const Instant now = monotonicNow();
    const std::lock_guard lock(m_state->record.mutex);
    ClientGap gap = m_state->record.gap;
    if (now - m_state->record.lastAcknowledgement > gap.longest) {
        gap.longest = now - m_state->record.lastAcknowledgement;
        gap.from = m_state->record.lastAcknowledgement;
        gap.to = now;
    }
    return gap;
}

std::uint64_t Client::acknowledgedUpTo() const {
    const std::lock_guard lock(m_state->record.mutex);
    return m_state->record.newestAcknowledged;
}

Result<LedgerVerdict> Client::verify(std::uint64_t after) const {
    std::vector<std::uint64_t> wanted;
    {
        const std::lock_guard lock(m_state->record.mutex);
        wanted = m_state->record.acknowledged;
    }
    std::erase_if(wanted, [&](std::uint64_t row) { return row <= after; });
    std::sort(wanted.begin(), wanted.end());
    std::vector<std::uint64_t> stored;
    const std::string question = "select id from ledger where id > " + std::to_string(after) + " order by id";
    std::optional<Error> trouble;
    auto inside = insideNetwork("client", [&] {
        PGconn* connection = PQconnectdb(clientConnection(5).c_str());
        PGresult* rows = PQstatus(connection) == CONNECTION_OK ? PQexec(connection, question.c_str()) : nullptr;
        if (rows == nullptr || PQresultStatus(rows) != PGRES_TUPLES_OK) {
            trouble = Error{"read the rows back", "through the floating address", PQerrorMessage(connection), ""};
        } else {
            const int count = PQntuples(rows);
            stored.reserve(static_cast<std::size_t>(count));
            for (int i = 0; i < count; ++i)
                stored.push_back(std::stoull(PQgetvalue(rows, i, 0)));
        }
        PQclear(rows);
        PQfinish(connection);
    });
    if (!inside) return inside.error();
    if (trouble) return *trouble;

    LedgerVerdict verdict;
    verdict.acknowledged = wanted.size();
    for (std::size_t i = 1; i < stored.size(); ++i)
        if (stored[i] == stored[i - 1]) ++verdict.duplicates;
    for (const auto row : wanted) {
        if (std::binary_search(stored.begin(), stored.end(), row))
            ++verdict.found;
        else if (verdict.missing.size() < maxMissingShown)
            verdict.missing.push_back(row);
    }
    return verdict;
}

} // namespace dyad::lab
