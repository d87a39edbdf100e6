// SPDX-License-Identifier: Apache-2.0
// Runs a command to its end and keeps the last of what it said.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agents/descriptor_watch.h"
#include "agents/timer.h"
#include "platform/linux/child.h"

namespace dyad::agents {

inline constexpr std::size_t maxCapturedBytes = 16 * 1024; // the last of it is kept
inline constexpr std::size_t maxDetailLines = 5;

// The last lines that aren't empty, joined by " | "; control characters become blanks.
[[nodiscard]] std::string lastLines(const std::string& output, std::size_t lines = maxDetailLines);

class CapturedCommand {
public:
    using Done = std::function<void(const platform::ChildEnd& end, const std::string& output)>;

    // Of its output the last `mostBytes` are kept.
    explicit CapturedCommand(std::size_t mostBytes = maxCapturedBytes) : m_mostBytes(mostBytes) {}
    // Kills the command with its whole session where it still runs.
    ~CapturedCommand();
    CapturedCommand(const CapturedCommand&) = delete;
    CapturedCommand& operator=(const CapturedCommand&) = delete;

    // Error: it could not be run; `done` isn't called then. Else `done` is called once, from the event loop, when the
    // command itself has ended, also where a process that it left behind still holds the pipe. It may destroy this.
    Result<void> run(platform::ChildSetup setup, Done done);

private:
    void readOutput();
    void ended();

    std::size_t m_mostBytes;
    platform::Child m_child;
    bool m_running = false;
    std::string m_output;
    Done m_done;
    std::unique_ptr<DescriptorWatch> m_outputWatch;
    std::unique_ptr<DescriptorWatch> m_endWatch;
};

} // namespace dyad::agents
