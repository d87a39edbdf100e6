// SPDX-License-Identifier: Apache-2.0
#include "lab/pair.h"

#include "lab/host.h"
#include "lab/journal.h"
#include "lab/namespaces.h"
#include "lab/network.h"
#include "lab/paths.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <thread>

namespace dyad::lab {

bool hasAddress(const std::string& host, const std::string& wanted) {
    if (!isOn(host)) return false;
    bool found = false;
    [[maybe_unused]] const auto inside = insideNetwork(host, [&] {
        ifaddrs* list = nullptr;
        if (getifaddrs(&list) != 0) return;
        for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
            if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET) continue;
            char text[INET_ADDRSTRLEN] = {};
            inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(entry->ifa_addr)->sin_addr, text, sizeof text);
            if (wanted == text) found = true;
        }
        freeifaddrs(list);
    });
    return found;
}

std::optional<std::string> ownerByAddress() {
    const bool alpha = hasAddress("alpha", floatingAddress);
    const bool beta = hasAddress("beta", floatingAddress);
    if (alpha == beta) return std::nullopt;
    return alpha ? "alpha" : "beta";
}

bool waitForOwner(const std::string& host, Duration deadline) {
    const Instant began = monotonicNow();
    while (ownerByAddress() != host) {
        if (monotonicNow() - began > deadline) return false;
        std::this_thread::sleep_for(5ms);
    }
    return true;
}

Result<std::string> dyadOn(const std::string& host, const std::vector<std::string>& words, Duration deadline) {
    std::vector<std::string> command{programPath("dyad")};
    command.insert(command.end(), words.begin(), words.end());
    auto output = runInHost(host, command, {.deadline = deadline});
    if (!output) return output.error();
    if (output.value().exitStatus != 0)
        return Error{"dyad " + (words.empty() ? "" : words.front()), "on " + host,
                     "exit status " + std::to_string(output.value().exitStatus) + ": " + output.value().text, ""};
    return std::move(output.value().text);
}

Result<void> waitForService(const std::string& host, Duration deadline) {
    const Instant began = monotonicNow();
    while (true) {
        auto answer = dyadOn(host, {"status", "--json"}, 5s);
        if (answer) return {};
        if (monotonicNow() - began > deadline) return answer.error();
        std::this_thread::sleep_for(50ms);
    }
}

Result<void> waitForEachOther(Instant since, Duration deadline) {
    for (const char* host : hostNames)
        if (!waitForLine(host, since, "peer_alive", deadline))
            return Error{"wait for the pair", host, "hears nothing of its peer for " + toText(deadline),
                         "dyad-lab exec " + std::string(host) + " dyad status"};
    return {};
}

} // namespace dyad::lab
