// SPDX-License-Identifier: Apache-2.0
// dyad-lun, its client and the filesystem agent against a stock tgtd.
#include "lun_host.h"
#include "tgtd_array.h"

#include <QDir>
#include <QFile>
#include <QScopeGuard>
#include <QThread>
#include <fcntl.h>
#include <unistd.h>

using namespace dyad;
using namespace dyad::test;
using model::ClaimFrom;
using model::LunNotice;
using model::NodeId;
using model::ReservationCommand;
using model::ReservationOutcome;
using model::ResourceOutcome;

class LunIntegrationTest : public QObject {
    Q_OBJECT

    static model::LunSetup lunOf(const TgtdArray& array) {
        model::LunSetup lun;
        lun.name = "array";
        lun.portal = array.portal();
        lun.target = array.target().toStdString();
        lun.lun = 1;
        return lun;
    }
    // Over the very path that carries everything else. By a loop device, because mkfs writes from unaligned memory.
    static bool makeFilesystem(const LunHost& host, const QString& type) {
        const QString loop = run("/sbin/losetup", {"--direct-io=on", "--find", "--show",
                                                   QString::fromStdString(host.client->exportFile(host.lunId))});
        if (loop.isEmpty()) return false;
        const QStringList options =
            type == "ext4"
                ? QStringList{"-F", "-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0", "-J", "size=4", loop}
                : QStringList{"-f", "-K", loop};
        const bool made = !run("/sbin/mkfs." + type, options).isEmpty();
        run("/sbin/losetup", {"--detach", loop});
        return made;
    }
    // What it printed; empty when it failed.
    static QString run(const QString& program, const QStringList& arguments) {
        QProcess tool;
        tool.start(program, arguments);
        const bool good = tool.waitForStarted() && waitUntil([&] { return tool.state() == QProcess::NotRunning; }) &&
                          tool.exitStatus() == QProcess::NormalExit && tool.exitCode() == 0;
        if (!good) qWarning("%s: %s", qPrintable(program), tool.readAllStandardError().constData());
        return good ? QString::fromUtf8(tool.readAllStandardOutput()).trimmed() : QString();
    }
    static int writeAndSync(const std::string& path) {
        const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (file < 0) return errno;
        const bool good = ::write(file, "acknowledged", 12) == 12 && ::fsync(file) == 0;
        const int number = good ? 0 : errno;
        ::close(file);
        return number;
    }

private Q_SLOTS:
    void mountsWritesAndMoves_data() {
        QTest::addColumn<QString>("type");
        QTest::addColumn<QString>("options");
        QTest::newRow("ext4") << "ext4"
                              << "noatime";
        QTest::newRow("xfs") << "xfs"
                             << "nouuid";
    }
    void mountsWritesAndMoves() {
        QFETCH(QString, type);
        QFETCH(QString, options);
        TgtdArray array(400 * 1024 * 1024);
        LunHost alpha(NodeId::First, lunOf(array));
        LunHost beta(NodeId::Second, lunOf(array));
        QVERIFY(alpha.waitForPath() && beta.waitForPath());
        QVERIFY(!alpha.client->state(alpha.lunId).gateOpen);
        QVERIFY(waitUntil([&] {
            return alpha.client->state(alpha.lunId).detail.find("power loss of the array") != std::string::npos;
        }));

        const auto claimed = alpha.ask(ReservationCommand::Claim);
        QVERIFY2(claimed.outcome == ReservationOutcome::Good, claimed.detail.c_str());
        QVERIFY(claimed.snapshot.ownedOnlyBy(alpha.key(1)));
        QVERIFY(alpha.client->state(alpha.lunId).gateOpen);
        QVERIFY2(makeFilesystem(alpha, type), qPrintable(alpha.log()));

        auto filesystem = alpha.filesystem(type.toStdString(), options.toStdString());
        auto result = LunHost::wait([&](auto done) { filesystem->start(false, done); });
        QVERIFY2(result.outcome == ResourceOutcome::Running, result.detail.c_str());
        QCOMPARE(writeAndSync(alpha.mountPoint() + "/file"), 0);

        // The other node: refused before it has claimed, by gate and by array.
        auto beforeClaim = beta.filesystem(type.toStdString(), options.toStdString());
        result = LunHost::wait([&](auto done) { beforeClaim->start(false, done); });
        QVERIFY(result.outcome == ResourceOutcome::Failed);

        auto challenged = beta.ask(ReservationCommand::Challenge, 2);
        QVERIFY2(challenged.outcome == ReservationOutcome::Good, challenged.detail.c_str());
        QVERIFY(challenged.snapshot.heldBy(alpha.key(1)) && challenged.snapshot.registered(beta.key(2)));
        // The owner defends; the challenger finds its key gone and touches nothing.
        QVERIFY(alpha.ask(ReservationCommand::Defend).outcome == ReservationOutcome::Good);
        auto defended = beta.ask(ReservationCommand::Claim, 2, ClaimFrom::Challenge, alpha.key(1));
        QVERIFY(defended.outcome == ReservationOutcome::Defended);
        QVERIFY(defended.snapshot.ownedOnlyBy(alpha.key(1)));

        QVERIFY(beta.ask(ReservationCommand::Challenge, 2).outcome == ReservationOutcome::Good);
        QElapsedTimer timer;
        timer.start();
        const auto won = beta.ask(ReservationCommand::Claim, 2, ClaimFrom::Challenge, alpha.key(1));
        const double claimMs = static_cast<double>(timer.nsecsElapsed()) / 1e6;
        QVERIFY2(won.outcome == ReservationOutcome::Good, won.detail.c_str());
        QVERIFY(won.snapshot.ownedOnlyBy(beta.key(2)));

        alpha.notices.clear(); // the first look at a shut gate is told as Fenced, too
        // The old owner is fenced by its next write, and by then its gate is shut for good.
        QVERIFY(writeAndSync(alpha.mountPoint() + "/late") != 0);
        QVERIFY(waitUntil([&] { return alpha.noticed(LunNotice::Kind::Fenced); }));
        QVERIFY(!alpha.client->state(alpha.lunId).gateOpen);
        result = LunHost::wait([&](auto done) { filesystem->kill(done); });
        QVERIFY2(result.outcome == ResourceOutcome::Stopped, result.detail.c_str());
        QVERIFY(!storage::mountedAt(alpha.mountPoint()));

        auto taken = beta.filesystem(type.toStdString(), options.toStdString());
        timer.restart();
        result = LunHost::wait([&](auto done) { taken->start(true, done); });
        qInfo("%s: claim %.2f ms, claim to mounted %.1f ms (%s)", qPrintable(type), claimMs,
              claimMs + static_cast<double>(timer.nsecsElapsed()) / 1e6, result.detail.c_str());
        QVERIFY2(result.outcome == ResourceOutcome::Running, result.detail.c_str());
        QVERIFY(QFile::exists(QString::fromStdString(beta.mountPoint() + "/file")));
        QVERIFY(!QFile::exists(QString::fromStdString(beta.mountPoint() + "/late")));
        result = LunHost::wait([&](auto done) { taken->stop(done); });
        QVERIFY2(result.outcome == ResourceOutcome::Stopped, result.detail.c_str());
        const auto released = beta.ask(ReservationCommand::Release, 2);
        QVERIFY2(released.outcome == ReservationOutcome::Good, released.detail.c_str());
        QVERIFY(!released.snapshot.holder && released.snapshot.registrants.empty());
        QVERIFY(!beta.client->state(beta.lunId).gateOpen);
    }

