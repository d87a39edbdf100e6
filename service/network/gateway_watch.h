// SPDX-License-Identifier: Apache-2.0
// Is the public network there? Asks the configured gateways by echo requests.
#pragma once

#include <QSocketNotifier>
#include <QTimer>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "network/echo.h"
#include "ports/outside.h"

namespace dyad::network {

struct GatewayTiming {
    Duration interval = 500ms;
    unsigned misses = 3; // in a row, of every gateway, before they count as unreachable
};

class GatewayWatch final : public ports::GatewayPort {
public:
    // Error: a gateway isn't a numeric address ("fe80::1%eth0" with its zone). Asks nothing yet.
    [[nodiscard]] static Result<std::unique_ptr<GatewayWatch>> make(const std::vector<std::string>& gateways,
                                                                    GatewayTiming timing);

    // Set onChange before. The first call comes with the first answer, or after `misses` intervals without any. With no
    // gateway configured there is nothing to lose: reachable, soon.
    void start();

private:
    struct Gateway {
        IpAddress address;
        std::string zone;
        EchoIdentity identity;
        platform::FileDescriptor socket; // opened when it can be: there may be no route yet
        std::unique_ptr<QSocketNotifier> watch;
        std::uint16_t sequence = 0;
        unsigned unanswered = 0; // intervals since the last answer
    };

    explicit GatewayWatch(GatewayTiming timing);
    void ask();
    void send(Gateway& gateway);
    void read(Gateway& gateway);
    void judge(bool reachable);

    GatewayTiming m_timing;
    std::vector<std::unique_ptr<Gateway>> m_gateways;
    std::optional<bool> m_reachable;
    QTimer m_timer;
};

} // namespace dyad::network
