// SPDX-License-Identifier: Apache-2.0
#include "agents/postgresql_agent.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <unistd.h>

#include "agents/child_environment.h"
#include "agents/database_ground.h"
#include "agents/progress_words.h"
#include "agents/sql_probe.h"
#include "agents/tcp_probe.h"
#include "platform/linux/system_error.h"

namespace dyad::agents {
namespace {

constexpr const char* progressInterval = "250ms";

// libpq's quoting of a value in a connection string.
std::string quoted(const std::string& value) {
    std::string text = "'";
    for (const char character : value) {
        if (character == '\'' || character == '\\') text += '\\';
        text += character;
    }
    return text + "'";
}

// The pid file of the node that crashed, or of this node before it was rebooted, may name a living process of ours by
// chance; PostgreSQL would then refuse to start. Whether it is stale isn't guessed: only a process that is called
// postgres and works in just this data directory makes it a true one.
Result<void> removeStalePidFile(const std::string& directory, const std::string& canonical,
                                const std::string& recordFile, const Aside::Cancelled& cancelled) {
    const std::string path = directory + "/postmaster.pid";
    std::ifstream file(path);
    pid_t pid = 0;
    if (!(file >> pid)) pid = 0;
    const Result<std::vector<pid_t>> others = serversOfOthers(canonical, {"postgres"}, recordFile);
    if (!others) return others.error();
    if (std::find(others.value().begin(), others.value().end(), pid) != others.value().end())
        return Error{"start PostgreSQL on", directory,
                     "a server that Dyad didn't start runs on it already, process " + std::to_string(pid),
                     "Stop that one (pg_ctl stop), and disable its start by the host"};
    // The rest are backends without a postmaster: the sweep before the start ends them.
    if (cancelled) return Error{"start PostgreSQL on", directory, "given up", {}};
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return platform::systemError("remove", path, errno);
    return {};
}

// Options are "name=value"; these would make a commit that a client has seen acknowledged disappear.
Result<void> checkOptions(const std::vector<std::string>& options) {
    for (const std::string& option : options) {
        const std::size_t equals = option.find('=');
        std::string name = option.substr(0, equals);
        std::string value = equals == std::string::npos ? "" : option.substr(equals + 1);
        for (std::string* word : {&name, &value})
            std::transform(word->begin(), word->end(), word->begin(), [](unsigned char character) {
                return character == '-' ? '_' : static_cast<char>(std::tolower(character));
            });
        const bool durable = name != "fsync" && name != "full_page_writes" && name != "synchronous_commit";
        static constexpr std::array off{"off", "0", "false", "no", "f", "n", "of"};
        if (!durable && std::find(off.begin(), off.end(), value) != off.end())
            return Error{"start PostgreSQL with option", option, "acknowledged commits could be lost in a takeover",
                         "Remove the option"};
    }
    return {};
}

Result<platform::ChildSetup> prepare(const model::PostgresqlSettings& settings, const std::string& label,
                                     const std::string& canonical, const std::string& recordFile,
                                     const Aside::Cancelled& cancelled) {
    Result<platform::UserAccount> user = platform::findUser(settings.user);
    if (!user) return user.error();
    if (const Result<void> good = checkOptions(settings.options); !good) return good.error();
    if (const Result<void> good =
            checkDataDirectory(settings.dataDirectory, canonical, "PG_VERSION", user.value(),
                               "There is no database cluster; make one with initdb while the group is active here");
        !good)
        return good.error();
    // As Debian's package has it: everybody may look for a socket, the server's group may make one.
    if (const Result<void> good = makeSocketDirectory(settings.socketDirectory, user.value(), 02775); !good)
        return good.error();
    if (const Result<void> good = removeStalePidFile(settings.dataDirectory, canonical, recordFile, cancelled); !good)
        return good.error();
    platform::ChildSetup setup{.command = postgresqlCommand(settings)};
    setup.environment = childEnvironment(label, &user.value(), {});
    setup.user = std::move(user).value();
    return setup;
}

SqlProbeSettings sqlProbe(const model::PostgresqlSettings& settings, const model::SqlProbe& wanted) {
    SqlProbeSettings probe;
    probe.connection = !wanted.connection.empty()
                           ? wanted.connection
                           : "host=" + quoted(settings.socketDirectory) + " port=" + std::to_string(settings.port) +
                                 " dbname=" + quoted(settings.probeDatabase) + " user=" + quoted(settings.user) +
                                 " application_name=dyad";
    probe.query = wanted.query;
    if (wanted.connection.empty() && settings.check == model::CheckDepth::Write) {
        probe.query = "insert into dyad_probe values (1, 1, now()) "
                      "on conflict (id) do update set times = dyad_probe.times + 1, asked_at = excluded.asked_at";
        probe.makeTable = "create table if not exists dyad_probe "
                          "(id integer primary key, times bigint not null, asked_at timestamptz not null)";
    }
    if (Result<platform::UserAccount> user = platform::findUser(settings.user)) probe.asUser = std::move(user).value();
    return probe;
}

// Where it listens: the administrator may have said another address than all of them.
model::TcpProbe postgresqlPort(const model::PostgresqlSettings& settings) {
    model::TcpProbe probe{"127.0.0.1", settings.port};
    constexpr std::string_view key = "listen_addresses=";
    for (const std::string& option : settings.options) {
        if (!option.starts_with(key)) continue;
        const std::string first = option.substr(key.size(), option.find(',') - key.size());
        probe.address = first == "*" || first == "0.0.0.0" || first == "localhost" ? "127.0.0.1"
                        : first == "::"                                            ? "::1"
                                                                                   : first;
    }
    return probe;
}

} // namespace

std::vector<std::string> postgresqlCommand(const model::PostgresqlSettings& settings) {
    std::vector<std::string> command{settings.binaryDirectory + "/postgres", "-D", settings.dataDirectory};
    const auto set = [&command](const std::string& setting) {
        command.emplace_back("-c");
        command.push_back(setting);
    };
    set("recovery_init_sync_method=syncfs");
    set("listen_addresses=*");
    set("port=" + std::to_string(settings.port));
    set("unix_socket_directories=" + settings.socketDirectory);
    set(std::string("log_startup_progress_interval=") + progressInterval);
    for (const std::string& option : settings.options)
        set(option); // the administrator's word comes last and wins
    return command;
}

std::string postgresqlProgress(const std::string& logLine) {
    static constexpr std::array known{
        ProgressWords{"database system was interrupted", "recovery: "},
        ProgressWords{"database system was not properly shut down", "recovery: "},
        ProgressWords{"syncing data directory", "recovery: "},
        ProgressWords{"redo starts at", "recovery: "},
        ProgressWords{"redo in progress", "recovery: "},
        ProgressWords{"redo done at", "recovery: "},
        ProgressWords{"checkpoint starting: end-of-recovery", "recovery: "},
        ProgressWords{"database system is ready to accept connections", ""},
    };
    return progressIn(logLine, known);
}

ProcessPlan planPostgresql(const model::PostgresqlSettings& settings, const std::string& group,
                           const std::string& resource, const Places& places) {
    ProcessPlan plan;
    plan.label = group + "/" + resource;
    plan.recordFile = places.record(group, resource);
    plan.logFile = places.log(group, resource);
    plan.stopSignal = postgresqlFastShutdown;
    plan.traits.environmentMark = markOf(plan.label);
    // The backends begin sessions of their own and write their titles over their environment; but all of them work in
    // the data directory. The path is compared as configured: resolving it could hang on a dead array.
    plan.traits.workingDirectory = plainDirectory(settings.dataDirectory);
    plan.traits.program = "postgres";
    plan.prepare = [settings, label = plan.label, canonical = plan.traits.workingDirectory,
                    record = plan.recordFile](const Aside::Cancelled& cancelled) {
        return prepare(settings, label, canonical, record, cancelled);
    };
    plan.makeReadyProbe = [settings]() -> std::unique_ptr<ProbeRunner> {
        model::PostgresqlSettings asked = settings;
        asked.check = model::CheckDepth::Select;
        SqlProbeSettings probe = sqlProbe(asked, {});
        probe.mustAcceptWrites = true;
        probe.refusedLoginIsWell = true;
        return std::make_unique<SqlProbeRunner>(std::move(probe));
    };
    plan.progressOf = postgresqlProgress;
    plan.makeHealthProbe = [settings, label = plan.label]() -> std::unique_ptr<ProbeRunner> {
        const auto* sql = std::get_if<model::SqlProbe>(&settings.health.probe);
        if (sql == nullptr) return makeProbe(settings.health.probe, label);
        if (sql->connection.empty() && settings.check == model::CheckDepth::Port)
            return std::make_unique<TcpProbeRunner>(postgresqlPort(settings));
        return std::make_unique<SqlProbeRunner>(sqlProbe(settings, *sql));
    };
    plan.healthInterval = settings.health.interval;
    plan.healthTimeout = settings.health.timeout;
    plan.healthFailures = settings.health.failures;
    plan.healthOf = settings.health.of;
    plan.healthWords = describe(settings.health.probe);
    return plan;
}

} // namespace dyad::agents