    void theFilesystemIsChecked() {
        TgtdArray array;
        auto lun = lunOf(array);
        LunHost alpha(NodeId::First, lun);
        QVERIFY(alpha.waitForPath());
        QVERIFY(alpha.ask(ReservationCommand::Claim).outcome == ReservationOutcome::Good);
        auto start = [&](const std::unique_ptr<ports::Agent>& agent) {
            return LunHost::wait([&](auto done) { agent->start(false, done); });
        };
        auto result = start(alpha.filesystem("ext4"));
        QVERIFY(result.outcome == ResourceOutcome::Failed);
        QVERIFY2(result.detail.find("blank") != std::string::npos, result.detail.c_str());
        QVERIFY(makeFilesystem(alpha, "ext4"));
        result = start(alpha.filesystem("xfs"));
        QCOMPARE(result.detail, std::string("wrong filesystem: found ext4, dyad.toml says xfs"));
        lun.minimumBytes = std::uint64_t{1} << 40;
        result =
            start(storage::makeFilesystemAgent({alpha.lunId, alpha.mountPoint(), "ext4", ""}, lun, *alpha.client, ""));
        QVERIFY2(result.detail.find("too small") != std::string::npos, result.detail.c_str());
        result = start(alpha.filesystem("ext4", "no-such-option"));
        QVERIFY2(result.outcome == ResourceOutcome::Failed, result.detail.c_str());
        result =
            start(storage::makeFilesystemAgent({alpha.lunId, "/proc", "ext4", ""}, lunOf(array), *alpha.client, ""));
        QVERIFY2(result.detail.find("proc of proc is mounted there") != std::string::npos, result.detail.c_str());
        // Nothing half-done stays behind.
        QVERIFY(!storage::loopAlive(*storage::readLoopRecord(alpha.client->loopRecord(alpha.lunId))));
        QVERIFY(!storage::mountedAt(alpha.mountPoint()));
    }

