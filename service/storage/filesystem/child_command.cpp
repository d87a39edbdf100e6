// SPDX-License-Identifier: Apache-2.0
#include "storage/filesystem/child_command.h"

#include <array>
#include <csignal>
#include <unistd.h>

namespace dyad::storage {

ChildCommand::~ChildCommand() { kill(); }

Result<void> ChildCommand::start(const std::vector<std::string>& command) {
    platform::ChildSetup setup;
    setup.command = command;
    setup.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
    setup.output = platform::ChildSetup::Output::Capture;
    Result<platform::Child> child = platform::startChild(setup);
    if (!child) return child.error();
    m_child = std::move(child).value();
    m_outputReady = std::make_unique<QSocketNotifier>(m_child.output.get(), QSocketNotifier::Read);
    QObject::connect(m_outputReady.get(), &QSocketNotifier::activated, [this] { readOutput(); });
    m_endReady = std::make_unique<QSocketNotifier>(m_child.pidfd.get(), QSocketNotifier::Read);
    QObject::connect(m_endReady.get(), &QSocketNotifier::activated, [this] { ended(); });
    return {};
}

// The child leads a session and a process group of its own; what it starts stays in the group. The number is its own
// until it is collected.
void ChildCommand::kill() {
    if (!m_child.pidfd.valid()) return;
    ::kill(-m_child.identity.pid, SIGKILL);
    // It may not have come as far as having the group.
    (void)platform::sendSignal(m_child.pidfd, SIGKILL);
}

void ChildCommand::readOutput() {
    std::array<char, 4096> part{};
    for (;;) {
        const ssize_t got = ::read(m_child.output.get(), part.data(), part.size());
        if (got <= 0) {
            if (got == 0) m_outputReady->setEnabled(false);
            return;
        }
        m_read += static_cast<std::size_t>(got);
        if (m_read > maxChildOutput) continue;
        for (const char each : std::string_view(part.data(), static_cast<std::size_t>(got))) {
            if (each != '\n') {
                if (m_line.size() < maxChildLine) m_line += each;
                continue;
            }
            const std::string line = std::exchange(m_line, {});
            if (onLine) onLine(line);
        }
    }
}

void ChildCommand::ended() {
    const Result<std::optional<platform::ChildEnd>> over = platform::howEnded(m_child.pidfd);
    if (over && !over.value()) return;
    // One that was ended by others leaves its own children (e2fsck) behind: only now their group is surely its own.
    if (over) kill();
    const Result<std::optional<platform::ChildEnd>> end = platform::reap(m_child.pidfd);
    readOutput();
    m_endReady->setEnabled(false);
    m_outputReady->setEnabled(false);
    m_child.pidfd.reset();
    const platform::ChildEnd how = end && end.value() ? *end.value() : platform::ChildEnd{true, SIGKILL};
    // Both notifiers are in the middle of their signal: whoever deletes this object does it later.
    auto tell = onEnd;
    if (tell) tell(how);
}

} // namespace dyad::storage
