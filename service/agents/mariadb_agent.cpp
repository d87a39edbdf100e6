// SPDX-License-Identifier: Apache-2.0
#include "agents/mariadb_agent.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sys/socket.h>
#include <sys/un.h>

#include "agents/child_environment.h"
#include "agents/database_ground.h"
#include "agents/mariadb_probe.h"
#include "agents/progress_words.h"
#include "agents/tcp_probe.h"
#include "platform/linux/file_descriptor.h"
#include "platform/linux/system_error.h"

namespace dyad::agents {
namespace {

constexpr const char* everyAddress = "*";
constexpr std::size_t commLength = 15; // of a program's name in /proc/PID/comm

std::string programName(const model::MariadbSettings& settings) {
    return std::filesystem::path(settings.program).filename().string().substr(0, commLength);
}

// Where the port can be reached from this host.
std::string localAddress(const model::MariadbSettings& settings) {
    if (settings.bindAddress == everyAddress || settings.bindAddress == "0.0.0.0") return "127.0.0.1";
    return settings.bindAddress == "::" ? "::1" : settings.bindAddress;
}

// The server would take the socket's name away from whoever listens there.
Result<void> checkSocketIsFree(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return Error{"use socket", path, "its name is too long", "Configure a shorter one"};
    std::memcpy(address.sun_path, path.c_str(), path.size());
    const platform::FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.valid()) return platform::systemError("look at socket", path, errno);
    const bool taken = ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
                       errno == EAGAIN; // more wait for it than it takes
    if (!taken) return {};
    return Error{"use socket", path, "another server listens on it",
                 "Stop that one and disable its start by the host, or configure another socket"};
}

Result<platform::ChildSetup> prepareMariadb(const model::MariadbSettings& settings, const std::string& label,
                                            const std::string& canonical, const std::string& recordFile,
                                            const Aside::Cancelled& cancelled) {
    Result<platform::UserAccount> user = platform::findUser(settings.user);
    if (!user) return user.error();
    if (const Result<void> good = checkDataDirectory(
            settings.dataDirectory, canonical, "mysql/db.frm", user.value(),
            "There is no database; make one while the group is active here: mariadb-install-db --user=" +
                settings.user + " --datadir=" + settings.dataDirectory);
        !good)
        return good.error();
    const Result<std::vector<pid_t>> others =
        serversOfOthers(canonical, {"mariadbd", "mysqld", programName(settings)}, recordFile);
    if (!others) return others.error();
    if (!others.value().empty())
        return Error{"start MariaDB on", settings.dataDirectory,
                     "a server that Dyad didn't start runs on it already, process " +
                         std::to_string(others.value().front()),
                     "Stop that one (mariadb-admin shutdown), and disable its start by the host"};
    if (cancelled) return Error{"start MariaDB on", settings.dataDirectory, "given up", {}};
    const std::string folder = std::filesystem::path(settings.socket).parent_path().string();
    // As Debian's package has it. A socket or pid file of a server that is gone is replaced by the next one.
    if (const Result<void> good = makeSocketDirectory(folder, user.value(), 0755); !good) return good.error();
    if (const Result<void> good = checkSocketIsFree(settings.socket); !good) return good.error();
    platform::ChildSetup setup{.command = mariadbCommand(settings)};
    setup.environment = childEnvironment(label, &user.value(), {});
    setup.user = std::move(user).value();
    return setup;
}

MariadbProbeSettings mariadbProbe(const model::MariadbSettings& settings) {
    MariadbProbeSettings probe;
    probe.socket = settings.socket;
    probe.account = settings.account.empty() ? settings.user : settings.account;
    probe.passwordFile = settings.passwordFile;
    probe.database = settings.probeDatabase;
    // An account that is known by the socket has the name of a user; one with a password needs none.
    Result<platform::UserAccount> user = platform::findUser(probe.account);
    if (!user) user = platform::findUser(settings.user);
    if (user) probe.asUser = std::move(user).value();
    return probe;
}

} // namespace

