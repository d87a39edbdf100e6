// SPDX-License-Identifier: Apache-2.0
// `dyad config` on the whole pair: a change is taken by both nodes or by none, whatever happens to them meanwhile, and
// nothing that runs is stopped for it.
#include "lab/paths.h"
#include "pair_fixture.h"

#include <QScopeGuard>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>
#include <sys/stat.h>
#include <thread>

using namespace dyad;
using namespace dyad::lab;

namespace {

std::string filePath(const std::string& host) { return hostFolder(host) + "/etc/dyad/dyad.toml"; }
std::string statePath(const std::string& host) { return hostFolder(host) + "/var-lib/dyad/config/state"; }

std::string readAll(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

// The number of the revision that the host means to run, as its disk says.
std::string lastRevision(const std::string& host) {
    std::istringstream lines(readAll(statePath(host)));
    std::string found;
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("revision ")) {
            std::istringstream words(line);
            std::string number;
            std::string digest;
            words >> number >> number >> digest;
            found = number + " " + digest;
        }
    return found;
}

bool staged(const std::string& host) { return readAll(statePath(host)).find("\nstaged ") != std::string::npos; }

// The same text, revision and nothing under way on both.
bool agreed() {
    return !lastRevision("alpha").empty() && lastRevision("alpha") == lastRevision("beta") && !staged("alpha") &&
           !staged("beta") && readAll(filePath("alpha")) == readAll(filePath("beta"));
}

} // namespace

class ConfigurationTest : public QObject {
    Q_OBJECT

private:
    PairFixture m_pair;
    int m_change = 0;

    static std::string disturbance(Instant since) {
        for (const char* host : hostNames)
            for (const char* kind : {"reservation_won", "lease_lost", "resource_stopped", "resource_failed"})
                if (const auto line = findLine(host, since, kind, groupName))
                    return std::string(host) + ": " + line->text;
        return {};
    }
    static pid_t postmaster() {
        const auto found = findInHost("alpha", "postgres");
        return found.empty() ? 0 : *std::min_element(found.begin(), found.end());
    }
    // No service is about to restart itself. Empty, or what isn't so yet.
    static std::string unsettled() {
        if (!agreed())
            return "alpha has " + readAll(statePath("alpha")) + "beta has " + readAll(statePath("beta")) +
                   (readAll(filePath("alpha")) == readAll(filePath("beta")) ? "" : "their files differ");
        const Told history = ask("alpha", {"config", "history"});
        const bool both = history.status == 0 && history.text.count("  current\n") == 2;
        return both ? "" : "status " + std::to_string(history.status) + ": " + history.text.toStdString();
    }
    // A text that both take, another one each time; on the disk of the host, as the host sees it.
    std::string offer(const std::string& host, const std::string& text) {
        const std::string name = "/etc/dyad/offered.toml";
        std::ofstream(hostFolder(host) + name, std::ios::trunc) << text;
        return name;
    }
    std::string changed() {
        std::string text = readAll(filePath("alpha"));
        const std::size_t old = text.find("# change ");
        if (old != std::string::npos) text.erase(old);
        return text + "# change " + std::to_string(++m_change) + "\n";
    }
    static Result<CommandOutput> apply(const std::string& host, const std::string& file,
                                       std::vector<std::string> more = {}) {
        std::vector<std::string> words{programPath("dyad"), "config", "apply", file, "--yes"};
        words.insert(words.end(), more.begin(), more.end());
        return runInHost(host, words, {.deadline = deadlockGuard});
    }

private Q_SLOTS:
    void initTestCase() {
        if (geteuid() != 0) QSKIP("needs root");
        VERIFY_WELL(m_pair.bring({.profile = "standard", .ledger = false}));
    }
    void cleanupTestCase() { VERIFY_WELL(m_pair.end()); }
    void init() {
        VERIFY_WELL(m_pair.recover());
        QVERIFY(ownerByAddress() == "alpha");
        std::string still;
        if (!eventually([&] { return (still = unsettled()).empty(); })) PairFixture::tell();
        QVERIFY2(still.empty(), still.c_str());
    }
    void cleanup() {
        if (QTest::currentTestFailed()) PairFixture::tell();
    }

