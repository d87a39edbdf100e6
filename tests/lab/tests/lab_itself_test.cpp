// SPDX-License-Identifier: Apache-2.0
// The lab without Dyad: what the other tests stand on.
#include "lab/array.h"
#include "lab/command.h"
#include "lab/held_file.h"
#include "lab/host.h"
#include "lab/image.h"
#include "lab/network.h"
#include "lab/paths.h"
#include "lab/processes.h"
#include "lab/world.h"
#include "lab/write_probe.h"
#include "pair_fixture.h"

#include <QTest>

#include <filesystem>
#include <sstream>
#include <sys/prctl.h>
#include <thread>

using namespace dyad;
using namespace dyad::lab;

namespace {

std::string inHost(const std::string& host, const std::vector<std::string>& command) {
    const auto output = runInHost(host, command);
    return output ? output.value().text : output.error().text();
}

// A TCP connection from one host to an address; false when nobody answers within a second.
bool reaches(const std::string& host, const std::string& address, int port) {
    const auto output =
        runInHost(host, {"timeout", "1", "bash", "-c", "exec 3<>/dev/tcp/" + address + "/" + std::to_string(port)});
    return output && output.value().exitStatus == 0;
}

// Refused at once is an answer, too: the hosts hear each other.
bool hears(const std::string& host, const std::string& address) {
    const auto output = runInHost(host, {"timeout", "1", "bash", "-c", "exec 3<>/dev/tcp/" + address + "/9"});
    return output && output.value().exitStatus != 124 && output.value().text.find("refused") != std::string::npos;
}

// Mounts of this machine that lie below the lab's folders. (Others may mount elsewhere at the same time.)
std::string mountsLeft() {
    std::string left;
    const auto table = runWell({"cat", "/proc/self/mounts"});
    if (!table) return table.error().text();
    std::istringstream lines(table.value());
    for (std::string line; std::getline(lines, line);)
        if (line.find(stateFolder()) != std::string::npos || line.find(diskFolder()) != std::string::npos)
            left += line + "\n";
    return left;
}

} // namespace

class LabItselfTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        if (geteuid() != 0) QSKIP("needs root");
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        VERIFY_WELL(bringUp({.service = false}));
    }
    void cleanupTestCase() {
        VERIFY_WELL(takeDown());
        VERIFY_WELL(takeDown()); // again: nothing left is no trouble
        QVERIFY(!std::filesystem::exists(stateFolder()));
        QVERIFY(!std::filesystem::exists(diskFolder()));
        QCOMPARE(mountsLeft(), std::string());
    }
    void cleanup() { VERIFY_WELL(healNetwork()); }

    void eachHostHasItsOwnNameBootAndProcesses() {
        QCOMPARE(inHost("alpha", {"hostname"}), std::string("alpha\n"));
        QCOMPARE(inHost("beta", {"hostname"}), std::string("beta\n"));
        const std::vector<std::string> bootId{"cat", "/proc/sys/kernel/random/boot_id"};
        QVERIFY(inHost("alpha", bootId) != inHost("beta", bootId));
        QVERIFY(inHost("alpha", {"cat", "/proc/1/comm"}).find("dyad-lab") == 0);
        // Nothing of the machine but its programs: not the lab's own folders either.
        QVERIFY(inHost("alpha", {"ls", diskFolder()}).find("No such file") != std::string::npos);
    }

    void theDiskSurvivesAPowerOffAndTheRestDoesNot() {
        const std::vector<std::string> bootId{"cat", "/proc/sys/kernel/random/boot_id"};
        const std::string before = inHost("beta", bootId);
        inHost("beta", {"sh", "-c", "echo kept > /var/lib/dyad/note; echo lost > /run/note"});
        VERIFY_WELL(powerOff("beta"));
        QVERIFY(!isOn("beta"));
        VERIFY_WELL(powerOn("beta"));
        QVERIFY(inHost("beta", bootId) != before);
        QCOMPARE(inHost("beta", {"cat", "/var/lib/dyad/note"}), std::string("kept\n"));
        QVERIFY(inHost("beta", {"cat", "/run/note"}).find("No such file") != std::string::npos);
    }

    void cutBetweenTheHostsLeavesTheRestAlone() {
        QVERIFY(hears("alpha", "10.77.1.2"));
        VERIFY_WELL(cutBetweenHosts(privateLink));
        QVERIFY(!hears("alpha", "10.77.1.2"));
        QVERIFY(hears("alpha", "10.77.0.2"));
        QVERIFY(reaches("alpha", arrayAddress, 3260));
        VERIFY_WELL(healNetwork());
        QTRY_VERIFY_WITH_TIMEOUT(hears("alpha", "10.77.1.2"), 20000);
    }

    void aPulledCableTakesOneHostOffOneLink() {
        VERIFY_WELL(pullCable("alpha", storageLink));
        QVERIFY(!reaches("alpha", arrayAddress, 3260));
        QVERIFY(reaches("beta", arrayAddress, 3260));
        VERIFY_WELL(healNetwork());
        // The kernel takes up to a second to notice that a cable is plugged in again.
        QTRY_VERIFY_WITH_TIMEOUT(reaches("alpha", arrayAddress, 3260), 20000);
    }

    void anArrayThatIsOffAnswersNobody() {
        QVERIFY(arrayRuns());
        VERIFY_WELL(stopArray());
        QVERIFY(!reaches("beta", arrayAddress, 3260));
        VERIFY_WELL(startArray());
        QVERIFY(reaches("beta", arrayAddress, 3260));
    }

    void aHeldWriteLandsOnlyWhenItIsLetGo() {
        const std::string mark = "mark of the lab's own test";
        VERIFY_WELL(holdNextWrite(mark));
        const auto array = readRecord("array");
        QVERIFY(array.has_value());
        const std::vector<std::string> write{
            "nsenter",  "-t",         std::to_string(array->pid),         "-m", "--", programPath("dyad-lab"),
            "internal", "write-mark", stateFolder() + "/array/held/disk", mark};
        int status = -1;
        std::thread writer([&] {
            const auto output = run(write);
            if (output) status = output.value().exitStatus;
        });
        const auto story = [] {
            const auto told = heldWrite();
            return told ? told.value() : HeldWrite{};
        };
        const bool arrived = QTest::qWaitFor([&] { return story().arrived.has_value(); }, 20000);
        const bool landedEarly = story().landed.has_value();
        const auto released = letHeldWriteGo();
        writer.join();
        QVERIFY(arrived);
        QVERIFY(!landedEarly);
        VERIFY_WELL(released);
        QCOMPARE(status, 0);
        QVERIFY(story().landed.has_value());
        QVERIFY(*story().landed >= *story().arrived);
    }

    void theWriteProbeGetsThroughWhereNothingIsReserved() {
        const WriteProbe probe = probeWrite("beta", dataLun);
        QVERIFY2(probe.answer == WriteProbe::Answer::Accepted, probe.detail.c_str());
        VERIFY_WELL(pullCable("beta", storageLink));
        QVERIFY(probeWrite("beta", dataLun).answer == WriteProbe::Answer::NoPath);
    }

    void aFrozenHostDoesNothing() {
        const auto ticks = [] { return inHost("beta", {"sh", "-c", "wc -c < /tmp/ticks"}); };
        inHost("beta", {"sh", "-c", "(while :; do echo; done) > /tmp/ticks 2>/dev/null & true"});
        VERIFY_WELL(setFrozen("beta", true));
        // What looks comes from outside: a program inside would not be frozen.
        const std::string first = ticks();
        QCOMPARE(ticks(), first);
        VERIFY_WELL(setFrozen("beta", false));
        QTRY_VERIFY_WITH_TIMEOUT(ticks() != first, 20000);
        VERIFY_WELL(powerOff("beta"));
        VERIFY_WELL(powerOn("beta"));
    }
};

QTEST_GUILESS_MAIN(LabItselfTest)
#include "lab_itself_test.moc"
