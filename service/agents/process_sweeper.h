// SPDX-License-Identifier: Apache-2.0
// Kills every process with the given traits and waits, on the event loop, until none is left.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "agents/descriptor_watch.h"
#include "agents/timer.h"
#include "platform/linux/process_sweep.h"

namespace dyad::agents {

inline constexpr int maxSweepRounds = 200; // a resource that forks faster than it can be killed is an error, not a loop

class ProcessSweeper {
public:
    // How many were killed, or why it can't be told whether any is left. Called once, maybe from within sweep().
    using Done = std::function<void(Result<std::size_t> killed)>;

    ProcessSweeper();

    // A new call replaces one that is under way (its `done` is dropped). A process that doesn't die (it waits for a
    // dead disk in the kernel) keeps the sweep waiting; the caller has the deadline.
    void sweep(platform::ProcessTraits traits, Done done);
    void cancel();
    [[nodiscard]] bool running() const { return m_done != nullptr; }

private:
    void round();
    void collect(std::size_t index);

    platform::ProcessTraits m_traits;
    Done m_done;
    std::vector<platform::FoundProcess> m_found;
    std::vector<std::unique_ptr<DescriptorWatch>> m_watches;
    std::size_t m_waiting = 0;
    std::size_t m_killed = 0;
    int m_rounds = 0;
    Timer m_next; // the next look comes from the event loop: never from within a watch that it destroys
};

} // namespace dyad::agents
