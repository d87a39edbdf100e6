// SPDX-License-Identifier: Apache-2.0
#include "lab/host.h"

#include "lab/namespaces.h"
#include "lab/network.h"
#include "lab/paths.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <sys/wait.h>
#include <thread>

namespace dyad::lab {

namespace {

std::string recordName(const std::string& host) { return "host-" + host; }

// What programs on a host expect below /etc. Copied, because the host must not see the machine's later changes.
constexpr const char* copiedFromEtc[] = {"passwd",          "group",       "shadow",
                                         "nsswitch.conf",   "ld.so.cache", "ld.so.conf",
                                         "ld.so.conf.d",    "localtime",   "timezone",
                                         "alternatives",    "login.defs",  "security",
                                         "pam.d",           "protocols",   "services",
                                         "mke2fs.conf",     "fuse.conf",   "gai.conf",
                                         "host.conf",       "locale.conf", "postgresql-common",
                                         "ssl/openssl.cnf", "ssl/certs"};

} // namespace

std::string otherHost(const std::string& host) { return host == "alpha" ? "beta" : "alpha"; }
std::string journalPath(const std::string& host) { return hostFolder(host) + "/var-lib/dyad/events.jsonl"; }
std::string serviceLogPath(const std::string& host) { return hostFolder(host) + "/dyadd.log"; }

Instant monotonicNow() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return Instant::fromNanoseconds(std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec);
}

