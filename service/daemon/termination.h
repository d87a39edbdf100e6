// SPDX-License-Identifier: Apache-2.0
// SIGTERM and SIGINT as an event of the loop.
#pragma once

#include <QSocketNotifier>

#include <functional>
#include <memory>

namespace dyad::daemon {

class TerminationPipe {
public:
    TerminationPipe(); // blocks the two signals for this thread and all it starts
    ~TerminationPipe();
    TerminationPipe(const TerminationPipe&) = delete;
    TerminationPipe& operator=(const TerminationPipe&) = delete;

    // `handler` gets the signal's name, once.
    void onSignal(std::function<void(const char*)> handler) const;

private:
    int m_descriptor = -1;
    mutable std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace dyad::daemon
