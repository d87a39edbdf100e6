// SPDX-License-Identifier: Apache-2.0
// A database that knows its users by the socket (PostgreSQL's "peer", MariaDB's "unix_socket") asks the kernel for the
// effective user at the moment of connect(2). The bare system calls change it for this thread alone (the C library's
// would for all), and only while this object lives.
#pragma once

#include <optional>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/check.h"
#include "platform/linux/user_account.h"

namespace dyad::agents {

class AsUser {
public:
    explicit AsUser(const std::optional<platform::UserAccount>& user)
        : m_changed(user && ::geteuid() == 0 && user->user != 0) {
        if (!m_changed) return;
        ::syscall(SYS_setresgid, -1, user->group, -1);
        ::syscall(SYS_setresuid, -1, user->user, -1);
    }
    ~AsUser() {
        if (!m_changed) return;
        const bool back = ::syscall(SYS_setresuid, -1, 0, -1) == 0 && ::syscall(SYS_setresgid, -1, 0, -1) == 0;
        DYAD_CHECK(back, "the effective user could not be changed back after a SQL probe");
    }
    AsUser(const AsUser&) = delete;
    AsUser& operator=(const AsUser&) = delete;

private:
    bool m_changed;
};

} // namespace dyad::agents
