// SPDX-License-Identifier: Apache-2.0
// What a resource's programs find in their environment: the same on both nodes, whoever started the service.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "platform/linux/user_account.h"

namespace dyad::agents {

// "DYAD_RESOURCE=erp/db": every process of a resource carries it, and the forced stop finds them by it.
[[nodiscard]] std::string markOf(const std::string& label);

// PATH, LANG, HOME, USER, LOGNAME of `user` (nullptr: root), then `further`, which may replace these, then the mark,
// which it may not.
[[nodiscard]] std::vector<std::string> childEnvironment(const std::string& label, const platform::UserAccount* user,
                                                        const std::map<std::string, std::string>& further);

} // namespace dyad::agents
