// SPDX-License-Identifier: Apache-2.0
// Calls back on the event loop when a descriptor is ready. May be destroyed from within its own call.
#pragma once

#include <QSocketNotifier>
#include <functional>

namespace dyad::agents {

class DescriptorWatch {
public:
    DescriptorWatch(int descriptor, QSocketNotifier::Type type, std::function<void()> ready)
        : m_notifier(descriptor, type) {
        QObject::connect(&m_notifier, &QSocketNotifier::activated, &m_notifier, [ready = std::move(ready)] {
            const std::function<void()> call = ready; // the call may destroy the watch and, with it, `ready`
            call();
        });
    }
    DescriptorWatch(const DescriptorWatch&) = delete;
    DescriptorWatch& operator=(const DescriptorWatch&) = delete;

private:
    QSocketNotifier m_notifier;
};

} // namespace dyad::agents
