// SPDX-License-Identifier: Apache-2.0
// The socket through which heart and service wake each other. One service at a time: as long as it holds its end, it is
// alive; when the end is gone, so is the service, and the kernel tells us in the same instant.
#pragma once

#include "base/result.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <string>

namespace dyad::heart {

class ServiceDoor {
public:
    static constexpr int backlog = 4;
    static constexpr int maxPokesPerTurn = 64;

    explicit ServiceDoor(boost::asio::io_context& context) : m_listener(context), m_service(context) {}

    // Takes the path over from a heart that has ended.
    [[nodiscard]] Result<void> open(const std::string& path);

    std::function<void()> onPresence; // a service came or went
    std::function<void()> onPoke;     // it has written to the board

    [[nodiscard]] bool servicePresent() const { return m_service.is_open(); }
    // The service shall look at the board. Never waits.
    void poke();

private:
    void waitForService();
    void admit();
    void waitForPoke();
    void readPokes();
    void serviceGone();
    [[nodiscard]] bool serviceHasHungUp();

    boost::asio::posix::stream_descriptor m_listener;
    boost::asio::posix::stream_descriptor m_service;
};

} // namespace dyad::heart