    void aRestartedServiceAdopts() {
        TgtdArray array;
        LunHost alpha(NodeId::First, lunOf(array));
        QVERIFY(alpha.waitForPath());
        QVERIFY(alpha.ask(ReservationCommand::Claim).outcome == ReservationOutcome::Good);
        QVERIFY(makeFilesystem(alpha, "ext4"));
        auto filesystem = alpha.filesystem("ext4");
        QVERIFY(LunHost::wait([&](auto done) { filesystem->start(false, done); }).outcome == ResourceOutcome::Running);
        const qint64 pid = alpha.serverPid();
        filesystem.reset();
        alpha.client.reset();
        QCOMPARE(writeAndSync(alpha.mountPoint() + "/without-service"), 0);
        alpha.connectService();
        QVERIFY(alpha.waitForPath());
        QCOMPARE(alpha.serverPid(), pid);
        QVERIFY(alpha.client->state(alpha.lunId).gateOpen);
        filesystem = alpha.filesystem("ext4");
        QVERIFY(LunHost::wait([&](auto done) { filesystem->probe(done); }).outcome == ResourceOutcome::Running);
        QVERIFY(alpha.ask(ReservationCommand::Read).snapshot.ownedOnlyBy(alpha.key(1)));
        QVERIFY(LunHost::wait([&](auto done) { filesystem->stop(done); }).outcome == ResourceOutcome::Stopped);
        QVERIFY(LunHost::wait([&](auto done) { filesystem->probe(done); }).outcome == ResourceOutcome::Stopped);
        QVERIFY(alpha.ask(ReservationCommand::Release).outcome == ReservationOutcome::Good);
    }

    void holdersAreNamedAndKilled() {
        TgtdArray array;
        LunHost alpha(NodeId::First, lunOf(array));
        QVERIFY(alpha.waitForPath());
        QVERIFY(alpha.ask(ReservationCommand::Claim).outcome == ReservationOutcome::Good);
        QVERIFY(makeFilesystem(alpha, "ext4"));
        auto filesystem = alpha.filesystem("ext4");
        QVERIFY(LunHost::wait([&](auto done) { filesystem->start(false, done); }).outcome == ResourceOutcome::Running);
        QProcess holder;
        holder.setWorkingDirectory(QString::fromStdString(alpha.mountPoint()));
        holder.start("/bin/sleep", {"1000"});
        QVERIFY(holder.waitForStarted());
        const auto stopped = LunHost::wait([&](auto done) { filesystem->stop(done); });
        QVERIFY(stopped.outcome == ResourceOutcome::Failed);
        QVERIFY2(stopped.detail.find("sleep (" + std::to_string(holder.processId()) + ")") != std::string::npos,
                 stopped.detail.c_str());
        const auto killed = LunHost::wait([&](auto done) { filesystem->kill(done); });
        QVERIFY2(killed.outcome == ResourceOutcome::Stopped, killed.detail.c_str());
        QVERIFY(waitUntil([&] { return holder.state() == QProcess::NotRunning; }));
        QVERIFY(!storage::mountedAt(alpha.mountPoint()));
    }

