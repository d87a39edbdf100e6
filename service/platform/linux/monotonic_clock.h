// SPDX-License-Identifier: Apache-2.0
// The two clocks of the host. Only the monotonic one may decide anything; the wall clock is for people.
#pragma once

#include <cstdint>
#include <ctime>

#include "base/time.h"

namespace dyad::platform {

// CLOCK_MONOTONIC: doesn't jump, stands still while the host is suspended.
[[nodiscard]] inline Instant readClock(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return Instant::fromNanoseconds(std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec);
}

[[nodiscard]] inline Instant monotonicNow() { return readClock(CLOCK_MONOTONIC); }
// Goes on while the host is suspended.
[[nodiscard]] inline Instant monotonicWithSuspend() { return readClock(CLOCK_BOOTTIME); }

// Milliseconds since 1970, UTC.
[[nodiscard]] inline std::int64_t wallClockMs() {
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    return std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
}

} // namespace dyad::platform
