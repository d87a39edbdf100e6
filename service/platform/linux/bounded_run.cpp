// SPDX-License-Identifier: Apache-2.0
#include "platform/linux/bounded_run.h"

#include "platform/linux/monotonic_clock.h"
#include "platform/linux/process_sweep.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <unistd.h>

namespace dyad::platform {

namespace {

constexpr int collectingMs = 5000; // of what was killed; longer only where it stands in the kernel

// False: there is nothing more to come.
bool takeOutput(const FileDescriptor& pipe, BoundedEnd& what, std::size_t mostBytes) {
    std::array<char, 16384> piece{};
    const ssize_t count = ::read(pipe.get(), piece.data(), piece.size());
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    const std::size_t room = mostBytes - what.output.size();
    what.cut = static_cast<std::size_t>(count) > room;
    what.output.append(piece.data(), std::min(static_cast<std::size_t>(count), room));
    return count > 0;
}

} // namespace

Result<BoundedEnd> runBounded(const ChildSetup& setup, Duration patience, std::size_t mostBytes) {
    Result<Child> started = startChild(setup);
    if (!started) return started.error();
    const Child& child = started.value();
    BoundedEnd what;
    const Instant deadline = monotonicNow() + patience;
    bool writes = child.output.valid();
    bool ended = false;
    while (!ended && !what.cut && what.inTime) {
        pollfd waiting[2] = {{child.pidfd.get(), POLLIN, 0}, {writes ? child.output.get() : -1, POLLIN, 0}};
        const Duration left = deadline - monotonicNow();
        what.inTime = left > Duration(0);
        if (!what.inTime || ::poll(waiting, 2, static_cast<int>(wholeMilliseconds(left).count())) <= 0) continue;
        if (waiting[1].revents != 0) writes = takeOutput(child.output, what, mostBytes);
        // Its last words are read before its end is believed.
        ended = waiting[0].revents != 0 && waiting[1].revents == 0;
    }
    if (!ended) {
        ProcessTraits traits;
        traits.session = child.identity.pid;
        if (const auto found = findProcesses(traits)) killAll(found.value());
        (void)sendSignal(child.pidfd, SIGKILL);
        pollfd waiting{child.pidfd.get(), POLLIN, 0};
        ::poll(&waiting, 1, collectingMs);
    }
    const Result<std::optional<ChildEnd>> end = reap(child.pidfd);
    if (!end) return end.error();
    if (!end.value())
        return Error{"run", setup.command.front(), "it was killed and does not end", "look what it waits for"};
    what.end = *end.value();
    return what;
}

} // namespace dyad::platform
