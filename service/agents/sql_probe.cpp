// SPDX-License-Identifier: Apache-2.0
#include "agents/sql_probe.h"

#include <algorithm>
#include <cctype>
#include <libpq-fe.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agents/captured_command.h"

namespace dyad::agents {

using Verdict = ProbeResult::Verdict;

namespace {

// PostgreSQL's "peer" authentication asks the kernel for the effective user at the moment of connect(2). The bare
// system calls change it for this thread alone (the C library's would for all), and only while this object lives.
class AsUser {
public:
    explicit AsUser(const std::optional<platform::UserAccount>& user)
        : m_changed(user && ::geteuid() == 0 && user->user != 0) {
        if (!m_changed) return;
        ::syscall(SYS_setresgid, -1, user->group, -1);
        ::syscall(SYS_setresuid, -1, user->user, -1);
    }
    ~AsUser() {
        if (!m_changed) return;
        const bool back = ::syscall(SYS_setresuid, -1, 0, -1) == 0 && ::syscall(SYS_setresgid, -1, 0, -1) == 0;
        DYAD_CHECK(back, "the effective user could not be changed back after a SQL probe");
    }
    AsUser(const AsUser&) = delete;
    AsUser& operator=(const AsUser&) = delete;

private:
    bool m_changed;
};

} // namespace

std::string sqlStateOf(const std::string& verboseMessage) {
    // "SEVERITY:  57P03: words": the severity is in the server's language, so the code is found by its form.
    for (std::size_t at = verboseMessage.find(":  "); at != std::string::npos;
         at = verboseMessage.find(":  ", at + 1)) {
        const std::string code = verboseMessage.substr(at + 3, 6);
        if (code.size() == 6 && code[5] == ':' &&
            std::all_of(code.begin(), code.begin() + 5, [](unsigned char character) {
                return std::isdigit(character) != 0 || std::isupper(character) != 0;
            }))
            return code.substr(0, 5);
    }
    return {};
}

Verdict verdictOfSqlState(const std::string& sqlState) {
    if (sqlState.empty()) return Verdict::Failed; // nobody answered
    // The server is well enough to tell that the question is at fault: login, database, syntax, rights, full house.
    static constexpr const char* notTheServersFault[] = {"28", "3D", "42", "0A", "22", "53300"};
    for (const std::string_view prefix : notTheServersFault)
        if (sqlState.starts_with(prefix)) return Verdict::CouldNotRun;
    return Verdict::Failed;
}

SqlProbeRunner::SqlProbeRunner(SqlProbeSettings settings)
    : m_settings(std::move(settings)), m_connection(nullptr, ::PQfinish), m_deadline([this] {
          finish({Verdict::Failed, "the database gave no answer in time"});
      }),
      m_soon([this] { finish(m_result); }) {}

SqlProbeRunner::~SqlProbeRunner() { m_watch.reset(); }

ProbeResult SqlProbeRunner::trouble(const std::string& message) const {
    const std::string state = sqlStateOf(message);
    if (m_settings.refusedLoginIsWell && (state.starts_with("28") || state.starts_with("3D")))
        return {Verdict::Well,
                "accepts connections, but not ours: " + lastLines(message.substr(0, message.find('\n')))};
    return {verdictOfSqlState(state), lastLines(message.substr(0, message.find('\n')))};
}

void SqlProbeRunner::run(Duration timeout, Done done) {
    m_done = std::move(done);
    m_soon.stop();
    m_watch.reset(); // an earlier run that nobody waits for any more
    {
        // A Unix socket is connected within this call.
        const AsUser asUser(m_settings.asUser);
        m_connection.reset(::PQconnectStart(m_settings.connection.c_str()));
    }
    if (!m_connection)
        m_result = {Verdict::CouldNotRun, "out of memory"};
    else if (::PQstatus(m_connection.get()) == CONNECTION_BAD) {
        // No socket was made: the string is at fault. Else nobody is there.
        PQconninfoOption* parsed = ::PQconninfoParse(m_settings.connection.c_str(), nullptr);
        const bool readable = parsed != nullptr;
        ::PQconninfoFree(parsed);
        m_result = {readable ? Verdict::Failed : Verdict::CouldNotRun, lastLines(::PQerrorMessage(m_connection.get()))};
    } else {
        ::PQsetNoticeProcessor(
            m_connection.get(), [](void*, const char*) {}, nullptr); // else to our standard error
        ::PQsetErrorVerbosity(m_connection.get(), PQERRORS_VERBOSE); // shows the SQLSTATE
        m_watch = std::make_unique<DescriptorWatch>(::PQsocket(m_connection.get()), QSocketNotifier::Write,
                                                    [this] { connecting(); });
        return m_deadline.start(timeout);
    }
    m_soon.start(Duration(0));
}

void SqlProbeRunner::connecting() {
    m_watch.reset(); // libpq may close the socket and open another one
    const PostgresPollingStatusType status = ::PQconnectPoll(m_connection.get());
    if (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING) {
        m_watch = std::make_unique<DescriptorWatch>(
            ::PQsocket(m_connection.get()),
            status == PGRES_POLLING_READING ? QSocketNotifier::Read : QSocketNotifier::Write, [this] { connecting(); });
        return;
    }
    if (status != PGRES_POLLING_OK) return finish(trouble(::PQerrorMessage(m_connection.get())));

    const char* inRecovery = ::PQparameterStatus(m_connection.get(), "in_hot_standby"); // PostgreSQL 14 and later
    if (m_settings.mustAcceptWrites && inRecovery != nullptr && std::string_view(inRecovery) == "on")
        return finish({Verdict::Failed, "the database is still in recovery"});
    ::PQsetnonblocking(m_connection.get(), 1); // else even the good-bye of PQfinish could wait
    // A query of a few bytes fits the socket's buffer whole: there is nothing to flush later.
    const std::string query = m_settings.query.empty() ? "select 1" : m_settings.query;
    if (::PQsendQuery(m_connection.get(), query.c_str()) == 0)
        return finish({Verdict::Failed, lastLines(::PQerrorMessage(m_connection.get()))});
    ::PQsetSingleRowMode(m_connection.get()); // the first row is answer enough: a large table must not fill our memory
    m_watch =
        std::make_unique<DescriptorWatch>(::PQsocket(m_connection.get()), QSocketNotifier::Read, [this] { asking(); });
}

void SqlProbeRunner::asking() {
    if (::PQconsumeInput(m_connection.get()) == 0) return finish(trouble(::PQerrorMessage(m_connection.get())));
    if (::PQisBusy(m_connection.get()) != 0) return;
    const std::unique_ptr<PGresult, void (*)(PGresult*)> answer(::PQgetResult(m_connection.get()), ::PQclear);
    const ExecStatusType status = ::PQresultStatus(answer.get());
    if (status == PGRES_SINGLE_TUPLE || status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
        return finish({Verdict::Well, "the database answers"});
    finish(trouble(::PQresultErrorMessage(answer.get())));
}

void SqlProbeRunner::finish(ProbeResult result) {
    m_deadline.stop();
    m_watch.reset();
    m_connection.reset();
    const Done done = std::exchange(m_done, nullptr);
    done(result);
}

} // namespace dyad::agents
