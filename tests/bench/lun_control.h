// SPDX-License-Identifier: Apache-2.0
// Speaks with a dyad-lun as dyadd does (storage/lun_protocol.h).
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "model/messages.h"

#include <string>
#include <utility>

namespace dyad::bench {

class LunControl {
public:
    // Blocks until it listens, has a session with the array and its file is exported.
    [[nodiscard]] static Result<LunControl> connect(const std::string& socketPath, Duration deadline);
    ~LunControl();
    LunControl(LunControl&& other) noexcept
        : m_socket(std::exchange(other.m_socket, -1)), m_key(other.m_key), m_epoch(other.m_epoch) {}
    LunControl& operator=(LunControl&& other) noexcept {
        std::swap(m_socket, other.m_socket);
        std::swap(m_key, other.m_key);
        std::swap(m_epoch, other.m_epoch);
        return *this;
    }

    [[nodiscard]] Result<void> claim(model::NodeId node, std::uint32_t epoch); // from whoever holds it
    [[nodiscard]] Result<void> release();

private:
    explicit LunControl(int socket) : m_socket(socket) {}
    Result<model::ReservationAnswer> ask(model::ReservationRequest request);

    int m_socket = -1;
    model::ReservationKey m_key;
    model::Epoch m_epoch;
};

} // namespace dyad::bench
