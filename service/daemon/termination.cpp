// SPDX-License-Identifier: Apache-2.0
#include "daemon/termination.h"

#include <csignal>
#include <sys/signalfd.h>
#include <unistd.h>

namespace dyad::daemon {

TerminationPipe::TerminationPipe() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    m_descriptor = ::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    std::signal(SIGPIPE, SIG_IGN);
}

TerminationPipe::~TerminationPipe() {
    m_notifier.reset();
    ::close(m_descriptor);
}

void TerminationPipe::onSignal(std::function<void(const char*)> handler) const {
    m_notifier = std::make_unique<QSocketNotifier>(m_descriptor, QSocketNotifier::Read);
    QObject::connect(
        m_notifier.get(), &QSocketNotifier::activated, m_notifier.get(), [this, handler = std::move(handler)] {
            signalfd_siginfo information{};
            if (::read(m_descriptor, &information, sizeof information) != static_cast<ssize_t>(sizeof information))
                return;
            m_notifier->setEnabled(false);
            handler(information.ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT");
        });
}

} // namespace dyad::daemon
