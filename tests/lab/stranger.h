// SPDX-License-Identifier: Apache-2.0
// A host at the array that is no node of the cluster: what somebody's hand leaves on a LUN.
#pragma once

#include <cstdint>

namespace dyad::lab {

inline constexpr std::uint64_t strangeKey = 0x1234567890abcdefULL;

enum class StrangerDeed {
    Register, // SPC-4 5.12.7: its key stands there
    Reserve,  // and holds the LUN, Write Exclusive
    Clear,    // SPC-4 5.12.11.2.9: every key is gone, its own, too
};

// Does so in a session of its own, which ends without a logout: what was done stays. Blocks; false where the array
// refused.
[[nodiscard]] bool strangerDoes(StrangerDeed deed, unsigned lun);

} // namespace dyad::lab
