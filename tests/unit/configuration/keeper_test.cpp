// SPDX-License-Identifier: Apache-2.0
// Two keepers with their disks and their routes: orders, agreement, restart, drift; the peer away, and answers lost.
#include "config/digest.h"
#include "control/server/routes/configuration_routes.h"
#include "daemon/configuration/keeper.h"
#include "small_pair.h"
#include "two_services.h"

#include <QTemporaryDir>
#include <QTest>

#include <fstream>
#include <sstream>

using namespace dyad;
using namespace dyad::daemon;

namespace {

class Host {
public:
    Host(std::string own, std::string peer, model::NodeId node)
        : name(std::move(own)), self(node), channel(name, std::move(peer)) {
        std::ofstream(file()) << base;
    }

    [[nodiscard]] std::string file() const { return folder.filePath("dyad.toml").toStdString(); }
    [[nodiscard]] std::string text() const {
        std::ifstream stream(file());
        std::ostringstream whole;
        whole << stream.rdbuf();
        return whole.str();
    }
    // A life of the service: with what the file says now.
    void start() {
        stop();
        alarms.raised.clear(); // a board of its own in each life
        running = *config::loadFile(file()).configuration;
        situation.peerHeard = situation.peerServed = true;
        keeper = std::make_unique<Keeper>(KeeperSetup{
            .configurationFile = file(),
            .stateDirectory = folder.path().toStdString(),
            .self = self,
            .running = running,
            .live = {.self = self, .keyFile = file(), .tlsDirectory = tls(), .tokens = file(), .programDirectory = "",
                     .runDirectory = ""},
            .peer = channel,
            .alarms = alarms,
            .journal = journal,
            .clock = clock,
            .situation =
                [this] {
                    situation.groups = {{active ? name : ""}};
                    situation.ownHere = active;
                    if (other) {
                        situation.peerRuns = other->keeper ? other->running.digest : 0;
                        situation.peerServed = other->keeper != nullptr;
                        situation.ownThere = other->active;
                    }
                    return situation;
                },
            .prepareRestart = [](const model::Configuration&, bool, std::function<void()> then) { then(); },
            .restart = [this] { QTimer::singleShot(0, &context, [this] { start(); }); }});
        routes = control::configurationRoutes(*keeper);
        if (other) other->channel.routes = &routes;
        ++lives;
        QVERIFY(keeper->start().ok());
    }
    void stop() {
        if (other) other->channel.routes = nullptr;
        keeper.reset();
    }
    [[nodiscard]] std::string tls() const {
        for (const char* each : {"certificate.pem", "key.pem"})
            std::ofstream(folder.filePath(each).toStdString()) << "x";
        return folder.path().toStdString();
    }

    QTemporaryDir folder;
    std::string name;
    model::NodeId self;
    DirectChannel channel;
    KeptAlarms alarms;
    KeptJournal journal;
    QuickClock clock;
    PairSituation situation;
    bool active = false;
    Host* other = nullptr;
    model::Configuration running;
    std::unique_ptr<Keeper> keeper;
    control::Routes routes;
    QObject context;
    int lives = 0;
};

model::ApplyReport waitFor(const std::function<void(std::function<void(model::ApplyReport)>)>& ask) {
    std::optional<model::ApplyReport> report;
    ask([&](const model::ApplyReport& answer) { report = answer; });
    if (!QTest::qWaitFor([&] { return report.has_value(); }, 20000)) qFatal("no answer");
    return *report;
}

} // namespace

class KeeperTest : public QObject {
    Q_OBJECT

private:
    std::unique_ptr<Host> alpha;
    std::unique_ptr<Host> beta;

