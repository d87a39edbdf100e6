// SPDX-License-Identifier: Apache-2.0
// Something may be bent for a while, but not for long.
#pragma once

#include "base/time.h"

#include <optional>

namespace dyad::simulator {

class Lasting {
public:
    // True once it has been bent for longer than `patience` without a break. `until` is when to look again.
    bool longerThan(Duration patience, bool bent, Duration now, std::optional<Duration>& until) {
        if (!bent) {
            m_since.reset();
            return false;
        }
        if (!m_since) m_since = now;
        if (now - *m_since > patience) return true;
        const Duration at = *m_since + patience + Duration(1);
        if (!until || at < *until) until = at;
        return false;
    }
    void forget() { m_since.reset(); }

private:
    std::optional<Duration> m_since;
};

} // namespace dyad::simulator