    // Another mount namespace: there the same path is a folder of its own, and none of ours is killed for being in it.
    // A copy of our mount there does count.
    void theSamePathElsewhereIsNoHolder() {
        TgtdArray array;
        LunHost alpha(NodeId::First, lunOf(array));
        QVERIFY(alpha.waitForPath());
        QVERIFY(alpha.ask(ReservationCommand::Claim).outcome == ReservationOutcome::Good);
        QVERIFY(makeFilesystem(alpha, "ext4"));
        auto filesystem = alpha.filesystem("ext4");
        QVERIFY(LunHost::wait([&](auto done) { filesystem->start(false, done); }).outcome == ResourceOutcome::Running);
        const QString point = QString::fromStdString(alpha.mountPoint());
        const auto elsewhere = [&](QProcess& process, const QString& before) {
            process.start("/usr/bin/unshare", {"--mount", "/bin/sh", "-c",
                                               before + " && cd " + point + " && echo there && exec sleep 1000"});
            return process.waitForStarted() &&
                   waitUntil([&] { return process.canReadLine() || process.state() == QProcess::NotRunning; }) &&
                   process.state() == QProcess::Running;
        };
        QProcess here, stranger, copy;
        here.setWorkingDirectory(point);
        here.start("/bin/sleep", {"1000"});
        QVERIFY(here.waitForStarted());
        QVERIFY(elsewhere(stranger, "umount " + point + " && mount -t tmpfs none " + point));
        QVERIFY(elsewhere(copy, "true"));
        const auto end = qScopeGuard([&] {
            for (QProcess* each : {&here, &stranger, &copy}) {
                each->kill();
                each->waitForFinished();
            }
        });
        const auto killed = LunHost::wait([&](auto done) { filesystem->kill(done); });
        QVERIFY2(killed.outcome == ResourceOutcome::Stopped, killed.detail.c_str());
        QVERIFY(
            waitUntil([&] { return here.state() == QProcess::NotRunning && copy.state() == QProcess::NotRunning; }));
        QCoreApplication::processEvents();
        QVERIFY(stranger.state() == QProcess::Running);
    }

    // The service was killed in the middle of a mount: its helper still has the loop device open when the next life of
    // the service gives the mount up, and finishes its mount only then.
    void aMountThatComesLateIsUnmountedToo() {
        TgtdArray array;
        LunHost alpha(NodeId::First, lunOf(array));
        QVERIFY(alpha.waitForPath());
        QVERIFY(alpha.ask(ReservationCommand::Claim).outcome == ReservationOutcome::Good);
        QVERIFY(makeFilesystem(alpha, "ext4"));
        const QString point = QString::fromStdString(alpha.mountPoint());
        QVERIFY(QDir().mkpath(point));
        const QString loop = run("/sbin/losetup", {"--direct-io=on", "--find", "--show",
                                                   QString::fromStdString(alpha.client->exportFile(alpha.lunId))});
        QVERIFY(!loop.isEmpty());
        QVERIFY(storage::writeLoopRecord(alpha.client->loopRecord(alpha.lunId), storage::recordOf(loop.toStdString())));
        QProcess opener; // as e2fsck does; keeps the device when the mount is gone
        opener.start("/bin/sh",
                     {"-c", "exec 3<" + loop + "; losetup --detach " + loop + "; echo open; exec sleep 1000"});
        QVERIFY(opener.waitForStarted() && waitUntil([&] { return opener.canReadLine(); }));
        const qint64 openerPid = opener.processId();
        // This process, too, but it is an ancestor of the unmounting one: it must be spared.
        platform::FileDescriptor own(::open(loop.toStdString().c_str(), O_RDONLY | O_CLOEXEC));
        QVERIFY(own.valid());
        QProcess unmount;
        unmount.start(DYAD_LUN_PROGRAM,
                      {"unmount", QString::fromStdString(alpha.client->loopRecord(alpha.lunId)), point, "force"});
        QVERIFY(unmount.waitForStarted() && waitUntil([&] { return unmount.canReadLine(); }));
        QCOMPARE(QString::fromUtf8(unmount.readLine()), QString("progress killed sleep (%1)\n").arg(openerPid));
        QVERIFY(waitUntil([&] { return opener.state() == QProcess::NotRunning; }));
        // Nothing is mounted as yet, and everybody was killed who could be.
        QVERIFY(!run("/bin/sh", {"-c", "mount -t ext4 " + loop + " " + point + " && echo mounted"}).isEmpty());
        own.reset();
        QVERIFY(waitUntil([&] { return unmount.state() == QProcess::NotRunning; }));
        const QByteArray said = unmount.readAll();
        QVERIFY2(unmount.exitCode() == 0 && said.startsWith("detail unmounted in"), said.constData());
        QVERIFY(!storage::mountedAt(alpha.mountPoint()));
        QVERIFY(!storage::loopAlive(*storage::readLoopRecord(alpha.client->loopRecord(alpha.lunId))));
    }

