// SPDX-License-Identifier: Apache-2.0
// Runs nft(8), one command after the other and each bounded in time, so that an order never overtakes one of before
// that is already in the kernel's hands.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agents/captured_command.h"
#include "agents/timer.h"

namespace dyad::agents {

inline constexpr Duration nftPatience = 2s;                // two of them in a row are within a forced stop's 5 s
inline constexpr std::size_t maxListingBytes = 128 * 1024; // a pool of the largest size, listed

struct NftEnd {
    bool well = false;
    bool absent = false; // it failed because what it was asked for isn't there
    std::string text;    // well: what it wrote; else in words what went wrong
};

class NftCommand {
public:
    using Done = std::function<void(const NftEnd&)>;

    // `label` is the mark of its processes (child_environment.h).
    NftCommand(std::string program, std::string label);

    // `done` is called once, from the event loop, unless a later run() comes before the end: then nobody hears of this
    // one, but if it runs already it is still waited for.
    void run(std::vector<std::string> arguments, Done done);
    [[nodiscard]] bool busy() const { return m_command != nullptr; }

private:
    struct Order {
        std::vector<std::string> arguments;
        Done done;
    };

    void begin();
    void finish(const NftEnd& end);

    std::string m_program;
    std::string m_label;
    std::optional<Order> m_next;
    Done m_done;
    std::unique_ptr<CapturedCommand> m_command;
    NftEnd m_notRun;
    Timer m_deadline;
    Timer m_soon;
};

} // namespace dyad::agents
