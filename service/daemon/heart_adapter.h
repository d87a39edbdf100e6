// SPDX-License-Identifier: Apache-2.0
// The heart port on a real heart: adopts the one that lives, replaces one of another boot or configuration, starts it
// again when it has died. Nothing here blocks.
#pragma once

#include "heart/client.h"
#include "heart/launcher.h"
#include "heart/settings.h"
#include "ports/heart_port.h"

#include <QElapsedTimer>
#include <QObject>
#include <QSocketNotifier>
#include <QTimer>

#include <memory>
#include <optional>
#include <string>

namespace dyad::daemon {

struct HeartAdapterSetup {
    std::string program;      // absolute path of dyad-heart
    std::string runDirectory; // absolute, exists
    heart::Settings settings;
};

class HeartAdapter final : public QObject, public ports::HeartPort {
    Q_OBJECT

public:
    explicit HeartAdapter(HeartAdapterSetup setup, QObject* parent = nullptr);
    ~HeartAdapter() override; // leaves the heart alive: it tells the peer that the service is gone

    // Set onChange and onDied before. A living heart of this boot and these settings is joined before start() returns:
    // previousStatus() is valid then. Otherwise one is started and joined from the event loop.
    void start();
    // Other settings (the configuration has changed): the heart is replaced.
    void changeSettings(heart::Settings settings);
    [[nodiscard]] bool joined() const { return m_client != nullptr; }

    void publish(const model::NodeStatus& status) override;
    [[nodiscard]] ports::HeartReport report() const override;
    [[nodiscard]] std::optional<model::NodeStatus> previousStatus() const override { return m_previous; }

private:
    static constexpr int joinIntervalMs = 5;      // between two tries to join a heart that is beginning
    static constexpr int joinPatienceMs = 2000;   // then it is started again
    static constexpr int endPatienceMs = 500;     // for a heart that is replaced; then it is killed
    static constexpr int restartIntervalMs = 100; // between two starts, so that one that can't live doesn't spin
    // A start that shows no sign of life has failed, or the host is too busy to have got round to it: tried again after
    // 0.1, 0.2, 0.4, 0.8 s and from then on, and told only after all of these.
    static constexpr unsigned mostDoublings = 3;

    void arrange();
    void replace(const heart::LivingHeart& living);
    void launch();
    [[nodiscard]] bool tryJoin();
    void step();
    void wake();
    void lost(const std::string& why);
    void letGo();
    void tell(const std::string& why);

    HeartAdapterSetup m_setup;
    std::unique_ptr<heart::Client> m_client; // only while joined
    std::unique_ptr<QSocketNotifier> m_wakeNotifier;
    std::unique_ptr<QSocketNotifier> m_endNotifier;
    QTimer m_timer; // the next step of finding or starting a heart; stopped while joined
    QElapsedTimer m_sinceLaunch;
    unsigned m_fruitless = 0;                  // starts in a row of which nothing was seen
    bool m_launchPutOff = false;               // the last start was too short ago to start again at once
    QElapsedTimer m_sinceAskedToEnd;           // valid while an old heart is to end
    std::optional<model::NodeStatus> m_status; // last published
    std::optional<model::NodeStatus> m_previous;
    mutable ports::HeartReport m_last;
    std::string m_told; // the last trouble, told once
};

} // namespace dyad::daemon