std::vector<std::string> mariadbCommand(const model::MariadbSettings& settings) {
    const std::filesystem::path pidFile = std::filesystem::path(settings.socket).replace_extension(".pid");
    std::vector<std::string> command{
        settings.program,
        settings.defaultsFile.empty() ? "--no-defaults" : "--defaults-file=" + settings.defaultsFile, // must be first
        "--datadir=" + settings.dataDirectory,
        "--socket=" + settings.socket,
        "--pid-file=" + pidFile.string(),
        "--port=" + std::to_string(settings.port),
        "--bind-address=" + settings.bindAddress,
        "--innodb-flush-log-at-trx-commit=1",
        "--innodb-doublewrite=ON",
        "--sync-binlog=1",
    };
    const std::string local = localAddress(settings);
    if (local != "127.0.0.1" && local != "::1") command.emplace_back("--max-connect-errors=4294967295");
    for (const std::string& option : settings.options)
        command.push_back("--" + option); // the administrator's word comes last and wins
    return command;
}

std::string mariadbProgress(const std::string& logLine) {
    static constexpr std::array known{
        ProgressWords{"InnoDB: Starting crash recovery", "recovery: "},
        ProgressWords{"InnoDB: Read redo log up to", "recovery: "},
        ProgressWords{"InnoDB: Multi-batch recovery needed", "recovery: "},
        ProgressWords{"InnoDB: To recover: ", "recovery: "},
        ProgressWords{"InnoDB: Starting final batch to recover", "recovery: "},
        ProgressWords{"InnoDB: Starting in background the rollback", "recovery: "},
        ProgressWords{"row operations to undo", "recovery: "},
        ProgressWords{"Aria engine: starting recovery", "recovery: "},
        ProgressWords{"Starting table crash recovery", "recovery: "},
        ProgressWords{"Can't lock aria control file", "waits: "}, // an earlier server's last write
        ProgressWords{"ready for connections", ""},
    };
    return progressIn(logLine, known);
}

ProcessPlan planMariadb(const model::MariadbSettings& settings, const std::string& group, const std::string& resource,
                        const Places& places) {
    ProcessPlan plan;
    plan.label = group + "/" + resource;
    plan.recordFile = places.record(group, resource);
    plan.logFile = places.log(group, resource);
    plan.traits.environmentMark = markOf(plan.label);
    // It works in its data directory. The path is compared as configured: resolving it could hang on a dead array.
    plan.traits.workingDirectory = plainDirectory(settings.dataDirectory);
    plan.traits.program = programName(settings);
    plan.prepare = [settings, label = plan.label, canonical = plan.traits.workingDirectory,
                    record = plan.recordFile](const Aside::Cancelled& cancelled) {
        return prepareMariadb(settings, label, canonical, record, cancelled);
    };
    plan.makeReadyProbe = [settings]() -> std::unique_ptr<ProbeRunner> {
        MariadbProbeSettings probe = mariadbProbe(settings);
        probe.refusedLoginIsWell = true;
        return std::make_unique<MariadbProbeRunner>(std::move(probe));
    };
    plan.progressOf = mariadbProgress;
    plan.makeHealthProbe = [settings, label = plan.label]() -> std::unique_ptr<ProbeRunner> {
        const auto* own = std::get_if<model::SqlProbe>(&settings.health.probe);
        if (own == nullptr) return makeProbe(settings.health.probe, label);
        if (settings.check == model::CheckDepth::Port)
            return std::make_unique<TcpProbeRunner>(model::TcpProbe{localAddress(settings), settings.port});
        MariadbProbeSettings probe = mariadbProbe(settings);
        probe.write = settings.check == model::CheckDepth::Write;
        return std::make_unique<MariadbProbeRunner>(std::move(probe));
    };
    plan.healthInterval = settings.health.interval;
    plan.healthTimeout = settings.health.timeout;
    plan.healthFailures = settings.health.failures;
    return plan;
}

} // namespace dyad::agents
