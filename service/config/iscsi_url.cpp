// SPDX-License-Identifier: Apache-2.0
#include "config/iscsi_url.h"

#include "config/addresses.h"

#include <algorithm>

namespace dyad::config {

namespace {

constexpr std::string_view scheme = "iscsi://";
constexpr std::string_view example = "write it as \"iscsi://10.77.2.9:3260/iqn.2026-11.example:array/1\"";
constexpr std::uint16_t defaultPort = 3260;   // RFC 7143 section 4.2.7.3
constexpr std::size_t maxTargetName = 223;    // RFC 7143 section 4.2.7.1
constexpr std::uint32_t maxLunNumber = 16383; // SAM-5 flat space addressing
constexpr std::size_t maxUserName = 255;

Error bad(std::string what, std::string_view remedy = example) {
    return {"", "", std::move(what), std::string(remedy)};
}

bool isTargetName(std::string_view name) {
    const bool prefix = name.starts_with("iqn.") || name.starts_with("eui.") || name.starts_with("naa.");
    return prefix && name.size() > 4 && name.size() <= maxTargetName &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                      c == '-' || c == ':';
           });
}

} // namespace

Result<IscsiUrl> parseIscsiUrl(std::string_view url) {
    if (!url.starts_with(scheme)) return bad("doesn't begin with iscsi://");
    url.remove_prefix(scheme.size());

    IscsiUrl parsed;
    const std::size_t firstSlash = url.find('/');
    std::string_view portal = url.substr(0, firstSlash);
    if (const std::size_t at = portal.rfind('@'); at != std::string_view::npos) {
        const std::string_view user = portal.substr(0, at);
        if (user.find('%') != std::string_view::npos || user.find(':') != std::string_view::npos)
            return bad("has a secret in it, which everyone who may read this file could use",
                       "write only the user and put the secret into a file of mode 0600: chap_secret_file = "
                       "\"/etc/dyad/array.chap\"");
        if (user.empty() || user.size() > maxUserName) return bad("has no user before the @");
        parsed.user = user;
        portal.remove_prefix(at + 1);
    }
    if (firstSlash == std::string_view::npos) return bad("has no target name");
    url.remove_prefix(firstSlash + 1);

    const std::optional<Endpoint> endpoint = parseEndpoint(portal, defaultPort);
    if (!endpoint)
        return bad(
            "has no numeric portal address",
            "write the address itself (10.77.2.9:3260 or [fd00::9]:3260): a takeover can't wait for a name server");
    parsed.portal = endpoint->text();

    const std::size_t lastSlash = url.rfind('/');
    if (lastSlash == std::string_view::npos) return bad("has no LUN number at its end");
    parsed.target = url.substr(0, lastSlash);
    if (!isTargetName(parsed.target))
        return bad("has a target name that begins with none of iqn., eui., naa., or is not one");
    const std::optional<std::uint32_t> lun = parseNumber(url.substr(lastSlash + 1), maxLunNumber);
    if (!lun) return bad("has no LUN number from 0 to " + std::to_string(maxLunNumber) + " at its end");
    parsed.lun = static_cast<std::uint16_t>(*lun);
    return parsed;
}

} // namespace dyad::config
