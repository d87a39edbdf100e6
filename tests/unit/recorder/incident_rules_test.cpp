// SPDX-License-Identifier: Apache-2.0
// Each row: what the journal of beta tells, and the incidents that must come of it.
#include "told_entries.h"

#include <QTest>

#include <functional>

using namespace dyad;
using namespace dyad::recorder;
using engine::Trigger;
using model::IncidentKind;
using model::IncidentOutcome;
using model::Role;
namespace kind = engine::kind;

namespace {

struct Expected {
    IncidentKind kind;
    IncidentOutcome outcome;
    std::string group;
    std::string rule;
    std::string headline; // a part of it
};

struct Row {
    const char* name;
    std::function<void(ToldEntries&)> tell;
    std::vector<Expected> expected;
};

ToldEntries& silent(ToldEntries& told, int ms) {
    return told.at(ms)
        .tell(kind::linkChanged, "link private is suspect")
        .tell(kind::peerSuspect, "alpha is silent on every link, last heartbeat 60 ms ago");
}
ToldEntries& started(ToldEntries& told, int ms) {
    return told.at(ms)
        .tell(kind::resourceStarting, "data is started", "erp", "data")
        .at(ms + 40)
        .tell(kind::resourceRunning, "data runs", "erp", "data")
        .role(Role::Starting, Trigger::AllRunning, "erp")
        .tell(kind::groupActive, "group erp is active on beta", "erp");
}
void claimedFromSilence(ToldEntries& told) {
    silent(told, 1060).role(Role::Standby, Trigger::PeerSilent, "erp");
    told.at(1063).tell(kind::challengePlaced, "our key stands there", "erp");
    told.at(1100).tell(kind::peerLost, "alpha is lost on every link, last heartbeat 100 ms ago");
}

const std::vector<Row>& table() {
    static const std::vector<Row> rows{
        {"takeover",
         [](ToldEntries& told) {
             claimedFromSilence(told);
             told.at(1160)
                 .tell(kind::reservationWon, "ours", "erp")
                 .role(Role::Claiming, Trigger::ReservationWon, "erp");
             started(told, 1161);
         },
         {{IncidentKind::Takeover, IncidentOutcome::Done, "erp", "standby: peer silent",
           "beta took group erp over from alpha: alpha fell silent"}}},
        {"takeover that can't be run",
         [](ToldEntries& told) {
             claimedFromSilence(told);
             told.at(1160)
                 .tell(kind::reservationWon, "ours", "erp")
                 .role(Role::Claiming, Trigger::ReservationWon, "erp");
             told.at(1200).tell(kind::resourceFailed, "data: did not start", "erp", "data");
             told.at(1201).role(Role::Starting, Trigger::LadderExhausted, "erp", "data: did not start");
             told.at(1210).role(Role::Stopping, Trigger::StoppedAfterFailure, "erp");
         },
         {{IncidentKind::Takeover, IncidentOutcome::Failed, "erp", "standby: peer silent",
           "beta could not run group erp after taking it over from alpha"},
          {IncidentKind::ResourceFailure, IncidentOutcome::Failed, "erp", "starting: ladder exhausted",
           "data of group erp failed"}}},
        {"partition, seen by the standby",
         [](ToldEntries& told) {
             claimedFromSilence(told);
             told.at(1160)
                 .tell(kind::challengeDefended, "removed", "erp")
                 .role(Role::Claiming, Trigger::Defended, "erp");
             told.at(3200).role(Role::Standby, Trigger::PeerSilent, "erp");
             told.at(3260).role(Role::Claiming, Trigger::Defended, "erp");
             told.at(5000).tell(kind::peerAlive, "alpha is heard");
         },
         {{IncidentKind::FailoverRefused, IncidentOutcome::Done, "erp", "claiming: defended",
           "alpha is alive and defended it on the array, 2 times"}}},
        {"the owner dies during a partition",
         [](ToldEntries& told) {
             claimedFromSilence(told);
             told.at(1160).role(Role::Claiming, Trigger::Defended, "erp");
             told.at(3200).role(Role::Standby, Trigger::PeerSilent, "erp");
             told.at(3300)
                 .tell(kind::reservationWon, "ours", "erp")
                 .role(Role::Claiming, Trigger::ReservationWon, "erp");
             started(told, 3301);
         },
         {{IncidentKind::Takeover, IncidentOutcome::Done, "erp", "standby: peer silent", "beta took group erp over"}}},
        {"partition, seen by the owner",
         [](ToldEntries& told) {
             silent(told, 1060).at(1070).tell(kind::defended, "removed", "erp");
             told.at(1100).tell(kind::peerLost, "alpha is lost on every link, last heartbeat 100 ms ago");
             told.at(2000).tell(kind::peerAlive, "alpha is heard");
         },
         {{IncidentKind::FailoverRefused, IncidentOutcome::Done, "erp", "defended", "beta kept group erp"}}},
        {"the peer is heard again before the claim",
         [](ToldEntries& told) {
             claimedFromSilence(told);
             told.at(1120).role(Role::Claiming, Trigger::PeerBack, "erp").tell(kind::peerAlive, "alpha is heard");
         },
         {{IncidentKind::FailoverRefused, IncidentOutcome::Done, "erp", "claiming: peer back", "heard again in time"}}},
        {"the array refuses",
         [](ToldEntries& told) {
             claimedFromSilence(told);
             told.at(1130).role(Role::Claiming, Trigger::ClaimRefused, "erp", "no path to LUN array");
         },
         {{IncidentKind::FailoverRefused, IncidentOutcome::Done, "erp", "claiming: claim refused",
           "the array did not give the reservation"}}},
        {"switchback, seen by who gives",
         [](ToldEntries& told) {
             told.at(10).tell(kind::order, "switchback ordered by ann: accepted, group erp is stopped here", "erp");
             told.at(11).role(Role::Active, Trigger::SwitchoverOrdered, "erp", "by ann");
             told.at(60).tell(kind::resourceStopped, "db is stopped", "erp", "db");
             told.at(70)
                 .tell(kind::reservationReleased, "let go of", "erp")
                 .role(Role::Stopping, Trigger::EverythingStopped, "erp");
         },
         {{IncidentKind::Switchback, IncidentOutcome::Done, "erp", "active: switchover ordered",
           "switchback of group erp from beta to alpha"}}},
        {"asked for by the peer, which is preferred",
         [](ToldEntries& told) {
             told.at(11).role(Role::Active, Trigger::SwitchoverOrdered, "erp", "asked for by alpha");
             told.at(70).role(Role::Stopping, Trigger::EverythingStopped, "erp");
         },
         {{IncidentKind::Switchback, IncidentOutcome::Done, "erp", "active: switchover ordered",
           "from beta to alpha"}}},
        {"drill",
         [](ToldEntries& told) {
             told.at(9).tell(drillKind, "a drill begins", "erp");
             told.at(10).tell(kind::order, "switchover ordered by ann: accepted, group erp is stopped here", "erp");
             told.at(11).role(Role::Active, Trigger::SwitchoverOrdered, "erp", "by ann");
             told.at(70).role(Role::Stopping, Trigger::EverythingStopped, "erp");
         },
         {{IncidentKind::Drill, IncidentOutcome::Done, "erp", "active: switchover ordered", "drill of group erp"}}},
        {"a refused order is none",
         [](ToldEntries& told) {
             told.at(10).tell(kind::order, "switchover ordered by ann: refused, alpha is lost", "erp");
             told.at(11).role(Role::Active, Trigger::ShutdownOrdered, "erp");
             told.at(70).role(Role::Stopping, Trigger::EverythingStopped, "erp");
         },
         {{IncidentKind::Move, IncidentOutcome::Done, "erp", "active: shutdown ordered", "this node was shut down"}}},
        {"received in order",
         [](ToldEntries& told) {
             told.at(20).role(Role::Standby, Trigger::PeerReleased, "erp");
             told.at(21).tell(kind::reservationWon, "ours", "erp").role(Role::Claiming, Trigger::ReservationWon, "erp");
             started(told, 22);
         },
         {{IncidentKind::Move, IncidentOutcome::Done, "erp", "standby: peer released", "from alpha to beta"}}},
        {"restart of a resource",
         [](ToldEntries& told) {
             told.at(10).tell(kind::resourceFailed, "db: ended with status 1", "erp", "db");
             told.at(10).role(Role::Active, Trigger::ResourceFailed, "erp", "db: ended with status 1");
             told.at(20).tell(kind::resourceStarting, "db is started", "erp", "db");
             told.at(90)
                 .tell(kind::resourceRunning, "db runs", "erp", "db")
                 .role(Role::Starting, Trigger::AllRunning, "erp");
         },
         {{IncidentKind::ResourceFailure, IncidentOutcome::Done, "erp", "active: resource failed",
           "db of group erp failed on beta and was started again there"}}},
        {"a resource fails too often",
         [](ToldEntries& told) {
             told.at(10).tell(kind::resourceFailed, "db: ended", "erp", "db");
             told.at(10).role(Role::Active, Trigger::LadderExhausted, "erp", "db: ended");
             told.at(30).role(Role::Stopping, Trigger::StoppedAfterFailure, "erp");
         },
         {{IncidentKind::ResourceFailure, IncidentOutcome::Failed, "erp", "active: ladder exhausted",
           "the group left it"}}},
        {"the array is lost",
         [](ToldEntries& told) {
             told.at(10).tell(kind::alarmRaised, "lun.path:array: no path to LUN array. check it");
             told.at(210)
                 .tell(kind::leaseLost, "no path", "erp")
                 .role(Role::Active, Trigger::LeaseLost, "erp", "no path to LUN array for 200 ms, the peer has one");
             told.at(300).role(Role::Lost, Trigger::Silenced, "erp");
             told.at(900).tell(kind::alarmCleared, "lun.path:array: no longer: no path to LUN array");
         },
         {{IncidentKind::StorageLost, IncidentOutcome::Done, "", "", "beta had no path to LUN array; it is back"},
          {IncidentKind::StorageLost, IncidentOutcome::Done, "erp", "active: lease lost", "dropped group erp"}}},
        {"the lease is taken",
         [](ToldEntries& told) {
             told.at(210).role(Role::Active, Trigger::LeaseLost, "erp", "LUN array refuses our writes");
             told.at(300).role(Role::Lost, Trigger::Silenced, "erp");
         },
         {{IncidentKind::LeaseLost, IncidentOutcome::Done, "erp", "active: lease lost",
           "LUN array refuses our writes"}}},
        {"self-fence, then a boot",
         [](ToldEntries& told) {
             told.at(210).role(Role::Active, Trigger::LeaseLost, "erp", "refused");
             told.at(5210).tell(kind::selfFence, "data can't be stopped", "erp", "data");
             told.at(10).tell(kind::serviceStarted, "the service starts on beta");
         },
         {{IncidentKind::LeaseLost, IncidentOutcome::Interrupted, "erp", "active: lease lost", "beta lost group erp"},
          {IncidentKind::SelfFence, IncidentOutcome::Done, "erp", "", "data can't be stopped"}}},
        {"the standby loses power and returns",
         [](ToldEntries& told) {
             silent(told, 1060);
             told.at(1100).tell(kind::peerLost, "alpha is lost on every link, last heartbeat 100 ms ago");
             told.at(9000).tell(kind::peerRebooted, "alpha has rebooted").tell(kind::peerAlive, "alpha is heard");
         },
         {{IncidentKind::NodeLost, IncidentOutcome::Done, "", "", "nothing moved"},
          {IncidentKind::NodeReturned, IncidentOutcome::Done, "", "rebooted", "alpha came back after a reboot"}}},
        {"a peer that was never heard is not lost",
         [](ToldEntries& told) {
             told.at(10).tell(kind::serviceStarted, "the service starts on beta");
             told.at(500).tell(kind::peerLost, "alpha is lost on every link, never heard since this node started");
             told.at(600).tell(kind::peerAlive, "alpha is heard");
         },
         {}},
        {"a start with nobody there",
         [](ToldEntries& told) {
             told.at(20).role(Role::Standby, Trigger::NobodyOwns, "erp");
             told.at(21).tell(kind::reservationWon, "ours", "erp").role(Role::Claiming, Trigger::ReservationWon, "erp");
             started(told, 22);
         },
         {{IncidentKind::GroupStart, IncidentOutcome::Done, "erp", "standby: nobody owns",
           "was started on beta: nobody had it"}}},
        {"the service dies in the middle",
         [](ToldEntries& told) {
             told.at(20).role(Role::Standby, Trigger::NobodyOwns, "erp");
             told.at(30).tell(kind::serviceStarted, "the service starts on beta");
         },
         {{IncidentKind::GroupStart, IncidentOutcome::Interrupted, "erp", "standby: nobody owns", ""}}},
    };
    return rows;
}

IncidentContext context() { return {"beta", "alpha", {{"erp", "alpha"}}}; }

} // namespace

class IncidentRulesTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void eachStory_data() {
        QTest::addColumn<int>("row");
        for (std::size_t i = 0; i < table().size(); ++i)
            QTest::newRow(table()[i].name) << static_cast<int>(i);
    }
    void eachStory() {
        QFETCH(int, row);
        const Row& each = table()[static_cast<std::size_t>(row)];
        ToldEntries told(context());
        each.tell(told);
        std::string all;
        for (const auto& [id, incident] : told.known)
            all += "\n" + std::to_string(id) + " " + toText(incident.kind) + ", " + toText(incident.outcome) + ", " +
                   incident.group + ", " + incident.rule + ": " + incident.headline;
        QVERIFY2(told.known.size() == each.expected.size(), all.c_str());
        std::size_t i = 0;
        for (const auto& [id, incident] : told.known) {
            const Expected& expected = each.expected[i++];
            QVERIFY2(incident.kind == expected.kind && incident.outcome == expected.outcome &&
                         incident.group == expected.group && incident.rule == expected.rule &&
                         incident.headline.find(expected.headline) != std::string::npos,
                     all.c_str());
            QVERIFY2(incident.began <= incident.ended || incident.outcome == IncidentOutcome::Interrupted, all.c_str());
            QVERIFY(incident.firstSequence <= incident.lastSequence);
            QCOMPARE(incident.node, std::string("beta"));
        }
    }

    void theStepsOfATakeoverAreMeasured() {
        ToldEntries told(context());
        table()[0].tell(told);
        const model::Incident& incident = told.known.begin()->second;
        std::string steps;
        for (const model::IncidentStep& step : incident.steps)
            steps += step.name + " " + std::to_string(step.took / 1ms) + "; ";
        QCOMPARE(steps, std::string("detect 60; challenge 3; claim 97; start data 40; "));
        QCOMPARE((incident.ended - incident.began) / 1ms, 201); // from the last heartbeat
    }

    // A service that is started again reads its journal again: the same incidents, under the same numbers.
    void theSameJournalGivesTheSameIncidents() {
        for (const Row& row : table()) {
            ToldEntries told(context());
            row.tell(told);
            IncidentRules again(context());
            std::map<std::uint64_t, model::Incident> known;
            for (const model::JournalEntry& entry : told.entries)
                for (const model::Incident& incident : again.take(entry))
                    known[incident.id] = incident;
            QVERIFY2(known == told.known, row.name);
        }
    }

    void durationsAreReadAsTheyAreWritten() {
        for (const Duration duration : {Duration(62ms), Duration(1500ms), Duration(100us), Duration(12s)}) {
            const auto read = durationFrom(toText(duration) + " ago");
            QVERIFY(read.has_value());
            QVERIFY(*read > duration - duration / 50 && *read < duration + duration / 50);
        }
        QVERIFY(!durationFrom("a while ago").has_value());
        QVERIFY(!durationFrom("12 apples").has_value());
    }

    void everyRowOfTheTableIsFoundAgain() {
        for (const engine::Transition& row : engine::transitions()) {
            QVERIFY(ruleNamed(ruleName(row)) == &row);
            ToldEntries told(context());
            told.role(row.from, row.trigger, "erp", "because (of this)");
            const auto change = roleChangeIn(told.entries.front());
            QVERIFY(change.has_value() && change->row == &row);
            QCOMPARE(change->detail, std::string("because (of this)"));
        }
    }
};

QTEST_GUILESS_MAIN(IncidentRulesTest)
#include "incident_rules_test.moc"
