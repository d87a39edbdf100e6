// SPDX-License-Identifier: Apache-2.0
#include "campaign/child.h"

#include "campaign/failure_record.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dyad::simulator {

pid_t startChild(const std::function<int()>& body, int* words) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    std::fflush(nullptr);
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child != 0) {
        close(ends[1]);
        if (child < 0)
            close(ends[0]);
        else
            *words = ends[0];
        return child;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    dup2(ends[1], STDERR_FILENO);
    const int status = body();
    std::fflush(nullptr);
    _exit(status);
}

bool readWords(int words, std::string& kept) {
    char bytes[4096];
    for (;;) {
        const ssize_t count = read(words, bytes, sizeof bytes);
        if (count == 0) return false;
        if (count < 0) return errno == EAGAIN || errno == EINTR;
        const std::size_t room = maxWordsBytes - std::min(maxWordsBytes, kept.size());
        kept.append(bytes, std::min(room, static_cast<std::size_t>(count)));
    }
}

namespace {

using WallClock = std::chrono::steady_clock;

// Until the child's standard error ends, which it does when the child ends; true if that took too long.
bool listen(pid_t child, int words, std::string& kept, Duration deadline) {
    const WallClock::time_point until = WallClock::now() + deadline;
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - WallClock::now()).count();
        if (left <= 0) {
            kill(child, SIGKILL);
            return true;
        }
        pollfd waiting{words, POLLIN, 0};
        poll(&waiting, 1, static_cast<int>(std::min<long long>(left, 1000)));
        if (!readWords(words, kept)) return false;
    }
}

} // namespace

Failure liveInChild(const Lives& lives, const Plan& plan, Duration deadline) {
    int ends[2];
    Failure failure{.seed = plan.seed, .ending = Ending::Crash, .checker = "no child", .what = "fork or pipe failed"};
    if (pipe2(ends, O_CLOEXEC) != 0) return failure;
    int words = -1;
    const pid_t child = startChild(
        [&] {
            const Verdict verdict = lives.live(plan, nullptr);
            const Failure seen{plan.seed, endingOf(verdict.kind), verdict.checker, verdict.what};
            return writeFailure(ends[1], seen) ? 0 : 1;
        },
        &words);
    close(ends[1]);
    if (child > 0) {
        std::string kept;
        const bool hung = listen(child, words, kept, deadline);
        int status = 0;
        waitpid(child, &status, 0);
        close(words);
        FailureReader reader;
        reader.read(ends[0], [&](Failure&& seen) { failure = std::move(seen); });
        if (hung || status != 0) failure = crashOf(plan.seed, status, hung, kept);
    }
    close(ends[0]);
    return failure;
}

} // namespace dyad::simulator
