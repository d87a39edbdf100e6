// SPDX-License-Identifier: Apache-2.0
#include "heart/launcher.h"

#include "base/errno_text.h"
#include "heart/board.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

namespace dyad::heart {

namespace {

std::optional<ProcessIdentity> readPidFile(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return std::nullopt;
    char text[64];
    const ssize_t got = ::read(file, text, sizeof text - 1);
    ::close(file);
    if (got <= 0) return std::nullopt;
    text[got] = '\0';
    int process = 0;
    unsigned long long start = 0;
    if (std::sscanf(text, "%d %llu", &process, &start) != 2) return std::nullopt;
    return ProcessIdentity{process, start};
}

int openLog(const std::string& path) {
    struct stat status {};
    const bool tooLong = ::stat(path.c_str(), &status) == 0 && status.st_size > maxLogBytes;
    const int log =
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | (tooLong ? O_TRUNC : 0), 0600);
    return log >= 0 ? log : ::open("/dev/null", O_WRONLY | O_CLOEXEC);
}

// Between fork and exec only what signal-safety(7) allows.
[[noreturn]] void becomeHeart(const char* program, char* const* arguments, int log, int toParent) {
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, 0);
    ::dup2(log, 1);
    ::dup2(log, 2);
    ::syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    if (::chdir("/") == 0) ::execv(program, arguments);
    const int why = errno;
    [[maybe_unused]] const ssize_t told = ::write(toParent, &why, sizeof why);
    ::_exit(127);
}

} // namespace

std::optional<LivingHeart> findHeart(const std::string& runDirectory) {
    const std::optional<ProcessIdentity> process = readPidFile(pidPath(runDirectory));
    if (!process || !isLiving(*process)) return std::nullopt;
    LivingHeart living{*process, {}, 0};
    if (const std::optional<BoardHeader> header = Board::peek(boardPath(runDirectory));
        header && ProcessIdentity{header->processId, header->processStart} == *process) {
        living.boot = model::BootDigest(header->boot);
        living.settingsDigest = header->settingsDigest;
    }
    return living;
}

Result<void> startHeart(const std::string& program, const std::string& runDirectory) {
    std::string name = "dyad-heart";
    std::string option = "--settings";
    std::string settings = settingsPath(runDirectory);
    char* const arguments[] = {name.data(), option.data(), settings.data(), nullptr};
    int pipe[2];
    if (::pipe2(pipe, O_CLOEXEC) != 0) return Error{"start", program, errnoText(errno), ""};
    const int log = openLog(logPath(runDirectory));

    const pid_t middle = ::fork();
    if (middle == 0) {
        ::setsid();
        const pid_t heart = ::fork();
        if (heart == 0) becomeHeart(program.c_str(), arguments, log, pipe[1]);
        if (heart < 0) {
            const int why = errno;
            [[maybe_unused]] const ssize_t told = ::write(pipe[1], &why, sizeof why);
        }
        ::_exit(0);
    }
    const int forkTrouble = middle < 0 ? errno : 0;
    ::close(pipe[1]);
    ::close(log);
    int trouble = forkTrouble;
    if (middle > 0) {
        while (::waitpid(middle, nullptr, 0) < 0 && errno == EINTR) {
        }
        // Ends at once: the pipe closes with exec, or brings the reason why there was none.
        while (::read(pipe[0], &trouble, sizeof trouble) < 0 && errno == EINTR) {
        }
    }
    ::close(pipe[0]);
    if (trouble != 0) return Error{"start", program, errnoText(trouble), "Is the installation complete?"};
    return {};
}

} // namespace dyad::heart
