// SPDX-License-Identifier: Apache-2.0
// The time of day at which groups may go back by themselves.
#include "daemon/failback_clock.h"

#include <QtTest>

using namespace dyad;

class FailbackClockTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void eachChangeIsToldOnce() {
        model::Configuration configuration;
        configuration.groups.resize(3);
        configuration.groups[0].failbackWindow = model::DailyWindow{120, 240};
        configuration.groups[2].failbackWindow = model::DailyWindow{1380, 60}; // over midnight
        unsigned minute = 0;
        std::vector<std::pair<std::uint32_t, bool>> told;
        daemon::FailbackClock clock(
            configuration, [&] { return minute; },
            [&](engine::FailbackWindow window) { told.emplace_back(window.group.value, window.open); });
        const auto at = [&](unsigned now) {
            minute = now;
            told.clear();
            clock.look();
            return told;
        };
        using Told = std::vector<std::pair<std::uint32_t, bool>>;
        QVERIFY(at(0) == (Told{{2, true}}));
        QVERIFY(at(59) == Told());
        QVERIFY(at(60) == (Told{{2, false}}));
        QVERIFY(at(119) == Told());
        QVERIFY(at(120) == (Told{{0, true}}));
        QVERIFY(at(239) == Told());
        QVERIFY(at(240) == (Told{{0, false}}));
        QVERIFY(at(1379) == Told());
        QVERIFY(at(1380) == (Told{{2, true}}));
    }

    void thisHostsMinuteIsOne() { QVERIFY(daemon::localMinuteOfDay() < 1440); }
};

QTEST_GUILESS_MAIN(FailbackClockTest)
#include "failback_clock_test.moc"
