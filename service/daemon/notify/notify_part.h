// SPDX-License-Identifier: Apache-2.0
// From the alarm board to the people: what is told (alarms/damper.h), and by whom (courier.h).
#pragma once

#include "agents/timer.h"
#include "alarms/alarm_board.h"
#include "alarms/damper.h"
#include "daemon/notify/courier.h"
#include "daemon/options.h"
#include "model/configuration.h"
#include "ports/notify_port.h"

#include <memory>
#include <vector>

namespace dyad::daemon {

class NotifyPart final : public ports::NotifyPort {
public:
    struct Setup {
        const Options& options;
        const model::Configuration& configuration;
        model::NodeId self = model::NodeId::First;
        // All of them outlive the part.
        alarms::AlarmBoard& alarms;
        ports::JournalPort& journal;
        const ports::Clock& clock;
        CourierPace pace;
    };

    // Reads what an earlier life has left; call it before the first alarm that anybody is to be told of.
    explicit NotifyPart(const Setup& setup);
    ~NotifyPart() override;
    NotifyPart(const NotifyPart&) = delete;
    NotifyPart& operator=(const NotifyPart&) = delete;

    [[nodiscard]] std::vector<ports::ChannelState> channels() const override;
    [[nodiscard]] bool test(const std::string& who,
                            std::function<void(const std::vector<ports::ChannelTrial>&)> tried) override;

private:
    struct Trial;

    [[nodiscard]] alarms::Notice noticeOf(const model::AlarmView& alarm, bool raised) const;
    void tell();
    void recall();
    void keepTold();

    alarms::AlarmBoard& m_alarms;
    const ports::Clock& m_clock;
    std::string m_cluster;
    std::string m_node;
    std::string m_toldFile;
    alarms::Damper m_damper;
    agents::Timer m_due;
    std::vector<std::unique_ptr<Courier>> m_couriers;
    std::shared_ptr<Trial> m_trial;
};

} // namespace dyad::daemon
