// SPDX-License-Identifier: Apache-2.0
// `dyad truth` on a real pair: silent when all is well, and it finds each thing that somebody did by hand. The second
// group can run nowhere (its filesystem is another one than the file says): its LUN belongs to nobody.
#include "pair_fixture.h"

#include "lab/image.h"
#include "lab/namespaces.h"
#include "lab/paths.h"
#include "lab/stranger.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <arpa/inet.h>
#include <atomic>
#include <csignal>
#include <fstream>
#include <iterator>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using namespace dyad;
using namespace dyad::lab;

namespace {

std::vector<std::string> idsIn(const Told& told) {
    std::vector<std::string> ids;
    for (const QJsonValue& each : told.json()["contradictions"].toArray())
        ids.push_back(each["id"].toString().toStdString());
    return ids;
}
bool has(const Told& told, const std::string& id) {
    const auto ids = idsIn(told);
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::string configurationOf(const std::string& host) { return hostFolder(host) + "/etc/dyad/dyad.toml"; }
std::string readAll(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(stream), {});
}
void writeAll(const std::string& path, const std::string& text) {
    std::ofstream stream(path, std::ios::binary | std::ios::trunc);
    stream << text;
}

std::string hardwareOf(const std::string& host, const std::string& interface) {
    const auto output = runInHost(host, {"cat", "/sys/class/net/" + interface + "/address"});
    if (output && output.value().exitStatus == 0)
        return QByteArray::fromStdString(output.value().text).trimmed().toStdString();
    const auto link = runInHost(host, {"ip", "-o", "link", "show", "dev", interface});
    if (!link) return {};
    const auto at = link.value().text.find("link/ether ");
    return at == std::string::npos ? "" : link.value().text.substr(at + 11, 17);
}

} // namespace

class TruthTest : public QObject {
    Q_OBJECT

    // Asked again while something is still under way; the guard only ends a broken test.
    static Told truthUntil(const std::function<bool(const Told&)>& done) {
        const Instant began = monotonicNow();
        Told told = askJson("alpha", {"truth"});
        while (!done(told) && monotonicNow() - began < deadlockGuard)
            told = askJson("alpha", {"truth"});
        return told;
    }
    static bool silent(const Told& told) {
        return told.status == 0 && told.json()["contradictions"].toArray().isEmpty() &&
               told.json()["nodes"].toArray().size() == 2;
    }
    static bool alarmRaised(const std::string& host, Instant since, const std::string& id) {
        const Instant began = monotonicNow();
        while (monotonicNow() - began < deadlockGuard) {
            for (const JournalLine& line : readJournal(host, since))
                if (line.kind == "alarm_raised" && line.text.starts_with(id)) return true;
            std::this_thread::sleep_for(50ms);
        }
        return false;
    }
    static bool did(const std::string& host, const std::vector<std::string>& command) {
        const auto output = runInHost(host, command);
        return output && output.value().exitStatus == 0;
    }

private Q_SLOTS:
    void initTestCase() {
        if (geteuid() != 0) QSKIP("needs root");
        VERIFY_WELL(bringUp({.pair = {.profile = "fast"}, .powerOn = false}));
        for (const char* host : hostNames) {
            std::string text = readAll(configurationOf(host));
            const auto at = text.rfind("fstype = \"ext4\"");
            QVERIFY(at != std::string::npos);
            text.replace(at, 15, "fstype = \"xfs\"");
            writeAll(configurationOf(host), text);
        }
        for (const char* host : hostNames)
            VERIFY_WELL(powerOn(host));
        for (const char* host : hostNames)
            VERIFY_WELL(waitForService(host, deadlockGuard));
        VERIFY_WELL(waitForEachOther(Instant(), deadlockGuard));
        QVERIFY(waitForLine("alpha", Instant(), "group_active", deadlockGuard, groupName).has_value());
    }
    void cleanupTestCase() { VERIFY_WELL(takeDown()); }
    void cleanup() {
        if (QTest::currentTestFailed()) PairFixture::tell();
    }

