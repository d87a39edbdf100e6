// SPDX-License-Identifier: Apache-2.0
#include "lab/isolation.h"

#include "lab/command.h"
#include "lab/processes.h"

#include <cerrno>
#include <fstream>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

namespace dyad::lab {

Result<void> becomeFirstProcess(const std::string& record, const Isolation& isolation) {
    int flags = CLONE_NEWPID | CLONE_NEWNS;
    if (isolation.ipc) flags |= CLONE_NEWIPC;
    if (isolation.hostName) flags |= CLONE_NEWUTS;
    if (isolation.monotonicAhead != Duration(0)) flags |= CLONE_NEWTIME;
    if (unshare(flags) != 0) return Error{"make namespaces for", record, errnoText(errno), "Is this run as root?"};
    // Counts for the children of this process; the kernel takes it only before there is one.
    if (isolation.monotonicAhead != Duration(0)) {
        const auto seconds =
            std::to_string(std::chrono::duration_cast<std::chrono::seconds>(isolation.monotonicAhead).count());
        std::ofstream offsets("/proc/self/timens_offsets");
        offsets << "monotonic " << seconds << " 0\nboottime " << seconds << " 0\n" << std::flush;
        if (!offsets) return Error{"move the monotonic clock of", record, errnoText(errno), ""};
    }
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return Error{"keep the mounts private of", record, errnoText(errno), ""};
    int recorded[2];
    if (pipe(recorded) != 0) return Error{"make a pipe", "", errnoText(errno), ""};
    const pid_t child = fork();
    if (child < 0) return Error{"fork", record, errnoText(errno), ""};
    if (child > 0) {
        // Only from here is the child's number the machine's. It does nothing before it is on record.
        const auto living = recordOf(child);
        const bool written = living && writeRecord(record, *living).ok();
        const char verdict = written ? '+' : '-';
        [[maybe_unused]] const auto told = write(recorded[1], &verdict, 1);
        _exit(written ? 0 : 1);
    }
    close(recorded[1]);
    char verdict = '-';
    if (read(recorded[0], &verdict, 1) != 1 || verdict != '+') _exit(1);
    close(recorded[0]);
    return {};
}

} // namespace dyad::lab