Result<void> makeHostDisk(const std::string& host) {
    namespace fs = std::filesystem;
    const fs::path disk = hostFolder(host);
    std::error_code error;
    for (const char* folder : {"root", "etc/dyad/tls", "etc/ssl", "var-lib/dyad"})
        fs::create_directories(disk / folder, error);
    if (error) return Error{"make the disk of", host, error.message(), ""};
    for (const char* name : copiedFromEtc) {
        const fs::path from = fs::path("/etc") / name;
        if (!fs::exists(from, error)) continue;
        fs::copy(from, disk / "etc" / name, fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
    }
    std::ofstream(disk / "etc/hostname") << host << '\n';
    std::ofstream(disk / "etc/hosts") << "127.0.0.1 localhost\n10.77.1.1 alpha\n10.77.1.2 beta\n";
    fs::create_symlink("../proc/self/mounts", disk / "etc/mtab", error);
    return {};
}

void setServiceWanted(const std::string& host, bool wanted) {
    const std::string marker = hostFolder(host) + "/no-service";
    std::error_code error;
    if (wanted)
        std::filesystem::remove(marker, error);
    else
        std::ofstream(marker).close();
}

namespace {
std::string monotonicAheadPath(const std::string& host) { return hostFolder(host) + "/monotonic_ahead_s"; }
} // namespace

Result<void> setMonotonicAhead(const std::string& host, Duration ahead) {
    std::ofstream file(monotonicAheadPath(host), std::ios::trunc);
    file << std::chrono::duration_cast<std::chrono::seconds>(ahead).count() << '\n' << std::flush;
    if (!file) return Error{"write", monotonicAheadPath(host), errnoText(errno), ""};
    return {};
}

Duration monotonicAhead(const std::string& host) {
    std::ifstream file(monotonicAheadPath(host));
    long seconds = 0;
    return file >> seconds ? Duration(std::chrono::seconds(seconds)) : Duration(0);
}

std::optional<ProcessRecord> firstProcess(const std::string& host) {
    const auto record = readRecord(recordName(host));
    if (!record || !isAlive(*record)) return std::nullopt;
    return record;
}

namespace {

// Hosts whose cables are out and whose processes are being killed. A namespace outlives them by a moment, on a busy
// machine by a second; what is configured in it acts on nothing any more.
std::mutex goingDownLock;
std::set<std::string> goingDown;

class GoingDown {
public:
    explicit GoingDown(const std::string& host) : m_host(host) {
        const std::lock_guard lock(goingDownLock);
        goingDown.insert(m_host);
    }
    ~GoingDown() {
        const std::lock_guard lock(goingDownLock);
        goingDown.erase(m_host);
    }
    GoingDown(const GoingDown&) = delete;
    GoingDown& operator=(const GoingDown&) = delete;

private:
    std::string m_host;
};

} // namespace

bool isOn(const std::string& host) {
    {
        const std::lock_guard lock(goingDownLock);
        if (goingDown.count(host) != 0) return false;
    }
    return firstProcess(host).has_value();
}

Result<void> powerOn(const std::string& host) {
    if (isOn(host)) return {};
    if (auto connected = connectHost(host); !connected) return connected;
    return startDetached({"internal", "host", host}, hostFolder(host) + "/console.log", 15s);
}

namespace {

// The processes that serve the LUNs die before the host does. A mount namespace unmounts what is in it when its last
// process ends; were that the one that serves the disk, it would wait for its own answer for ever.
Result<void> killDataPath(const ProcessRecord& host) {
    for (const pid_t pid : processesBelow(host)) {
        if (programNameOf(pid) != "dyad-lun") continue;
        if (const auto server = recordOf(pid))
            if (auto killed = killAndWait(*server); !killed) return killed;
    }
    return {};
}

} // namespace

Result<Instant> powerOff(const std::string& host) {
    const auto record = firstProcess(host);
    const Instant at = monotonicNow();
    if (record) {
        if (auto cut = setCables(portsOf(host), false); !cut) return cut.error();
        const GoingDown mark(host);
        if (auto gone = killDataPath(*record); !gone) return gone.error();
        if (auto killed = killAndWait(*record); !killed) return killed.error();
    }
    removeRecord(recordName(host));
    disconnectHost(host);
    return at;
}

Result<void> shutDown(const std::string& host, Duration deadline) {
    const auto record = firstProcess(host);
    if (!record) return {};
    kill(record->pid, SIGTERM);
    const auto until = std::chrono::steady_clock::now() + deadline;
    while (isAlive(*record)) {
        if (std::chrono::steady_clock::now() > until)
            return Error{"shut down", host, "the service still runs after " + toText(deadline),
                         "See " + serviceLogPath(host)};
        std::this_thread::sleep_for(5ms);
    }
    waitpid(record->pid, nullptr, WNOHANG); // where it was this process's to reap
    removeRecord(recordName(host));
    disconnectHost(host);
    return {};
}

Result<void> setFrozen(const std::string& host, bool frozen) {
    const auto record = firstProcess(host);
    if (!record) return Error{"freeze", host, "the host is off", ""};
    // Twice: what was forked while the first round went on is caught by the second.
    for (int round = 0; round < 2; ++round)
        for (const pid_t pid : processesBelow(*record))
            kill(pid, frozen ? SIGSTOP : SIGCONT);
    return {};
}

Result<void> freeze(const std::string& host, Duration howLong) {
    if (auto frozen = setFrozen(host, true); !frozen) return frozen;
    std::this_thread::sleep_for(howLong);
    return setFrozen(host, false);
}

Result<std::vector<std::string>> insideHost(const std::string& host, const std::vector<std::string>& command) {
    const auto record = firstProcess(host);
    if (!record) return Error{"run a program in", host, "the host is off", "Power it on: dyad-lab poweron " + host};
    std::vector<std::string> whole{"nsenter", "-t", std::to_string(record->pid), "-m", "-u", "-i", "-n", "-p", "-T",
                                   "-r", "-W/", "--",
                                   // The programs of this build are found by their names.
                                   "env", "PATH=" + programFolder() + ":/usr/sbin:/usr/bin:/sbin:/bin"};
    whole.insert(whole.end(), command.begin(), command.end());
    return whole;
}

Result<CommandOutput> runInHost(const std::string& host, const std::vector<std::string>& command,
                                const CommandOptions& options) {
    auto whole = insideHost(host, command);
    if (!whole) return whole.error();
    return run(whole.value(), options);
}

std::vector<pid_t> findInHost(const std::string& host, const std::string& program) {
    std::vector<pid_t> found;
    const auto record = firstProcess(host);
    if (!record) return found;
    for (const pid_t pid : processesBelow(*record))
        if (programNameOf(pid) == program.substr(0, 15) && recordOf(pid)) found.push_back(pid);
    return found;
}

pid_t oldestInHost(const std::string& host, const std::string& program) {
    const auto processes = findInHost(host, program);
    return processes.empty() ? 0 : *std::min_element(processes.begin(), processes.end());
}

} // namespace dyad::lab