    // The array goes away in the middle of a write: held. It comes back and has forgotten the keys: fenced, no write.
    void aRestartedArrayFences() {
        TgtdArray array;
        LunHost alpha(NodeId::First, lunOf(array));
        QVERIFY(alpha.waitForPath());
        QVERIFY(alpha.ask(ReservationCommand::Claim).outcome == ReservationOutcome::Good);
        QVERIFY(makeFilesystem(alpha, "ext4"));
        auto filesystem = alpha.filesystem("ext4");
        QVERIFY(LunHost::wait([&](auto done) { filesystem->start(false, done); }).outcome == ResourceOutcome::Running);
        alpha.notices.clear();
        array.stop();
        QVERIFY(waitUntil([&] { return alpha.noticed(LunNotice::Kind::PathDown); }));
        QProcess writer;
        writer.start("/bin/dd", {"if=/dev/zero", "of=" + QString::fromStdString(alpha.mountPoint() + "/held"),
                                 "bs=4096", "count=1", "conv=fsync"});
        QVERIFY(writer.waitForStarted());
        QVERIFY(!alpha.noticed(LunNotice::Kind::Fenced));
        array.start();
        QVERIFY(waitUntil([&] { return alpha.noticed(LunNotice::Kind::Fenced); }));
        QVERIFY(waitUntil([&] { return writer.state() == QProcess::NotRunning; }));
        QVERIFY(writer.exitCode() != 0);
        const auto read = alpha.ask(ReservationCommand::Read);
        QVERIFY(read.snapshot.registrants.empty());
        QVERIFY(LunHost::wait([&](auto done) { filesystem->kill(done); }).outcome == ResourceOutcome::Stopped);
        // A later claim opens the gate again.
        QVERIFY(alpha.ask(ReservationCommand::Claim, 2).outcome == ReservationOutcome::Good);
        QVERIFY(LunHost::wait([&](auto done) { filesystem->start(false, done); }).outcome == ResourceOutcome::Running);
        QVERIFY(LunHost::wait([&](auto done) { filesystem->stop(done); }).outcome == ResourceOutcome::Stopped);
    }

    // The array is frozen for longer than the session lives: the write is held, proved again and done.
    void aShortOutageIsHeldAndProved() {
        TgtdArray array;
        LunHost alpha(NodeId::First, lunOf(array));
        QVERIFY(alpha.waitForPath());
        QVERIFY(alpha.ask(ReservationCommand::Claim).outcome == ReservationOutcome::Good);
        QVERIFY(makeFilesystem(alpha, "ext4"));
        auto filesystem = alpha.filesystem("ext4");
        QVERIFY(LunHost::wait([&](auto done) { filesystem->start(false, done); }).outcome == ResourceOutcome::Running);
        alpha.notices.clear();
        ::kill(static_cast<pid_t>(array.pid()), SIGSTOP);
        QProcess writer;
        writer.start("/bin/dd", {"if=/dev/zero", "of=" + QString::fromStdString(alpha.mountPoint() + "/held"),
                                 "bs=4096", "count=64", "conv=fsync"});
        const bool down = waitUntil([&] { return alpha.noticed(LunNotice::Kind::PathDown); });
        ::kill(static_cast<pid_t>(array.pid()), SIGCONT);
        QVERIFY(down);
        QVERIFY(waitUntil([&] { return writer.state() == QProcess::NotRunning; }));
        QVERIFY2(writer.exitCode() == 0, qPrintable(alpha.log()));
        QVERIFY(!alpha.noticed(LunNotice::Kind::Fenced));
        QVERIFY(alpha.waitForPath());
        const auto read = alpha.ask(ReservationCommand::Read);
        QVERIFY(read.snapshot.ownedOnlyBy(alpha.key(1)));
        QCOMPARE(read.snapshot.registrants.size(), std::size_t{1}); // no ghost of the earlier login
        QVERIFY(LunHost::wait([&](auto done) { filesystem->stop(done); }).outcome == ResourceOutcome::Stopped);
    }

