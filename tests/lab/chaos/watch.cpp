// SPDX-License-Identifier: Apache-2.0
#include "lab/chaos/watch.h"

#include "lab/chaos/whereabouts.h"
#include "lab/host.h"
#include "lab/network.h"

#include <algorithm>

namespace dyad::lab {

namespace {
constexpr Duration period = 25ms;
} // namespace

AddressWatch::AddressWatch(std::function<bool(const std::string&)> cannotAct)
    : m_cannotAct(std::move(cannotAct)), m_thread([this] { run(); }) {}

AddressWatch::~AddressWatch() {
    m_stop = true;
    m_thread.join();
}

Duration AddressWatch::longestDouble() const {
    const std::lock_guard lock(m_mutex);
    return m_longest;
}
Duration AddressWatch::blindest() const {
    const std::lock_guard lock(m_mutex);
    return m_blindest;
}
std::string AddressWatch::lastOwner() const {
    const std::lock_guard lock(m_mutex);
    return m_owner;
}
void AddressWatch::restart() {
    const std::lock_guard lock(m_mutex);
    m_longest = m_blindest = Duration(0);
}

void AddressWatch::run() {
    Instant bothSince; // none: the origin
    Instant before = monotonicNow();
    while (!m_stop) {
        const auto hosts = hostsWithAddress(floatingAddress);
        const Instant now = monotonicNow();
        const bool standsStill =
            std::any_of(hosts.begin(), hosts.end(), [&](const auto& host) { return m_cannotAct(host); });
        if (hosts.size() < 2 || standsStill)
            bothSince = Instant();
        else if (bothSince == Instant())
            bothSince = now;
        {
            const std::lock_guard lock(m_mutex);
            m_blindest = std::max(m_blindest, now - before);
            if (bothSince != Instant()) m_longest = std::max(m_longest, now - bothSince);
            if (hosts.size() == 1) m_owner = hosts.front();
        }
        before = now;
        std::this_thread::sleep_for(period);
    }
}

} // namespace dyad::lab
