// SPDX-License-Identifier: Apache-2.0
// The floating address moved by hand: one ioctl and a gratuitous ARP request (RFC 5227 section 2.3).
#pragma once

#include "base/result.h"

#include <string>

namespace dyad::bench {

[[nodiscard]] Result<void> raiseAddress(const std::string& host); // announced at once
void announceAddress(const std::string& host);                    // once more
void lowerAddress(const std::string& host);

} // namespace dyad::bench
