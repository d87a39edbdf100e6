// SPDX-License-Identifier: Apache-2.0
#include "network/kernel_duplicate_check.h"

#include <algorithm>
#include <utility>

namespace dyad::network {

void KernelDuplicateCheck::start(const AssignedAddress& address, Done done) {
    m_address = address;
    m_done = std::move(done);
    m_until = platform::monotonicNow() + kernelDuplicatePatience;
    m_timer.setTimerType(Qt::PreciseTimer);
    QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] { look(); });
    m_timer.start(std::chrono::ceil<std::chrono::milliseconds>(kernelDuplicateLook));
}

void KernelDuplicateCheck::look() {
    const Result<std::vector<AssignedAddress>> all = listAddresses();
    Verdict verdict = Verdict::NotTold;
    bool told = platform::monotonicNow() >= m_until;
    if (all) {
        const auto found = std::find_if(all.value().begin(), all.value().end(), [&](const AssignedAddress& each) {
            return each.interface == m_address.interface && each.address == m_address.address;
        });
        if (found == all.value().end())
            verdict = Verdict::Gone;
        else if (found->duplicate)
            verdict = Verdict::Taken;
        else if (!found->tentative)
            verdict = Verdict::Free;
        told = told || verdict != Verdict::NotTold;
    }
    if (!told) return;
    m_timer.stop();
    const Done done = std::exchange(m_done, nullptr);
    if (done) done(verdict);
}

} // namespace dyad::network