    void aChangeIsTakenByBothAndNothingStops() {
        const pid_t before = postmaster();
        const Instant at = monotonicNow();
        const std::string revision = lastRevision("alpha");
        const std::string text = changed();
        const auto done = apply("alpha", offer("alpha", text));
        VERIFY_WELL(done);
        QVERIFY2(done.value().exitStatus == 0, done.value().text.c_str());
        QVERIFY(agreed());
        QCOMPARE(readAll(filePath("beta")), text);
        QVERIFY(lastRevision("beta") != revision);
        VERIFY_WELL(m_pair.rowsHold());
        QCOMPARE(disturbance(at), std::string());
        QCOMPARE(postmaster(), before);
        QVERIFY(ownerByAddress() == "alpha");
        // Its standby went first.
        const auto first = findLine("beta", at, "service_started");
        const auto second = findLine("alpha", at, "service_started");
        QVERIFY(first && second && first->at < second->at);
    }

    void theTimeOutsChangeWhileItRuns() {
        const pid_t before = postmaster();
        const Instant at = monotonicNow();
        std::string text = changed();
        const std::size_t profile = text.find("\"standard\"");
        QVERIFY(profile != std::string::npos);
        text.replace(profile, 10, "\"relaxed\"");
        const auto slower = apply("beta", offer("beta", text));
        VERIFY_WELL(slower);
        QVERIFY2(slower.value().exitStatus == 0, slower.value().text.c_str());
        const auto back =
            runInHost("alpha", {programPath("dyad"), "config", "rollback", "--yes"}, {.deadline = deadlockGuard});
        VERIFY_WELL(back);
        QVERIFY2(back.value().exitStatus == 0, back.value().text.c_str());
        QVERIFY(agreed());
        QVERIFY(readAll(filePath("beta")).find("\"standard\"") != std::string::npos);
        VERIFY_WELL(m_pair.rowsHold());
        QCOMPARE(disturbance(at), std::string());
        QCOMPARE(postmaster(), before);
    }

    void whatIsWrongIsRefusedWithItsPlace() {
        const std::string revision = lastRevision("alpha");
        const std::string text = readAll(filePath("alpha"));
        const auto unknown = apply("alpha", offer("alpha", text + "[clustr]\n"));
        VERIFY_WELL(unknown);
        QCOMPARE(unknown.value().exitStatus, 4);
        QVERIFY2(unknown.value().text.find("did you mean \"cluster\"") != std::string::npos,
                 unknown.value().text.c_str());
        const auto contradiction =
            apply("alpha",
                  offer("alpha", text + "[[group.resource]]\nname = \"watch\"\ntype = \"process\"\n"
                                        "command = [\"/bin/sleep\", \"inf\"]\n"
                                        "health = { tcp = \"127.0.0.1:1\", interval_ms = 500, timeout_ms = 900 }\n"));
        VERIFY_WELL(contradiction);
        QCOMPARE(contradiction.value().exitStatus, 4);
        QVERIFY2(contradiction.value().text.find("timeout_ms = 900 is longer than interval_ms = 500") !=
                     std::string::npos,
                 contradiction.value().text.c_str());
        // Good as a file, but no host of this pair fits it.
        std::string elsewhere = text;
        const std::size_t address = elsewhere.find(floatingAddress);
        QVERIFY(address != std::string::npos);
        elsewhere.replace(address, std::string(floatingAddress).size(), "10.99.0.100");
        const auto subnet = apply("alpha", offer("alpha", elsewhere));
        VERIFY_WELL(subnet);
        QCOMPARE(subnet.value().exitStatus, 1);
        QVERIFY2(subnet.value().text.find("is in no subnet of any interface") != std::string::npos,
                 subnet.value().text.c_str());
        QVERIFY2(subnet.value().text.find("must be stopped first") != std::string::npos, subnet.value().text.c_str());
        QCOMPARE(lastRevision("alpha"), revision);
        QCOMPARE(readAll(filePath("alpha")), text);
        QVERIFY(agreed());
    }

    void withoutThePeerItIsRefusedUnlessAlone() {
        VERIFY_WELL(powerOff("beta"));
        const std::string revision = lastRevision("alpha");
        const std::string text = changed();
        const std::string file = offer("alpha", text);
        const auto refused = apply("alpha", file);
        VERIFY_WELL(refused);
        QCOMPARE(refused.value().exitStatus, 1);
        QCOMPARE(lastRevision("alpha"), revision);
        const auto alone = apply("alpha", file, {"--alone"});
        VERIFY_WELL(alone);
        QVERIFY2(alone.value().exitStatus == 0, alone.value().text.c_str());
        QVERIFY(lastRevision("alpha") != revision);
        VERIFY_WELL(m_pair.rowsHold());
        VERIFY_WELL(powerOn("beta"));
        QTRY_VERIFY_WITH_TIMEOUT(agreed(), 60000);
        QCOMPARE(readAll(filePath("beta")), text);
    }

