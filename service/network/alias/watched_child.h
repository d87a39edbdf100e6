// SPDX-License-Identifier: Apache-2.0
// A program that runs until it ends or until it is given up; the last of what it says is kept.
#pragma once

#include <QSocketNotifier>
#include <functional>
#include <memory>
#include <string>

#include "platform/linux/child.h"

namespace dyad::network {

inline constexpr std::size_t maxChildSays = 2048; // the last of it

class WatchedChild {
public:
    using Ended = std::function<void(const platform::ChildEnd& end, const std::string& output)>;

    WatchedChild() = default;
    ~WatchedChild(); // kills it with SIGKILL and collects it
    WatchedChild(const WatchedChild&) = delete;
    WatchedChild& operator=(const WatchedChild&) = delete;

    // Error: it could not be run; `ended` isn't called then. Else once, from the event loop; it may destroy this.
    [[nodiscard]] Result<void> run(platform::ChildSetup setup, Ended ended);
    [[nodiscard]] bool running() const { return m_ended != nullptr; }

private:
    void read();
    void over();
    static void drop(std::unique_ptr<QSocketNotifier>& notifier);

    platform::Child m_child;
    Ended m_ended;
    std::string m_output;
    std::unique_ptr<QSocketNotifier> m_outputReady;
    std::unique_ptr<QSocketNotifier> m_endReady;
};

} // namespace dyad::network
