// SPDX-License-Identifier: Apache-2.0
// Time in Dyad: an Instant is a point on the host's monotonic clock (CLOCK_MONOTONIC on Linux), a Duration the
// distance of two. The wall clock appears only where a person reads it.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>

namespace dyad {

using Duration = std::chrono::nanoseconds;
using namespace std::chrono_literals;

class Instant {
public:
    constexpr Instant() = default;
    static constexpr Instant fromNanoseconds(std::int64_t nanoseconds) {
        Instant instant;
        instant.m_sinceOrigin = Duration(nanoseconds);
        return instant;
    }
    [[nodiscard]] constexpr std::int64_t nanoseconds() const { return m_sinceOrigin.count(); }

    constexpr auto operator<=>(const Instant&) const = default;
    friend constexpr Instant operator+(Instant instant, Duration by) {
        return fromNanoseconds((instant.m_sinceOrigin + by).count());
    }
    friend constexpr Instant operator-(Instant instant, Duration by) {
        return fromNanoseconds((instant.m_sinceOrigin - by).count());
    }
    friend constexpr Duration operator-(Instant later, Instant earlier) {
        return later.m_sinceOrigin - earlier.m_sinceOrigin;
    }

private:
    Duration m_sinceOrigin{0};
};

[[nodiscard]] constexpr double milliseconds(Duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

// For timers that know no less than a millisecond: never early.
[[nodiscard]] constexpr std::chrono::milliseconds wholeMilliseconds(Duration duration) {
    return std::chrono::ceil<std::chrono::milliseconds>(duration);
}

// "162 ms", "1.5 s": for people.
[[nodiscard]] std::string toText(Duration duration);
// How long something has lasted, also for people: "4.2 s", "38 min", "3 h 12 min", "2 days 3 h".
[[nodiscard]] std::string age(Duration duration);

} // namespace dyad
