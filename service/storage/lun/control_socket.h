// SPDX-License-Identifier: Apache-2.0
// The end of the control socket in dyad-lun: listens on a path, has one client at a time (a restarted dyadd replaces
// the earlier one), and goes on without any.
#pragma once

#include "base/result.h"
#include "platform/linux/file_descriptor.h"
#include "storage/lun_protocol.h"

#include <functional>
#include <string>

namespace dyad::storage {

inline constexpr unsigned maxControlBatch = 32; // messages taken in one round of the event loop

class ControlSocket {
public:
    std::function<void(const LunMessage&)> onMessage;

    // Error: the path is taken by a living process, or can't be bound.
    [[nodiscard]] Result<void> listen(const std::string& path);

    [[nodiscard]] int listener() const { return m_listener.get(); }
    [[nodiscard]] int client() const { return m_client.get(); } // -1: nobody
    void acceptClient();
    void serviceClient();
    // Never blocks: a client that doesn't read is dropped; it connects again and asks.
    void send(const LunMessage& message);

private:
    platform::FileDescriptor m_listener;
    platform::FileDescriptor m_client;
};

} // namespace dyad::storage
