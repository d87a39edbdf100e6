// SPDX-License-Identifier: Apache-2.0
// Well when a PostgreSQL server answers a query. libpq's asynchronous interface on the event loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "agents/descriptor_watch.h"
#include "agents/probe.h"
#include "agents/timer.h"
#include "platform/linux/user_account.h"

struct pg_conn;

namespace dyad::agents {

// What the server's words mean for the check; exposed for the tests. `sqlState` is empty where the server said nothing.
[[nodiscard]] ProbeResult::Verdict verdictOfSqlState(const std::string& sqlState);
// "57P03" of libpq's verbose "FATAL:  57P03: the database system is starting up", or empty.
[[nodiscard]] std::string sqlStateOf(const std::string& verboseMessage);

struct SqlProbeSettings {
    std::string connection; // libpq connection string; a host is given by number or as a socket directory, names block
    std::string query;      // empty: "select 1"
    // Done once, and the query asked again, where that finds no table; empty: no table is then a fault of the query.
    std::string makeTable;
    // Ask as this user of the host (PostgreSQL's "peer" authentication looks at it); none: as ourselves.
    std::optional<platform::UserAccount> asUser;
    bool mustAcceptWrites = false; // a server that is still in recovery isn't well
    // A server that lets connections in but not us (password, pg_hba.conf) is up: well, where only that is asked.
    bool refusedLoginIsWell = false;
};

class SqlProbeRunner final : public ProbeRunner {
public:
    explicit SqlProbeRunner(SqlProbeSettings settings);
    ~SqlProbeRunner() override;
    void run(Duration timeout, Done done) override;

private:
    void connecting();
    void ask(const std::string& query);
    void asking();
    void finish(ProbeResult result);
    [[nodiscard]] ProbeResult trouble(const std::string& message) const;

    SqlProbeSettings m_settings;
    Done m_done;
    ProbeResult m_result;
    bool m_makingTable = false;
    bool m_tableMade = false;
    std::unique_ptr<pg_conn, void (*)(pg_conn*)> m_connection;
    std::unique_ptr<DescriptorWatch> m_watch;
    Timer m_deadline;
    Timer m_soon;
};

} // namespace dyad::agents
