// SPDX-License-Identifier: Apache-2.0
#include "heart/service_door.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace dyad::heart {

using boost::asio::posix::stream_descriptor;
using boost::system::error_code;

Result<void> ServiceDoor::open(const std::string& path) {
    const auto failed = [&path](const char* tried) {
        return Error{tried, path, std::string(std::strerror(errno)) + " (" + std::to_string(errno) + ")", ""};
    };
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return failed("open wake-up socket");
    }
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const int socket = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket < 0) return failed("open wake-up socket");
    m_listener.assign(socket);
    ::unlink(path.c_str());
    const mode_t before = ::umask(0177); // nobody else may play the service
    const bool bound = ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::umask(before);
    if (!bound) return failed("bind wake-up socket");
    if (::listen(socket, backlog) != 0) return failed("listen on wake-up socket");
    waitForService();
    return {};
}

void ServiceDoor::waitForService() {
    m_listener.async_wait(stream_descriptor::wait_read, [this](const error_code& error) {
        if (error) return;
        admit();
        waitForService();
    });
}

void ServiceDoor::admit() {
    const int socket = ::accept4(m_listener.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) return;
    // The next service may be here before we have heard that the last one is gone.
    if (servicePresent() && serviceHasHungUp()) serviceGone();
    if (servicePresent()) {
        ::close(socket); // it learns by that that it is one too many
        return;
    }
    m_service.assign(socket);
    waitForPoke();
    onPresence();
}

void ServiceDoor::waitForPoke() {
    m_service.async_wait(stream_descriptor::wait_read, [this](const error_code& error) {
        if (error) return;
        readPokes();
        if (servicePresent()) waitForPoke();
    });
}

void ServiceDoor::readPokes() {
    bool poked = false;
    for (int i = 0; i < maxPokesPerTurn && servicePresent(); ++i) {
        char byte[8];
        const ssize_t got = ::recv(m_service.native_handle(), byte, sizeof byte, MSG_DONTWAIT);
        if (got > 0)
            poked = true;
        else if (got < 0 && errno == EINTR)
            continue;
        else if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        else {
            if (poked) onPoke(); // its last word still counts
            return serviceGone();
        }
    }
    if (poked) onPoke();
}

bool ServiceDoor::serviceHasHungUp() {
    char byte[8];
    const ssize_t got = ::recv(m_service.native_handle(), byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT);
    if (got > 0) {
        // Its last pokes may still lie before the end.
        readPokes();
        return !servicePresent() ? true
                                 : ::recv(m_service.native_handle(), byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT) == 0;
    }
    return got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

void ServiceDoor::serviceGone() {
    if (!servicePresent()) return;
    error_code ignored;
    m_service.close(ignored);
    onPresence();
}

void ServiceDoor::poke() {
    if (!servicePresent()) return;
    // A full buffer means that it has enough to wake up for; a broken one is heard of by the wait.
    const char byte = 1;
    [[maybe_unused]] const ssize_t sent = ::send(m_service.native_handle(), &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

} // namespace dyad::heart