    model::ApplyReport apply(Host& host, const std::string& text, bool alone = false, bool dryRun = false) {
        return waitFor([&](auto done) {
            host.keeper->apply({.text = text, .who = "anna", .alone = alone, .dryRun = dryRun}, done);
        });
    }
    bool agreed() {
        const auto here = alpha->keeper->picture();
        const auto there = beta->keeper->picture();
        return here.current().revision == there.current().revision && !here.staged && !there.staged &&
               here.runningDigest == here.current().revision.digest &&
               there.runningDigest == there.current().revision.digest && alpha->text() == beta->text();
    }

private Q_SLOTS:
    void init() {
        alpha = std::make_unique<Host>("alpha", "beta", model::NodeId::First);
        beta = std::make_unique<Host>("beta", "alpha", model::NodeId::Second);
        alpha->other = beta.get();
        beta->other = alpha.get();
        alpha->active = true;
        alpha->start();
        beta->start();
    }
    void cleanup() {
        alpha->stop();
        beta->stop();
        alpha.reset();
        beta.reset();
    }

    void bothTakeItAndTheStandbyGoesFirst() {
        std::vector<std::string> order;
        const model::ApplyReport report = apply(*alpha, base + "# two\n");
        QVERIFY2(report.accepted, report.text.c_str());
        QCOMPARE(report.revision.number, std::uint64_t(2));
        QTRY_VERIFY_WITH_TIMEOUT(beta->lives == 2 || alpha->lives == 2, 20000);
        QCOMPARE(beta->lives, 2);
        QCOMPARE(alpha->lives, 1);
        QTRY_VERIFY_WITH_TIMEOUT(alpha->lives == 2 && agreed(), 20000);
        QCOMPARE(alpha->text(), base + "# two\n");
        QCOMPARE(alpha->keeper->picture().history.back().who, std::string("anna"));
    }

    void aDryRunChangesNothing() {
        const model::ApplyReport report = apply(*beta, base + "# two\n", false, true);
        QVERIFY2(report.accepted, report.text.c_str());
        QCOMPARE(report.reports.size(), std::size_t(2));
        QVERIFY(agreed());
        QCOMPARE(alpha->keeper->picture().history.size(), std::size_t(1));
    }

    void aWrongTextIsRefusedWithItsPlace() {
        const model::ApplyReport report = apply(*alpha, base + "[clutser]\n");
        QVERIFY(!report.accepted);
        QVERIFY2(report.text.find("did you mean \"cluster\"") != std::string::npos, report.text.c_str());
        QVERIFY(agreed());
    }

    void whatRunsAndCantBeAdoptedMustBeStoppedFirst() {
        std::string text = base;
        text.replace(text.find("/bin/true"), 9, "/bin/false");
        const model::ApplyReport refused = apply(*beta, text);
        QVERIFY(!refused.accepted);
        alpha->active = false;
        const model::ApplyReport taken = apply(*beta, text);
        QVERIFY2(taken.accepted, taken.text.c_str());
        QTRY_VERIFY_WITH_TIMEOUT(agreed(), 20000);
    }

    void withoutThePeerNothingIsTaken() {
        beta->stop();
        const model::ApplyReport refused = apply(*alpha, base + "# two\n");
        QVERIFY(!refused.accepted);
        const model::ApplyReport alone = apply(*alpha, base + "# two\n", true);
        QVERIFY2(alone.accepted, alone.text.c_str());
        QTRY_COMPARE_WITH_TIMEOUT(alpha->lives, 2, 20000);
        beta->start();
        QTRY_VERIFY_WITH_TIMEOUT(agreed(), 20000);
        QCOMPARE(beta->text(), base + "# two\n");
    }

    // The answer to prepare is lost: the peer has prepared, the coordinator gives up, and the peer finds out.
    void aLostAnswerLeavesTheOldText() {
        alpha->channel.loses = [](const QByteArray& target) { return target.endsWith("/prepare") || target.endsWith("/abort"); };
        const model::ApplyReport report = apply(*alpha, base + "# two\n");
        QVERIFY(!report.accepted);
        QTRY_VERIFY_WITH_TIMEOUT(agreed(), 20000);
        QCOMPARE(beta->text(), base);
    }

