// SPDX-License-Identifier: Apache-2.0
// Well when a MariaDB server answers a query, or stores a row. libmariadb's non-blocking interface on the event loop,
// through the server's Unix socket.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "agents/descriptor_watch.h"
#include "agents/probe.h"
#include "agents/timer.h"
#include "base/result.h"
#include "platform/linux/user_account.h"

struct st_mysql;
struct st_mysql_res;

namespace dyad::agents {

inline constexpr std::size_t maxPasswordBytes = 1024;

// What an error means for the check; exposed for the tests. `number` is the server's or, from 2000 to 2999, the client
// library's; `message` its words.
[[nodiscard]] ProbeResult::Verdict verdictOfMariadbError(unsigned number, const std::string& message);

// The one line of a file that only its owner may read. Error: it isn't such a file.
[[nodiscard]] Result<std::string> readPassword(const std::string& path);

struct MariadbProbeSettings {
    std::string socket;
    std::string account;
    std::string passwordFile; // read at each run; on the host's own disk. Empty: no password
    // Ask as this user of the host (MariaDB's "unix_socket" authentication looks at it); none: as ourselves.
    std::optional<platform::UserAccount> asUser;
    bool write = false;   // store a row in the table dyad_probe, which is made where it isn't there; else "select 1"
    std::string database; // of that table
    // A server that lets connections in but not us is up: well, where only that is asked.
    bool refusedLoginIsWell = false;
};

class MariadbProbeRunner final : public ProbeRunner {
public:
    explicit MariadbProbeRunner(MariadbProbeSettings settings);
    ~MariadbProbeRunner() override;
    void run(Duration timeout, Done done) override;

private:
    // What was asked last. Select, or ReadOnly and Insert; where there is no table: MakeDatabase, MakeTable,
    // InsertAgain.
    enum class Step { Connect, Select, ReadOnly, Insert, MakeDatabase, MakeTable, InsertAgain };
    enum class Call { None, Connect, Query, Rows }; // of the library, that waits for the server

    void begin();
    void ask(Step step);
    void waitFor(int events);
    void ready(int events);
    void answered();  // the query, or the connection
    void fetchRows(); // of a query that gives some
    void rowsCame();
    void trouble();
    void forgetPassword();
    void drop();
    void finish(ProbeResult result);
    [[nodiscard]] std::string textOf(Step step) const;

    MariadbProbeSettings m_settings;
    Done m_done;
    st_mysql* m_server = nullptr;
    Step m_step = Step::Connect;
    Call m_call = Call::None;
    std::string m_password; // the library keeps pointers to this and to the text as long as a call lasts
    std::string m_text;
    st_mysql* m_connected = nullptr; // the results of the calls
    int m_failed = 0;
    st_mysql_res* m_rows = nullptr;
    std::unique_ptr<DescriptorWatch> m_readable;
    std::unique_ptr<DescriptorWatch> m_writable;
    Timer m_deadline;
    Timer m_soon;
};

} // namespace dyad::agents
