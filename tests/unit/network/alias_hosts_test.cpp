// SPDX-License-Identifier: Apache-2.0
// Blocks of ours in a hosts file of this test: what is somebody else's stays, byte by byte.
#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "network/alias/alias_agent.h"

using namespace dyad;
using namespace dyad::network;

namespace {

const QByteArray others = "127.0.0.1\tlocalhost\n# a word\n\n::1 localhost";
const HostsBlock block{"erp/name", {"10.77.0.100\terp.example.com erp"}};
const QByteArray written =
    "# dyad alias erp/name begin (kept by dyadd; remove the alias from dyad.toml to be rid of it)\n"
    "10.77.0.100\terp.example.com erp\n# dyad alias erp/name end\n";

#define VERIFY_IS(result, wanted)                                                                                      \
    do {                                                                                                               \
        const auto& got = (result);                                                                                    \
        QVERIFY2(got.ok(), got.ok() ? "" : got.error().text().c_str());                                                \
        QCOMPARE(got.value(), wanted);                                                                                 \
    } while (false)
#define VERIFY_SAYS(result, words)                                                                                     \
    do {                                                                                                               \
        const auto& got = (result);                                                                                    \
        QVERIFY(!got.ok());                                                                                            \
        QVERIFY2(got.error().text().find(words) != std::string::npos, got.error().text().c_str());                     \
    } while (false)

} // namespace

class AliasHostsTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;

    std::string path(const char* name = "hosts") const { return m_folder->filePath(name).toStdString(); }
    void put(const QByteArray& content, const char* name = "hosts") const {
        QFile file(m_folder->filePath(name));
        QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate) && file.write(content) == content.size());
    }
    QByteArray read(const char* name = "hosts") const {
        QFile file(m_folder->filePath(name));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("(none)");
    }
    struct stat statusOf(const char* name = "hosts") const {
        struct stat status {};
        [[maybe_unused]] const int failed = ::lstat(path(name).c_str(), &status);
        return status;
    }

