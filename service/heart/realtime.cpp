// SPDX-License-Identifier: Apache-2.0
#include "heart/realtime.h"

#include "heart/log.h"

#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace dyad::heart {

namespace {

constexpr int realtimePriority = 50; // above ordinary real-time work, below the kernel's watchdog threads

void refused(const char* what) { logLine("%s: %s (%d); going on without", what, std::strerror(errno), errno); }

} // namespace

void becomeHardToStop() {
    ::mallopt(M_TRIM_THRESHOLD, -1); // memory once had is kept
    ::mallopt(M_MMAP_MAX, 0);
    if (::mlockall(MCL_CURRENT | MCL_FUTURE) != 0) refused("memory can't be locked");

    sched_param parameters{};
    parameters.sched_priority = realtimePriority;
    // Children (there are none) would not inherit it.
    if (::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameters) != 0) refused("no real-time priority");

    const int score = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (score < 0 || ::write(score, "-1000", 5) != 5) refused("not spared by the out-of-memory killer");
    if (score >= 0) ::close(score);
}

} // namespace dyad::heart
