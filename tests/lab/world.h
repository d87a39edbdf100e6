// SPDX-License-Identifier: Apache-2.0
// The whole lab: everything in one call, and everything away in one call, whatever state it was left in.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "lab/settings.h"

#include <string>
#include <vector>

namespace dyad::lab {

struct UpOptions {
    PairSettings pair;
    bool service = true;        // the hosts start dyadd
    bool powerOn = true;        // both hosts
    bool smallDisks = false;    // each host's /var/lib is a filesystem of its own that can be filled up
    bool movableClocks = false; // each host's time of day can be moved (chaos/host_disk.h)
    Duration betaAhead{0};      // of beta's monotonic clock: hosts never agree on it
};

// Blocks for a second or so; seconds more where no image is prepared yet. On failure nothing stays behind.
[[nodiscard]] Result<void> bringUp(const UpOptions& options);
// Idempotent; finds everything through the state folder. What can't be removed is an Error.
[[nodiscard]] Result<void> takeDown();

// Words for people, one line each.
[[nodiscard]] std::vector<std::string> describe();

// One lab of one name is changed by one program at a time. Held until this object goes.
class LabLock {
public:
    [[nodiscard]] static Result<LabLock> take();
    ~LabLock();
    LabLock(LabLock&& other) noexcept;
    LabLock& operator=(LabLock&&) = delete;

private:
    explicit LabLock(int file) : m_file(file) {}
    int m_file = -1;
};

} // namespace dyad::lab
