// SPDX-License-Identifier: Apache-2.0
#include "network/alias/watched_child.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <poll.h>

namespace dyad::network {

namespace {
constexpr int maxChildReads = 16;      // one that writes without end must not keep the event loop
constexpr int childEndPatienceMs = 50; // SIGKILL takes a millisecond; what hangs in the kernel is left to init
} // namespace

WatchedChild::~WatchedChild() {
    if (!running()) return;
    drop(m_outputReady);
    drop(m_endReady);
    (void)platform::sendSignal(m_child.pidfd, SIGKILL);
    pollfd wait{m_child.pidfd.get(), POLLIN, 0};
    ::poll(&wait, 1, childEndPatienceMs);
    (void)platform::reap(m_child.pidfd);
}

Result<void> WatchedChild::run(platform::ChildSetup setup, Ended ended) {
    setup.output = platform::ChildSetup::Output::Capture;
    Result<platform::Child> child = platform::startChild(setup);
    if (!child) return child.error();
    m_child = std::move(child).value();
    m_ended = std::move(ended);
    m_output.clear();
    m_outputReady = std::make_unique<QSocketNotifier>(m_child.output.get(), QSocketNotifier::Read);
    QObject::connect(m_outputReady.get(), &QSocketNotifier::activated, m_outputReady.get(), [this] { read(); });
    m_endReady = std::make_unique<QSocketNotifier>(m_child.pidfd.get(), QSocketNotifier::Read);
    QObject::connect(m_endReady.get(), &QSocketNotifier::activated, m_endReady.get(), [this] { over(); });
    return {};
}

void WatchedChild::read() {
    std::array<char, 1024> piece{};
    for (int reads = 0; reads < maxChildReads; ++reads) {
        const ssize_t count = ::read(m_child.output.get(), piece.data(), piece.size());
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (count <= 0) return drop(m_outputReady);
        m_output.append(piece.data(), static_cast<std::size_t>(count));
        if (m_output.size() > maxChildSays) m_output.erase(0, m_output.size() - maxChildSays);
    }
}

void WatchedChild::over() {
    const Result<std::optional<platform::ChildEnd>> end = platform::reap(m_child.pidfd);
    if (end && !end.value()) return; // not yet to be collected
    if (m_outputReady) read();
    drop(m_outputReady);
    drop(m_endReady);
    const platform::ChildEnd what = end ? *end.value() : platform::ChildEnd{false, 255};
    const std::string output = std::move(m_output);
    const Ended ended = std::exchange(m_ended, nullptr);
    ended(what, output);
}

// It may be the one that calls.
void WatchedChild::drop(std::unique_ptr<QSocketNotifier>& notifier) {
    if (!notifier) return;
    notifier->setEnabled(false);
    notifier.release()->deleteLater();
}

} // namespace dyad::network
