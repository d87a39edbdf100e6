// SPDX-License-Identifier: Apache-2.0
#include "config/live/portals.h"

#include "base/errno_text.h"

#include "config/addresses.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace dyad::config {

namespace {

// -1 with `why` filled where it failed at once.
int beginConnect(const Endpoint& to, std::string& why) {
    sockaddr_storage storage{};
    socklen_t length = sizeof(sockaddr_in);
    if (to.address.isIpv6) {
        auto& address = reinterpret_cast<sockaddr_in6&>(storage);
        address.sin6_family = AF_INET6;
        address.sin6_port = htons(to.port);
        std::memcpy(address.sin6_addr.s6_addr, to.address.bytes.data(), 16);
        address.sin6_scope_id = to.address.zone.empty() ? 0 : ::if_nametoindex(to.address.zone.c_str());
        length = sizeof(sockaddr_in6);
    } else {
        auto& address = reinterpret_cast<sockaddr_in&>(storage);
        address.sin_family = AF_INET;
        address.sin_port = htons(to.port);
        std::memcpy(&address.sin_addr, to.address.bytes.data(), 4);
    }
    const int socket = ::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket < 0) {
        why = errnoText(errno);
        return -1;
    }
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&storage), length) != 0 && errno != EINPROGRESS) {
        why = errnoText(errno);
        ::close(socket);
        return -1;
    }
    return socket;
}

} // namespace

std::vector<std::string> tryPortals(const std::vector<std::string>& portals, Duration patience) {
    std::vector<std::string> answers(portals.size());
    std::vector<pollfd> waiting;
    std::vector<std::size_t> whose;
    for (std::size_t i = 0; i < portals.size(); ++i) {
        const std::optional<Endpoint> to = parseEndpoint(portals[i], 3260);
        if (!to) {
            answers[i] = "it is no address";
            continue;
        }
        const int socket = beginConnect(*to, answers[i]);
        if (socket < 0) continue;
        waiting.push_back({socket, POLLOUT, 0});
        whose.push_back(i);
    }
    const auto deadline = std::chrono::steady_clock::now() + patience;
    std::size_t open = waiting.size();
    while (open > 0) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
        const int ready = left > 0 ? ::poll(waiting.data(), waiting.size(), static_cast<int>(left)) : 0;
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) break;
        for (std::size_t k = 0; k < waiting.size(); ++k) {
            if (waiting[k].fd < 0 || waiting[k].revents == 0) continue;
            int trouble = 0;
            socklen_t length = sizeof trouble;
            ::getsockopt(waiting[k].fd, SOL_SOCKET, SO_ERROR, &trouble, &length);
            if (trouble != 0) answers[whose[k]] = errnoText(trouble);
            ::close(waiting[k].fd);
            waiting[k].fd = -1; // poll() passes it over from now on
            --open;
        }
    }
    for (std::size_t k = 0; k < waiting.size(); ++k) {
        if (waiting[k].fd < 0) continue;
        answers[whose[k]] = "no answer within " + dyad::toText(patience);
        ::close(waiting[k].fd);
    }
    return answers;
}

} // namespace dyad::config
