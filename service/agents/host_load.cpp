// SPDX-License-Identifier: Apache-2.0
#include "agents/host_load.h"

#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <unistd.h>

#include "platform/linux/file_descriptor.h"
#include "platform/linux/monotonic_clock.h"

namespace dyad::agents {

namespace {

constexpr int beatsPerTimeout = 8;
constexpr Duration shortestBeat = 10ms;
constexpr int latePart = 4;               // our own clock rang later than this part of the time-out
constexpr std::uint64_t busyPercent = 90; // of the time some process waited for a processor

} // namespace

HostLoad::HostLoad(std::string pressureFile) : m_pressureFile(std::move(pressureFile)), m_timer([this] { tick(); }) {}

void HostLoad::begin(Duration timeout) {
    m_begun = platform::monotonicNow();
    m_beat = std::max(timeout / beatsPerTimeout, shortestBeat);
    m_next = m_begun + m_beat;
    m_worst = Duration(0);
    m_waitedUs = waitedUs();
    m_timer.start(m_beat);
}

void HostLoad::tick() {
    const Instant now = platform::monotonicNow();
    m_worst = std::max(m_worst, now - m_next);
    m_next = now + m_beat;
    m_timer.start(m_beat);
}

std::string HostLoad::end() {
    const Instant now = platform::monotonicNow();
    m_timer.stop();
    m_worst = std::max(m_worst, now - m_next);
    const Duration patience = m_beat * beatsPerTimeout;
    if (m_worst * latePart >= patience) return "this host itself was " + toText(m_worst) + " late";
    const std::optional<std::uint64_t> waited = waitedUs();
    if (!waited || !m_waitedUs || *waited < *m_waitedUs) return "";
    const auto passed =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now - m_begun).count());
    const std::uint64_t percent = passed == 0 ? 0 : (*waited - *m_waitedUs) * 100 / passed;
    if (percent < busyPercent) return "";
    return "this host had no processor to spare for " + std::to_string(std::min<std::uint64_t>(percent, 100)) +
           " % of that time";
}

// some avg10=11.73 avg60=9.84 avg300=22.01 total=31963736067
std::optional<std::uint64_t> HostLoad::waitedUs() const {
    const platform::FileDescriptor file(::open(m_pressureFile.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    char text[256];
    const ssize_t count = file.valid() ? ::read(file.get(), text, sizeof text) : 0;
    if (count <= 0) return {};
    const std::string_view line(text, static_cast<std::size_t>(count));
    constexpr std::string_view key = " total=";
    const std::size_t at = line.find(key);
    if (!line.starts_with("some ") || at == std::string_view::npos) return {};
    std::uint64_t value = 0;
    const auto read = std::from_chars(line.data() + at + key.size(), line.data() + line.size(), value);
    if (read.ec != std::errc()) return {};
    return value;
}

} // namespace dyad::agents