    // The service of the peer is killed when it has prepared; the coordinator has its answer and commits.
    void aCommitThatNobodyHearsIsFoundOut() {
        bool killed = false;
        alpha->channel.loses = [&](const QByteArray& target) {
            if (target.endsWith("/commit") && !killed) {
                killed = true;
                QTimer::singleShot(0, &beta->context, [this] { beta->start(); });
                alpha->channel.routes = nullptr;
            }
            return target.endsWith("/commit");
        };
        const model::ApplyReport report = apply(*alpha, base + "# two\n");
        QVERIFY2(report.accepted, report.text.c_str());
        QTRY_VERIFY_WITH_TIMEOUT(agreed(), 20000);
        QCOMPARE(beta->text(), base + "# two\n");
    }

    void anEditByHandIsADriftAndAnApplyEndsIt() {
        beta->stop();
        std::ofstream(beta->file(), std::ios::app) << "# by hand\n";
        beta->start();
        QTRY_VERIFY_WITH_TIMEOUT(alpha->alarms.raised.contains("config.drift") &&
                                     beta->alarms.raised.contains("config.drift"),
                                 20000);
        QCOMPARE(alpha->text(), base);
        const model::ApplyReport report = apply(*alpha, base + "# settled\n");
        QVERIFY2(report.accepted, report.text.c_str());
        QTRY_VERIFY_WITH_TIMEOUT(agreed(), 20000);
        const auto standing = [this] {
            QString all;
            for (const auto* host : {alpha.get(), beta.get()})
                for (const auto& [id, text] : host->alarms.raised)
                    all += QString::fromStdString(id + ": " + text + "\n");
            return all;
        };
        QTRY_COMPARE_WITH_TIMEOUT(standing(), QString(), 20000);
    }

    void theLastTenAreKeptAndCanBeAppliedAgain() {
        for (int i = 2; i <= 13; ++i) {
            const model::ApplyReport report = apply(i % 2 == 0 ? *alpha : *beta, base + "# " + std::to_string(i) + "\n");
            QVERIFY2(report.accepted, report.text.c_str());
            QTRY_VERIFY_WITH_TIMEOUT(agreed(), 20000);
        }
        const auto history = alpha->keeper->picture().history;
        QCOMPARE(history.size(), model::maxRevisionsKept);
        std::optional<Result<std::string>> old;
        alpha->keeper->text(history.front().revision.number, [&](Result<std::string> text) { old = std::move(text); });
        QTRY_VERIFY_WITH_TIMEOUT(old.has_value(), 20000);
        QVERIFY(old->ok());
        QCOMPARE(config::digestOf(old->value()), history.front().revision.digest);
        old.reset();
        alpha->keeper->text(1, [&](Result<std::string> text) { old = std::move(text); });
        QTRY_VERIFY_WITH_TIMEOUT(old.has_value(), 20000);
        QVERIFY(!old->ok());
    }

    // A decision that was on the disk but not yet in the file when the host went down.
    void whatWasDecidedIsInTheFileAtTheNextStart() {
        const model::ApplyReport report = apply(*alpha, base + "# two\n");
        QVERIFY(report.accepted);
        QTRY_VERIFY_WITH_TIMEOUT(agreed(), 20000);
        alpha->stop();
        const config::RevisionStore store(alpha->folder.filePath("config").toStdString(), alpha->file());
        config::KeptState state = store.load().value();
        state.installed = config::digestOf(base);
        QVERIFY(store.save(state).ok());
        std::ofstream(alpha->file(), std::ios::trunc) << base;
        QVERIFY(store.finishInstall().value());
        QCOMPARE(alpha->text(), base + "# two\n");
        alpha->start();
        QTRY_VERIFY_WITH_TIMEOUT(agreed(), 20000);
        QVERIFY(alpha->alarms.raised.empty());
    }
};

QTEST_GUILESS_MAIN(KeeperTest)
#include "keeper_test.moc"
