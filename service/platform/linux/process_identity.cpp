// SPDX-License-Identifier: Apache-2.0
#include "platform/linux/process_identity.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <poll.h>
#include <string_view>
#include <sys/syscall.h>

#include "platform/linux/system_error.h"

namespace dyad::platform {
namespace {

constexpr std::size_t maxStatBytes = 1024; // the longest line that proc(5) describes is about half of it

Result<std::string> readSmallFile(const std::string& path) {
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) return systemError("read", path, errno);
    std::array<char, maxStatBytes> buffer{};
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0) return systemError("read", path, errno);
    return std::string(buffer.data(), static_cast<std::size_t>(count));
}

// Takes the next word off the front of `text`.
std::string_view nextWord(std::string_view& text) {
    const std::size_t begin = text.find_first_not_of(" \n");
    if (begin == std::string_view::npos) return text = {};
    std::size_t end = text.find_first_of(" \n", begin);
    if (end == std::string_view::npos) end = text.size();
    const std::string_view word = text.substr(begin, end - begin);
    text.remove_prefix(end);
    return word;
}

template <typename Number>
bool parse(std::string_view word, Number& number) {
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    return error == std::errc{} && end == word.data() + word.size();
}

} // namespace

Result<ProcessStat> readProcessStat(pid_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/stat";
    const Result<std::string> line = readSmallFile(path);
    if (!line) return line.error();
    // The second field is the program's name in brackets and may itself hold blanks and brackets: go on after the last.
    const std::size_t nameEnd = line.value().rfind(')');
    if (nameEnd == std::string::npos) return Error{"read", path, "the line has no program name", {}};
    std::string_view rest = std::string_view(line.value()).substr(nameEnd + 1);

    ProcessStat stat;
    const std::size_t nameBegin = line.value().find('(');
    if (nameBegin < nameEnd) stat.name = line.value().substr(nameBegin + 1, nameEnd - nameBegin - 1);
    const std::string_view state = nextWord(rest);                       // field 3
    bool good = state.size() == 1 && parse(nextWord(rest), stat.parent); // 4
    nextWord(rest);                                                      // 5, process group
    good = good && parse(nextWord(rest), stat.session);                  // 6
    for (int field = 7; field < 22; ++field)
        nextWord(rest);
    good = good && parse(nextWord(rest), stat.startTime);
    if (!good) return Error{"read", path, "fields 3 to 22 are not as proc(5) says", {}};
    stat.state = state.front();
    return stat;
}

Result<ProcessIdentity> identityOf(pid_t pid) {
    const Result<ProcessStat> stat = readProcessStat(pid);
    if (!stat) return stat.error();
    return ProcessIdentity{pid, stat.value().startTime};
}

Result<FileDescriptor> openProcess(const ProcessIdentity& identity) {
    const std::string who = "process " + std::to_string(identity.pid);
    if (identity.pid <= 0) return Error{"open", who, "no valid process number", {}};
    FileDescriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, identity.pid, 0)));
    if (!pidfd.valid()) return systemError("open", who, errno);
    // Open first, compare then: what the descriptor refers to can't change any more.
    const Result<ProcessStat> stat = readProcessStat(identity.pid);
    if (!stat) return stat.error();
    if (stat.value().startTime != identity.startTime)
        return Error{"open", who, "the number belongs to another process now", {}};
    // Its first thread may be a zombie while others go on, or are still leaving with its files and sockets.
    if (hasEnded(pidfd)) return systemError("open", who, ESRCH);
    return pidfd;
}

Result<void> sendSignal(const FileDescriptor& pidfd, int signal) {
    if (::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0) == 0 || errno == ESRCH) return {};
    return systemError("send signal", std::to_string(signal), errno);
}

bool hasEnded(const FileDescriptor& pidfd) {
    pollfd wanted{pidfd.get(), POLLIN, 0};
    return ::poll(&wanted, 1, 0) == 1 && (wanted.revents & POLLIN) != 0;
}

Result<void> writeIdentity(const std::string& path, const ProcessIdentity& identity) {
    const std::string text = std::to_string(identity.pid) + " " + std::to_string(identity.startTime) + "\n";
    const std::string draft = path + ".new";
    FileDescriptor file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!file.valid()) return systemError("write", draft, errno);
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written != static_cast<ssize_t>(text.size())) return systemError("write", draft, written < 0 ? errno : ENOSPC);
    if (::rename(draft.c_str(), path.c_str()) != 0) return systemError("write", path, errno);
    return {};
}

Result<ProcessIdentity> readIdentity(const std::string& path) {
    const Result<std::string> text = readSmallFile(path);
    if (!text) return text.error();
    std::string_view rest = text.value();
    ProcessIdentity identity;
    if (!parse(nextWord(rest), identity.pid) || !parse(nextWord(rest), identity.startTime) || identity.pid <= 0)
        return Error{"read", path, "the line is not \"PID STARTTIME\"", {}};
    return identity;
}

} // namespace dyad::platform
