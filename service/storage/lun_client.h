// SPDX-License-Identifier: Apache-2.0
// The array as dyadd speaks to it: one dyad-lun per LUN of the configuration.
#pragma once

#include "ports/reservation_port.h"
#include "storage/lun_process.h"

namespace dyad::storage {

struct LunClientSetup {
    std::string program; // dyad-lun, absolute
    std::string runDirectory = "/run/dyad";
    model::Configuration configuration;        // its LUNs, its name and its nodes' names
    model::NodeId node = model::NodeId::First; // this one
    std::vector<std::string> extraOptions;     // more of dyad-lun's command line (tests, slow arrays)
};

class LunClient final : public ports::ReservationPort {
public:
    explicit LunClient(LunClientSetup setup);
    ~LunClient() override; // every dyad-lun goes on

    // Starts or adopts every dyad-lun. Set onAnswer and onNotice before. Doesn't block. What can't be started is tried
    // again, and state() says why. Error: there is no such program.
    [[nodiscard]] Result<void> start();

    void send(const model::ReservationRequest& request) override;
    void closeGate(model::LunId lun) override;
    [[nodiscard]] ports::LunState state(model::LunId lun) const override;

    // For the filesystem agent.
    [[nodiscard]] std::string exportFile(model::LunId lun) const;
    [[nodiscard]] std::string loopRecord(model::LunId lun) const;
    [[nodiscard]] const LunState& details(model::LunId lun) const;
    [[nodiscard]] const std::string& program() const { return m_setup.program; }
    void killServer(model::LunId lun);
    // Every dyad-lun that nobody uses ends; for an orderly end of everything.
    void quit();

private:
    LunClientSetup m_setup;
    std::vector<std::unique_ptr<LunProcess>> m_luns; // by LunId
};

} // namespace dyad::storage
