// SPDX-License-Identifier: Apache-2.0
// Collects a child whose owner no longer waits for it, so that no zombie stays.
#pragma once

#include "platform/linux/file_descriptor.h"

namespace dyad::agents {

// Takes the pidfd of a child; needs the event loop. Doesn't block, and doesn't kill.
void reapLater(platform::FileDescriptor pidfd);

} // namespace dyad::agents
