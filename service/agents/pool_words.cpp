// SPDX-License-Identifier: Apache-2.0
#include "agents/pool_words.h"

#include <ctime>

namespace dyad::agents {

namespace {

using State = ServerHealth::State;

std::string localTime(std::int64_t wallClockMs) {
    const std::time_t seconds = wallClockMs / 1000;
    std::tm parts{};
    ::localtime_r(&seconds, &parts);
    char text[32] = {};
    std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
    return text;
}

// Empty: there is nothing to say about a server that serves.
std::string about(const model::PoolServer& server, const ServerStanding& standing) {
    std::string text;
    if (standing.maintenance) text = server.name + " is in maintenance";
    if (standing.state == State::Out)
        text += (text.empty() ? server.name + " is" : " and") + " out since " + localTime(standing.sinceWallClockMs) +
                ": " + standing.reason;
    if (!standing.trouble.empty())
        text += (text.empty() ? server.name : std::string(",")) + " can't be checked: " + standing.trouble;
    return text;
}

} // namespace

std::string poolWords(const std::vector<model::PoolServer>& servers, const std::vector<ServerStanding>& standings) {
    std::size_t serving = 0;
    std::size_t named = 0;
    std::size_t unnamed = 0;
    std::string list;
    for (std::size_t i = 0; i < servers.size(); ++i) {
        if (standings[i].state != State::Out && !standings[i].maintenance) ++serving;
        const std::string text = about(servers[i], standings[i]);
        if (text.empty()) continue;
        if (named == maxNamedServers) {
            ++unnamed;
            continue;
        }
        ++named;
        list += "; " + text;
    }
    if (unnamed > 0) list += "; and " + std::to_string(unnamed) + " more";
    return std::to_string(serving) + " of " + std::to_string(servers.size()) +
           (servers.size() == 1 ? " server serves" : " servers serve") + list;
}

} // namespace dyad::agents
