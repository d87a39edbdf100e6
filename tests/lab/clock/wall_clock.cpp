// SPDX-License-Identifier: Apache-2.0
// A wall clock that can be moved for the programs of one host. The kernel has no time namespace for the time of day, so
// this library stands before the C library's (a host's /etc/ld.so.preload names it) and adds what it reads in the
// host's file. What the kernel itself stamps or waits for is not moved, nor are the monotonic clocks.
#include <atomic>
#include <cstdint>
#include <ctime>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

namespace {

constexpr const char* offsetFile = "/etc/dyad-lab.clock";
constexpr std::int64_t nanosecondsPerSecond = 1'000'000'000;

std::int64_t offset() {
    static const std::atomic<std::int64_t>* const shared = [] {
        const int file = open(offsetFile, O_RDONLY | O_CLOEXEC);
        if (file < 0) return static_cast<const std::atomic<std::int64_t>*>(nullptr);
        void* page = mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, file, 0);
        close(file);
        return page == MAP_FAILED ? nullptr : static_cast<const std::atomic<std::int64_t>*>(page);
    }();
    return shared == nullptr ? 0 : shared->load(std::memory_order_relaxed);
}

void move(timespec& time) {
    const std::int64_t whole = time.tv_sec * nanosecondsPerSecond + time.tv_nsec + offset();
    time.tv_sec = whole / nanosecondsPerSecond;
    time.tv_nsec = whole % nanosecondsPerSecond;
}

using ClockGettime = int (*)(clockid_t, timespec*);
int original(clockid_t clock, timespec* time) {
    static const auto next = reinterpret_cast<ClockGettime>(dlsym(RTLD_NEXT, "clock_gettime"));
    if (next != nullptr) return next(clock, time);
    return static_cast<int>(syscall(SYS_clock_gettime, clock, time));
}

} // namespace

extern "C" {

// The C library declares these with exceptions ruled out and some arguments never null; so do we.
__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, timespec* time) noexcept {
    const int status = original(clock, time);
    if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) move(*time);
    return status;
}

__attribute__((visibility("default"))) int gettimeofday(timeval* time, void*) noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

__attribute__((visibility("default"))) time_t time(time_t* result) noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    if (result != nullptr) *result = now.tv_sec;
    return now.tv_sec;
}

} // extern "C"
