// SPDX-License-Identifier: Apache-2.0
#include "platform/linux/child.h"

#include <QFile>
#include <QScopeGuard>
#include <QTemporaryDir>
#include <QTest>
#include <array>
#include <cerrno>
#include <csignal>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "platform/linux/process_sweep.h"
#include "platform/linux/system_error.h"

using namespace dyad;
using namespace dyad::platform;

namespace {

constexpr int guardMs = 30000;

void awaitEnd(const FileDescriptor& pidfd) {
    pollfd wanted{pidfd.get(), POLLIN, 0};
    QCOMPARE(::poll(&wanted, 1, guardMs), 1);
}

std::string readToEnd(const FileDescriptor& output) {
    std::string text;
    char piece[512];
    for (;;) {
        pollfd wanted{output.get(), POLLIN, 0};
        if (::poll(&wanted, 1, guardMs) != 1) return "no end of the output";
        const ssize_t count = ::read(output.get(), piece, sizeof piece);
        if (count == 0) return text;
        if (count > 0) text.append(piece, static_cast<std::size_t>(count));
    }
}

int openDescriptors() {
    DIR* directory = ::opendir("/proc/self/fd");
    int count = 0;
    while (::readdir(directory) != nullptr)
        ++count;
    ::closedir(directory);
    return count;
}

ChildSetup shell(const std::string& script) {
    return {.command = {"/bin/sh", "-c", script},
            .environment = {"PATH=/usr/bin:/bin"},
            .output = ChildSetup::Output::Capture};
}

} // namespace

class ChildTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void cleanup() { // what a failed test has left; the rest ends by itself
        ProcessTraits mark;
        mark.environmentMark = "DYAD_RESOURCE=test/sweep";
        const auto left = findProcesses(mark);
        killAll(left.value());
    }

    void outputAndExitCode() {
        Result<Child> child = startChild(shell("echo out; echo err >&2; exit 3"));
        QVERIFY(child.ok());
        QCOMPARE(readToEnd(child.value().output), std::string("out\nerr\n"));
        awaitEnd(child.value().pidfd);
        const auto end = reap(child.value().pidfd);
        QVERIFY(end.ok() && end.value().has_value());
        QCOMPARE(end.value()->text(), std::string("exit code 3"));
        QVERIFY(!reap(child.value().pidfd).ok()); // collected once
        QVERIFY(!identityOf(child.value().identity.pid).ok());
    }

    void missingProgramIsAnErrorWithErrno() {
        const int before = openDescriptors();
        {
            Result<Child> child = startChild({.command = {"/nowhere/program"}, .output = ChildSetup::Output::Capture});
            std::string said;
            if (child.ok()) { // on a host so busy that the failure came after maxExecWait
                said = readToEnd(child.value().output);
                awaitEnd(child.value().pidfd);
                QCOMPARE(reap(child.value().pidfd).value()->text(), "exit code " + std::to_string(notRunCode));
            } else {
                said = child.error().text() + "\n";
            }
            QCOMPARE(said, "run /nowhere/program: " + errnoText(ENOENT) + "\n");
        }
        QCOMPARE(openDescriptors(), before);
        QCOMPARE(::waitpid(-1, nullptr, WNOHANG), -1); // no child is left
        QCOMPARE(errno, ECHILD);
    }

    void notExecutableAndRelativeAndNoFolder() {
        QVERIFY(startChild({.command = {"/etc/passwd"}}).error().text().find("Permission denied (13)") !=
                std::string::npos);
        QVERIFY(!startChild({.command = {"sh"}}).ok());
        QVERIFY(!startChild({.command = {}}).ok());
        const Result<Child> child = startChild({.command = {"/bin/true"}, .workingDirectory = "/nowhere"});
        QVERIFY(child.error().text().starts_with("enter the working directory of"));
    }

    // The program lies on a filesystem that doesn't answer: the caller has other work to do, and learns of the failure
    // as of any other end. The child, stuck as it is, holds nothing of ours.
    void aProgramThatCantBeReachedKeepsNobody() {
        if (::geteuid() != 0) QSKIP("needs root");
        QTemporaryDir folder;
        const std::string point = folder.path().toStdString();
        FileDescriptor silent(::open("/dev/fuse", O_RDWR | O_CLOEXEC)); // a FUSE server that never says a word
        if (!silent.valid()) QSKIP("needs /dev/fuse");
        const std::string options = "fd=" + std::to_string(silent.get()) + ",rootmode=40000,user_id=0,group_id=0";
        if (::mount("silent", point.c_str(), "fuse", MS_NOSUID | MS_NODEV, options.c_str()) != 0)
            QSKIP("can't mount FUSE");
        const auto unmount = qScopeGuard([&] { ::umount2(point.c_str(), MNT_DETACH); });
        std::array<int, 2> ends{};
        QCOMPARE(::pipe2(ends.data(), O_CLOEXEC), 0);
        const FileDescriptor ours(ends[0]);
        FileDescriptor other(ends[1]);

        ChildSetup setup{.command = {point + "/program"}, .output = ChildSetup::Output::Capture};
        Result<Child> child = startChild(setup);
        QVERIFY2(child.ok(), child.ok() ? "" : child.error().text().c_str());
        QVERIFY(!hasEnded(child.value().pidfd));
        other.reset();
        pollfd hungUp{ours.get(), POLLIN, 0};
        QCOMPARE(::poll(&hungUp, 1, guardMs), 1);
        QVERIFY((hungUp.revents & POLLHUP) != 0); // the child doesn't keep the writing end

        silent.reset(); // the kernel aborts the connection: the child's exec fails
        const std::string said = readToEnd(child.value().output);
        awaitEnd(child.value().pidfd);
        QCOMPARE(reap(child.value().pidfd).value()->text(), "exit code " + std::to_string(notRunCode));
        QVERIFY2(said.starts_with("run " + point + "/program: ") && said.ends_with(")\n"), said.c_str());
    }

    void environmentIsExactAndNothingIsInherited() {
        ::setenv("DYAD_TEST_LEAK", "1", 1);
        const FileDescriptor leak(::dup(1)); // without O_CLOEXEC
        ChildSetup setup = shell("/usr/bin/env; ls -1 /proc/self/fd | wc -l; cat /proc/self/stat | cut -d' ' -f1,5,6");
        setup.environment = {"A=1"};
        Result<Child> child = startChild(setup);
        QVERIFY(child.ok());
        const std::string text = readToEnd(child.value().output);
        awaitEnd(child.value().pidfd);
        QVERIFY(reap(child.value().pidfd).ok());
        QVERIFY2(text.find("A=1\n") != std::string::npos && text.find("DYAD_TEST_LEAK") == std::string::npos,
                 text.c_str());
        // 0, 1, 2 and the one that ls itself reads the folder by
        QVERIFY2(text.find("\n4\n") != std::string::npos, text.c_str());
        const std::string session = std::to_string(child.value().identity.pid);
        QVERIFY2(text.find(" " + session + " " + session + "\n") != std::string::npos, text.c_str());
    }

    void otherUserWithGroups() {
        if (::geteuid() != 0) QSKIP("needs root");
        const Result<UserAccount> user = findUser("nobody");
        QVERIFY(user.ok());
        ChildSetup setup = shell("id -u; id -G");
        setup.user = user.value();
        Result<Child> child = startChild(setup);
        QVERIFY(child.ok());
        std::string wanted = std::to_string(user.value().user) + "\n";
        for (std::size_t i = 0; i < user.value().groups.size(); ++i)
            wanted += (i == 0 ? "" : " ") + std::to_string(user.value().groups[i]);
        QCOMPARE(readToEnd(child.value().output), wanted + "\n");
        awaitEnd(child.value().pidfd);
        QVERIFY(reap(child.value().pidfd).ok());
        QVERIFY(!findUser("no-such-user-here").ok());
    }

    void identityTellsReusedNumbersApart() {
        Result<Child> child = startChild(shell("exec sleep 600"));
        QVERIFY(child.ok());
        const ProcessIdentity identity = child.value().identity;
        QVERIFY(openProcess(identity).ok());
        QVERIFY(!openProcess({identity.pid, identity.startTime + 1}).ok());
        QTemporaryDir folder;
        const std::string path = folder.filePath("record").toStdString();
        QVERIFY(writeIdentity(path, identity).ok());
        QVERIFY(readIdentity(path).value() == identity);
        QVERIFY(!readIdentity(path + ".none").ok());
        QFile broken(QString::fromStdString(path));
        QVERIFY(broken.open(QIODevice::WriteOnly) && broken.write("12 x\n") == 5);
        broken.close();
        QVERIFY(!readIdentity(path).ok());

        QVERIFY(sendSignal(child.value().pidfd, SIGKILL).ok());
        awaitEnd(child.value().pidfd);
        QVERIFY(!openProcess(identity).ok()); // a zombie is dead
        QCOMPARE(reap(child.value().pidfd).value()->text(), std::string("killed by signal 9 (Killed)"));
        QVERIFY(sendSignal(child.value().pidfd, SIGKILL).ok()); // gone is no error
    }

    // It once counted as dead when its first thread was, while the others still had its files and sockets.
    void aProgramLivesAsLongAsOneOfItsThreads() {
        const std::string folder = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
        Result<Child> child = startChild({.command = {folder + "/leaderless_program"}});
        QVERIFY(child.ok());
        const ProcessIdentity identity = child.value().identity;
        const auto end = qScopeGuard([&] {
            (void)sendSignal(child.value().pidfd, SIGKILL);
            awaitEnd(child.value().pidfd);
            (void)reap(child.value().pidfd);
        });
        QTRY_VERIFY_WITH_TIMEOUT(readProcessStat(identity.pid).value().state == 'Z', guardMs);
        QVERIFY(openProcess(identity).ok());
        ProcessTraits session;
        session.session = identity.pid;
        const Result<std::vector<FoundProcess>> found = findProcesses(session);
        QVERIFY(found.ok() && found.value().size() == 1);
        killAll(found.value());
        awaitEnd(child.value().pidfd);
        QVERIFY(!openProcess(identity).ok());
        QCOMPARE(findProcesses(session).value().size(), std::size_t(0));
    }

    void sweepFindsByMarkSessionFolderAndAncestry() {
        QTemporaryDir folder;
        const std::string where = folder.path().toStdString();
        // One that keeps the mark, one that clears its environment, one that also leaves the session.
        ChildSetup setup = shell("sleep 101 & env -i /bin/sleep 102 & env -i setsid /bin/sh -c 'cd " + where +
                                 " && echo ready && exec /bin/sleep 103' & wait");
        setup.environment.push_back("DYAD_RESOURCE=test/sweep");
        Result<Child> child = startChild(setup);
        QVERIFY(child.ok());
        char word[8] = {};
        pollfd wanted{child.value().output.get(), POLLIN, 0};
        QCOMPARE(::poll(&wanted, 1, guardMs), 1);
        QCOMPARE(::read(child.value().output.get(), word, sizeof word), 6);

        ProcessTraits mark;
        mark.environmentMark = "DYAD_RESOURCE=test/sweep";
        ProcessTraits prefix;
        prefix.environmentMark = "DYAD_RESOURCE=test/swee"; // part of an entry is another resource
        ProcessTraits place;
        place.workingDirectory = where;
        place.program = "sleep";
        ProcessTraits wrongProgram = place;
        wrongProgram.program = "postgres";
        // Forks and execs of the shell may still be under way: wait for the whole family.
        QTRY_COMPARE_WITH_TIMEOUT(findProcesses(mark).value().size(), std::size_t{4}, guardMs);
        QCOMPARE(findProcesses(prefix).value().size(), std::size_t{0});
        QTRY_COMPARE_WITH_TIMEOUT(findProcesses(place).value().size(), std::size_t{1}, guardMs);
        QCOMPARE(findProcesses(wrongProgram).value().size(), std::size_t{0});

        // The main process dies: what cleared its environment is now found by the session and by the folder only.
        QVERIFY(sendSignal(child.value().pidfd, SIGKILL).ok());
        awaitEnd(child.value().pidfd);
        ProcessTraits all = mark;
        all.session = child.value().identity.pid;
        all.workingDirectory = where;
        const auto found = findProcesses(all);
        QCOMPARE(found.value().size(), std::size_t{3});
        killAll(found.value());
        for (const FoundProcess& process : found.value())
            awaitEnd(process.pidfd);
        QCOMPARE(findProcesses(all).value().size(), std::size_t{0});
        QVERIFY(reap(child.value().pidfd).ok());
    }

    void sweepNeverFindsUs() {
        ProcessTraits traits;
        traits.session = ::getsid(0); // our own session
        const auto found = findProcesses(traits);
        for (const FoundProcess& process : found.value())
            QVERIFY(process.identity.pid != ::getpid());
    }
};

QTEST_GUILESS_MAIN(ChildTest)
#include "child_test.moc"
