// SPDX-License-Identifier: Apache-2.0
#include "daemon/configuration/after_command.h"

#include "platform/linux/child.h"

#include <chrono>
#include <csignal>
#include <poll.h>

namespace dyad::daemon {

Result<void> runAfter(const std::vector<std::string>& command, Duration patience) {
    platform::ChildSetup setup;
    setup.command = command;
    setup.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
    Result<platform::Child> child = platform::startChild(setup);
    if (!child) return child.error();
    const platform::FileDescriptor& process = child.value().pidfd;
    pollfd ended{process.get(), POLLIN, 0};
    const auto left = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(patience).count());
    const bool inTime = ::poll(&ended, 1, left) > 0;
    if (!inTime) {
        (void)platform::sendSignal(process, SIGKILL);
        ::poll(&ended, 1, 5000);
    }
    const Result<std::optional<platform::ChildEnd>> end = platform::reap(process);
    if (!inTime) return Error{"run", command.front(), "it did not end within " + toText(patience), "run it by hand to see why"};
    if (!end) return end.error();
    if (end.value() && !end.value()->clean())
        return Error{"run", command.front(), end.value()->text(), "run it by hand to see why"};
    return {};
}

} // namespace dyad::daemon
