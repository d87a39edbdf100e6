// SPDX-License-Identifier: Apache-2.0
// Holds docs/TIMEOUTS.md and engine/timeouts.h together: each number of the page's table is the formula's.
#include "engine/timeouts.h"

#include <QFile>
#include <QRegularExpression>
#include <QTest>

#include <functional>
#include <map>

using namespace dyad;
using engine::Timeouts;
using engine::timeoutsOf;
using model::Profile;

namespace {

constexpr Profile profiles[] = {Profile::Fast, Profile::Standard, Profile::Relaxed};

const std::map<QString, std::function<Duration(const Timeouts&)>> formulae{
    {"heartbeat", [](const Timeouts& of) { return of.heartbeat; }},
    {"suspect", [](const Timeouts& of) { return of.suspect; }},
    {"lost", [](const Timeouts& of) { return of.lost; }},
    {"challengeWindow", [](const Timeouts& of) { return of.challengeWindow; }},
    {"preemptAfter", [](const Timeouts& of) { return of.preemptAfter(); }},
    {"defendInterval", [](const Timeouts& of) { return of.defendInterval(); }},
    {"verifyInterval", [](const Timeouts& of) { return of.verifyInterval(); }},
    {"leaseTerm", [](const Timeouts& of) { return of.leaseTerm(); }},
    {"rechallengeInterval", [](const Timeouts& of) { return of.rechallengeInterval(); }},
    {"startupWait", [](const Timeouts& of) { return of.startupWait(); }},
    {"reservationAnswer", [](const Timeouts& of) { return of.reservationAnswer(); }},
    {"pathGrace", [](const Timeouts& of) { return of.pathGrace(); }},
    {"gatewayGrace", [](const Timeouts& of) { return of.gatewayGrace(); }},
    {"killDeadline", [](const Timeouts& of) { return of.killDeadline(); }},
    {"watchInterval", [](const Timeouts& of) { return of.watchInterval(); }},
    {"orderPatience", [](const Timeouts& of) { return of.orderPatience(); }},
};

// "160 ms", "1.4 s"
std::optional<Duration> durationOf(const QString& text) {
    static const QRegularExpression shape(QStringLiteral("^([0-9.]+) (ms|s)$"));
    const auto match = shape.match(text.trimmed());
    if (!match.hasMatch()) return {};
    const double number = match.captured(1).toDouble() * (match.captured(2) == QLatin1String("s") ? 1000 : 1);
    return std::chrono::milliseconds(std::lround(number));
}

QString readPage() {
    QFile file(QStringLiteral(DYAD_TIMEOUTS_PAGE));
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

} // namespace

class TimeoutsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void thePagesTableSaysWhatTheFormulaeSay();
    void thePagesStoriesUseNumbersOfTheFormulae();
    void theProfilesAreThoseOfTheDesign();
    void whatMustFitIntoEachOtherDoes();
};

void TimeoutsTest::thePagesTableSaysWhatTheFormulaeSay() {
    const QString page = readPage();
    QVERIFY(!page.isEmpty());
    static const QRegularExpression row(QStringLiteral("^\\| `(\\w+)` \\| ([^|]+)\\| ([^|]+)\\| ([^|]+)\\|"),
                                        QRegularExpression::MultilineOption);
    std::map<QString, int> seen;
    for (auto rows = row.globalMatch(page); rows.hasNext();) {
        const auto match = rows.next();
        const auto formula = formulae.find(match.captured(1));
        QVERIFY2(formula != formulae.end(),
                 qPrintable("the page names " + match.captured(1) + ", which is no time-out"));
        ++seen[match.captured(1)];
        for (int i = 0; i < 3; ++i) {
            const std::optional<Duration> told = durationOf(match.captured(i + 2));
            const Duration true_ = formula->second(timeoutsOf(profiles[i]));
            QVERIFY2(told == true_,
                     qPrintable(match.captured(1) + " column " + QString::number(i + 1) + ": the page says " +
                                match.captured(i + 2) + ", the formula " + QString::fromStdString(toText(true_))));
        }
    }
    for (const auto& [name, formula] : formulae)
        QVERIFY2(seen[name] == 1, qPrintable("the page's table must have one row for " + name));
}

// In the stories a number that comes from a formula is written "**160 ms** (`preemptAfter`, fast)".
void TimeoutsTest::thePagesStoriesUseNumbersOfTheFormulae() {
    static const QRegularExpression quoted(
        QStringLiteral("\\*\\*([0-9.]+ m?s)\\*\\* \\(`(\\w+)`, (fast|standard|relaxed)\\)"));
    int count = 0;
    for (auto all = quoted.globalMatch(readPage()); all.hasNext(); ++count) {
        const auto match = all.next();
        const auto formula = formulae.find(match.captured(2));
        QVERIFY2(formula != formulae.end(), qPrintable(match.captured()));
        const Profile profile = match.captured(3) == QLatin1String("fast")       ? Profile::Fast
                                : match.captured(3) == QLatin1String("standard") ? Profile::Standard
                                                                                 : Profile::Relaxed;
        QVERIFY2(durationOf(match.captured(1)) == formula->second(timeoutsOf(profile)), qPrintable(match.captured()));
    }
    QVERIFY2(count >= 15, "the stories quote their numbers");
}

void TimeoutsTest::theProfilesAreThoseOfTheDesign() {
    QCOMPARE(timeoutsOf(Profile::Fast).preemptAfter(), Duration(160ms));
    QCOMPARE(timeoutsOf(Profile::Standard).preemptAfter(), Duration(700ms));
    QCOMPARE(timeoutsOf(Profile::Relaxed).preemptAfter(), Duration(7s));
    QCOMPARE(timeoutsOf(Profile::Fast).heartbeat, Duration(20ms));
    QCOMPARE(timeoutsOf(Profile::Standard).lost, Duration(500ms));
    QCOMPARE(timeoutsOf(Profile::Relaxed).challengeWindow, Duration(4s));
}

void TimeoutsTest::whatMustFitIntoEachOtherDoes() {
    for (const Profile profile : profiles) {
        const Timeouts of = timeoutsOf(profile);
        QVERIFY(of.heartbeat * 2 < of.suspect); // one lost heartbeat makes nobody suspect
        QVERIFY(of.suspect < of.lost);
        QVERIFY(of.defendInterval() * 3 <= of.challengeWindow); // a late look and a lost one, and the next is in time
        // A partition is noticed by both at the same time: an owner that hears nothing looks at the keys within the
        // window.
        QVERIFY(of.suspect + of.defendInterval() < of.preemptAfter());
        QVERIFY(of.verifyInterval() * 2 < of.leaseTerm()); // one verification may be lost
        QVERIFY(of.pathGrace() >= of.lost);
        QVERIFY(of.rechallengeInterval() > of.preemptAfter());
        QVERIFY(of.startupWait() > of.lost);
    }
}

QTEST_GUILESS_MAIN(TimeoutsTest)
#include "timeouts_test.moc"
