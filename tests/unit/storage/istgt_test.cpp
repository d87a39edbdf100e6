// SPDX-License-Identifier: Apache-2.0
// The same reservation procedures against istgt: another target, which has PREEMPT AND ABORT and keeps a registration
// with its nexus (initiator name and ISID).
#include "lun_host.h"
#include "tgtd_array.h"

using namespace dyad;
using namespace dyad::test;
using model::ClaimFrom;
using model::NodeId;
using model::ReservationCommand;
using model::ReservationOutcome;

namespace {

class IstgtArray {
public:
    IstgtArray() : m_port(freePort()) {
        QFile image(m_folder.filePath("image"));
        if (!image.open(QIODevice::WriteOnly) || !image.resize(64 * 1024 * 1024))
            qFatal("no room for the array's image");
        QFile authentication(m_folder.filePath("auth.conf"));
        if (!authentication.open(QIODevice::WriteOnly)) qFatal("no room for istgt's files");
        authentication.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
        QFile configuration(m_folder.filePath("istgt.conf"));
        if (!configuration.open(QIODevice::WriteOnly)) qFatal("no room for istgt's files");
        configuration.write(
            QString("[Global]\n  NodeBase \"iqn.2026-11.example\"\n  PidFile %1/pid\n  AuthFile %1/auth.conf\n"
                    "  MediaDirectory %1\n  LogFacility \"local7\"\n  Timeout 30\n  NopInInterval 20\n  "
                    "DiscoveryAuthMethod None\n"
                    "  MaxSessions 16\n  MaxConnections 4\n  FirstBurstLength 262144\n  MaxBurstLength 1048576\n"
                    "  MaxRecvDataSegmentLength 262144\n"
                    "[UnitControl]\n  AuthMethod None\n  Portal UC1 127.0.0.1:%3\n  Netmask 127.0.0.1\n"
                    "[PortalGroup1]\n  Portal DA1 127.0.0.1:%2\n"
                    "[InitiatorGroup1]\n  InitiatorName \"ALL\"\n  Netmask 127.0.0.0/8\n"
                    "[LogicalUnit1]\n  TargetName array\n  Mapping PortalGroup1 InitiatorGroup1\n  AuthMethod None\n"
                    "  UseDigest Auto\n  UnitType Disk\n  QueueDepth 32\n  LUN0 Storage %1/image 64MB\n")
                .arg(m_folder.path())
                .arg(m_port)
                .arg(freePort())
                .toUtf8());
        configuration.close();
        m_daemon.start("/usr/sbin/istgt", {"-D", "-c", m_folder.filePath("istgt.conf")});
        if (!m_daemon.waitForStarted(guardMs)) qFatal("istgt does not start");
    }
    ~IstgtArray() {
        m_daemon.kill();
        m_daemon.waitForFinished(guardMs);
    }
    [[nodiscard]] model::LunSetup lun() const {
        model::LunSetup lun;
        lun.name = "array";
        lun.portal = "127.0.0.1:" + std::to_string(m_port);
        lun.target = "iqn.2026-11.example:array";
        return lun;
    }

private:
    QTemporaryDir m_folder;
    quint16 m_port;
    QProcess m_daemon;
};

} // namespace

class IstgtTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void claimChallengeDefendTakeOverRelease() {
        IstgtArray array;
        const std::vector<std::string> slowLogin{"--login-ms", "10000"}; // istgt takes a second for a login
        LunHost alpha(NodeId::First, array.lun(), slowLogin);
        LunHost beta(NodeId::Second, array.lun(), slowLogin);
        QVERIFY2(alpha.waitForPath() && beta.waitForPath(), qPrintable(alpha.log()));
        const auto good = [](const model::ReservationAnswer& answer) {
            if (answer.outcome != ReservationOutcome::Good)
                qWarning("%s: %s: %s; %s", toText(answer.command), toText(answer.outcome), answer.detail.c_str(),
                         toText(answer.snapshot).c_str());
            return answer.outcome == ReservationOutcome::Good;
        };
        QVERIFY(good(alpha.ask(ReservationCommand::Claim, 1)));
        QVERIFY(good(beta.ask(ReservationCommand::Challenge, 2)));
        QVERIFY(good(alpha.ask(ReservationCommand::Defend, 1)));
        QVERIFY(beta.ask(ReservationCommand::Claim, 2, ClaimFrom::Challenge, alpha.key(1)).outcome ==
                ReservationOutcome::Defended);
        QVERIFY(good(beta.ask(ReservationCommand::Challenge, 2)));
        QElapsedTimer timer;
        timer.start();
        QVERIFY(good(beta.ask(ReservationCommand::Claim, 2, ClaimFrom::Challenge, alpha.key(1))));
        qInfo("claim: %.2f ms", static_cast<double>(timer.nsecsElapsed()) / 1e6);
        const auto read = alpha.ask(ReservationCommand::Read);
        QVERIFY(read.snapshot.ownedOnlyBy(beta.key(2)));
        QVERIFY(waitUntil([&] { return alpha.noticed(model::LunNotice::Kind::Fenced); }));
        QVERIFY(good(beta.ask(ReservationCommand::Release, 2)));
        QVERIFY(good(alpha.ask(ReservationCommand::Claim, 3)));
    }
};

QTEST_GUILESS_MAIN(IstgtTest)
#include "istgt_test.moc"
