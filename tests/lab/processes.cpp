// SPDX-License-Identifier: Apache-2.0
#include "lab/processes.h"

#include "lab/command.h"
#include "lab/paths.h"

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>

namespace dyad::lab {

namespace {
std::string recordPath(const std::string& name) { return stateFolder() + "/processes/" + name; }
} // namespace

std::optional<ProcessRecord> recordOf(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    if (!std::getline(file, line)) return std::nullopt;
    const auto afterName = line.rfind(')');
    if (afterName == std::string::npos) return std::nullopt;
    std::istringstream fields(line.substr(afterName + 1));
    std::string word;
    fields >> word;
    if (word == "Z" || word == "X") return std::nullopt;
    for (int field = 4; field <= 22; ++field)
        fields >> word;
    return ProcessRecord{pid, std::stoull(word)};
}

bool isAlive(const ProcessRecord& record) {
    const auto now = recordOf(record.pid);
    return now && now->startTicks == record.startTicks;
}

Result<void> writeRecord(const std::string& name, const ProcessRecord& record) {
    std::error_code error;
    std::filesystem::create_directories(stateFolder() + "/processes", error);
    std::ofstream file(recordPath(name), std::ios::trunc);
    file << record.pid << ' ' << record.startTicks << '\n';
    file.close();
    if (!file) return Error{"write the process record", recordPath(name), errnoText(errno), ""};
    return {};
}

std::optional<ProcessRecord> readRecord(const std::string& name) {
    std::ifstream file(recordPath(name));
    ProcessRecord record;
    if (!(file >> record.pid >> record.startTicks)) return std::nullopt;
    return record;
}

void removeRecord(const std::string& name) {
    std::error_code error;
    std::filesystem::remove(recordPath(name), error);
}

std::vector<std::string> recordedNames() {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(stateFolder() + "/processes", error))
        names.push_back(entry.path().filename().string());
    return names;
}

Result<void> killAndWait(const ProcessRecord& record, Duration deadline) {
    if (!isAlive(record)) return {};
    if (kill(record.pid, SIGKILL) != 0 && errno != ESRCH)
        return Error{"kill process", std::to_string(record.pid), errnoText(errno), ""};
    const auto until = std::chrono::steady_clock::now() + deadline;
    while (isAlive(record)) {
        if (std::chrono::steady_clock::now() > until)
            return Error{"kill process", std::to_string(record.pid), "still there after " + toText(deadline),
                         "Look at /proc/" + std::to_string(record.pid) + "/stack"};
        std::this_thread::sleep_for(1ms);
    }
    waitpid(record.pid, nullptr, WNOHANG); // where it was this process's to reap
    return {};
}

std::string programNameOf(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
    std::string name;
    std::getline(file, name);
    return name;
}

std::vector<pid_t> processesBelow(const ProcessRecord& init) {
    std::vector<pid_t> found;
    if (!isAlive(init)) return found;
    struct stat wanted {};
    if (stat(("/proc/" + std::to_string(init.pid) + "/ns/pid").c_str(), &wanted) != 0) return found;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
        const std::string name = entry.path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        struct stat its {};
        if (stat(("/proc/" + name + "/ns/pid").c_str(), &its) == 0 && its.st_ino == wanted.st_ino &&
            its.st_dev == wanted.st_dev)
            found.push_back(static_cast<pid_t>(std::stol(name)));
    }
    return found;
}

} // namespace dyad::lab
