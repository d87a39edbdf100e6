// SPDX-License-Identifier: Apache-2.0
// From the engine's story to the commands that an administrator hangs on it.
#include "daemon/hooks/hook_part.h"

#include "engine/journal_kinds.h"
#include "engine/transitions.h"
#include "fake_ports.h"
#include "platform/linux/monotonic_clock.h"
#include "platform/linux/process_sweep.h"

#include <QtTest>

#include <algorithm>

using namespace dyad;
using namespace dyad::daemon;
using engine::Trigger;
using model::HookEvent;
using model::Role;

namespace {

constexpr int guardMs = 60'000;

struct RealClock final : ports::Clock {
    [[nodiscard]] Instant now() const override { return platform::monotonicNow(); }
    [[nodiscard]] std::int64_t wallClockMs() const override { return platform::wallClockMs(); }
};

model::JournalEntry changed(const std::string& group, Role from, Trigger trigger) {
    const engine::Transition* row = engine::findTransition(from, trigger);
    model::JournalEntry entry;
    entry.kind = engine::kind::roleChanged;
    entry.group = group;
    entry.wallClockMs = 1700000000123;
    entry.text =
        std::string(model::toText(row->from)) + " → " + model::toText(row->to) + ": " + row->text + " (told so)";
    return entry;
}

std::vector<std::string> shell(const std::string& script) { return {"/bin/sh", "-c", script}; }

} // namespace

class HookPartTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    RealClock m_clock;
    fakes::FakeJournal m_journal;
    model::Configuration m_configuration;
    std::unique_ptr<HookPart> m_part;

    std::string path(const char* name) const { return m_folder->filePath(name).toStdString(); }
    QByteArray read(const char* name) const {
        QFile file(m_folder->filePath(name));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    void hook(const char* name, std::vector<HookEvent> events, const std::string& script, Duration timeout = 60s) {
        m_configuration.hooks.push_back(
            {.name = name, .events = std::move(events), .command = shell(script), .group = {}, .timeout = timeout});
    }
    void begin() { m_part = std::make_unique<HookPart>(m_configuration, model::NodeId::First, m_journal, m_clock); }
    void happens(Role from, Trigger trigger, const std::string& group = "erp") {
        m_part->write(changed(group, from, trigger));
    }
    std::vector<std::string> told() const {
        std::vector<std::string> texts;
        for (const model::JournalEntry& entry : m_journal.entries)
            if (entry.kind == "hook") texts.push_back(entry.text);
        return texts;
    }
    bool awaitTold(std::size_t count) const {
        return QTest::qWaitFor([&] { return told().size() >= count; }, guardMs);
    }
    static std::size_t left(const std::string& name) {
        platform::ProcessTraits traits;
        traits.environmentMark = "DYAD_RESOURCE=hook " + name;
        return platform::findProcesses(traits).value().size();
    }

private Q_SLOTS:
    void init() {
        m_folder = std::make_unique<QTemporaryDir>();
        m_journal.entries.clear();
        m_configuration = {};
        m_configuration.clusterName = "erp-pair";
        m_configuration.nodes[0].name = "alpha";
        m_configuration.nodes[1].name = "beta";
        m_configuration.groups.push_back({.name = "erp", .prefer = model::NodeId::First});
        m_configuration.groups.push_back({.name = "web", .prefer = model::NodeId::Second});
    }
    void cleanup() {
        m_part.reset();
        for (const model::HookSetup& each : m_configuration.hooks)
            QTRY_COMPARE_WITH_TIMEOUT(left(each.name), std::size_t{0}, guardMs);
    }

    void whatHappensMeans_data() {
        QTest::addColumn<QString>("group");
        QTest::addColumn<QString>("story"); // FROM:TRIGGER, one after the other
        QTest::addColumn<QString>("events");
        const auto row = [](const char* name, const char* group, const char* story, const char* events) {
            QTest::newRow(name) << group << story << events;
        };
        row("takeover", "erp", "standby:peer silent,claiming:reservation won,starting:all running",
            "before_start before_takeover after_start after_takeover");
        row("takeover from a useless peer", "erp", "standby:peer useless,claiming:reservation won",
            "before_start before_takeover");
        row("switchback", "erp", "standby:peer released,claiming:reservation won,starting:all running",
            "before_start before_switchback after_start after_switchback");
        row("switchover away from home", "web", "standby:peer released,claiming:reservation won,starting:all running",
            "before_start after_start");
        row("first start", "erp", "standby:nobody owns,claiming:reservation won,starting:all running",
            "before_start after_start");
        row("a claim that is refused", "erp", "standby:peer silent,claiming:claim refused", "");
        row("a resource is restarted", "erp", "active:resource failed,starting:all running", "");
        row("the service alone restarts", "erp", "standby:adopted,starting:all running", "");
        row("stop", "erp", "active:switchover ordered,stopping:everything stopped", "before_stop after_stop");
        row("beyond the ladder", "erp", "active:ladder exhausted,stopping:stopped after failure",
            "before_stop after_stop failed");
        row("can't be stopped", "erp", "stopping:stop failed", "failed");
        row("lease lost", "erp", "active:lease lost,lost:silenced", "lost after_stop");
        row("a stranger", "nobody", "active:lease lost", "");
    }
    void whatHappensMeans() {
        QFETCH(QString, group);
        QFETCH(QString, story);
        QFETCH(QString, events);
        HookEvents rules(m_configuration, model::NodeId::First);
        QStringList found;
        for (const QString& each : story.split(',')) {
            const std::string from = each.section(':', 0, 0).toStdString();
            const std::string trigger = each.section(':', 1, 1).toStdString();
            const auto rows = engine::transitions();
            const auto row = std::find_if(rows.begin(), rows.end(), [&](const engine::Transition& one) {
                return from == model::toText(one.from) && trigger == engine::toText(one.trigger);
            });
            QVERIFY2(row != rows.end(), each.toUtf8().constData());
            for (const HookEvent event : rules.take(changed(group.toStdString(), row->from, row->trigger)))
                found << wordFor(event);
        }
        QCOMPARE(found.join(' '), events);
    }

    void aHookIsToldWhatHappened() {
        hook("tell", {HookEvent::AfterTakeover, HookEvent::BeforeTakeover},
             "env > " + path("env.$DYAD_EVENT") + "; echo said by $DYAD_EVENT");
        begin();
        happens(Role::Standby, Trigger::PeerSilent);
        happens(Role::Claiming, Trigger::ReservationWon);
        happens(Role::Starting, Trigger::AllRunning);
        QVERIFY(awaitTold(2));
        // Each below the entry that it was run for, in the order of what happened.
        QCOMPARE(m_journal.entries.size(), std::size_t{5});
        QVERIFY2(told()[0].starts_with("hook tell at before_takeover ran for ") &&
                     told()[0].ends_with(": said by before_takeover"),
                 told()[0].c_str());
        QVERIFY(told()[1].ends_with(": said by after_takeover"));
        QCOMPARE(m_journal.entries.back().group, std::string("erp"));
        const QByteArray environment = read("env.after_takeover");
        for (const char* line : {"DYAD_EVENT=after_takeover\n", "DYAD_GROUP=erp\n", "DYAD_HOOK=tell\n",
                                 "DYAD_CLUSTER=erp-pair\n", "DYAD_NODE=alpha\n", "DYAD_PEER=beta\n",
                                 "DYAD_TIME_MS=1700000000123\n", "every resource of the group runs (told so)\n"})
            QVERIFY2(environment.contains(line), line);
    }

    void aHookOfOneGroupIsNotRunForAnother() {
        hook("mine", {HookEvent::Lost}, "true");
        hook("all", {HookEvent::Lost}, "true");
        m_configuration.hooks[0].group = model::GroupId(1);
        begin();
        happens(Role::Active, Trigger::LeaseLost, "erp");
        QVERIFY(awaitTold(1));
        happens(Role::Active, Trigger::LeaseLost, "web");
        QVERIFY(awaitTold(3));
        QCOMPARE(
            std::count_if(m_journal.entries.begin(), m_journal.entries.end(),
                          [](const auto& each) { return each.text.starts_with("hook mine") && each.group == "web"; }),
            std::ptrdiff_t{1});
        QCOMPARE(told().size(), std::size_t{3});
    }

    void whatGoesWrongIsTold_data() {
        QTest::addColumn<QString>("script");
        QTest::addColumn<QString>("says");
        QTest::newRow("fails") << "echo no such lamp >&2; exit 3"
                               << "failed: exit code 3: no such lamp";
        QTest::newRow("hangs") << "trap '' TERM; sleep 600"
                               << "failed: gave no end in 200 ms and was killed";
        QTest::newRow("hangs with children") << "trap '' TERM; sleep 600 & sleep 600 & wait"
                                             << "was killed";
        QTest::newRow("dies") << "kill -9 $$"
                              << "failed: ";
        QTest::newRow("floods") << "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo end; exit 1"
                                << "| end";
    }
    void whatGoesWrongIsTold() {
        QFETCH(QString, script);
        QFETCH(QString, says);
        const bool hangs = script.contains("sleep");
        hook("bad", {HookEvent::AfterStart}, script.toStdString(), hangs ? Duration(200ms) : Duration(60s));
        hook("good", {HookEvent::AfterStart}, "true"); // has its turn all the same
        begin();
        happens(Role::Standby, Trigger::NobodyOwns);
        happens(Role::Claiming, Trigger::ReservationWon);
        happens(Role::Starting, Trigger::AllRunning);
        QVERIFY(awaitTold(2));
        const auto texts = told();
        const auto bad =
            std::find_if(texts.begin(), texts.end(), [](const auto& each) { return each.starts_with("hook bad"); });
        QVERIFY(bad != texts.end());
        QVERIFY2(bad->find(says.toStdString()) != std::string::npos, bad->c_str());
        QVERIFY(bad->size() < 20000);
        const auto entry = std::find_if(m_journal.entries.begin(), m_journal.entries.end(),
                                        [&](const auto& each) { return each.text == *bad; });
        QVERIFY(entry->severity == model::Severity::Warning);
    }

    void aMissingProgramIsTold() {
        hook("gone", {HookEvent::Failed}, "");
        m_configuration.hooks[0].command = {"/nowhere/hook"};
        begin();
        happens(Role::Stopping, Trigger::StopFailed);
        QVERIFY(awaitTold(1));
        QCOMPARE(told()[0],
                 std::string("hook gone at failed failed: run /nowhere/hook: No such file or directory (2)"));
    }

    // While one hangs, what happens queues up, to a bound; no call waits for it.
    void aHookThatHangsHoldsNobodyUp() {
        hook("hangs", {HookEvent::BeforeStop}, "trap '' TERM; sleep 600", 3600s);
        begin();
        for (std::size_t i = 0; i < maxWaitingOccasions + 5; ++i)
            happens(Role::Active, Trigger::SwitchoverOrdered);
        QCOMPARE(told().size(), std::size_t{5});
        QCOMPARE(told()[0], std::string("hook hangs is not run at before_stop: 16 earlier ones still wait"));
        QVERIFY(QTest::qWaitFor([] { return left("hangs") > 0; }, guardMs));
        bool idle = false;
        m_part->whenIdle(50ms, [&] { idle = true; });
        QVERIFY(QTest::qWaitFor([&] { return idle; }, guardMs)); // an end of the service waits no longer than that
    }

    void theEndOfTheServiceWaitsForWhatRuns() {
        hook("last", {HookEvent::AfterStop}, "sleep 0.2; touch " + path("done"));
        begin();
        happens(Role::Stopping, Trigger::EverythingStopped);
        bool idle = false;
        m_part->whenIdle(3600s, [&] { idle = true; });
        QVERIFY(!idle);
        QVERIFY(QTest::qWaitFor([&] { return idle; }, guardMs));
        QVERIFY(QFile::exists(m_folder->filePath("done")));
        idle = false;
        m_part->whenIdle(3600s, [&] { idle = true; });
        QVERIFY(QTest::qWaitFor([&] { return idle; }, guardMs)); // nothing runs
    }
};

QTEST_GUILESS_MAIN(HookPartTest)
#include "hook_part_test.moc"
