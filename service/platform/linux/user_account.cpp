// SPDX-License-Identifier: Apache-2.0
#include "platform/linux/user_account.h"

#include <cerrno>
#include <grp.h>
#include <pwd.h>

#include "platform/linux/system_error.h"

namespace dyad::platform {
namespace {
constexpr std::size_t maxAccountBytes = 65536;
constexpr int maxGroups = 1024;
} // namespace

Result<UserAccount> findUser(const std::string& name) {
    std::vector<char> text(maxAccountBytes);
    passwd entry{};
    passwd* found = nullptr;
    const int number = ::getpwnam_r(name.c_str(), &entry, text.data(), text.size(), &found);
    if (number != 0) return systemError("look up user", name, number);
    if (found == nullptr)
        return Error{"look up user", name, "there is no such user", "Create it, or correct the configuration"};

    UserAccount account{name, entry.pw_dir, entry.pw_uid, entry.pw_gid, std::vector<gid_t>(maxGroups)};
    int count = maxGroups;
    if (::getgrouplist(name.c_str(), entry.pw_gid, account.groups.data(), &count) < 0)
        return Error{"look up user", name, "member of more than " + std::to_string(maxGroups) + " groups", {}};
    account.groups.resize(static_cast<std::size_t>(count));
    return account;
}

} // namespace dyad::platform
