// SPDX-License-Identifier: Apache-2.0
// A child process that may wait for a disk, watched from the event loop: its lines as they come, its end at once.
#pragma once

#include "platform/linux/child.h"

#include <QSocketNotifier>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace dyad::storage {

inline constexpr std::size_t maxChildLine = 4096;         // longer lines are cut
inline constexpr std::size_t maxChildOutput = 256 * 1024; // what comes after that is dropped

class ChildCommand {
public:
    ~ChildCommand(); // as kill(), if it still runs

    std::function<void(const std::string&)> onLine;
    std::function<void(platform::ChildEnd)> onEnd; // once; may destroy this object

    // Error: it could not be started; onEnd is not called then.
    [[nodiscard]] Result<void> start(const std::vector<std::string>& command);
    // SIGKILL to it and to whatever it has started. onEnd comes when it is really gone: not before a stuck disk lets go
    // of it.
    void kill();
    [[nodiscard]] bool running() const { return m_child.pidfd.valid(); }

private:
    void readOutput();
    void ended();

    platform::Child m_child;
    std::unique_ptr<QSocketNotifier> m_outputReady;
    std::unique_ptr<QSocketNotifier> m_endReady;
    std::string m_line;
    std::size_t m_read = 0;
};

} // namespace dyad::storage
