// SPDX-License-Identifier: Apache-2.0
// Do we hold the lease? From a group that runs by the book, one fact is turned at a time.
#include "engine/judgement/lease.h"

#include "workplace.h"

#include <QTest>

using namespace dyad;
using namespace dyad::engine;
using model::Liveness;
using model::NodeId;
using model::Role;

using Arrange = void (*)(Workplace&);
Q_DECLARE_METATYPE(Arrange)

namespace {

constexpr Instant origin = Workplace::origin;
constexpr Duration term = 3 * 200ms + 100ms; // Timeouts::leaseTerm of the profile
constexpr Duration grace = 200ms;            // Timeouts::pathGrace

void gatewayGoneHere(Workplace& at) {
    at.state.gatewayKnown = true;
    at.state.gatewayReachable = false;
}
// Both nodes ran the group while the links were down.
void bothRunWeb(Workplace& at) { at.word(at.web()).role = Role::Active; }

} // namespace

class LeaseTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyLunMustBeProvenInThisEpoch();
    void whatLosesALease_data();
    void whatLosesALease();
    void whenItMayBeLost();
    void withoutLuns_data();
    void withoutLuns();
};

void LeaseTest::everyLunMustBeProvenInThisEpoch() {
    Workplace at;
    QVERIFY(!leaseProven(at.erp()));
    at.own(at.erp());
    QVERIFY(leaseProven(at.erp()));
    at.erp().luns[1].provenEpoch = model::Epoch(2);
    QVERIFY(!leaseProven(at.erp()));
    at.erp().luns[1].provenEpoch = model::Epoch(4);
    QVERIFY(!leaseProven(at.erp()));
    QVERIFY(leaseProven(at.web())); // no LUN: winning the claim was the proof
    at.web().epoch = model::Epoch(1);
    QVERIFY(leaseProven(at.web()));
    at.web().epoch = model::Epoch(0);
    QVERIFY(!leaseProven(at.web())); // never claimed
}

void LeaseTest::whatLosesALease_data() {
    QTest::addColumn<Arrange>("arrange");
    QTest::addColumn<QString>("because"); // a part of the reason; empty: it is not lost
    const auto row = [](const char* name, Arrange arrange, const char* because) {
        QTest::newRow(name) << arrange << QString::fromLatin1(because);
    };
    row(
        "by the book", [](Workplace&) {}, "");
    row(
        "told by the data path", [](Workplace& at) { at.erp().luns[1].fenced = true; }, "LUN other refuses our writes");
    row(
        "nobody holds", [](Workplace& at) { at.erp().luns[0].snapshot.holder.reset(); }, "LUN one shows no holder");
    row(
        "the peer holds",
        [](Workplace& at) {
            at.erp().luns[1].snapshot.holder = Workplace::key(NodeId::Second, Workplace::peerBoot, 4);
        },
        "LUN other shows another holder");
    row(
        "an older claim of ours holds",
        [](Workplace& at) { at.erp().luns[0].snapshot.holder = Workplace::key(NodeId::First, Workplace::ownBoot, 2); },
        "another holder");
    row(
        "we hold, but aren't registered", [](Workplace& at) { at.erp().luns[0].snapshot.registrants.clear(); },
        "LUN one shows");
    row(
        "we are registered, but don't hold", [](Workplace& at) { at.erp().luns[0].snapshot.holder.reset(); },
        "no holder");
    row(
        "nobody holds, as it must be while it is released",
        [](Workplace& at) {
            at.erp().role = Role::Stopping, at.erp().releasing = true, at.erp().luns[0].snapshot = {};
        },
        "");
    row(
        "told by the data path while it is released",
        [](Workplace& at) {
            at.erp().role = Role::Stopping, at.erp().releasing = true, at.erp().luns[0].fenced = true;
        },
        "refuses our writes");
    row(
        "nothing was read yet", [](Workplace& at) { at.erp().luns[0].known = false, at.erp().luns[0].snapshot = {}; },
        "");
    row(
        "no path for long, and the peer has one",
        [](Workplace& at) { at.erp().luns[1].pathUp = false, at.erp().luns[1].pathDownSince = at.now - grace; },
        "no path to LUN other for 200 ms, the peer has one");
    row(
        "no path for a moment",
        [](Workplace& at) { at.erp().luns[1].pathUp = false, at.erp().luns[1].pathDownSince = at.now - grace + 1ns; },
        "");
    row(
        "no path for long, the peer neither",
        [](Workplace& at) {
            at.erp().luns[1].pathUp = false, at.erp().luns[1].pathDownSince = at.now - grace;
            at.word(at.erp()).unfit = true;
        },
        "");
    row(
        "the peer runs it in a later epoch, and the array can't be asked",
        [](Workplace& at) {
            for (LunRecord& lun : at.erp().luns)
                lun.pathUp = false, lun.pathDownSince = at.now;
            at.word(at.erp()).role = Role::Starting;
            at.word(at.erp()).epoch = model::Epoch(at.erp().epoch.value + 1);
        },
        "the peer runs the group in epoch 4, later than ours");
    row(
        "the peer only claims it in a later epoch",
        [](Workplace& at) {
            at.word(at.erp()).role = Role::Claiming;
            at.word(at.erp()).epoch = model::Epoch(at.erp().epoch.value + 1);
        },
        "");
    row(
        "the peer's word is of an earlier epoch",
        [](Workplace& at) {
            at.word(at.erp()).role = Role::Active;
            at.word(at.erp()).epoch = at.erp().epoch;
        },
        "");
    row(
        "the peer says nothing of the group", [](Workplace& at) { at.state.peer.status.groups.clear(); }, "");
    row(
        "the peer's service is gone, and its word is old",
        [](Workplace& at) {
            at.word(at.erp()).role = Role::Active;
            at.word(at.erp()).epoch = model::Epoch(at.erp().epoch.value + 1);
            at.state.peer.status.serviceAlive = false;
        },
        "");
    row(
        "the path was away once", [](Workplace& at) { at.erp().luns[1].pathDownSince = at.now - grace; }, "");
    row(
        "not verified for a lease term", [](Workplace& at) { at.erp().luns[1].provenFrom = at.now - term; },
        "LUN other could not be verified for 700 ms");
    row(
        "verified within the lease term", [](Workplace& at) { at.erp().luns[1].provenFrom = at.now - term + 1ns; }, "");
}

