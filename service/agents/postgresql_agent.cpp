// SPDX-License-Identifier: Apache-2.0
#include "agents/postgresql_agent.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "agents/child_environment.h"
#include "agents/sql_probe.h"
#include "platform/linux/system_error.h"

namespace dyad::agents {
namespace {

constexpr const char* progressInterval = "250ms";
constexpr std::size_t maxProgressBytes = 200;

// libpq's quoting of a value in a connection string.
std::string quoted(const std::string& value) {
    std::string text = "'";
    for (const char character : value) {
        if (character == '\'' || character == '\\') text += '\\';
        text += character;
    }
    return text + "'";
}

// A data directory of this user, of a version that the binaries can tell by themselves.
Result<void> checkDataDirectory(const std::string& directory, const platform::UserAccount& user) {
    struct stat status {};
    if (::stat((directory + "/PG_VERSION").c_str(), &status) != 0)
        return platform::systemError(
            "use data directory", directory, errno,
            "There is no database cluster; make one with initdb while the group is active here");
    if (::stat(directory.c_str(), &status) != 0) return platform::systemError("use data directory", directory, errno);
    if (status.st_uid != user.user)
        return Error{"use data directory", directory,
                     "it belongs to user number " + std::to_string(status.st_uid) + ", not to " + user.name,
                     "Give user " + user.name + " the same number on both nodes"};
    return {};
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
    platform::ProcessTraits traits;
    traits.workingDirectory = canonical;
    traits.program = "postgres";
    const Result<std::vector<platform::FoundProcess>> living = platform::findProcesses(traits);
    if (!living) return living.error();
    const Result<platform::ProcessIdentity> own = platform::readIdentity(recordFile);
    for (const platform::FoundProcess& process : living.value())
        if (process.identity.pid == pid && !(own && own.value() == process.identity))
            return Error{"start PostgreSQL on", directory,
                         "a server that Dyad didn't start runs on it already, process " + std::to_string(pid),
                         "Stop that one (pg_ctl stop), and disable its start by the host"};
    // The rest are backends without a postmaster: the sweep before the start ends them.
    if (cancelled) return Error{"start PostgreSQL on", directory, "given up", {}};
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return platform::systemError("remove", path, errno);
    return {};
}

Result<void> makeSocketDirectory(const std::string& directory, const platform::UserAccount& user) {
    std::error_code trouble;
    const bool made = std::filesystem::create_directories(directory, trouble);
    if (trouble) return platform::systemError("make socket directory", directory, trouble.value());
    if (!made) return {};
    // As Debian's package has it: everybody may look for a socket, the server's group may make one.
    if (::chown(directory.c_str(), user.user, user.group) != 0 || ::chmod(directory.c_str(), 02775) != 0)
        return platform::systemError("prepare socket directory", directory, errno);
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
    if (const Result<void> good = checkDataDirectory(settings.dataDirectory, user.value()); !good) return good.error();
    // The server's processes are found by their working directory, which the kernel spells without symbolic links.
    std::error_code trouble;
    const std::string real = std::filesystem::canonical(settings.dataDirectory, trouble).string();
    if (trouble) return platform::systemError("use data directory", settings.dataDirectory, trouble.value());
    if (real != canonical)
        return Error{"use data directory", settings.dataDirectory, "its path leads over a symbolic link or isn't plain",
                     "Configure it as " + real};
    if (const Result<void> good = makeSocketDirectory(settings.socketDirectory, user.value()); !good)
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
    if (Result<platform::UserAccount> user = platform::findUser(settings.user)) probe.asUser = std::move(user).value();
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
    struct Known {
        const char* words;
        const char* meaning;
    };
    static constexpr std::array known{
        Known{"database system was interrupted", "recovery: "},
        Known{"database system was not properly shut down", "recovery: "},
        Known{"syncing data directory", "recovery: "},
        Known{"redo starts at", "recovery: "},
        Known{"redo in progress", "recovery: "},
        Known{"redo done at", "recovery: "},
        Known{"checkpoint starting: end-of-recovery", "recovery: "},
        Known{"database system is ready to accept connections", ""},
    };
    for (const Known& line : known) {
        const std::size_t at = logLine.find(line.words);
        if (at != std::string::npos) return line.meaning + logLine.substr(at, maxProgressBytes);
    }
    return {};
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
    plan.traits.workingDirectory = settings.dataDirectory;
    while (plan.traits.workingDirectory.size() > 1 && plan.traits.workingDirectory.ends_with('/'))
        plan.traits.workingDirectory.pop_back();
    plan.traits.program = "postgres";
    plan.prepare = [settings, label = plan.label, canonical = plan.traits.workingDirectory,
                    record = plan.recordFile](const Aside::Cancelled& cancelled) {
        return prepare(settings, label, canonical, record, cancelled);
    };
    plan.makeReadyProbe = [settings]() -> std::unique_ptr<ProbeRunner> {
        SqlProbeSettings probe = sqlProbe(settings, {});
        probe.mustAcceptWrites = true;
        probe.refusedLoginIsWell = true;
        return std::make_unique<SqlProbeRunner>(std::move(probe));
    };
    plan.progressOf = postgresqlProgress;
    plan.makeHealthProbe = [settings, label = plan.label]() -> std::unique_ptr<ProbeRunner> {
        const auto* sql = std::get_if<model::SqlProbe>(&settings.health.probe);
        if (sql == nullptr) return makeProbe(settings.health.probe, label);
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
