// SPDX-License-Identifier: Apache-2.0
// What a change costs: which of it the running pair takes, which needs a group to be stopped, which is impossible; and
// whose turn it is.
#include "pair_text.h"
#include "config/apply/change_plan.h"
#include "config/apply/revision_store.h"
#include "config/apply/switch_turn.h"
#include "config/diff.h"
#include "config/digest.h"
#include "config/live/key_place.h"
#include "config/live/live_check.h"
#include "config/load.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <fstream>

using namespace dyad;
using namespace dyad::config;

namespace {

std::string with(const std::string& from, const std::string& to, std::string text = base) {
    const std::size_t at = text.find(from);
    if (at == std::string::npos) qFatal("the test's text has no %s", from.c_str());
    return text.replace(at, from.size(), to);
}

model::Configuration read(const std::string& text) {
    Loaded loaded = loadText(text, "dyad.toml");
    if (!loaded.configuration)
        qFatal("%s", loaded.problems.empty() ? "?" : config::toText(loaded.problems.front()).c_str());
    return *loaded.configuration;
}

ChangePlan plan(const std::string& to, const std::string& erpOn = "alpha", const std::string& webOn = "alpha") {
    return planChange(read(base), read(to), {{erpOn}, {webOn}});
}

} // namespace

class ChangePlanTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aCommentRestartsTheServiceOnly() {
        const ChangePlan found = plan(base + "# a remark\n");
        QVERIFY(found.mayGo());
        QCOMPARE(found.reach, Reach::Service);
        QCOMPARE(plan(base).reach, Reach::Nothing);
    }

    void what_data() {
        QTest::addColumn<QString>("to");
        QTest::addColumn<int>("reach");
        QTest::addColumn<QString>("stops"); // groups, or "!" for impossible
        const auto row = [](const char* name, const std::string& to, Reach reach, const char* stops) {
            QTest::newRow(name) << QString::fromStdString(to) << static_cast<int>(reach) << QString(stops);
        };
        using enum Reach;
        row("another gateway", with("10.77.0.254", "10.77.0.253"), Service, "");
        row("another check of a process", with("command =", "stop_timeout_s = 5\ncommand ="), Service, "");
        row("another announcement", with("10.77.0.100/24\"", "10.77.0.100/24\"\nannouncements = 9"), Service, "");
        row("preferred node", with("prefer = \"alpha\"", "prefer = \"beta\""), Service, "");
        row("a new group at the end",
            base + "[[group]]\nname = \"new\"\n[[group.resource]]\nname=\"nip\"\ntype=\"address\"\naddress=\"10.77.0.102/24\"\n",
            Service, "");
        row("a new resource", base + "[[group.resource]]\nname=\"wip2\"\ntype=\"address\"\naddress=\"10.77.0.103/24\"\n",
            Service, "");
        row("slower time-outs", with("standard", "relaxed"), Heart, "");
        row("one link changes", with("10.77.1.2", "10.77.1.3"), Heart, "");
        row("both links change", with("10.77.0.2\"", "10.77.0.3\"", with("10.77.1.2", "10.77.1.3")), Heart, "erp web");
        row("another heartbeat port", with("profile =", "heartbeat_port = 7500\nprofile ="), Heart, "erp web");
        row("another command", with("--serve", "--serve2"), Service, "erp");
        row("another address", with("10.77.0.100", "10.77.0.105"), Service, "erp");
        row("another mount point", with("/srv/erp", "/srv/other"), Service, "erp");
        row("another portal", with("10.77.2.9", "10.77.2.8"), Service, "erp");
        row("a resource is renamed", with("\"app\"", "\"app2\""), Service, "erp");
        row("another cluster name", with("erp-pair", "erp-pairs"), Service, "!");
        row("another node name", with("\"beta\"", "\"gamma\""), Service, "!");
    }
    void what() {
        QFETCH(QString, to);
        QFETCH(int, reach);
        QFETCH(QString, stops);
        const ChangePlan found = plan(to.toStdString());
        QCOMPARE(static_cast<int>(found.reach), reach);
        std::vector<std::string> groups;
        for (const Blocker& each : found.mustStop) {
            QCOMPARE(each.node, std::string("alpha"));
            QVERIFY(!each.why.empty());
            groups.push_back(each.group);
        }
        std::sort(groups.begin(), groups.end());
        groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
        std::string joined;
        for (const std::string& each : groups)
            joined += (joined.empty() ? "" : " ") + each;
        if (stops == "!") {
            QVERIFY(!found.impossible.empty());
        } else {
            QVERIFY(found.impossible.empty());
            QCOMPARE(joined, stops.toStdString());
            QVERIFY(!found.effects.empty() || !found.mustStop.empty());
            // What is stopped needn't be stopped.
            QVERIFY(plan(to.toStdString(), "", "").mayGo());
        }
    }

    // A group that only moves up because one before it is gone would be taken for that one by the other node.
    void aGroupThatChangesItsPlaceMustBeStopped() {
        const std::size_t first = base.find("[[group]]");
        const std::size_t second = base.find("[[group]]", first + 1);
        const std::size_t lun = base.find("[[lun]]");
        const ChangePlan found = plan(base.substr(0, lun) + base.substr(second), "", "beta");
        QCOMPARE(found.mustStop.size(), std::size_t(1));
        QCOMPARE(found.mustStop.front().group, std::string("web"));
        QCOMPARE(found.mustStop.front().node, std::string("beta"));
    }

    void timeOutsChangeWithOneOwnerOnly() {
        const std::string faster = with("standard", "fast");
        QVERIFY(plan(faster).ownerFirst);
        QVERIFY(plan(faster).mayGo());
        QVERIFY(!plan(with("standard", "relaxed")).ownerFirst);
        QVERIFY(!plan(faster, "alpha", "beta").mayGo());
    }

    void turns() {
        using enum SwitchTurn;
        SwitchPicture at{.wanted = 7, .peerRuns = 6, .peerHeard = true, .peerServed = true, .settled = true};
        at.self = model::NodeId::First;
        at.ownHere = true;
        QCOMPARE(whoseTurn(at), Wait); // the standby first
        at.patienceOver = true;
        QCOMPARE(whoseTurn(at), Stuck);
        at.patienceOver = false;
        at.peerRuns = 7;
        QCOMPARE(whoseTurn(at), Now);
        at.settled = false;
        QCOMPARE(whoseTurn(at), Wait);
        at.settled = true;
        at.peerServed = false; // it is just coming back
        QCOMPARE(whoseTurn(at), Wait);
        at.peerServed = true;
        at.peerRuns = 6;
        at.ownerFirst = true;
        QCOMPARE(whoseTurn(at), Now);
        at.ownHere = false;
        at.ownThere = true;
        QCOMPARE(whoseTurn(at), Wait);
        at.ownerFirst = false;
        QCOMPARE(whoseTurn(at), Now);
        at.peerHeard = at.peerServed = false;
        QCOMPARE(whoseTurn(at), Wait);
        at.peerLost = true;
        QCOMPARE(whoseTurn(at), Now);
    }

    // For each state of the pair that both see alike, exactly one of the two goes first.
    void neverBothAtOnce() {
        for (const bool firstOwns : {false, true})
            for (const bool secondOwns : {false, true})
                for (const bool ownerFirst : {false, true}) {
                    SwitchPicture first{.self = model::NodeId::First,
                                        .ownHere = firstOwns,
                                        .ownThere = secondOwns,
                                        .ownerFirst = ownerFirst,
                                        .wanted = 7,
                                        .peerRuns = 6,
                                        .peerHeard = true,
                                        .peerServed = true,
                                        .settled = true};
                    SwitchPicture second = first;
                    second.self = model::NodeId::Second;
                    std::swap(second.ownHere, second.ownThere);
                    QVERIFY((whoseTurn(first) == SwitchTurn::Now) != (whoseTurn(second) == SwitchTurn::Now));
                }
    }

    void differencesByMeaning() {
        QVERIFY(differences(base, "# remark\n" + base).empty());
        const auto found = differences(base, with("/srv/erp", "/srv/x"));
        QCOMPARE(found.size(), std::size_t(1));
        QCOMPARE(QString::fromStdString(config::toText(found.front())),
                 QStringLiteral("group.erp.resource.data.mount: \"/srv/erp\" → \"/srv/x\""));
        const auto added = differences(base, base + "announcements = 3\n");
        QCOMPARE(added.size(), std::size_t(1));
        QCOMPARE(added.front().key, std::string("group.web.resource.wip.announcements"));
        QCOMPARE(added.front().before, std::string());
    }

    void differencesByLine() {
        QCOMPARE(unifiedDiff("a\nb\nc\nd\ne\nf\ng\nh\n", "a\nb\nc\nd\nE\nf\ng\nh\n", "x", "y"),
                 std::string("--- x\n+++ y\n@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n"));
        QCOMPARE(unifiedDiff("a\n", "a\n", "x", "y"), std::string());
        QCOMPARE(unifiedDiff("", "a\n", "x", "y"), std::string("--- x\n+++ y\n@@ -0,0 +1 @@\n+a\n"));
    }

    void keysAreFound() {
        const auto lineOf = [](const std::string& needle) {
            return static_cast<unsigned>(std::count(base.begin(), base.begin() + static_cast<long>(base.find(needle)), '\n') + 1);
        };
        QCOMPARE(keyPlace(base, "group.erp.resource.ip.address").line, lineOf("10.77.0.100"));
        QCOMPARE(keyPlace(base, "node.beta.links.private").line, lineOf("10.77.1.2"));
        QCOMPARE(keyPlace(base, "network.gateways").line, lineOf("10.77.0.254"));
        QCOMPARE(keyPlace(base, "nonsense").line, 0u);
    }

    // --- what is kept ---

    void theBookkeepingIsReadAsItWasWritten() {
        KeptState state;
        state.installed = 0xfedcba9876543210;
        state.apply.history = {{{1, 5}, 0, "first start", "alpha", 17, true}, {{2, 6}, 5, "anna b", "beta", 18, false}};
        state.apply.staged = StagedRevision{0xfffffffffffffff1, {{3, 7}, 6, "x", "alpha", 19, false}, 6, true};
        const Result<KeptState> back = parseState(config::toText(state));
        QVERIFY(back.ok());
        QVERIFY(back.value().apply == state.apply);
        QCOMPARE(back.value().installed, state.installed);
        const std::string text = config::toText(state);
        for (std::size_t cut = 0; cut < text.size(); ++cut) { // never more than was written, never a crash
            const Result<KeptState> part = parseState(text.substr(0, cut));
            QVERIFY(!part || part.value().apply.history.size() < 3);
        }
    }

    void aTextIsInstalledWholeAndFinishedAfterACrash() {
        QTemporaryDir folder;
        const std::string file = folder.filePath("dyad.toml").toStdString();
        std::ofstream(file) << "old\n";
        const RevisionStore store(folder.filePath("config").toStdString(), file);
        QVERIFY(store.load().ok() && store.load().value().apply.history.empty());
        QVERIFY(!store.finishInstall().value());
        const std::uint64_t before = digestOf("old\n");
        const std::uint64_t after = digestOf("new\n");
        QVERIFY(store.keepText(after, "new\n").ok());
        KeptState state;
        state.installed = before;
        state.apply.history = {{{1, before}, 0, "x", "a", 0, false}, {{2, after}, before, "x", "a", 0, false}};
        QVERIFY(store.save(state).ok());
        // The host went down between the decision and the file.
        const Result<bool> finished = store.finishInstall();
        QVERIFY(finished.ok() && finished.value());
        std::string text;
        std::getline(std::ifstream(file), text);
        QCOMPARE(text, std::string("new"));
        // A hand that was quicker is not overruled.
        std::ofstream(file) << "by hand\n";
        QVERIFY(store.finishInstall().ok() && !store.finishInstall().value());
        QVERIFY(store.text(after).value() == "new\n");
        std::ofstream(folder.filePath("config").toStdString() + "/state") << "nonsense\n";
        QVERIFY(!store.load().ok());
        QVERIFY(store.load().ok()); // set aside
    }

    // --- the host ---

    void theHostIsLookedAt() {
        // Nobody listens on port 1 of this host.
        const std::string text = with("10.77.2.9:3260", "127.0.0.1:1", with("/usr/bin/app", "/nonexistent/app"));
        const model::Configuration configuration = read(text);
        LiveSetup setup;
        setup.keyFile = "/nonexistent/key";
        const std::vector<LiveFinding> found = checkLive(configuration, text, "dyad.toml", setup);
        const auto has = [&](const std::string& block, const std::string& key, const std::string& word) {
            return std::any_of(found.begin(), found.end(), [&](const LiveFinding& each) {
                return each.block == block && each.finding.key == key && each.finding.isError &&
                       each.finding.text.find(word) != std::string::npos && !each.finding.remedy.empty();
            });
        };
        QVERIFY(has("node.alpha", "links.private", "10.77.1.1"));
        QVERIFY(has("lun.array", "iscsi", "127.0.0.1:1"));
        QVERIFY(has("group.erp.resource.ip", "address", "10.77.0.100/24"));
        QVERIFY(has("group.erp.resource.app", "command", "/nonexistent/app"));
        QVERIFY(has("", "", "/nonexistent/key"));
        for (const LiveFinding& each : found)
            if (!each.block.empty()) QVERIFY2(each.finding.line > 0, each.finding.text.c_str());
    }

    // What the agent says of itself, against what the file gives it.
    void anAgentsParametersAreChecked() {
        const std::string text = with("type = \"process\"\ncommand = [\"/usr/bin/app\", \"--serve\"]",
                                      "type = \"ocf:heartbeat:nginx\"\nparameters = { prot = 80, level = \"x\", fast = \"maybe\" }");
        const model::Configuration configuration = read(text);
        const auto findings = [&](const Result<model::AgentMetadata>& told) {
            LiveSetup setup;
            setup.askAgent = [&](const model::OcfSettings& asked) {
                return asked.provider == "heartbeat" && asked.agent == "nginx" ? told : Error{"ask", asked.agent, "another", ""};
            };
            std::string all;
            for (const LiveFinding& each : checkLive(configuration, text, "dyad.toml", setup))
                if (each.block == "group.erp.resource.app")
                    all += each.finding.key + ": " + each.finding.text + "; " + each.finding.remedy + "\n";
            return all;
        };
        model::AgentMetadata metadata;
        metadata.parameters = {{.name = "port", .type = "integer", .required = true},
                               {.name = "level", .type = "integer", .required = false},
                               {.name = "fast", .type = "boolean", .required = false},
                               {.name = "mode", .type = "string", .required = true, .defaultValue = "x"}};
        const std::string found = findings(metadata);
        for (const char* words : {"type: resource app of group erp: ocf:heartbeat:nginx needs the parameter port",
                                  "parameters.level: resource app of group erp: level = \"x\" is no integer",
                                  "parameters.fast: resource app of group erp: fast = \"maybe\" is no boolean; write true or false",
                                  "ocf:heartbeat:nginx has no parameter prot; did you mean \"port\"?"})
            QVERIFY2(found.find(words) != std::string::npos, found.c_str());
        QCOMPARE(std::count(found.begin(), found.end(), '\n'), 4);
        const std::string missing = findings(Error{"run", "/usr/lib/ocf/resource.d/heartbeat/nginx", "No such file", "install it"});
        QVERIFY2(missing.starts_with("type: resource app of group erp: run ") && missing.find("; install it\n") != std::string::npos,
                 missing.c_str());
    }

    void aUnitOfSystemdIsLookedAt_data() {
        QTest::addColumn<QString>("load");
        QTest::addColumn<QString>("file");
        QTest::addColumn<QString>("says"); // empty: nothing
        QTest::addColumn<bool>("error");
        QTest::newRow("well") << "loaded" << "disabled" << "" << false;
        QTest::newRow("static") << "loaded" << "static" << "" << false;
        QTest::newRow("enabled") << "loaded" << "enabled"
                                 << "the unit web.service is enabled: systemd starts it at boot, also where the group isn't" << false;
        QTest::newRow("enabled until the boot") << "loaded" << "enabled-runtime" << "is enabled" << false;
        QTest::newRow("missing") << "not-found" << "" << "systemd has no unit web.service on this host" << true;
        QTest::newRow("masked") << "masked" << "masked" << "the unit web.service is masked" << true;
        QTest::newRow("bad") << "bad-setting" << "disabled" << "can't load the unit web.service (bad-setting): it has no ExecStart" << true;
        QTest::newRow("no systemd") << "" << "" << "there is no bus" << true;
    }
    void aUnitOfSystemdIsLookedAt() {
        QFETCH(QString, load);
        QFETCH(QString, file);
        QFETCH(QString, says);
        QFETCH(bool, error);
        const std::string text =
            with("type = \"process\"\ncommand = [\"/usr/bin/app\", \"--serve\"]", "type = \"systemd:web.service\"") +
            "[[hook]]\nname = \"lamp\"\non = [\"failed\"]\ncommand = [\"/nonexistent/lamp\"]\n";
        LiveSetup setup;
        setup.askUnit = [&](const std::string& unit) -> Result<model::UnitFacts> {
            if (load.isEmpty()) return Error{"ask systemd for", unit, "there is no bus", "start it"};
            return model::UnitFacts{.load = load.toStdString(),
                                    .loadError = load == "bad-setting" ? "it has no ExecStart" : "",
                                    .active = "inactive",
                                    .file = file.toStdString()};
        };
        std::vector<LiveFinding> ofUnit;
        bool hook = false;
        for (const LiveFinding& each : checkLive(read(text), text, "dyad.toml", setup)) {
            if (each.block == "group.erp.resource.app") ofUnit.push_back(each);
            hook = hook || (each.block == "hook.lamp" && each.finding.isError && each.finding.line > 0 &&
                            each.finding.text.find("/nonexistent/lamp") != std::string::npos);
        }
        QVERIFY(hook);
        QCOMPARE(ofUnit.size(), std::size_t(says.isEmpty() ? 0 : 1));
        if (says.isEmpty()) return;
        QVERIFY2(ofUnit[0].finding.text.find(says.toStdString()) != std::string::npos, ofUnit[0].finding.text.c_str());
        QVERIFY(ofUnit[0].finding.isError == error && !ofUnit[0].finding.remedy.empty() && ofUnit[0].finding.line > 0);
    }
};

QTEST_GUILESS_MAIN(ChangePlanTest)
#include "change_plan_test.moc"