    void aKilledDyadLunHangsNobody() {
        TgtdArray array;
        LunHost alpha(NodeId::First, lunOf(array));
        QVERIFY(alpha.waitForPath());
        QVERIFY(alpha.ask(ReservationCommand::Claim).outcome == ReservationOutcome::Good);
        QVERIFY(makeFilesystem(alpha, "ext4"));
        auto filesystem = alpha.filesystem("ext4");
        QVERIFY(LunHost::wait([&](auto done) { filesystem->start(false, done); }).outcome == ResourceOutcome::Running);
        QProcess writer;
        writer.start("/bin/dd", {"if=/dev/zero", "of=" + QString::fromStdString(alpha.mountPoint() + "/load"), "bs=64k",
                                 "count=2000", "oflag=dsync"});
        QVERIFY(
            waitUntil([&] { return QFileInfo(QString::fromStdString(alpha.mountPoint() + "/load")).size() > 65536; }));
        const qint64 pid = alpha.serverPid();
        alpha.notices.clear();
        ::kill(static_cast<pid_t>(pid), SIGKILL);
        QVERIFY(waitUntil([&] { return alpha.noticed(LunNotice::Kind::PathDown); }));
        QVERIFY(waitUntil([&] { return writer.state() == QProcess::NotRunning; }));
        QVERIFY(writer.exitCode() != 0);
        const auto killed = LunHost::wait([&](auto done) { filesystem->kill(done); });
        QVERIFY2(killed.outcome == ResourceOutcome::Stopped, killed.detail.c_str());
        QVERIFY(!storage::mountedAt(alpha.mountPoint()));
        // Another one is there, with its gate shut; this node claims what its dead process left.
        QVERIFY(waitUntil([&] { return alpha.serverPid() != pid && alpha.client->state(alpha.lunId).pathUp; }));
        QVERIFY(!alpha.client->state(alpha.lunId).gateOpen);
        const auto claimed = alpha.ask(ReservationCommand::Claim, 1, ClaimFrom::Nothing, alpha.key(1));
        QVERIFY2(claimed.outcome == ReservationOutcome::Good, claimed.detail.c_str());
        QCOMPARE(claimed.snapshot.registrants.size(), std::size_t{1});
    }

    // Frozen, not dead: the mount is given up by killing it.
    void aFrozenDyadLunIsKilledFree() {
        TgtdArray array;
        LunHost alpha(NodeId::First, lunOf(array));
        QVERIFY(alpha.waitForPath());
        QVERIFY(alpha.ask(ReservationCommand::Claim).outcome == ReservationOutcome::Good);
        QVERIFY(makeFilesystem(alpha, "ext4"));
        auto filesystem = alpha.filesystem("ext4");
        QVERIFY(LunHost::wait([&](auto done) { filesystem->start(false, done); }).outcome == ResourceOutcome::Running);
        ::kill(static_cast<pid_t>(alpha.serverPid()), SIGSTOP);
        const auto killed = LunHost::wait([&](auto done) { filesystem->kill(done); });
        QVERIFY2(killed.outcome == ResourceOutcome::Stopped, killed.detail.c_str());
        QVERIFY(!storage::mountedAt(alpha.mountPoint()));
    }

    void chap() {
        TgtdArray array;
        array.requireChap("dyad", "a-right-secret");
        QTemporaryDir folder;
        const auto withSecret = [&](const char* secret) {
            auto lun = lunOf(array);
            lun.chapUser = "dyad";
            lun.chapSecretFile = folder.filePath(secret).toStdString();
            QFile file(folder.filePath(secret));
            if (file.open(QIODevice::WriteOnly)) file.write(secret);
            file.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
            return lun;
        };
        LunHost right(NodeId::First, withSecret("a-right-secret"));
        QVERIFY2(right.waitForPath(), qPrintable(right.log()));
        LunHost wrong(NodeId::Second, withSecret("a-wrong-secret"));
        QVERIFY(waitUntil([&] { return wrong.client->state(wrong.lunId).detail.find("login") != std::string::npos; }));
        QVERIFY(!wrong.client->state(wrong.lunId).pathUp);
        QVERIFY(wrong.ask(ReservationCommand::Read).outcome == ReservationOutcome::NoPath);
    }
};

QTEST_GUILESS_MAIN(LunIntegrationTest)
#include "lun_integration_test.moc"
