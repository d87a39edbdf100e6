// SPDX-License-Identifier: Apache-2.0
#include "agents/child_environment.h"

namespace dyad::agents {

namespace {
constexpr const char* markName = "DYAD_RESOURCE";
}

std::string markOf(const std::string& label) { return std::string(markName) + "=" + label; }

std::vector<std::string> childEnvironment(const std::string& label, const platform::UserAccount* user,
                                          const std::map<std::string, std::string>& further) {
    const std::string name = user != nullptr ? user->name : "root";
    std::map<std::string, std::string> all{
        {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
        {"LANG", "C.UTF-8"},
        {"HOME", user != nullptr ? user->home : "/root"},
        {"USER", name},
        {"LOGNAME", name},
    };
    for (const auto& [key, value] : further)
        all[key] = value;
    all[markName] = label;
    std::vector<std::string> entries;
    for (const auto& [key, value] : all)
        entries.push_back(key + "=" + value);
    return entries;
}

} // namespace dyad::agents
