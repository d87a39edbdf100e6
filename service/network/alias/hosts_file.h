// SPDX-License-Identifier: Apache-2.0
// Our blocks in /etc/hosts, each between two comments; every other line stays as it is.
//   # dyad alias erp/name begin (kept by dyadd; remove the alias from dyad.toml to be rid of it)
//   10.77.0.100	erp.example.com erp
//   # dyad alias erp/name end
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace dyad::network {

inline constexpr const char* systemHostsFile = "/etc/hosts";
inline constexpr std::size_t maxHostsFile = 1024 * 1024; // a larger one is left alone

struct HostsBlock {
    std::string label; // "erp/name", without blanks
    std::vector<std::string> lines;
};

// Puts the block at its place, or at the end where it has none. Error: a block of ours that has no end, which somebody
// has to look at.
[[nodiscard]] Result<std::string> withHostsBlock(std::string_view text, const HostsBlock& block);
// Without those blocks of ours whose label is none of `kept`.
[[nodiscard]] Result<std::string> withoutOtherHostsBlocks(std::string_view text, const std::vector<std::string>& kept);

// Both read the file and write it only where it differs: a new one takes its place in one step, with the old one's mode
// and owner; a file that can't be replaced (mounted over) is written where it is. A link is followed, a missing file is
// made. True: it was changed. Blocks on a local disk; several threads may call at once.
[[nodiscard]] Result<bool> keepHostsBlock(const std::string& path, const HostsBlock& block);
[[nodiscard]] Result<bool> removeOtherHostsBlocks(const std::string& path, const std::vector<std::string>& kept);

} // namespace dyad::network
