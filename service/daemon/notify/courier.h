// SPDX-License-Identifier: Apache-2.0
// Carries the notices of one channel out of this host, one after the other, and goes on trying. At least once: what was
// on its way when the service ended is sent again.
#pragma once

#include "agents/captured_command.h"
#include "agents/timer.h"
#include "alarms/channel_command.h"
#include "alarms/outbox.h"
#include "ports/notify_port.h"
#include "ports/outside.h"

#include <functional>
#include <memory>
#include <string>

namespace dyad::daemon {

struct CourierPace {
    Duration patience = 20s;  // for one try; then the program is killed
    Duration firstRetry = 5s; // doubled after each failure
    Duration longestRetry = 5min;
    Duration failingTellsAfter = 1min; // the alarm notify.failed:NAME
};

// Runs a channel's command for one notice. `ended` is called once, from the event loop: with what went wrong, or with
// nothing. Destroying it kills the command and calls nobody.
class Delivery {
public:
    using Ended = std::function<void(const std::string& trouble)>;

    Delivery(Duration patience, Ended ended);
    void run(const alarms::ChannelCommand& command);

private:
    void finish(const std::string& trouble);

    Duration m_howLong;
    Ended m_ended;
    std::unique_ptr<agents::CapturedCommand> m_command;
    agents::Timer m_patience;
    agents::Timer m_finishing; // off the command's own call
    std::string m_trouble;
};

struct CourierSetup {
    model::NotifySetup channel;
    std::string folder;  // of this channel's outbox
    std::string program; // dyad-notify
    // All of them outlive the courier.
    ports::AlarmPort& alarms;
    ports::JournalPort& journal;
    const ports::Clock& clock;
    CourierPace pace;
};

class Courier {
public:
    explicit Courier(CourierSetup setup);

    // Takes what is severe enough for this channel, but not news on the channel itself. Doesn't block.
    void put(const alarms::Notice& notice);
    // Sends this one now, beside the queue. `tried` is called once, later.
    void tryOut(const alarms::Notice& notice, std::function<void(const ports::ChannelTrial&)> tried);
    [[nodiscard]] ports::ChannelState state() const;

private:
    void deliverNext();
    void ended(const std::string& trouble);
    void write(model::Severity severity, const std::string& text);
    void dropOld();

    CourierSetup m_setup;
    std::string m_failedAlarm;
    alarms::Outbox m_outbox;
    std::unique_ptr<Delivery> m_delivery;
    bool m_underWay = false;
    agents::Timer m_retry;
    Duration m_wait{};      // before the next try; 0: the last one went well
    Instant m_failingSince; // where m_wait isn't 0
    bool m_alarmed = false;
    std::int64_t m_deliveredAt = 0;
    std::uint64_t m_delivered = 0;
    std::uint64_t m_failed = 0;
    std::string m_trouble;

    std::unique_ptr<Delivery> m_trial;
    std::function<void(const ports::ChannelTrial&)> m_tried;
    Instant m_triedAt;
};

} // namespace dyad::daemon
