// SPDX-License-Identifier: Apache-2.0
// The two little programs that run inside a host.
#pragma once

#include <cstdint>
#include <string>

namespace dyad::lab {

inline constexpr std::uint16_t responderPort = 7499;

// `dyad-lab internal responder`: answers every UDP datagram with itself and the host's name.
int responderMain();
// `dyad-lab internal write-mark FILE MARK`: writes one block that begins with MARK past the page cache; blocks as long
// as the array holds it.
int writeMarkMain(const std::string& file, const std::string& mark);

} // namespace dyad::lab
