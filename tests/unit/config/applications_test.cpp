// SPDX-License-Identifier: Apache-2.0
// type = "systemd:UNIT", init scripts as commands, and [[hook]]: what is read, and every way in which it can be wrong.
#include "pair.h"

#include <QtTest>

using namespace dyad;
using namespace dyad::config;
using model::HookEvent;

namespace {

// Lines 14 to 18, 19 to 21.
const std::string withoutLun = pairLines.substr(0, pairLines.find("[[lun]]")) + "\n\n\n"; // the same lines, no LUN
std::string withResource(const std::string& lines) {
    return withoutLun + "[[group]]\nname = \"erp\"\n[[group.resource]]\nname = \"web\"\n" + lines;
}
const std::string unitLines = "type = \"systemd:nginx.service\"\n";
std::string withHook(const std::string& lines) {
    return withResource(unitLines) + "[[hook]]\nname = \"tell\"\n" + lines;
}

} // namespace

class ApplicationsConfigTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aUnitIsRead() {
        for (const std::string unit : {"nginx.service", "getty@tty1.service", "a-b_c:d.socket", "x\\\\x2dy.target"}) {
            const Loaded loaded = loadText(withResource("type = \"systemd:" + unit + "\"\n"), "dyad.toml");
            QVERIFY2(loaded.configuration.has_value(), allTexts(loaded).c_str());
            const auto& resource = loaded.configuration->groups[0].resources[0];
            const std::string plain = unit.starts_with("x") ? "x\\x2dy.target" : unit;
            QVERIFY(resource.settings == model::ResourceSettings(model::SystemdSettings{plain}));
        }
    }

    void aWrongUnitIsRefused_data() {
        QTest::addColumn<QString>("unit");
        QTest::addColumn<QString>("says");
        QTest::newRow("none") << ""
                              << "does not name a unit";
        QTest::newRow("a path") << "/etc/systemd/system/a.service"
                                << "does not name a unit";
        QTest::newRow("spaces") << "a b.service"
                                << "does not name a unit";
        QTest::newRow("long") << QString(260, 'a') + ".service"
                              << "does not name a unit";
        QTest::newRow("no suffix") << "nginx"
                                   << "without its suffix";
        QTest::newRow("suffix alone") << ".service"
                                      << "without its suffix";
        QTest::newRow("a slice") << "user.slice"
                                 << "without its suffix";
        QTest::newRow("a template") << "getty@.service"
                                    << "a template";
        QTest::newRow("ourselves") << "dyadd.service"
                                   << "is the service itself";
    }
    void aWrongUnitIsRefused() {
        QFETCH(QString, unit);
        QFETCH(QString, says);
        const Loaded loaded = loadText(withResource("type = \"systemd:" + unit.toStdString() + "\"\n"), "dyad.toml");
        QVERIFY(!loaded.configuration.has_value());
        QVERIFY2(allTexts(loaded).find(says.toStdString()) != std::string::npos, allTexts(loaded).c_str());
    }

    void aUnitBelongsToOneResource() {
        const Loaded loaded =
            loadText(withResource(unitLines) + "[[group.resource]]\nname = \"again\"\n" + unitLines, "dyad.toml");
        QVERIFY(!loaded.configuration.has_value());
        QVERIFY2(allTexts(loaded).find("belongs to resource \"web\" of group \"erp\" already") != std::string::npos,
                 allTexts(loaded).c_str());
    }

    void anInitScriptIsRead() {
        const std::string script =
            "type = \"command\"\nstart = [\"/etc/init.d/a\", \"start\"]\nstop = [\"/etc/init.d/a\", \"stop\"]\n";
        const std::string monitor = "monitor = [\"/etc/init.d/a\", \"status\"]\n";
        const auto lsbOf = [](const Loaded& loaded) {
            return std::get<model::CommandSettings>(loaded.configuration->groups[0].resources[0].settings).lsb;
        };
        QVERIFY(lsbOf(loadText(withResource(script + monitor + "exit_codes = \"lsb\"\n"), "dyad.toml")));
        QVERIFY(!lsbOf(loadText(withResource(script + monitor), "dyad.toml")));
        const Loaded alone = loadText(withResource(script + "exit_codes = \"lsb\"\n"), "dyad.toml");
        QVERIFY2(allTexts(alone).find("stands without monitor") != std::string::npos, allTexts(alone).c_str());
    }

    void aHookIsRead() {
        const Loaded loaded = loadText(withHook("on = [\"after_takeover\", \"failed\", \"failed\"]\ngroup = \"erp\"\n"
                                                "command = [\"/usr/bin/logger\", \"taken\"]\ntimeout_s = 2.5\n"),
                                       "dyad.toml");
        QVERIFY2(loaded.configuration.has_value(), allTexts(loaded).c_str());
        const model::HookSetup expected{.name = "tell",
                                        .events = {HookEvent::AfterTakeover, HookEvent::Failed},
                                        .command = {"/usr/bin/logger", "taken"},
                                        .group = model::GroupId(0),
                                        .timeout = 2500ms};
        QVERIFY(loaded.configuration->hooks == std::vector<model::HookSetup>{expected});
        const Loaded all = loadText(withHook("on = [\"lost\"]\ncommand = [\"/bin/true\"]\n"), "dyad.toml");
        QVERIFY(!all.configuration->hooks[0].group.has_value());
    }

    void aWrongHookIsRefused_data() {
        QTest::addColumn<QString>("lines");
        QTest::addColumn<QString>("says");
        const QString command = "command = [\"/bin/true\"]\n";
        const QString on = "on = [\"failed\"]\n";
        QTest::newRow("no event") << command << "on";
        QTest::newRow("no events") << "on = []\n" + command << "names no event";
        QTest::newRow("unknown event") << "on = [\"after_takover\"]\n" + command << "did you mean \"after_takeover\"?";
        QTest::newRow("no command") << on << "command";
        QTest::newRow("a relative command") << on + "command = [\"true\"]\n"
                                            << "not an absolute path";
        QTest::newRow("no such group") << on + command + "group = \"erq\"\n"
                                       << "did you mean \"erp\"?";
        QTest::newRow("too patient") << on + command + "timeout_s = 3601\n"
                                     << "timeout_s";
        QTest::newRow("unknown key") << on + command + "requird = true\n"
                                     << "requird";
        QTest::newRow("twice") << on + command + "[[hook]]\nname = \"tell\"\n" + on + command << "is used twice";
        QString many;
        for (int i = 0; i < 40; ++i)
            many += "[[hook]]\nname = \"h" + QString::number(i) + "\"\n" + on + command;
        QTest::newRow("many") << on + command + many << "hook";
    }
    void aWrongHookIsRefused() {
        QFETCH(QString, lines);
        QFETCH(QString, says);
        const Loaded loaded = loadText(withHook(lines.toStdString()), "dyad.toml");
        QVERIFY(!loaded.configuration.has_value());
        QVERIFY2(allTexts(loaded).find(says.toStdString()) != std::string::npos, allTexts(loaded).c_str());
        QVERIFY(loaded.problems.front().line > 0 && !loaded.problems.front().remedy.empty());
    }
};

QTEST_GUILESS_MAIN(ApplicationsConfigTest)
#include "applications_test.moc"
