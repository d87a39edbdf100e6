// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"

#include <string>

namespace dyad::lab {

// Called by the first process of a host, in its own mount namespace: builds the host's root and moves into it. Nothing
// of the machine is left in the namespace but /usr, /dev and the folder with Dyad's programs. What could reset the
// machine itself (sysrq, watchdog devices) is hidden.
[[nodiscard]] Result<void> moveIntoHostRoot(const std::string& host);

} // namespace dyad::lab
