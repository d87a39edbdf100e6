// SPDX-License-Identifier: Apache-2.0
#include "lab/chaos/whereabouts.h"

#include "lab/host.h"
#include "lab/pair.h"

#include <fstream>
#include <sstream>

namespace dyad::lab {

std::vector<std::string> hostsWithMount(const std::string& path) {
    std::vector<std::string> found;
    for (const char* host : hostNames) {
        const auto first = firstProcess(host);
        if (!first) continue;
        std::ifstream table("/proc/" + std::to_string(first->pid) + "/mounts");
        std::string line;
        while (std::getline(table, line)) {
            std::istringstream fields(line);
            std::string what;
            std::string where;
            if (fields >> what >> where && where == path) {
                found.emplace_back(host);
                break;
            }
        }
    }
    return found;
}

std::vector<std::string> hostsWithAddress(const std::string& address) {
    std::vector<std::string> found;
    for (const char* host : hostNames)
        if (hasAddress(host, address)) found.emplace_back(host);
    return found;
}

} // namespace dyad::lab
