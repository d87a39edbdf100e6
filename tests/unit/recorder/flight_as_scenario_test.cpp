// SPDX-License-Identifier: Apache-2.0
// A recorded incident as a scenario: it is one (the scenarios' own parser takes it), and it holds the facts.
#include "recorded_life.h"

#include "recorder/flight/as_scenario.h"
#include "scenario.h"

#include <QTest>

using namespace dyad;
using namespace dyad::test;
using model::NodeId;

namespace {

std::string scenarioOf(const std::function<void(RecordedLife&)>& disaster) {
    RecordedLife life(pairOfGroups(), 4 * 1024 * 1024);
    for (const NodeId node : model::bothNodes)
        life.world().host(node).powerOn();
    life.go(5s);
    disaster(life);
    life.go(3s);
    const auto recording = recorder::readRecording(life.file(NodeId::Second));
    return recording ? recorder::asScenario(recording.value(), recording.value().runs.back()) : std::string();
}

// The commands in their order, without their times; each must come no earlier than the one before.
std::vector<std::string> commandsOf(const std::string& text) {
    const auto scenario = scenarios::parse(text, "made");
    if (!scenario) return {"not a scenario: " + scenario.error().text()};
    std::vector<std::string> commands;
    double before = 0;
    for (const scenarios::Command& command : scenario.value().commands) {
        std::string words;
        for (const std::string& word : command.words)
            words += (words.empty() ? "" : " ") + word;
        commands.push_back(command.atMs < before ? "too early: " + words : words);
        before = command.atMs;
    }
    return commands;
}

using Commands = std::vector<std::string>;

} // namespace

class FlightAsScenarioTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aPowerOffThatLasts() {
        const std::string text = scenarioOf([](RecordedLife& life) { life.world().host(NodeId::First).powerOff(); });
        QCOMPARE(commandsOf(text), Commands{"poweroff alpha"});
        QVERIFY(text.find("may have been a cut") != std::string::npos);
        QVERIFY(text.find("group erp luns=1 resources=data,db,ip prefer=alpha") != std::string::npos);
    }

    void aRebootAndACut() {
        const std::string text = scenarioOf([](RecordedLife& life) {
            life.world().host(NodeId::First).powerOff();
            life.go(1s);
            life.world().host(NodeId::First).powerOn();
            life.go(5s);
            life.world().cut(0, NodeId::First, true);
            life.go(1s);
            life.world().healLinks();
        });
        QCOMPARE(commandsOf(text), (Commands{"poweroff alpha", "poweron alpha", "cut private", "heal"}));
    }

    void whatHappensOnThisHost() {
        const std::string text = scenarioOf([](RecordedLife& life) {
            world::Host& host = life.world().host(NodeId::Second);
            host.resourceDies(model::GroupId(1), model::ResourceId(1), false);
            life.go(1s);
            host.setPath(model::LunId(0), false);
            life.go(500ms);
            host.setPath(model::LunId(0), true);
            life.go(500ms);
            host.setGateway(false);
            life.go(100ms);
            host.setGateway(true);
            engine::OrderGiven order;
            order.request = model::RequestId(1);
            order.kind = model::OrderKind::Switchover;
            order.group = model::GroupId(1);
            host.order(order);
        });
        QCOMPARE(commandsOf(text), (Commands{"die beta crm/db", "path beta down erp-lun", "path beta up erp-lun",
                                             "gateway beta lost", "order beta switchover crm", "gateway beta back"}));
        QVERIFY2(text.find("Not carried over") == std::string::npos, text.c_str());
    }
};

QTEST_GUILESS_MAIN(FlightAsScenarioTest)
#include "flight_as_scenario_test.moc"
