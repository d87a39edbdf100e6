// SPDX-License-Identifier: Apache-2.0
#include <QtTest>

#include <csignal>

#include "base/byte_order.h"
#include "storage/filesystem/child_command.h"
#include "storage/filesystem/mount_table.h"
#include "storage/filesystem/superblock.h"

using namespace dyad;
using namespace dyad::storage;

class FilesystemPartsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void filesystemsAreTold() {
        std::vector<std::uint8_t> disk(superblockBytes, 0);
        QVERIFY(findFilesystem(disk).empty);
        const auto withWords = [&](std::size_t at, std::string_view words) {
            auto copy = disk;
            std::copy(words.begin(), words.end(), copy.begin() + static_cast<std::ptrdiff_t>(at));
            return copy;
        };
        QCOMPARE(findFilesystem(withWords(0, "XFSB")).type, std::string("xfs"));
        QCOMPARE(findFilesystem(withWords(0x10040, "_BHRfS_M")).type, std::string("btrfs"));
        QCOMPARE(findFilesystem(withWords(512, "EFI PART")).type, std::string("GPT partition table"));
        const auto unknown = findFilesystem(withWords(5000, "something"));
        QVERIFY(unknown.type.empty() && !unknown.empty);
        storeLittle(std::span(disk).subspan(1024 + 0x38), std::uint16_t{0xef53});
        QCOMPARE(findFilesystem(disk).type, std::string("ext2"));
        storeLittle(std::span(disk).subspan(1024 + 0x60), std::uint32_t{0x44});
        const auto dirty = findFilesystem(disk);
        QVERIFY(dirty.type == "ext4" && dirty.needsRecovery && !dirty.hasErrors);
        storeLittle(std::span(disk).subspan(1024 + 0x3a), std::uint16_t{0x3});
        QVERIFY(findFilesystem(disk).hasErrors);
    }
    void aShortDiskIsNotReadPastItsEnd() {
        const std::vector<std::uint8_t> disk(1500, 0xff);
        for (std::size_t length = 0; length <= disk.size(); length += 7)
            QVERIFY(findFilesystem(std::span(disk).first(length)).type.empty());
    }
    void mountTablesAreTakenApart() {
        const auto table =
            parseMountTable("36 35 98:0 / /mnt\\040x rw,noatime shared:1 master:2 - ext4 /dev/loop3 rw,emergency_ro\n"
                            "bad line\n"
                            "37 35 0:44 / /run/lun rw - fuse.dyad dyad-lun rw,user_id=0\n");
        QCOMPARE(table.size(), std::size_t{2});
        QCOMPARE(table[0].mountPoint, std::string("/mnt x"));
        QCOMPARE(table[0].type, std::string("ext4"));
        QCOMPARE(table[0].source, std::string("/dev/loop3"));
        QCOMPARE(table[0].superOptions, std::string("rw,emergency_ro"));
        QVERIFY(table[0].major == 98 && table[1].minor == 44);
    }
    // A helper that is given up, or killed by others, takes e2fsck with it: else that would keep the loop device.
    void aHelperTakesItsChildrenWithIt_data() {
        QTest::addColumn<bool>("byOthers");
        QTest::newRow("killed by us") << false;
        QTest::newRow("killed by others") << true;
    }
    void aHelperTakesItsChildrenWithIt() {
        QFETCH(bool, byOthers);
        std::vector<pid_t> pids;
        std::optional<platform::ChildEnd> end;
        ChildCommand command;
        command.onLine = [&](const std::string& line) { pids.push_back(static_cast<pid_t>(std::stol(line))); };
        command.onEnd = [&](platform::ChildEnd how) { end = how; };
        QVERIFY(command.start({"/bin/sh", "-c", "echo $$; sleep 1000 & echo $!; wait"}).ok());
        QTRY_COMPARE_WITH_TIMEOUT(pids.size(), std::size_t{2}, 30000);
        const auto grandchild = platform::identityOf(pids[1]);
        QVERIFY(grandchild.ok());
        if (byOthers)
            QCOMPARE(::kill(pids[0], SIGKILL), 0);
        else
            command.kill();
        QTRY_VERIFY_WITH_TIMEOUT(end.has_value(), 30000);
        QVERIFY(end->signalled && end->code == SIGKILL);
        QTRY_VERIFY_WITH_TIMEOUT(!platform::openProcess(grandchild.value()).ok(), 30000);
    }
    void loopRecordsComeBack() {
        QTemporaryDir folder;
        const std::string path = folder.filePath("loop").toStdString();
        QVERIFY(!readLoopRecord(path));
        QVERIFY(writeLoopRecord(path, {"/dev/loop3", 17}));
        QVERIFY((readLoopRecord(path) == LoopRecord{"/dev/loop3", 17}));
        QVERIFY(!loopAlive({"/dev/loop-that-is-not", 17}));
    }
};

QTEST_GUILESS_MAIN(FilesystemPartsTest)
#include "filesystem_parts_test.moc"
