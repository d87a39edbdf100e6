// SPDX-License-Identifier: Apache-2.0
#include "agents/mariadb_probe.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <mysql.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/stat.h>
#include <utility>

#include "agents/as_user.h"
#include "agents/captured_command.h"
#include "platform/linux/file_descriptor.h"
#include "platform/linux/system_error.h"

namespace dyad::agents {

using Verdict = ProbeResult::Verdict;

namespace {

constexpr std::size_t maxAnswerBytes = 64 * 1024;
constexpr unsigned noConnection = 2002; // of the library: nobody answers at the socket, or it may not be opened
constexpr unsigned noSuchDatabase = 1049;
constexpr unsigned noSuchMariadbTable = 1146;

// The server is well enough to tell that the login is at fault.
constexpr std::array refusedLogins{
    1045u, 1698u,               // access denied
    1130u, 1129u,               // this host may not connect, or is blocked
    1251u, 1275u, 1524u, 2059u, // no such way of authentication, on the server or in the library
    1820u, 1862u, 4151u,        // the password is expired, the account locked
};

// And here the question, or the number of those who ask.
constexpr std::array faultsOfTheQuestion{
    1040u, 1203u, 1226u,               // too many connections; the account's limit
    1044u, 1142u, 1143u, 1227u, 1370u, // no right to do this
    1046u, 1049u, 1054u, 1064u, 1146u, // no such database, column, table; syntax
    1193u, 1136u,                      // no such variable; a table of the same name, but other columns
    2007u, 2008u, 2026u, 2058u, 2061u, // of the library: versions, memory, TLS, plugins
};

template <typename Numbers>
bool isAmong(const Numbers& numbers, unsigned number) {
    return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

} // namespace

Verdict verdictOfMariadbError(unsigned number, const std::string& message) {
    if (isAmong(refusedLogins, number) || isAmong(faultsOfTheQuestion, number)) return Verdict::CouldNotRun;
    // "Can't connect to local server through socket '/run/...' (13)": it is there, but not for us.
    if (number == noConnection && message.ends_with("(" + std::to_string(EACCES) + ")")) return Verdict::CouldNotRun;
    return Verdict::Failed;
}

Result<std::string> readPassword(const std::string& path) {
    // Not over a link, and not hanging on a pipe that somebody has put there.
    const platform::FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat status {};
    if (!file.valid() || ::fstat(file.get(), &status) != 0) return platform::systemError("read", path, errno);
    if (!S_ISREG(status.st_mode) || (status.st_mode & 077) != 0 || status.st_uid != ::geteuid())
        return Error{"use the password in", path, "others may read it, or it is no file",
                     "chown root " + path + " && chmod 0600 " + path};
    std::string text(maxPasswordBytes + 1, '\0');
    const ssize_t count = ::read(file.get(), text.data(), text.size());
    if (count < 0) return platform::systemError("read", path, errno);
    text.resize(static_cast<std::size_t>(count));
    if (text.ends_with('\n')) text.pop_back();
    if (text.empty() || text.size() >= maxPasswordBytes || text.find('\n') != std::string::npos ||
        text.find('\0') != std::string::npos)
        return Error{"use the password in", path, "it is not one line of at most 1023 bytes", "Write it anew"};
    return text;
}

MariadbProbeRunner::MariadbProbeRunner(MariadbProbeSettings settings)
    : m_settings(std::move(settings)), m_deadline([this] {
          finish({Verdict::Failed, "the database gave no answer in time"});
      }),
      m_soon([this] { begin(); }) {}

MariadbProbeRunner::~MariadbProbeRunner() { drop(); }

void MariadbProbeRunner::run(Duration timeout, Done done) {
    drop(); // an earlier run that nobody waits for any more
    m_done = std::move(done);
    m_deadline.start(timeout);
    m_soon.start(Duration(0));
}

void MariadbProbeRunner::begin() {
    if (!m_settings.passwordFile.empty()) {
        Result<std::string> read = readPassword(m_settings.passwordFile);
        if (read)
            m_password = std::move(read).value();
        else if (!m_settings.refusedLoginIsWell)
            return finish({Verdict::CouldNotRun, read.error().text()});
    }
    m_server = ::mysql_init(nullptr);
    if (m_server == nullptr) return finish({Verdict::CouldNotRun, "out of memory"});
    const unsigned no = 0;
    const std::size_t most = maxAnswerBytes;
    const unsigned protocol = MYSQL_PROTOCOL_SOCKET;
    ::mysql_options(m_server, MYSQL_OPT_NONBLOCK, nullptr);
    ::mysql_options(m_server, MYSQL_OPT_PROTOCOL, &protocol);
    ::mysql_options(m_server, MYSQL_OPT_LOCAL_INFILE, &no); // a server may ask for our files otherwise
    ::mysql_options(m_server, MYSQL_OPT_MAX_ALLOWED_PACKET, &most);
    // A row that was never committed proves nothing.
    if (m_settings.write) ::mysql_options(m_server, MYSQL_INIT_COMMAND, "set autocommit = 1");
    m_step = Step::Connect;
    m_call = Call::Connect;
    int events = 0;
    {
        // A Unix socket is connected within this call.
        const AsUser asUser(m_settings.asUser);
        events = ::mysql_real_connect_start(&m_connected, m_server, nullptr, m_settings.account.c_str(),
                                            m_password.c_str(), nullptr, 0, m_settings.socket.c_str(), 0);
    }
    waitFor(events);
}

std::string MariadbProbeRunner::textOf(Step step) const {
    switch (step) {
    case Step::Connect: break;
    case Step::Select: return "select 1";
    // Who has all rights may write to a read-only server: it must be asked.
    case Step::ReadOnly: return "select @@global.read_only";
    case Step::Insert:
    case Step::InsertAgain:
        return "insert into `" + m_settings.database +
               "`.dyad_probe values (1, 1, now(6)) on duplicate key update times = times + 1, asked_at = now(6)";
    case Step::MakeDatabase: return "create database if not exists `" + m_settings.database + "`";
    case Step::MakeTable:
        return "create table if not exists `" + m_settings.database +
               "`.dyad_probe (id int primary key, times bigint not null, asked_at timestamp(6) not null) "
               "engine = InnoDB";
    }
    return {};
}

void MariadbProbeRunner::ask(Step step) {
    m_step = step;
    m_call = Call::Query;
    m_text = textOf(step);
    waitFor(::mysql_real_query_start(&m_failed, m_server, m_text.c_str(), m_text.size()));
}

// `events` 0: the call has ended.
void MariadbProbeRunner::waitFor(int events) {
    if (events == 0) {
        switch (std::exchange(m_call, Call::None)) {
        case Call::None: return;
        case Call::Connect:
        case Call::Query: return answered();
        case Call::Rows: return rowsCame();
        }
    }
    const int socket = ::mysql_get_socket(m_server);
    if ((events & MYSQL_WAIT_READ) != 0)
        m_readable =
            std::make_unique<DescriptorWatch>(socket, QSocketNotifier::Read, [this] { ready(MYSQL_WAIT_READ); });
    if ((events & MYSQL_WAIT_WRITE) != 0)
        m_writable =
            std::make_unique<DescriptorWatch>(socket, QSocketNotifier::Write, [this] { ready(MYSQL_WAIT_WRITE); });
    // MYSQL_WAIT_TIMEOUT isn't kept: the whole check has its deadline.
}

void MariadbProbeRunner::ready(int events) {
    m_readable.reset();
    m_writable.reset();
    switch (m_call) {
    case Call::None: return;
    case Call::Connect: return waitFor(::mysql_real_connect_cont(&m_connected, m_server, events));
    case Call::Query: return waitFor(::mysql_real_query_cont(&m_failed, m_server, events));
    case Call::Rows: return waitFor(::mysql_store_result_cont(&m_rows, m_server, events));
    }
}

void MariadbProbeRunner::answered() {
    if (m_step == Step::Connect) {
        forgetPassword();
        if (m_connected == nullptr) return trouble();
        return ask(m_settings.write ? Step::ReadOnly : Step::Select);
    }
    if (m_failed != 0) {
        const unsigned number = ::mysql_errno(m_server);
        if (m_step == Step::Insert && (number == noSuchDatabase || number == noSuchMariadbTable))
            return ask(Step::MakeDatabase);
        return trouble();
    }
    switch (m_step) {
    case Step::Connect:
    case Step::Select:
    case Step::ReadOnly: return fetchRows();
    case Step::MakeDatabase: return ask(Step::MakeTable);
    case Step::MakeTable: return ask(Step::InsertAgain);
    case Step::Insert:
    case Step::InsertAgain: return finish({Verdict::Well, "the database stores a row"});
    }
}

void MariadbProbeRunner::fetchRows() {
    m_call = Call::Rows;
    waitFor(::mysql_store_result_start(&m_rows, m_server)); // of our own questions: one row
}

void MariadbProbeRunner::rowsCame() {
    if (m_rows == nullptr) return trouble();
    const MYSQL_ROW row = ::mysql_fetch_row(m_rows); // is here already
    const std::string value = row != nullptr && row[0] != nullptr ? row[0] : "";
    ::mysql_free_result(std::exchange(m_rows, nullptr));
    if (m_step == Step::Select) return finish({Verdict::Well, "the database answers"});
    if (value != "0" && value != "OFF")
        return finish({Verdict::Failed, "the database is read-only (read_only = " + lastLines(value, 1) + ")"});
    ask(Step::Insert);
}

void MariadbProbeRunner::trouble() {
    const unsigned number = ::mysql_errno(m_server);
    const std::string words = ::mysql_error(m_server);
    const std::string told = lastLines(words) + ", error " + std::to_string(number);
    if (m_settings.refusedLoginIsWell && isAmong(refusedLogins, number))
        return finish({Verdict::Well, "accepts connections, but not ours: " + told});
    finish({verdictOfMariadbError(number, words), told});
}

void MariadbProbeRunner::forgetPassword() {
    ::explicit_bzero(m_password.data(), m_password.size());
    m_password.clear();
}

// In the middle of a call the good-bye could wait for the server: then it is left without one.
void MariadbProbeRunner::drop() {
    m_soon.stop();
    m_deadline.stop();
    m_readable.reset();
    m_writable.reset();
    if (m_rows != nullptr) ::mysql_free_result(std::exchange(m_rows, nullptr));
    if (m_server == nullptr) return forgetPassword();
    if (std::exchange(m_call, Call::None) != Call::None) ::shutdown(::mysql_get_socket(m_server), SHUT_RDWR);
    ::mysql_close(std::exchange(m_server, nullptr));
    forgetPassword();
}

void MariadbProbeRunner::finish(ProbeResult result) {
    drop();
    const Done done = std::exchange(m_done, nullptr);
    done(result);
}

} // namespace dyad::agents