    // The moment between prepare and commit, seen on the disk of the node that has prepared; then one of the two dies.
    void oneDiesInTheMiddle_data() {
        QTest::addColumn<QString>("victim");
        QTest::addColumn<bool>("power");
        QTest::newRow("the host of the participant loses power") << "beta" << true;
        QTest::newRow("the service of the participant is killed") << "beta" << false;
        QTest::newRow("the service of the coordinator is killed") << "alpha" << false;
        QTest::newRow("the host of the coordinator loses power") << "alpha" << true;
    }
    void oneDiesInTheMiddle() {
        QFETCH(QString, victim);
        QFETCH(bool, power);
        const std::string host = victim.toStdString();
        const std::string text = changed();
        const std::string before = readAll(filePath("alpha"));
        const std::string file = offer("alpha", text);
        const std::string coordinator = "alpha";
        auto running = std::async(std::launch::async, [&] { return apply(coordinator, file, {"--no-wait"}); });
        const auto began = monotonicNow();
        while (!staged("beta") && lastRevision("beta") == lastRevision("alpha") &&
               running.wait_for(0ms) != std::future_status::ready && monotonicNow() - began < deadlockGuard) {
        }
        if (power) {
            [[maybe_unused]] const auto off = powerOff(host);
        } else {
            for (const pid_t service : findInHost(host, "dyadd"))
                kill(service, SIGKILL);
        }
        [[maybe_unused]] const auto said = running.get(); // whatever it could find out
        VERIFY_WELL(m_pair.recover());
        QTRY_VERIFY_WITH_TIMEOUT(agreed(), 90000);
        const std::string now = readAll(filePath("alpha"));
        QVERIFY(now == text || now == before);
        VERIFY_WELL(m_pair.rowsHold());
    }

    // On a host with these very interfaces: what it proposes is checked on the spot, and what can't be is refused.
    void aFirstFileIsProposedFromWhatTheHostHas() {
        const std::string first = "/etc/dyad/first.toml";
        const auto init = [&](std::vector<std::string> more) {
            std::vector<std::string> words{"config", "init", first, "--yes"};
            words.insert(words.end(), more.begin(), more.end());
            return ask("alpha", words);
        };
        std::filesystem::remove(hostFolder("alpha") + first);
        const std::vector<std::string> sound{
            "--cluster", "erp-pair",    "--peer",  "beta", "--link",    "private=10.77.1.1,10.77.1.2",
            "--gateway", "10.77.0.254", "--group", "erp",  "--command", "/bin/sleep",
            "--command", "inf"};
        std::vector<std::string> elsewhere = sound;
        elsewhere.insert(elsewhere.end(), {"--address", "10.99.0.100"});
        const Told refused = init(elsewhere);
        QVERIFY2(refused.status != 0 && refused.says("10.99.0.100"), refused.text.constData());
        QVERIFY(!std::filesystem::exists(hostFolder("alpha") + first));
        std::vector<std::string> good = sound;
        good.insert(good.end(), {"--address", "10.77.0.101"}); // its prefix is the subnet's
        const Told written = init(good);
        QVERIFY2(written.status == 0 && written.says("is written"), written.text.constData());
        QVERIFY2(readAll(hostFolder("alpha") + first).find("\"10.77.0.101/24\"") != std::string::npos,
                 readAll(hostFolder("alpha") + first).c_str());
        const Told checked = ask("alpha", {"config", "check", first, "--live", "--as", "alpha"});
        QVERIFY2(checked.status == 0, checked.text.constData());
        const Told again = init(good);
        QVERIFY2(again.status == 1 && again.says("--force overwrites it"), again.text.constData());
        std::filesystem::remove(hostFolder("alpha") + first);
    }

