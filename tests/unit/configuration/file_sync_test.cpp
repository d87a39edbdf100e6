// SPDX-License-Identifier: Apache-2.0
// File sets: the plan as a table, the files on a disk, and two services with a set between them.
#include "config/digest.h"
#include "daemon/configuration/file_sync.h"
#include "two_services.h"

#include <QDir>
#include <QTemporaryDir>
#include <QTest>

#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace dyad;
using namespace dyad::config;
using namespace dyad::daemon;

namespace {

SyncEntry entry(std::uint64_t digest) { return {SyncKind::File, 0644, 0, 0, 1, digest}; }

SyncManifest only(std::uint64_t digest) { return digest == 0 ? SyncManifest() : SyncManifest{{"/a/x", entry(digest)}}; }

std::string toHexadecimal(std::uint64_t digest) {
    std::ostringstream text;
    text << std::hex << digest;
    return text.str();
}
void write(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::trunc) << text; }
std::string read(const std::string& path) {
    std::ifstream stream(path);
    std::ostringstream whole;
    whole << stream.rdbuf();
    return stream ? whole.str() : "(none)";
}

} // namespace

class FileSyncTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void plan_data() {
        QTest::addColumn<int>("active");
        QTest::addColumn<int>("standby");
        QTest::addColumn<int>("base");
        QTest::addColumn<QString>("wanted");
        QTest::newRow("new") << 1 << 0 << 0 << "write";
        QTest::newRow("changed here") << 2 << 1 << 1 << "write";
        QTest::newRow("removed here") << 0 << 1 << 1 << "remove";
        QTest::newRow("equal") << 1 << 1 << 0 << "agreed";
        QTest::newRow("both made the same change") << 2 << 2 << 1 << "agreed";
        QTest::newRow("changed there") << 1 << 2 << 1 << "conflict";
        QTest::newRow("changed on both") << 2 << 3 << 1 << "conflict";
        QTest::newRow("removed there") << 1 << 0 << 1 << "conflict";
        QTest::newRow("there before it was ever copied") << 1 << 2 << 0 << "conflict";
        QTest::newRow("only there") << 0 << 2 << 0 << "conflict";
        QTest::newRow("removed here, changed there") << 0 << 2 << 1 << "conflict";
    }
    void plan() {
        QFETCH(int, active);
        QFETCH(int, standby);
        QFETCH(int, base);
        QFETCH(QString, wanted);
        const auto manifest = [](int digest) { return only(static_cast<std::uint64_t>(digest)); };
        const SyncPlan found = planSync(manifest(active), manifest(standby), manifest(base), false);
        QCOMPARE(found.write.size(), std::size_t(wanted == "write"));
        QCOMPARE(found.remove.size(), std::size_t(wanted == "remove"));
        QCOMPARE(found.conflicts.size(), std::size_t(wanted == "conflict"));
        QCOMPARE(found.agreed.size(), std::size_t(wanted == "agreed"));
        // Forced, the active side always wins, and then there is nothing left to do.
        const SyncPlan forced = planSync(manifest(active), manifest(standby), manifest(base), true);
        QVERIFY(forced.conflicts.empty());
        const SyncManifest after = newBase(manifest(base), manifest(active), forced);
        QVERIFY(planSync(manifest(active), manifest(active), after, false).nothingToDo());
        QVERIFY(after == manifest(active));
    }

    void manifestsAreReadAsWritten() {
        SyncManifest manifest{{"/etc/a b", {SyncKind::File, 04755, 7, 8, 9, 0xfffffffffffffff1}},
                              {"/etc/l", {SyncKind::Link, 0, 0, 0, 0, 3}}};
        QVERIFY(parseManifest(config::toText(manifest)).value() == manifest);
        QVERIFY(!parseManifest("0 644 0 0 1 x /a\n").ok());
        QVERIFY(!parseManifest("9 644 0 0 1 1 /a\n").ok());
        QVERIFY(!parseManifest("0 644 0 0 1 1 /a").ok());
    }

    void onlyListedPathsBelongToASet() {
        const std::vector<std::string> roots{"/etc/nginx"};
        QVERIFY(belongsTo("/etc/nginx", roots));
        QVERIFY(belongsTo("/etc/nginx/a/b", roots));
        for (const char* path : {"/etc/nginxx", "/etc/nginx/../shadow", "/etc", "etc/nginx/a", "/etc/nginx//a", "/etc/nginx/", ""})
            QVERIFY2(!belongsTo(path, roots), path);
    }

    void filesArriveWithOwnerAndMode() {
        QTemporaryDir folder;
        const std::string at = folder.path().toStdString();
        const std::string bytes("a\0b", 3);
        const SyncEntry file{SyncKind::File, 0640, static_cast<std::uint32_t>(getuid()), static_cast<std::uint32_t>(getgid()), 3, digestOf(bytes)};
        QVERIFY(writeEntry(at + "/x", file, bytes).ok());
        const Result<ScannedTree> found = scanTree({at});
        QVERIFY(found.ok());
        QVERIFY(found.value().manifest.at(at + "/x") == file);
        QCOMPARE(readEntry(at + "/x", file).value(), bytes);
        // Another kind takes its place.
        const SyncEntry link{SyncKind::Link, 0, file.user, file.group, 0, digestOf("y")};
        QVERIFY(writeEntry(at + "/x", link, "y").ok());
        QVERIFY(scanTree({at}).value().manifest.at(at + "/x") == link);
        QVERIFY(removeEntry(at + "/x").ok());
        QVERIFY(removeEntry(at + "/x").ok());
        QVERIFY(!scanTree({at}).value().manifest.contains(at + "/x"));
    }

    // A link in the way would lead a file out of the set.
    void noLinkIsFollowed() {
        QTemporaryDir folder;
        const std::string at = folder.path().toStdString();
        QVERIFY(QDir(folder.path()).mkdir("secret") && QDir(folder.path()).mkdir("set"));
        write(at + "/secret/shadow", "root");
        QCOMPARE(::symlink((at + "/secret").c_str(), (at + "/set/out").c_str()), 0);
        QVERIFY(!writeEntry(at + "/set/out/shadow", {SyncKind::File, 0600, 0, 0, 1, 1}, "x").ok());
        QVERIFY(!removeEntry(at + "/set/out/shadow").ok());
        QVERIFY(!readEntry(at + "/set/out/shadow", {SyncKind::File, 0600, 0, 0, 4, digestOf("root")}).ok());
        const Result<ScannedTree> found = scanTree({at + "/set"});
        QCOMPARE(found.value().manifest.at(at + "/set/out").kind, SyncKind::Link);
        QVERIFY(!found.value().manifest.contains(at + "/set/out/shadow"));
        QCOMPARE(read(at + "/secret/shadow"), std::string("root"));
    }

    void whatIsTooLargeIsLeftOutAndSaid() {
        QTemporaryDir folder;
        const std::string at = folder.path().toStdString();
        write(at + "/large", std::string(maxSyncFileBytes + 1, 'x'));
        QCOMPARE(::mkfifo((at + "/pipe").c_str(), 0600), 0);
        const Result<ScannedTree> found = scanTree({at});
        QVERIFY(found.ok());
        QCOMPARE(found.value().leftOut.size(), std::size_t(2));
        QCOMPARE(found.value().manifest.size(), std::size_t(1)); // the folder itself
    }

    // Both services share the disk of one host here, so the two ends of the set are two folders: the paths are rewritten
    // on the way, as two hosts' own roots would do.
    void aSetIsCopiedAndAConflictIsShown() {
        QTemporaryDir folder;
        const std::string at = folder.path().toStdString();
        for (const char* each : {"a", "b", "sa", "sb"})
            QVERIFY(QDir(folder.path()).mkdir(each));
        model::Configuration here;
        here.nodes[0].name = "alpha";
        here.nodes[1].name = "beta";
        here.groups.push_back({.name = "web"});
        model::Configuration there = here;
        here.syncs.push_back({"set", {at + "/a"}, {}, model::GroupId(0)});
        there.syncs.push_back({"set", {at + "/b"}, {"/usr/bin/touch", at + "/ran"}, model::GroupId(0)});

        DirectChannel toBeta("alpha", "beta");
        DirectChannel toAlpha("beta", "alpha");
        KeptAlarms alarms;
        KeptJournal journal;
        QuickClock clock;
        const auto make = [&](const model::Configuration& configuration, model::NodeId self, const char* state,
                              control::PeerChannel& channel, bool active) {
            return std::make_unique<FileSync>(FileSyncSetup{.configuration = configuration,
                                                            .self = self,
                                                            .stateDirectory = at + "/" + state,
                                                            .peer = channel,
                                                            .alarms = alarms,
                                                            .journal = journal,
                                                            .clock = clock,
                                                            .activeHere = [active](model::GroupId) { return active; },
                                                            .peerServed = [] { return true; }});
        };
        const auto alpha = make(here, model::NodeId::First, "sa", toBeta, true);
        const auto beta = make(there, model::NodeId::Second, "sb", toAlpha, false);
        // The rewriting: what goes to beta names /b, what comes back names /a.
        control::Routes betaRoutes = beta->routes();
        for (control::Route& route : betaRoutes)
            route.run = [run = route.run, at](const control::Call& call) {
                control::Call rewritten = call;
                rewritten.request.body.replace(QByteArray::fromStdString(at + "/a"), QByteArray::fromStdString(at + "/b"));
                rewritten.answered = [call, at](control::Response response) {
                    response.body.replace(QByteArray::fromStdString(at + "/b"), QByteArray::fromStdString(at + "/a"));
                    call.answered(std::move(response));
                };
                run(rewritten);
            };
        toBeta.routes = &betaRoutes;

        write(at + "/a/one", "1");
        QVERIFY(QDir(folder.path()).mkdir("a/sub"));
        write(at + "/a/sub/two", "2");
        alpha->start();
        QTRY_COMPARE_WITH_TIMEOUT(QString::fromStdString(read(at + "/b/sub/two")), QString("2"), 20000);
        QCOMPARE(read(at + "/b/one"), std::string("1"));
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(folder.filePath("ran")), 20000);

        write(at + "/a/one", "11");
        QVERIFY(QFile::remove(folder.filePath("a/sub/two")));
        QTRY_COMPARE_WITH_TIMEOUT(QString::fromStdString(read(at + "/b/one")), QString("11"), 20000);
        QTRY_VERIFY_WITH_TIMEOUT(!QFile::exists(folder.filePath("b/sub/two")), 20000);

        // Changed there, too: shown, not overwritten.
        write(at + "/b/one", "by hand");
        write(at + "/a/one", "111");
        QTRY_VERIFY_WITH_TIMEOUT(alarms.raised.contains("sync.conflict:set"), 20000);
        QCOMPARE(read(at + "/b/one"), std::string("by hand"));
        // Until somebody says which is right.
        const control::Routes routes = alpha->routes();
        toAlpha.routes = &routes;
        bool answered = false;
        toAlpha.ask({.method = "POST", .target = "/v1/sync/set/push"}, [&](const control::PeerAnswer&) { answered = true; });
        QTRY_VERIFY_WITH_TIMEOUT(answered && read(at + "/b/one") == "111", 20000);
        QTRY_VERIFY_WITH_TIMEOUT(alarms.raised.empty(), 20000);

        write(at + "/b/one", "better");
        write(at + "/a/one", "worse");
        QTRY_VERIFY_WITH_TIMEOUT(alarms.raised.contains("sync.conflict:set"), 20000);
        toAlpha.ask({.method = "POST", .target = "/v1/sync/set/accept"}, [&](const control::PeerAnswer&) {});
        QTRY_COMPARE_WITH_TIMEOUT(QString::fromStdString(read(at + "/a/one")), QString("better"), 20000);
        QTRY_VERIFY_WITH_TIMEOUT(alarms.raised.empty(), 20000);
        QCOMPARE(read(at + "/b/one"), std::string("better"));
        // What they agree on is known to both: whichever is active next tells a change from a conflict by it.
        const auto agreed = [&](const char* state) { return QString::fromStdString(read(at + state + "/sync-set.base")); };
        QVERIFY(agreed("/sa").contains(QString::fromStdString(toHexadecimal(digestOf("better")))));
        QTRY_COMPARE_WITH_TIMEOUT(agreed("/sa"), agreed("/sb").replace(QString::fromStdString(at + "/b"), QString::fromStdString(at + "/a")), 20000);
    }
};

QTEST_GUILESS_MAIN(FileSyncTest)
#include "file_sync_test.moc"
