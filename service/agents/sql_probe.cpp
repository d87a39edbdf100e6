// SPDX-License-Identifier: Apache-2.0
#include "agents/sql_probe.h"

#include <algorithm>
#include <cctype>
#include <libpq-fe.h>

#include "agents/as_user.h"
#include "agents/captured_command.h"

namespace dyad::agents {

using Verdict = ProbeResult::Verdict;

namespace {
constexpr const char* noSuchTable = "42P01";
}

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
    m_makingTable = m_tableMade = false;
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
    ask(m_settings.query.empty() ? "select 1" : m_settings.query);
}

void SqlProbeRunner::ask(const std::string& query) {
    // A query of a few bytes fits the socket's buffer whole: there is nothing to flush later.
    if (::PQsendQuery(m_connection.get(), query.c_str()) == 0)
        return finish({Verdict::Failed, lastLines(::PQerrorMessage(m_connection.get()))});
    ::PQsetSingleRowMode(m_connection.get()); // the first row is answer enough: a large table must not fill our memory
    m_watch =
        std::make_unique<DescriptorWatch>(::PQsocket(m_connection.get()), QSocketNotifier::Read, [this] { asking(); });
}

void SqlProbeRunner::asking() {
    if (::PQconsumeInput(m_connection.get()) == 0) return finish(trouble(::PQerrorMessage(m_connection.get())));
    while (::PQisBusy(m_connection.get()) == 0) {
        const std::unique_ptr<PGresult, void (*)(PGresult*)> answer(::PQgetResult(m_connection.get()), ::PQclear);
        if (!answer) { // what was asked is answered to its end: the next may be asked
            m_tableMade = m_makingTable;
            m_makingTable = !m_makingTable;
            return ask(m_makingTable ? m_settings.makeTable : m_settings.query);
        }
        const ExecStatusType status = ::PQresultStatus(answer.get());
        const bool well = status == PGRES_SINGLE_TUPLE || status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
        const std::string message = well ? "" : ::PQresultErrorMessage(answer.get());
        const bool tableMissing = sqlStateOf(message) == noSuchTable && !m_settings.makeTable.empty();
        if (well ? !m_makingTable : !tableMissing || m_makingTable || m_tableMade)
            return finish(well ? ProbeResult{Verdict::Well, "the database answers"} : trouble(message));
    }
}

void SqlProbeRunner::finish(ProbeResult result) {
    m_deadline.stop();
    m_watch.reset();
    m_connection.reset();
    const Done done = std::exchange(m_done, nullptr);
    done(result);
}

} // namespace dyad::agents
