// SPDX-License-Identifier: Apache-2.0
// A few hundred lives of a pair under random faults. DYAD_SEED=n plays one of them and tells all of it.
#include "campaign.h"

#include <QTest>

#include <cstdio>

class CampaignTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyLifeIsSafeAndEndsWithEveryGroupRunningOnce();
};

void CampaignTest::everyLifeIsSafeAndEndsWithEveryGroupRunningOnce() {
    constexpr std::uint64_t seeds = 300;
    const QByteArray one = qgetenv("DYAD_SEED");
    const std::uint64_t first = one.isEmpty() ? 1 : one.toULongLong();
    const std::uint64_t last = one.isEmpty() ? seeds : first;
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        const dyad::campaign::Outcome outcome = dyad::campaign::live(seed);
        const bool well = outcome.broken.empty();
        if (!well) std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), outcome.broken.c_str());
        if (!well || !one.isEmpty())
            for (const std::string& line : outcome.trace)
                std::printf("%s\n", line.c_str());
        std::fflush(stdout);
        QVERIFY2(well, qPrintable(QStringLiteral("seed %1: %2").arg(seed).arg(QString::fromStdString(outcome.broken))));
    }
}

QTEST_GUILESS_MAIN(CampaignTest)
#include "campaign_test.moc"
