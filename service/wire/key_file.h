// SPDX-License-Identifier: Apache-2.0
// The cluster key: 32 random bytes that only the two hosts know.
#pragma once

#include "base/result.h"

#include <array>
#include <cstdint>
#include <string>

namespace dyad::wire {

struct ClusterKey {
    std::array<std::uint8_t, 32> bytes{};

    ClusterKey() = default;
    ClusterKey(const ClusterKey&) = default;
    ClusterKey& operator=(const ClusterKey&) = default;
    ~ClusterKey(); // wipes it
};

// 64 hexadecimal digits and perhaps a newline. Refused unless a regular file that belongs to root or to the user we run
// as, with mode 0600 or stricter. Blocks as long as the file system does: at start only. No error quotes the key.
[[nodiscard]] Result<ClusterKey> loadClusterKey(const std::string& path);

} // namespace dyad::wire
