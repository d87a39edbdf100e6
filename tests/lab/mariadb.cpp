// SPDX-License-Identifier: Apache-2.0
#include "lab/mariadb.h"

#include "lab/host.h"
#include "lab/pair.h"
#include "lab/paths.h"

#include <fstream>
#include <sstream>
#include <thread>

namespace dyad::lab {

namespace {

constexpr Duration installDeadline = 120s;
constexpr Duration answerDeadline = 90s;
constexpr Duration answerPause = 20ms;

// Small: the log and the buffers of a fresh server are 100 MiB otherwise.
constexpr const char* shopTable = R"(
[[group.resource]]
name = "shop"
type = "mariadb"
data = "/srv/erp/mysql"
user = "nobody"
options = ["innodb_buffer_pool_size=16M", "innodb_log_file_size=8M", "performance_schema=0", "skip-name-resolve"]
check = "write"
health = { interval_ms = 2000, timeout_ms = 2000, failures = 3 }
)";

Result<void> doneWell(const std::string& what, const std::string& host, const Result<CommandOutput>& told) {
    if (!told) return told.error();
    if (told.value().exitStatus == 0) return {};
    return Error{what, "on " + host, told.value().text, ""};
}

} // namespace

Result<void> makeMariadb(const std::string& host, const std::string& folder) {
    const std::string user = mariadbUser;
    const std::string script = "install -d -o " + user + " -g " + mariadbGroup + " -m 700 " + folder +
                               " && cd / && mariadb-install-db --no-defaults --user=" + user + " --datadir=" + folder +
                               " --auth-root-authentication-method=socket --auth-root-socket-user=" + user +
                               " --skip-test-db --innodb-log-file-size=8M && sync -f " + folder;
    return doneWell("make a database in " + folder, host,
                    runInHost(host, {"sh", "-c", script}, {.deadline = installDeadline}));
}

Result<void> addMariadb(const std::string& host, const std::string& furtherKeys) {
    if (auto made = makeMariadb(host, "/srv/erp/mysql"); !made) return made;
    const std::string folder = hostFolder(host) + "/etc/dyad/";
    std::ostringstream text;
    text << std::ifstream(folder + "dyad.toml").rdbuf() << shopTable << furtherKeys;
    std::ofstream(folder + "offered.toml", std::ios::trunc) << text.str();
    if (auto applied = dyadOn(host, {"config", "apply", "/etc/dyad/offered.toml", "--yes"}, answerDeadline); !applied)
        return applied.error();
    const Instant began = monotonicNow();
    while (true) {
        const Result<void> answers = doneWell("ask MariaDB", host, askMariadb(host, mariadbSocket, "select 1"));
        if (answers || monotonicNow() - began > answerDeadline) return answers;
        std::this_thread::sleep_for(answerPause);
    }
}

Result<CommandOutput> askMariadb(const std::string& host, const std::string& socket, const std::string& statement) {
    return runInHost(host, {"mariadb", "--no-defaults", "-u", "root", "-S", socket, "-N", "-B", "-e", statement});
}

} // namespace dyad::lab
