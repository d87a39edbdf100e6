// SPDX-License-Identifier: Apache-2.0
// What operators ordered until further notice, on disk.
#include "daemon/standing_orders_file.h"

#include <QtTest>

#include <fstream>

using namespace dyad;
using daemon::StandingOrdersFile;

class StandingOrdersFileTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatIsSavedIsFoundAgain() {
        const QTemporaryDir folder;
        const std::filesystem::path file = folder.filePath("orders").toStdString();
        const model::StandingOrders orders{true, {{"erp", {true, false, 7}}, {"web", {false, true, 65535}}, {"x", {}}}};
        {
            StandingOrdersFile kept(file);
            QVERIFY(kept.load().ok());
            QVERIFY(kept.load().value() == model::StandingOrders());
            for (int i = 0; i < 100; ++i)
                kept.save({});
            kept.save(orders);
        } // what was last given is on disk
        const StandingOrdersFile again(file);
        QVERIFY(again.load().value() == orders);
        QVERIFY((std::filesystem::status(file).permissions() & std::filesystem::perms::all) ==
                (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
    }

    void nonsenseIsNamedAndNothingOfItIsBelieved_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("where");
        QTest::newRow("unknown word") << QByteArray("maintenance\nnonsense\n") << "orders:2";
        QTest::newRow("no version") << QByteArray("group erp\n") << "orders:1";
        QTest::newRow("a version of more than 16 bits") << QByteArray("group erp 65536\n") << "orders:1";
        QTest::newRow("a negative one") << QByteArray("group erp -1\n") << "orders:1";
        QTest::newRow("unknown state") << QByteArray("group a 1 frozen\ngroup b 1 frosty\n") << "orders:2";
        QTest::newRow("more groups than there can be") << QByteArray("group a 1\n").repeated(33) << "orders:33";
        QTest::newRow("huge") << QByteArray("x").repeated(100'000) << "orders";
    }
    void nonsenseIsNamedAndNothingOfItIsBelieved() {
        QFETCH(QByteArray, text);
        QFETCH(QString, where);
        const QTemporaryDir folder;
        const std::filesystem::path file = folder.filePath("orders").toStdString();
        std::ofstream(file) << text.toStdString();
        const Result<model::StandingOrders> loaded = StandingOrdersFile(file).load();
        QVERIFY(!loaded.ok());
        QVERIFY2(QString::fromStdString(loaded.error().on).endsWith(where), loaded.error().on.c_str());
        QVERIFY(!loaded.error().remedy.empty());
    }
};

QTEST_GUILESS_MAIN(StandingOrdersFileTest)
#include "standing_orders_file_test.moc"
