// SPDX-License-Identifier: Apache-2.0
#include "wire/replay_window.h"

#include <QTest>

#include <random>
#include <set>

using namespace dyad;
using namespace dyad::wire;

namespace {

// The same rule, with all the memory in the world.
class DumbWindow {
public:
    bool accept(std::uint64_t sequence) {
        if (!m_seen.empty() && *m_seen.rbegin() >= ReplayWindow::width &&
            sequence <= *m_seen.rbegin() - ReplayWindow::width)
            return false;
        return m_seen.insert(sequence).second;
    }

private:
    std::set<std::uint64_t> m_seen;
};

} // namespace

class ReplayWindowTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void agreesWithTheDumbOne() {
        for (std::uint64_t seed = 0; seed < 3000; ++seed) {
            std::mt19937_64 random(seed);
            ReplayWindow window;
            DumbWindow dumb;
            std::uint64_t base = seed % 3 == 0 ? 0 : random() >> 1;
            const std::uint64_t spread = 1 + random() % 200;
            for (int i = 0; i < 200; ++i) {
                const std::uint64_t sequence = base + random() % spread;
                QCOMPARE(window.accept(sequence), dumb.accept(sequence));
                base += random() % 3;
                if (random() % 50 == 0) base += random() % 1000;
            }
        }
    }

    void edges() {
        ReplayWindow window;
        QVERIFY(window.accept(0));
        QVERIFY(!window.accept(0));
        QVERIFY(window.accept(64));
        QVERIFY(!window.accept(0)); // out of the window now
        QVERIFY(window.accept(1));  // still in it
        QVERIFY(window.accept(~std::uint64_t{0}));
        QVERIFY(!window.accept(~std::uint64_t{0}));
        QVERIFY(window.accept(~std::uint64_t{0} - 63));
        QVERIFY(!window.accept(~std::uint64_t{0} - 64));
    }

    void retiredBootsAreRememberedUpToTheBound() {
        RetiredBoots boots;
        for (std::uint64_t i = 1; i <= RetiredBoots::capacity; ++i)
            boots.retire(model::BootDigest(i));
        for (std::uint64_t i = 1; i <= RetiredBoots::capacity; ++i)
            QVERIFY(boots.contains(model::BootDigest(i)));
        boots.retire(model::BootDigest(7)); // known already: takes no place
        QVERIFY(boots.contains(model::BootDigest(1)));
        boots.retire(model::BootDigest(1000));
        QVERIFY(boots.contains(model::BootDigest(1000)));
        QVERIFY(!boots.contains(model::BootDigest(1)));
        QVERIFY(!boots.contains(model::BootDigest(0)));
    }
};

QTEST_GUILESS_MAIN(ReplayWindowTest)
#include "replay_window_test.moc"
