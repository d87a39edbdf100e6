// SPDX-License-Identifier: Apache-2.0
#include "platform/linux/disk_touch.h"

#include <cerrno>
#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/linux/system_error.h"

namespace dyad::platform {

namespace {

struct DiskReport {
    int step = 0;
    int number = 0;
    std::int64_t nanoseconds = 0;
};

// Reading past the cache wants its buffer on a block's border.
alignas(diskTouchBytes) char diskBuffer[diskTouchBytes];

std::int64_t clockNow() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

using DiskStep = DiskTouchEnd::Step;

[[noreturn]] void reportTouch(int to, DiskStep step, int number, std::int64_t nanoseconds = 0) {
    const DiskReport report{static_cast<int>(step), number, nanoseconds};
    [[maybe_unused]] const ssize_t written = ::write(to, &report, sizeof report);
    ::_exit(0);
}

// In the child: system calls only, because another thread of ours may have held any lock at the moment of the fork.
[[noreturn]] void touch(int to, const char* path, bool write) {
    ::setsid();
    // What is ours is closed: a child that hangs must not keep our locks and connections.
    if (to != 3 && ::dup3(to, 3, O_CLOEXEC) < 0) ::_exit(1);
    to = 3;
    ::close(0);
    ::close(1);
    ::close(2);
    ::syscall(SYS_close_range, 4U, ~0U, 0U);
    const int flags = O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (write ? O_RDWR | O_CREAT | O_NOFOLLOW : O_RDONLY);
    int file = ::open(path, flags | O_DIRECT, 0600);
    if (file < 0 && errno == EINVAL) file = ::open(path, flags, 0600); // no such thing on this filesystem
    if (file < 0) reportTouch(to, DiskStep::Open, errno);
    struct stat status {};
    if (::fstat(file, &status) != 0) reportTouch(to, DiskStep::Look, errno);
    if (write && (!S_ISREG(status.st_mode) || status.st_nlink != 1 || status.st_uid != ::geteuid()))
        reportTouch(to, DiskStep::Look, EEXIST); // somebody else's
    if (!write && !S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) reportTouch(to, DiskStep::Look, EINVAL);
    const std::int64_t began = clockNow();
    if (!write) {
        ::posix_fadvise(file, 0, static_cast<off_t>(diskTouchBytes), POSIX_FADV_DONTNEED);
        if (::pread(file, diskBuffer, diskTouchBytes, 0) < 0) reportTouch(to, DiskStep::Read, errno);
        reportTouch(to, DiskStep::Done, 0, clockNow() - began);
    }
    const ssize_t written = ::pwrite(file, diskBuffer, diskTouchBytes, 0);
    if (written != static_cast<ssize_t>(diskTouchBytes)) reportTouch(to, DiskStep::Write, written < 0 ? errno : ENOSPC);
    if (::fdatasync(file) != 0) reportTouch(to, DiskStep::Sync, errno);
    reportTouch(to, DiskStep::Done, 0, clockNow() - began);
}

} // namespace

const char* toText(DiskTouchEnd::Step step) {
    switch (step) {
    case DiskStep::Open: return "open";
    case DiskStep::Look: return "use";
    case DiskStep::Write: return "write";
    case DiskStep::Sync: return "sync";
    case DiskStep::Read: return "read";
    case DiskStep::Done: return "touch";
    }
    return "touch";
}

Result<DiskTouch> touchDisk(const std::string& path, bool write) {
    const std::string file = write ? path + "/" + diskTouchFile : path;
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return systemError("make", "a pipe", errno);
    DiskTouch made;
    made.report.reset(ends[0]);
    const FileDescriptor to(ends[1]);
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all); // no handler of ours runs in the child
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t pid = ::fork();
    if (pid == 0) touch(to.get(), file.c_str(), write);
    const int failed = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (pid < 0) return systemError("fork for", file, failed);
    made.pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!made.pidfd.valid()) {
        const int number = errno;
        ::kill(pid, SIGKILL); // still ours: nobody has collected it
        return systemError("open the process of", file, number);
    }
    return made;
}

std::optional<DiskTouchEnd> endOf(const DiskTouch& touch) {
    DiskReport report;
    if (::read(touch.report.get(), &report, sizeof report) != static_cast<ssize_t>(sizeof report)) return {};
    return DiskTouchEnd{static_cast<DiskStep>(report.step), report.number,
                        std::chrono::nanoseconds(report.nanoseconds)};
}

} // namespace dyad::platform
