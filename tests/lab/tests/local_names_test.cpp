// SPDX-License-Identifier: Apache-2.0
// A name that moves with its group where there is no name server: multicast DNS by Avahi, with a daemon and a D-Bus of
// its own in each host and at the client, and NetBIOS by Samba's nmbd. A client that has never heard of the name finds
// it, before and after the owner lost its power.
#include "lab/namespaces.h"
#include "lab/paths.h"
#include "pair_fixture.h"

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>

#include <csignal>
#include <fstream>
#include <sstream>

using namespace dyad;
using namespace dyad::lab;

namespace {

constexpr int guardMs = 90'000;
constexpr const char* mdnsName = "erp.local";
constexpr const char* netbiosName = "ERP";
constexpr const char* publicBroadcast = "10.77.0.255";

constexpr const char* aliasResource = R"(
[[group.resource]]
name = "name"
type = "alias"
host = "erp.lab.example"
addresses = ["ip"]
mdns = true
netbios = true
refresh_s = 1
)";

// A bus for this lab alone: whoever is in its namespaces may do everything on it.
std::string busText(const std::string& socket) {
    return "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" "
           "\"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n<busconfig><type>system</type><listen>"
           "unix:path=" +
           socket +
           "</listen><auth>EXTERNAL</auth><policy context=\"default\"><allow send_destination=\"*\"/>"
           "<allow receive_sender=\"*\"/><allow own=\"*\"/><allow user=\"*\"/></policy></busconfig>\n";
}

// Nothing but what an alias needs, and only on the network that clients are on.
std::string avahiText(const std::string& host, const std::string& interface) {
    return "[server]\nhost-name=" + host + "\nuse-ipv6=no\nallow-interfaces=" + interface +
           "\nenable-dbus=yes\nratelimit-interval-usec=0\n[publish]\npublish-hinfo=no\npublish-workstation=no\n";
}

std::string textOf(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// Starts both daemons of a host, which end with it.
Result<void> startAvahi(const std::string& host) {
    std::ofstream(hostFolder(host) + "/etc/bus.conf") << busText("/run/dbus/system_bus_socket");
    std::ofstream(hostFolder(host) + "/etc/avahi.conf") << avahiText(host, publicLink);
    const auto begun = runWell(insideHost(host, {"sh", "-c",
                                                 "mkdir -p /run/dbus && "
                                                 "{ setsid dbus-daemon --config-file=/etc/bus.conf --nofork "
                                                 "</dev/null >/var/lib/bus.log 2>&1 & } && "
                                                 "while [ ! -S /run/dbus/system_bus_socket ]; do sleep 0.01; done && "
                                                 "{ setsid avahi-daemon -f /etc/avahi.conf --no-drop-root --no-chroot "
                                                 "</dev/null >/var/lib/avahi.log 2>&1 & }"})
                                   .value(),
                               {.deadline = deadlockGuard});
    if (!begun) return begun.error();
    return {};
}

std::string clientSays(const std::vector<std::string>& command, const std::vector<std::string>& environment = {}) {
    const auto got = run(command, {.networkNamespace = networkPath("client"), .environment = environment});
    return got && got.value().exitStatus == 0 ? got.value().text : "";
}

// The owner of the floating address answers a question to all.
bool foundByNetbios() {
    const std::string wanted = std::string(floatingAddress) + " " + netbiosName + "<00>";
    return clientSays({"nmblookup", "--configfile=/dev/null", "-B", publicBroadcast, netbiosName}).find(wanted) !=
           std::string::npos;
}

} // namespace

class LocalNamesTest : public QObject {
    Q_OBJECT

    PairFixture m_pair;
    QTemporaryDir m_folder;
    QProcess m_bus;
    QProcess m_avahi;

    [[nodiscard]] std::string path(const char* name) const { return m_folder.filePath(name).toStdString(); }
    [[nodiscard]] std::string bus() const { return "DBUS_SYSTEM_BUS_ADDRESS=unix:path=" + path("bus"); }