    // What is equal by contract follows the active node; what both have changed is shown, and settled by a person.
    void fileSetsFollowTheActiveNode() {
        const auto site = [](const std::string& host) { return hostFolder(host) + "/etc/site"; };
        const auto page = [&](const std::string& host) { return site(host) + "/page"; };
        const auto write = [&](const std::string& host, const char* text) {
            std::ofstream(page(host), std::ios::trunc) << text;
        };
        const auto sync = [](std::vector<std::string> words) {
            words.insert(words.begin(), "sync");
            return ask("alpha", words);
        };
        for (const char* host : hostNames)
            std::filesystem::remove_all(site(host));
        std::filesystem::create_directory(site("alpha"));
        write("alpha", "one\n");
        QCOMPARE(::chmod(page("alpha").c_str(), 0640), 0);
        QCOMPARE(::chown(page("alpha").c_str(), 33, 33), 0);
        const std::string text = changed();
        const auto applied =
            apply("alpha", offer("alpha", text + "[[sync]]\nname = \"site\"\npaths = [\"/etc/site\"]\n"
                                                 "after = [\"/usr/bin/touch\", \"/etc/site-came\"]\n"));
        VERIFY_WELL(applied);
        QVERIFY2(applied.value().exitStatus == 0, applied.value().text.c_str());
        const auto cleanup = qScopeGuard([&] {
            for (const char* host : hostNames) {
                std::filesystem::remove_all(site(host));
                std::filesystem::remove(site(host) + "-came");
            }
        });
        QVERIFY(eventually([&] { return readAll(page("beta")) == "one\n"; }));
        struct stat copy {};
        QCOMPARE(::stat(page("beta").c_str(), &copy), 0);
        QCOMPARE(copy.st_mode & 07777, 0640U);
        QVERIFY(copy.st_uid == 33 && copy.st_gid == 33);
        QVERIFY(eventually([&] { return std::filesystem::exists(site("beta") + "-came"); }));
        QVERIFY(!std::filesystem::exists(site("alpha") + "-came")); // it got nothing
        QVERIFY(eventually([&] { return sync({"status"}).says("site: from alpha, "); }));
        QVERIFY(eventually([&] { return sync({"status"}).status == 0; }));

        // Changed on the standby, too: told, and left as it is.
        write("beta", "beta's\n");
        write("alpha", "two\n");
        QVERIFY(eventually([&] { return sync({"status"}).says("conflict: /etc/site/page"); }));
        QCOMPARE(sync({"status"}).status, 1);
        QVERIFY(ask("beta", {"alarms"}).says("sync.conflict:site"));
        QCOMPARE(readAll(page("beta")), std::string("beta's\n"));
        const Told unknown = sync({"push", "sitte"});
        QVERIFY2(unknown.status == 1 && unknown.says("there is no file set sitte"), unknown.text.constData());
        Told told = sync({"push", "site"});
        QVERIFY2(told.status == 0, told.text.constData());
        QCOMPARE(readAll(page("beta")), std::string("two\n"));

        write("beta", "beta's again\n");
        write("alpha", "three\n");
        QVERIFY(eventually([&] { return sync({"status"}).says("conflict: /etc/site/page"); }));
        told = sync({"accept", "site"});
        QVERIFY2(told.status == 0, told.text.constData());
        QCOMPARE(readAll(page("alpha")), std::string("beta's again\n"));
        QVERIFY(eventually([&] { return !ask("alpha", {"alarms"}).says("sync.conflict:site"); }));

        // The other way round once the group is on the other node.
        QCOMPARE(ask("alpha", {"switchover", groupName, "--yes"}).status, 0);
        write("beta", "from beta\n");
        QVERIFY(eventually([&] { return readAll(page("alpha")) == "from beta\n"; }));
        QVERIFY(eventually([&] { return sync({"status"}).says("site: from beta, "); }));
        VERIFY_WELL(m_pair.recover());
        const auto without = apply("alpha", offer("alpha", text));
        VERIFY_WELL(without);
        QVERIFY2(without.value().exitStatus == 0, without.value().text.c_str());
    }

    void aFileChangedByHandIsShownAndNeverChosen() {
        const std::string text = readAll(filePath("beta"));
        std::ofstream(filePath("beta"), std::ios::app) << "# by hand\n";
        const Instant at = monotonicNow();
        for (const pid_t service : findInHost("beta", "dyadd"))
            kill(service, SIGKILL);
        QVERIFY(waitForLine("beta", at, "service_started", deadlockGuard).has_value());
        const auto alarmed = [] {
            const auto status = dyadOn("alpha", {"status", "--json"}, 10s);
            return status && status.value().find("config.drift") != std::string::npos;
        };
        QTRY_VERIFY_WITH_TIMEOUT(alarmed(), 60000);
        const auto diff = runInHost("alpha", {programPath("dyad"), "config", "diff", "--text"});
        VERIFY_WELL(diff);
        QCOMPARE(diff.value().exitStatus, 1);
        QVERIFY2(diff.value().text.find("# by hand") != std::string::npos, diff.value().text.c_str());
        QCOMPARE(readAll(filePath("alpha")), text);
        const auto settled = apply("alpha", offer("alpha", text + "# settled\n"));
        VERIFY_WELL(settled);
        QVERIFY2(settled.value().exitStatus == 0, settled.value().text.c_str());
        QVERIFY(agreed());
        QTRY_VERIFY_WITH_TIMEOUT(!alarmed(), 60000);
    }
};

QTEST_GUILESS_MAIN(ConfigurationTest)
#include "configuration_test.moc"
