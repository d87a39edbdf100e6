// SPDX-License-Identifier: Apache-2.0
// Where a key stands in a configuration's text.
#pragma once

#include "config/problems.h"

#include <string_view>

namespace dyad::config {

// `path` as differences() writes it: "group.erp.resource.ip.address", "node.alpha.links.private", "network.gateways".
// Where the key itself is missing, the place of the innermost table that is there; line 0 where there is none at all.
[[nodiscard]] Place keyPlace(std::string_view text, std::string_view path);

} // namespace dyad::config
