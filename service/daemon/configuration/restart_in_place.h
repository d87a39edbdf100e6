// SPDX-License-Identifier: Apache-2.0
// The service starts itself anew under its own process number. Everything that it has started goes on and is adopted,
// as after an upgrade; its own descriptors are closed by the kernel.
#pragma once

#include "model/configuration.h"

#include <string>
#include <vector>

#include <QTimer>

namespace dyad::daemon {

// Kept by main() before anything else changes it.
void rememberCommandLine(int argc, char** argv);
// execve(2) of `program` with the remembered arguments. Returns only when that failed.
void restartInPlace(const std::string& program);

// Asks the dyad-lun of each LUN that `to` no longer has to end, as far as nobody uses it.
void letGoOfLuns(const model::Configuration& from, const model::Configuration& to, const std::string& runDirectory);

// After a restart in place, what an earlier life has started is still a child of this process. Who supervises such a
// process collects it; what nobody collects within a round is collected here, so that no zombie stays.
class InheritedChildren {
public:
    InheritedChildren(); // before anything is started
    [[nodiscard]] std::size_t left() const { return m_children.size(); }

private:
    void collect();
    struct Child {
        int process = 0;
        bool seenDead = false; // in the round before
    };
    std::vector<Child> m_children;
    QTimer m_round;
};

} // namespace dyad::daemon
