// SPDX-License-Identifier: Apache-2.0
// The array, as the shell sees it. Real: storage/ (one dyad-lun per LUN). A block device by SG_IO would be another one.
#pragma once

#include "model/messages.h"

#include <functional>

namespace dyad::ports {

struct LunState {
    bool pathUp = false;
    bool gateOpen = false;
    std::string detail;
};

class ReservationPort {
public:
    virtual ~ReservationPort() = default;

    std::function<void(const model::ReservationAnswer&)> onAnswer; // exactly one per request, never from within send()
    std::function<void(const model::LunNotice&)> onNotice;

    // Doesn't block. Requests for one LUN are carried out in the order given. Every request is answered, with Late or
    // NoPath at the worst.
    virtual void send(const model::ReservationRequest& request) = 0;
    // Latches the data path of the LUN shut, now: no write is sent any more until a later Claim has been read back.
    virtual void closeGate(model::LunId lun) = 0;
    [[nodiscard]] virtual LunState state(model::LunId lun) const = 0;
};

} // namespace dyad::ports
