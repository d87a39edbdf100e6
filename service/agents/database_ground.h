// SPDX-License-Identifier: Apache-2.0
// What every database server needs before it is started: a data directory of its user, that nobody else serves, and a
// folder for its socket. For work aside (aside.h): it reads disks.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "agents/aside.h"
#include "platform/linux/process_sweep.h"
#include "platform/linux/user_account.h"

namespace dyad::agents {

// Without slashes at the end: how /proc spells the working directory of who runs in it.
[[nodiscard]] std::string plainDirectory(std::string directory);

// There is one, of this user, and `canonical` is how the kernel spells it. `proof` is a file or folder in it that says
// that a database was made there; `remedy` how one is made.
[[nodiscard]] Result<void> checkDataDirectory(const std::string& directory, const std::string& canonical,
                                              const std::string& proof, const platform::UserAccount& user,
                                              const std::string& remedy);

// Processes of these programs that work in just this directory and aren't the one that the record names.
[[nodiscard]] Result<std::vector<pid_t>>
serversOfOthers(const std::string& canonical, const std::vector<std::string>& programs, const std::string& recordFile);

// Made for the user where it isn't there; one that is there stays as it is.
[[nodiscard]] Result<void> makeSocketDirectory(const std::string& directory, const platform::UserAccount& user,
                                               mode_t mode);

} // namespace dyad::agents