private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void aBlockIsAddedOnceAndTheRestIsKept() {
        put(others);
        ::chmod(path().c_str(), 0640);
        if (::geteuid() == 0) QCOMPARE(::chown(path().c_str(), 1, 2), 0);
        const struct stat before = statusOf();
        VERIFY_IS(keepHostsBlock(path(), block), true);
        QCOMPARE(read(), others + "\n" + written);
        const struct stat after = statusOf();
        QVERIFY(before.st_mode == after.st_mode && before.st_uid == after.st_uid && before.st_gid == after.st_gid);
        QVERIFY(before.st_ino != after.st_ino); // another file took its place: nobody ever saw half of one
        VERIFY_IS(keepHostsBlock(path(), block), false);
        QCOMPARE(statusOf().st_ino, after.st_ino);
        QCOMPARE(QDir(m_folder->path()).entryList(QDir::Files), QStringList{"hosts"});
    }
    void aChangedBlockIsPutRightWhereItStands() {
        put(QByteArray(written).replace("0.100", "0.66") + others + "\n" + written);
        VERIFY_IS(keepHostsBlock(path(), block), true);
        QCOMPARE(read(), written + others + "\n"); // and there is one of it
    }
    void otherBlocksOfOursStay() {
        put(others + "\n");
        VERIFY_IS(keepHostsBlock(path(), {"web/name", {"10.77.0.200\tweb"}}), true);
        VERIFY_IS(keepHostsBlock(path(), block), true);
        QVERIFY(read().contains("10.77.0.200\tweb\n") && read().endsWith(written));
        VERIFY_IS(removeOtherHostsBlocks(path(), {"erp/name"}), true);
        QCOMPARE(read(), others + "\n" + written);
        VERIFY_IS(removeOtherHostsBlocks(path(), {}), true);
        QCOMPARE(read(), others + "\n");
        VERIFY_IS(removeOtherHostsBlocks(path(), {}), false);
    }
    void whatTheConfigurationNoLongerHasIsRemoved() {
        put(others + "\n" + written);
        model::Configuration configuration;
        configuration.groups.resize(1);
        configuration.groups[0].name = "erp";
        configuration.groups[0].resources.resize(1);
        configuration.groups[0].resources[0].name = "name";
        model::AliasSettings alias;
        alias.hosts = true;
        configuration.groups[0].resources[0].settings = alias;
        VERIFY_IS(removeForgottenAliases(configuration, path()), false);
        alias.hosts = false;
        configuration.groups[0].resources[0].settings = alias;
        VERIFY_IS(removeForgottenAliases(configuration, path()), true);
        QCOMPARE(read(), others + "\n");
    }
    void aMissingFileIsMadeButNotToRemoveSomething() {
        VERIFY_IS(removeOtherHostsBlocks(path(), {}), false);
        QCOMPARE(read(), QByteArray("(none)"));
        VERIFY_IS(keepHostsBlock(path(), block), true);
        QCOMPARE(read(), written);
        QCOMPARE(statusOf().st_mode & 07777, mode_t(0644));
    }
    void aLinkIsFollowedAndStaysOne() {
        QVERIFY(QDir(m_folder->path()).mkdir("real"));
        put(others, "real/hosts");
        QCOMPARE(::symlink("real/hosts", path().c_str()), 0);
        VERIFY_IS(keepHostsBlock(path(), block), true);
        QVERIFY(S_ISLNK(statusOf().st_mode));
        QCOMPARE(read("real/hosts"), others + "\n" + written);
        QVERIFY(QFile::remove(m_folder->filePath("real/hosts")));
        VERIFY_SAYS(keepHostsBlock(path(), block), "look where the link points to");
    }
    void whatIsNoFileIsLeftAlone() {
        QVERIFY(QDir(m_folder->path()).mkdir("hosts"));
        VERIFY_SAYS(keepHostsBlock(path(), block), "it is no file");
        QVERIFY(QDir(m_folder->path()).rmdir("hosts"));
        QCOMPARE(::mkfifo(path().c_str(), 0600), 0);
        VERIFY_SAYS(keepHostsBlock(path(), block), "it is no file"); // and nobody hangs on it
    }
    void aFileThatIsTooLargeIsLeftAlone() {
        const QByteArray large(static_cast<qsizetype>(maxHostsFile) + 1, '\n');
        put(large);
        VERIFY_SAYS(keepHostsBlock(path(), block), "more than 1048576 bytes");
        QVERIFY(read() == large);
    }
    void halfABlockIsLeftToAPerson_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("words");
        QTest::newRow("no end") << others + "\n" + written.left(written.indexOf("# dyad alias erp/name end")) +
                                       "1.2.3.4 own\n"
                                << "hosts, line 5: a block of ours has no end";
        QTest::newRow("no beginning") << written.mid(written.indexOf("10.77"))
                                      << "line 2: a block of ours has no beginning";
        QTest::newRow("two beginnings") << written.left(written.indexOf("10.77")) + written
                                        << "line 1: a block of ours has no end";
        QTest::newRow("another's end") << QByteArray(written).replace("name end", "nome end") << "another one's end";
    }
    void halfABlockIsLeftToAPerson() {
        QFETCH(QByteArray, text);
        QFETCH(QString, words);
        put(text);
        VERIFY_SAYS(keepHostsBlock(path(), block), words.toStdString());
        QCOMPARE(read(), text);
    }
    // As containers have it: the file itself is a mount, and nothing can take its place.
    void aFileThatIsMountedOverIsWrittenInPlace() {
        if (::geteuid() != 0) QSKIP("needs root");
        put(others);
        std::string trouble;
        QByteArray seen;
        // A mount namespace of a thread: it goes with it, whatever happens.
        std::thread([&] {
            if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
                ::mount(path().c_str(), path().c_str(), nullptr, MS_BIND, nullptr) != 0) {
                trouble = "can't mount here";
                return;
            }
            const Result<bool> longer = keepHostsBlock(path(), {"erp/name", {std::string(300, '#')}});
            const Result<bool> kept = keepHostsBlock(path(), block);
            if (!longer || !kept) trouble = (longer ? kept : longer).error().text();
            seen = read();
        }).join();
        QVERIFY2(trouble.empty(), trouble.c_str());
        QCOMPARE(seen, others + "\n" + written); // nothing of the longer one is left behind it
        QCOMPARE(read(), seen);
        QCOMPARE(QDir(m_folder->path()).entryList(QDir::Files), QStringList{"hosts"});
    }
    void twoAliasesAtOnceBothStand() {
        put(others);
        std::vector<std::thread> threads;
        for (int i = 0; i < 8; ++i)
            threads.emplace_back([this, i] {
                (void)keepHostsBlock(path(),
                                     {"erp/name" + std::to_string(i), {"10.77.0.100\thost" + std::to_string(i)}});
            });
        for (std::thread& each : threads)
            each.join();
        for (int i = 0; i < 8; ++i)
            QVERIFY2(read().contains("\thost" + QByteArray::number(i) + "\n"), read().constData());
    }
};

QTEST_GUILESS_MAIN(AliasHostsTest)
#include "alias_hosts_test.moc"
