// SPDX-License-Identifier: Apache-2.0
// The baseline: the same start sequence done by hand with everything known beforehand. No service runs; both hosts have
// a dyad-lun that is logged in already. There is nothing to detect and nothing to decide.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <memory>
#include <string>

namespace dyad::bench {

class ByHand {
public:
    ByHand();
    ~ByHand();
    ByHand(const ByHand&) = delete;
    ByHand& operator=(const ByHand&) = delete;

    // dyad-lun on the host, logged in and exported. After each power-on.
    [[nodiscard]] Result<void> prepare(const std::string& host);
    // Forgets the host's dyad-lun; before a power-off.
    void forget(const std::string& host);
    // Claims the LUN (from whoever holds it), raises the address, mounts, starts the database. Returns once the
    // database runs as a process; when it answers, the client sees.
    [[nodiscard]] Result<void> start(const std::string& host);
    // The planned way down: address, database, mount, reservation.
    [[nodiscard]] Result<void> stop(const std::string& host);

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace dyad::bench
