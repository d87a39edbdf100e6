// SPDX-License-Identifier: Apache-2.0
// What keeps a heart beating on a host that is out of memory or out of processor time. Each is tried; where the host
// refuses, one line says so and the heart beats on without.
#pragma once

namespace dyad::heart {

// Locks all memory, asks for a real-time priority, asks to be spared by the out-of-memory killer.
void becomeHardToStop();

} // namespace dyad::heart
