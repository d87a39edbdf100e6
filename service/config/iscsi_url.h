// SPDX-License-Identifier: Apache-2.0
// iscsi://[user@]portal[:3260]/target/lun
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace dyad::config {

struct IscsiUrl {
    std::string portal; // with port: "10.77.2.9:3260"
    std::string target; // RFC 7143 section 4.2.7: iqn., eui. or naa.
    std::uint16_t lun = 0;
    std::string user; // empty: no CHAP
};

// The Error's cameBack says what is wrong, its remedy what to write. Neither quotes a secret.
[[nodiscard]] Result<IscsiUrl> parseIscsiUrl(std::string_view url);

} // namespace dyad::config
