// SPDX-License-Identifier: Apache-2.0
// A user of the host, looked up before a fork, because nothing that allocates or locks may run between fork and exec.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "base/result.h"

namespace dyad::platform {

struct UserAccount {
    std::string name;
    std::string home;
    uid_t user = 0;
    gid_t group = 0;
    std::vector<gid_t> groups; // supplementary ones and `group`
};

// Error: there is no such user. May read files of the host (nsswitch.conf decides); give local users, whose lookup
// asks no network.
[[nodiscard]] Result<UserAccount> findUser(const std::string& name);

} // namespace dyad::platform