    void itIsSilentWhenAllIsWell() {
        const Told told = truthUntil(silent);
        QVERIFY2(silent(told), told.text.constData());
        // It looked: the address is on alpha, and beta heard alpha answer for it.
        bool heard = false;
        for (const QJsonValue& node : told.json()["nodes"].toArray())
            for (const QJsonValue& address : node["addresses"].toArray()) {
                if (node["node"] == "alpha") QCOMPARE(address["interface"].toString(), QStringLiteral("public"));
                if (node["node"] == "beta") heard = address["answers"].toArray().size() == 1;
            }
        QVERIFY2(heard, told.text.constData());
    }

    void anAddressAddedByHandOnTheStandby() {
        const Instant since = monotonicNow();
        QVERIFY(did("beta", {"ip", "address", "add", std::string(floatingAddress) + "/24", "dev", "public"}));
        const Told told = truthUntil([](const Told& each) { return has(each, "truth.address:erp/ip@beta"); });
        QVERIFY2(has(told, "truth.address:erp/ip@beta"), told.text.constData());
        QCOMPARE(told.status, 1);
        QVERIFY(alarmRaised("beta", since, "truth.address:erp/ip@beta"));
        QVERIFY(did("beta", {"ip", "address", "del", std::string(floatingAddress) + "/24", "dev", "public"}));
        const Told after = truthUntil(silent);
        QVERIFY2(silent(after), after.text.constData());
    }

    void aKeyLeftOnTheLun() {
        QVERIFY(strangerDoes(StrangerDeed::Register, ledgerLun));
        const auto found = [](const Told& told) {
            return has(told, "truth.key:ledger@alpha") || has(told, "truth.key:ledger@beta");
        };
        const Told told = truthUntil(found);
        QVERIFY2(found(told), told.text.constData());
        QVERIFY2(told.says("1234567890abcdef"), told.text.constData());
        // A session that is gone can't unregister; CLEAR of a new one does.
        QVERIFY(strangerDoes(StrangerDeed::Clear, ledgerLun));
        const Told after = truthUntil(silent);
        QVERIFY2(silent(after), after.text.constData());
    }

    void aMountByHand() {
        const Instant since = monotonicNow();
        QVERIFY(did("beta", {"mkdir", "-p", dataMount}));
        QVERIFY(did("beta", {"mount", "-t", "tmpfs", "none", dataMount}));
        const Told told = truthUntil([](const Told& each) { return has(each, "truth.mount:erp/data@beta"); });
        QVERIFY2(has(told, "truth.mount:erp/data@beta"), told.text.constData());
        QVERIFY(alarmRaised("beta", since, "truth.mount:erp/data@beta"));
        QVERIFY(did("beta", {"umount", dataMount}));
        const Told after = truthUntil(silent);
        QVERIFY2(silent(after), after.text.constData());
    }

    void aStaleArpEntryOfTheStandby() {
        QVERIFY(did("beta", {"ip", "neigh", "replace", floatingAddress, "lladdr", "02:00:00:00:00:99", "dev", "public",
                             "nud", "permanent"}));
        const Told told = truthUntil([](const Told& each) { return has(each, "truth.arp:erp/ip@beta"); });
        QVERIFY2(has(told, "truth.arp:erp/ip@beta"), told.text.constData());
        QVERIFY(did("beta", {"ip", "neigh", "del", floatingAddress, "dev", "public"}));
        const Told after = truthUntil(silent);
        QVERIFY2(silent(after), after.text.constData());
    }

