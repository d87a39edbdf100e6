// SPDX-License-Identifier: Apache-2.0
#include "daemon/self_fence.h"

#include <cerrno>
#include <cstring>
#include <sys/reboot.h>

namespace dyad::daemon {

void SelfFence::selfFence(const std::string& reason) {
    // The reset comes before any word of it: where it is needed, whoever takes the words may hang. The journal has the
    // reason.
    std::string outcome = "this host is not reset because it was started with --self-fence stop";
    if (m_mode == SelfFenceMode::Reset) {
        ::reboot(RB_AUTOBOOT); // doesn't return where it works
        outcome =
            std::string("the host could not be reset: ") + std::strerror(errno) + " (" + std::to_string(errno) + ")";
    }
    m_alarms.raise({.id = "self-fence",
                    .severity = model::Severity::Critical,
                    .text = reason + "; " + outcome,
                    .remedy = "reboot this host now",
                    .since = m_clock.now()});
}

} // namespace dyad::daemon
