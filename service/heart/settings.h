// SPDX-License-Identifier: Apache-2.0
// What dyad-heart must know, as `key = value` lines. The service writes the file from the configuration; the heart
// reads nothing else, so that it needs no parser of the big file.
#pragma once

#include "base/result.h"
#include "heart/core.h"
#include "model/configuration.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dyad::heart {

struct LinkSettings {
    std::string name;
    std::string ownAddress; // numeric, "fe80::1%eth1" with its zone where link-local
    std::string peerAddress;
    std::uint16_t ownPort = 0;
    std::uint16_t peerPort = 0; // as ownPort, unless both ends share one address
    std::string group;          // multicast; empty: to the peer's address
    unsigned ttl = 1;           // of what goes to the group
    unsigned serialRate = 0;    // not 0: a serial line, and ownAddress is its device; there are no ports

    bool operator==(const LinkSettings&) const = default;
};

struct Settings {
    std::uint16_t cluster = 0; // 1..65535
    model::NodeId node = model::NodeId::First;
    model::BootDigest boot; // not 0
    std::string keyFile;    // absolute
    Duration heartbeat{0};  // whole milliseconds, 1 ms..60 s; heartbeat < suspect < lost
    Duration suspect{0};
    Duration lost{0};
    std::vector<LinkSettings> links; // by LinkId; 1..maxLinks

    bool operator==(const Settings&) const = default;
    [[nodiscard]] CoreSetup core() const;
};

inline constexpr std::size_t maxSettingsBytes = 16 * 1024;

// The settings of one node of a validated configuration.
[[nodiscard]] Settings settingsOf(const model::Configuration& configuration, model::NodeId node, model::BootDigest boot,
                                  const std::string& keyFile, Duration heartbeat, Duration suspect, Duration lost);

[[nodiscard]] std::string toText(const Settings& settings);
// Every error names `file`, the line, what stands there and what should.
[[nodiscard]] Result<Settings> parseSettings(const std::string& file, std::string_view text);
[[nodiscard]] Result<Settings> loadSettings(const std::string& file);
// Written whole or not at all (a second name, then rename), mode 0600.
[[nodiscard]] Result<void> saveSettings(const std::string& file, const Settings& settings);
// Never 0. A heart that runs with another digest is replaced.
[[nodiscard]] std::uint64_t digestOf(const Settings& settings);

} // namespace dyad::heart
