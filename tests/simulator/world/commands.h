// SPDX-License-Identifier: Apache-2.0
// The commands on their way between the hosts and the array. Their places are used again.
#pragma once

#include "storage/reservations/nexus.h"
#include "world/array.h"

#include <memory>
#include <vector>

namespace dyad::simulator {

struct Command {
    storage::ScsiCommand command;
    std::shared_ptr<storage::DataTransfer> data;
    storage::Nexus::Done done; // none: nobody waits for it any more
    storage::ScsiReply reply;
    Instant deadline;
    NexusName nexus;
    std::uint32_t boot = 0;
    std::uint32_t sessionLife = 0;
    std::uint16_t lun = 0;
    bool reset = false;
    bool atArray = false; // the array, or the way to it, still has it
    bool atHost = false;  // the session still has it
};

class Commands {
public:
    std::uint32_t make() {
        if (m_free.empty()) {
            m_all.push_back(std::make_unique<Command>());
            return static_cast<std::uint32_t>(m_all.size() - 1);
        }
        const std::uint32_t at = m_free.back();
        m_free.pop_back();
        return at;
    }
    [[nodiscard]] Command& at(std::uint32_t index) { return *m_all[index]; }
    void letGo(std::uint32_t index) {
        Command& command = *m_all[index];
        if (command.atArray || command.atHost) return;
        command.done = nullptr;
        command.data.reset();
        command.reset = false;
        command.reply = storage::ScsiReply();
        m_free.push_back(index);
    }

private:
    std::vector<std::unique_ptr<Command>> m_all; // a place never moves: its owner may be on the stack
    std::vector<std::uint32_t> m_free;
};

} // namespace dyad::simulator