void LeaseTest::whatLosesALease() {
    QFETCH(Arrange, arrange);
    QFETCH(QString, because);
    Workplace at;
    at.own(at.erp());
    arrange(at);
    const auto lost = at.ask([&](StepContext& step) { return leaseLostBecause(step, at.erp()); });
    QCOMPARE(lost.has_value(), !because.isEmpty());
    if (lost) QVERIFY2(QString::fromStdString(*lost).contains(because), lost->c_str());
}

void LeaseTest::whenItMayBeLost() {
    Workplace at;
    at.own(at.erp());
    at.erp().luns[0].provenFrom = origin + 450ms;
    const auto ask = [&] { return at.ask([&](StepContext& step) { return leaseLostBecause(step, at.erp()); }); };
    QVERIFY(!ask());
    QVERIFY(at.deadline == origin + 450ms + term);
    at.erp().luns[1].pathUp = false;
    at.erp().luns[1].pathDownSince = origin + 400ms;
    QVERIFY(!ask());
    QVERIFY(at.deadline == origin + 400ms + grace);
}

void LeaseTest::withoutLuns_data() {
    QTest::addColumn<Arrange>("arrange");
    QTest::addColumn<bool>("lost");
    const auto row = [](const char* name, Arrange arrange, bool lost) { QTest::newRow(name) << arrange << lost; };
    row(
        "by the book", [](Workplace&) {}, false);
    row(
        "the peer is lost, a gateway answers", [](Workplace& at) { at.state.peer.liveness = Liveness::Lost; }, false);
    row("no gateway answers, the peer lives", gatewayGoneHere, false);
    row(
        "the peer is suspect, no gateway answers",
        [](Workplace& at) { gatewayGoneHere(at), at.state.peer.liveness = Liveness::Suspect; }, false);
    row(
        "cut off from both", [](Workplace& at) { gatewayGoneHere(at), at.state.peer.liveness = Liveness::Lost; }, true);
    row("both ran it: the same epoch, nobody preferred: the first node's stays", bothRunWeb, false);
    row(
        "both ran it: the same epoch, the second node is not preferred",
        [](Workplace& at) { bothRunWeb(at), at.self = NodeId::Second; }, true);
    row(
        "both ran it: the same epoch, the peer is preferred",
        [](Workplace& at) { bothRunWeb(at), at.configuration.groups[1].prefer = NodeId::Second; }, true);
    row(
        "both ran it: the peer's claim is the later one",
        [](Workplace& at) { bothRunWeb(at), at.word(at.web()).epoch = model::Epoch(4); }, true);
    row(
        "both ran it: ours is the later one, though the peer is preferred",
        [](Workplace& at) {
            bothRunWeb(at), at.configuration.groups[1].prefer = NodeId::Second;
            at.word(at.web()).epoch = model::Epoch(2);
        },
        false);
    row(
        "the peer only stands by, with a later epoch", [](Workplace& at) { at.word(at.web()).epoch = model::Epoch(4); },
        false);
    row(
        "the peer's word is of long ago",
        [](Workplace& at) {
            bothRunWeb(at), at.word(at.web()).epoch = model::Epoch(4), at.state.peer.liveness = Liveness::Suspect;
        },
        false);
    row(
        "the peer has no word", [](Workplace& at) { at.state.peer.status.groups.clear(); }, false);
    row(
        "only the peer runs it",
        [](Workplace& at) { bothRunWeb(at), at.word(at.web()).epoch = model::Epoch(4), at.web().role = Role::Standby; },
        false);
}

void LeaseTest::withoutLuns() {
    QFETCH(Arrange, arrange);
    QFETCH(bool, lost);
    Workplace at;
    at.own(at.web());
    arrange(at);
    QCOMPARE(at.ask([&](StepContext& step) { return leaseLostBecause(step, at.web()); }).has_value(), lost);
}

QTEST_GUILESS_MAIN(LeaseTest)
#include "lease_test.moc"
