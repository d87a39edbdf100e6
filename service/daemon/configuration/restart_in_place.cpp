// SPDX-License-Identifier: Apache-2.0
#include "daemon/configuration/restart_in_place.h"

#include "platform/linux/file_descriptor.h"
#include "storage/lun_protocol.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <linux/close_range.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dyad::daemon {

namespace {

constexpr std::chrono::seconds collectInterval(10);
constexpr std::size_t maxInherited = 1024;

std::vector<std::string>& commandLine() {
    static std::vector<std::string> words;
    return words;
}

bool has(const model::Configuration& configuration, const std::string& lun) {
    return std::any_of(configuration.luns.begin(), configuration.luns.end(),
                       [&](const model::LunSetup& each) { return each.name == lun; });
}

} // namespace

void rememberCommandLine(int argc, char** argv) { commandLine().assign(argv, argv + argc); }

void restartInPlace(const std::string& program) {
    std::vector<char*> arguments;
    for (std::string& word : commandLine())
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC); // whatever a library may have opened
    ::execv(program.c_str(), arguments.data());
}

void letGoOfLuns(const model::Configuration& from, const model::Configuration& to, const std::string& runDirectory) {
    for (const model::LunSetup& lun : from.luns) {
        if (has(to, lun.name)) continue;
        const std::string path = runDirectory + "/lun/" + lun.name + "/control";
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (path.size() >= sizeof address.sun_path) continue;
        std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
        const platform::FileDescriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) continue;
        const std::vector<std::uint8_t> bytes = storage::encodeLunMessage(storage::LunQuit{});
        [[maybe_unused]] const ssize_t sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
}

InheritedChildren::InheritedChildren() {
    std::ifstream list("/proc/self/task/" + std::to_string(::getpid()) + "/children");
    for (int process = 0; m_children.size() < maxInherited && list >> process;)
        m_children.push_back({process});
    if (m_children.empty()) return;
    QObject::connect(&m_round, &QTimer::timeout, [this] { collect(); });
    m_round.start(collectInterval);
}

void InheritedChildren::collect() {
    std::erase_if(m_children, [](Child& child) {
        siginfo_t information{};
        if (::waitid(P_PID, static_cast<id_t>(child.process), &information, WEXITED | WNOHANG | WNOWAIT) != 0)
            return true; // collected by who supervised it
        if (information.si_pid == 0) return false; // lives
        if (!std::exchange(child.seenDead, true)) return false;
        return ::waitid(P_PID, static_cast<id_t>(child.process), &information, WEXITED | WNOHANG) == 0;
    });
    if (m_children.empty()) m_round.stop();
}

} // namespace dyad::daemon