    [[nodiscard]] bool startAtClient(QProcess& process, const QStringList& command, const char* log) {
        process.setProcessChannelMode(QProcess::MergedChannels);
        process.setStandardOutputFile(m_folder.filePath(log), QIODevice::Append);
        process.setChildProcessModifier([] { ::prctl(PR_SET_PDEATHSIG, SIGKILL); });
        process.start("nsenter", QStringList{"--net=" + QString::fromStdString(networkPath("client"))} + command);
        return process.waitForStarted(guardMs);
    }
    static void killAtClient(QProcess& process) {
        process.kill();
        process.waitForFinished(guardMs);
    }
    // What it has heard before is forgotten.
    [[nodiscard]] bool startClientAvahi() {
        killAtClient(m_avahi);
        // Its pid file and its socket have fixed places below /run.
        return startAtClient(m_avahi,
                             {"unshare", "--mount", "sh", "-c",
                              "mount -t tmpfs tmpfs /run/avahi-daemon && exec env \"$1\" avahi-daemon -f \"$2\" "
                              "--no-drop-root --no-chroot",
                              "sh", QString::fromStdString(bus()), m_folder.filePath("avahi.conf")},
                             "avahi.log");
    }
    [[nodiscard]] bool foundByMulticast() const {
        return clientSays({"avahi-resolve", "-4", "-n", mdnsName}, {bus()}) ==
               std::string(mdnsName) + "\t" + floatingAddress + "\n";
    }

private Q_SLOTS:
    void initTestCase() {
        if (geteuid() != 0) QSKIP("needs root");
        for (const char* program :
             {"avahi-daemon", "avahi-publish", "avahi-resolve", "dbus-daemon", "nmbd", "nmblookup"})
            if (QStandardPaths::findExecutable(program).isEmpty())
                QSKIP(
                    "needs Avahi and Samba: apt install avahi-daemon avahi-utils dbus samba (without their services)");
        VERIFY_WELL(m_pair.bring({.profile = "standard", .ledger = false}));
        for (const char* host : hostNames)
            VERIFY_WELL(startAvahi(host));
        QVERIFY(QDir().mkpath("/run/avahi-daemon")); // for the mount; stays empty
        std::ofstream(path("bus.conf")) << busText(path("bus"));
        std::ofstream(path("avahi.conf")) << avahiText("client", publicLink);
        QVERIFY(startAtClient(m_bus, {"dbus-daemon", "--nofork", "--config-file=" + m_folder.filePath("bus.conf")},
                              "bus.log"));
        QVERIFY(eventually([this] { return QFile::exists(m_folder.filePath("bus")); }));
        QVERIFY(startClientAvahi());
        QVERIFY(!foundByNetbios());
        const Told applied = applyConfiguration(configurationOn("alpha") + aliasResource);
        QVERIFY2(applied.status == 0, applied.text.constData());
    }
    void cleanupTestCase() {
        killAtClient(m_avahi);
        killAtClient(m_bus);
        VERIFY_WELL(m_pair.end());
    }
    void init() {
        VERIFY_WELL(m_pair.recover());
        for (const char* host : hostNames)
            if (findInHost(host, "avahi-daemon").empty()) VERIFY_WELL(startAvahi(host));
    }
    void cleanup() {
        if (!QTest::currentTestFailed()) return;
        PairFixture::tell();
        qWarning("client: %s%s", textOf(path("bus.log")).c_str(), textOf(path("avahi.log")).c_str());
        for (const char* host : hostNames)
            qWarning("%s: %s%s%s", host, textOf(hostFolder(host) + "/var-lib/bus.log").c_str(),
                     textOf(hostFolder(host) + "/var-lib/avahi.log").c_str(), ask(host, {"status"}).text.constData());
    }

    void aClientFindsTheNameByMulticast() {
        QVERIFY(eventually([this] { return foundByMulticast(); }));
        QVERIFY(findInHost("beta", "avahi-publish").empty());
    }

    void aClientFindsTheNameByNetbios() {
        QVERIFY(eventually(foundByNetbios));
        QVERIFY(!findInHost("alpha", "nmbd").empty());
        QVERIFY(findInHost("beta", "nmbd").empty());
    }

    void aDeadNmbdComesBack() {
        QVERIFY(eventually(foundByNetbios));
        for (const pid_t each : findInHost("alpha", "nmbd"))
            kill(each, SIGKILL);
        QVERIFY(eventually([] { return !findInHost("alpha", "nmbd").empty() && foundByNetbios(); }));
        QVERIFY(ownerByAddress() == "alpha");
    }

    void bothNamesFollowWhenTheOwnerDies() {
        QVERIFY(eventually([this] { return foundByMulticast(); }) && eventually(foundByNetbios));
        VERIFY_WELL(powerOff("alpha"));
        QVERIFY(waitForOwner("beta", deadlockGuard));
        QVERIFY(startClientAvahi());
        QVERIFY(eventually([this] { return foundByMulticast(); }));
        QVERIFY(eventually(foundByNetbios));
        QVERIFY(!findInHost("beta", "avahi-publish").empty() && !findInHost("beta", "nmbd").empty());
        VERIFY_WELL(m_pair.rowsHold());
    }

    void whoGivesTheGroupUpAnswersNoMore() {
        QVERIFY(eventually([this] { return foundByMulticast(); }) && eventually(foundByNetbios));
        const Told ordered = ask("alpha", {"switchover", groupName, "--yes"});
        QVERIFY2(ordered.status == 0, ordered.text.constData());
        QVERIFY(waitForOwner("beta", deadlockGuard));
        QVERIFY(eventually(
            [] { return findInHost("alpha", "nmbd").empty() && findInHost("alpha", "avahi-publish").empty(); }));
        QVERIFY(eventually(foundByNetbios));
    }
};

QTEST_GUILESS_MAIN(LocalNamesTest)
#include "local_names_test.moc"
