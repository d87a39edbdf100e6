// SPDX-License-Identifier: Apache-2.0
// The first process of a host: reaps, starts the service and starts it again when it dies, as an init system does.
#include "lab/host.h"

#include "lab/host_root.h"
#include "lab/isolation.h"
#include "lab/namespaces.h"
#include "lab/paths.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dyad::lab {

namespace {

constexpr Duration restartPause = 200ms;

pid_t startService(const std::string& program, int log) {
    const pid_t child = fork();
    if (child != 0) return child;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    setsid();
    dup2(log, 1);
    dup2(log, 2);
    // A reset of the host is the end of its first process; the machine is not touched.
    execl(program.c_str(), program.c_str(), "--self-fence", "reset", nullptr);
    std::perror(program.c_str());
    _exit(127);
}

Result<void> becomeHost(const std::string& host) {
    if (auto entered = enterNetwork(host); !entered) return entered;
    if (auto first =
            becomeFirstProcess("host-" + host, {.ipc = true, .hostName = true, .monotonicAhead = monotonicAhead(host)});
        !first)
        return first;
    if (sethostname(host.data(), host.size()) != 0) return Error{"name the host", host, errnoText(errno), ""};
    return moveIntoHostRoot(host);
}

timespec toTimespec(Duration duration) {
    return {static_cast<time_t>(duration.count() / 1'000'000'000), static_cast<long>(duration.count() % 1'000'000'000)};
}

} // namespace

int hostMain(const std::string& host) {
    // Seen from within its own root, the host knows neither its log nor the machine's folders: open them before.
    const std::string program = programPath("dyadd");
    const int log = open(serviceLogPath(host).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    const int disk = open(hostFolder(host).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (auto became = becomeHost(host); !became) {
        reportReady(became.error().text());
        return 1;
    }
    setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);

    sigset_t watched;
    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    sigaddset(&watched, SIGTERM);
    sigprocmask(SIG_BLOCK, &watched, nullptr);

    const auto serviceWanted = [&] {
        return faccessat(disk, "no-service", F_OK, 0) != 0 && access(program.c_str(), X_OK) == 0;
    };
    pid_t service = serviceWanted() ? startService(program, log) : 0;
    reportReady("");

    bool stopping = false;
    while (true) {
        // Woken by a child's end, by SIGTERM, or to start the service again.
        const timespec pause = toTimespec(restartPause);
        const int signal = sigtimedwait(&watched, nullptr, &pause);
        const bool paused = signal < 0 && errno == EAGAIN; // before waitpid() says in errno that there is no child
        if (signal == SIGTERM) {
            stopping = true;
            if (service > 0) kill(service, SIGTERM);
        }
        bool ended = false;
        for (pid_t child = waitpid(-1, nullptr, WNOHANG); child > 0; child = waitpid(-1, nullptr, WNOHANG))
            if (child == service) {
                service = 0;
                ended = true;
            }
        if (stopping && service == 0) return 0; // and with this process everything else on the host
        if (!stopping && service == 0 && !ended && paused && serviceWanted()) service = startService(program, log);
    }
}

} // namespace dyad::lab