    // A customer who sends to the wrong host: seen by that host.
    void aStaleArpEntryOfAClient() {
        const std::string hardware = hardwareOf("beta", "public");
        QVERIFY(!hardware.empty());
        const auto inClient = [](const std::vector<std::string>& command) {
            const auto output = run(command, {.networkNamespace = networkPath("client")});
            return output && output.value().exitStatus == 0;
        };
        const auto interfaces = run({"ip", "-o", "-4", "address", "show", "to", "10.77.0.0/24"},
                                    {.networkNamespace = networkPath("client")});
        VERIFY_WELL(interfaces);
        const QStringList words = QString::fromStdString(interfaces.value().text).simplified().split(QLatin1Char(' '));
        QVERIFY2(words.size() > 1, interfaces.value().text.c_str());
        const std::string interface = words[1].toStdString();
        QVERIFY(inClient(
            {"ip", "neigh", "replace", floatingAddress, "lladdr", hardware, "dev", interface, "nud", "permanent"}));
        std::atomic<bool> over = false;
        std::thread customer([&] {
            [[maybe_unused]] const auto inside = insideNetwork("client", [&] {
                const int speaker = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
                sockaddr_in to{};
                to.sin_family = AF_INET;
                to.sin_port = htons(9);
                ::inet_pton(AF_INET, floatingAddress, &to.sin_addr);
                while (!over) {
                    (void)::sendto(speaker, "x", 1, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
                    std::this_thread::sleep_for(20ms);
                }
                ::close(speaker);
            });
        });
        const Told told = truthUntil([](const Told& each) { return has(each, "truth.arp-of-others:erp/ip@beta"); });
        over = true;
        customer.join();
        QVERIFY(inClient({"ip", "neigh", "del", floatingAddress, "dev", interface}));
        QVERIFY2(has(told, "truth.arp-of-others:erp/ip@beta"), told.text.constData());
        const Told after = truthUntil(silent);
        QVERIFY2(silent(after), after.text.constData());
    }

    void aDriftedConfiguration() {
        const std::string good = readAll(configurationOf("beta"));
        writeAll(configurationOf("beta"), good + "# edited by hand\n");
        const Told edited = truthUntil([](const Told& each) { return has(each, "truth.configuration:file@beta"); });
        QVERIFY2(has(edited, "truth.configuration:file@beta"), edited.text.constData());
        // Its service is started again and runs it: now the nodes differ.
        const Instant at = monotonicNow();
        const auto services = findInHost("beta", "dyadd");
        QCOMPARE(services.size(), std::size_t(1));
        QCOMPARE(kill(services.front(), SIGKILL), 0);
        QVERIFY(waitForLine("beta", at, "service_started", deadlockGuard).has_value());
        VERIFY_WELL(waitForService("beta", deadlockGuard));
        const auto differ = [](const Told& each) {
            return has(each, "truth.configuration:peer@alpha") || has(each, "truth.configuration:peer@beta");
        };
        const Told told = truthUntil(differ);
        QVERIFY2(differ(told), told.text.constData());
        writeAll(configurationOf("beta"), good);
        const Instant again = monotonicNow();
        const auto next = findInHost("beta", "dyadd");
        QCOMPARE(next.size(), std::size_t(1));
        QCOMPARE(kill(next.front(), SIGKILL), 0);
        QVERIFY(waitForLine("beta", again, "service_started", deadlockGuard).has_value());
        const Told after = truthUntil(silent);
        QVERIFY2(silent(after), after.text.constData());
    }

    void theDoctorFindsTheGroupThatCannotRun() {
        const Told told = askJson("alpha", {"doctor"});
        QCOMPARE(told.status, 1);
        QVERIFY(!told.json()["well"].toBool());
        bool found = false, wellLinks = false, odds = false;
        for (const QJsonValue& each : told.json()["findings"].toArray()) {
            if (each["subject"].toString().startsWith(QStringLiteral("group ledger at ")))
                found = each["health"] == "ill" && !each["remedy"].toString().isEmpty();
            if (each["subject"] == "link private at alpha") wellLinks = each["health"] != "ill";
            if (each["subject"] == "time-outs at beta")
                odds = odds || each["text"].toString().contains(QStringLiteral("times a year"));
        }
        QVERIFY2(found && wellLinks && odds, told.text.constData());
    }
};

QTEST_GUILESS_MAIN(TruthTest)
#include "truth_test.moc"
