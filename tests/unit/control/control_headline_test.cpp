// SPDX-License-Identifier: Apache-2.0
// The first sentence must be true in every state of the pair.
#include "sample_views.h"

#include "control/client/headline.h"

#include <QTest>

using namespace dyad;
using namespace dyad::test;
using model::Role;

class ControlHeadlineTest : public QObject {
    Q_OBJECT

    static QString said(const model::ClusterView& view) {
        const control::Sentence sentence = control::headlinesOf(view).front();
        return QString::fromStdString(std::string(control::toText(sentence.condition)) + ": " + sentence.text);
    }

private Q_SLOTS:
    void allIsWell() { QCOMPARE(said(healthyView()), "OK: erp is active on alpha; beta stands by."); }

    void thePeerIsLost() {
        QCOMPARE(said(splitView()),
                 "WARNING: erp is active on alpha, but beta is lost (silent on every link): there is no standby.");
    }

    void itFailedEverywhere() {
        QVERIFY(said(failedView()).startsWith("ATTENTION: erp has FAILED and runs nowhere: database failed"));
    }

    void theOthersView() {
        model::ClusterView view = healthyView();
        view.node = "beta";
        view.nodes[0].self = false;
        view.nodes[1].self = true;
        std::swap(view.groups[0].ownRole, view.groups[0].peerRole);
        view.luns[0].gateOpen = false;
        QCOMPARE(said(view), "OK: erp is active on alpha; beta stands by.");
        view.luns[0].pathUp = false;
        QCOMPARE(said(view), "WARNING: erp is active on alpha, but beta has no path to the array: it can't take over.");
        view.luns[0].pathUp = true;
        view.nodes[0].liveness = model::Liveness::Lost; // the links are cut, seen from the standby
        QVERIFY(said(view).startsWith("WARNING: alpha is silent, but it still holds the array"));
    }

    void aLinkIsWeak() {
        model::ClusterView view = healthyView();
        view.links[1].report.liveness = model::Liveness::Lost;
        QCOMPARE(said(view), "WARNING: erp is active on alpha; beta stands by, but link public is lost.");
        view.links[0].report.peerHearsUs = false;
        QCOMPARE(said(view), "WARNING: erp is active on alpha; beta stands by, but link private works one way only, "
                             "link public is lost.");
    }

    void anOrderStands() {
        model::ClusterView view = healthyView();
        view.groups[0].frozen = true;
        QCOMPARE(said(view), "WARNING: erp is active on alpha and frozen: nothing restarts it, moves it or takes it over.");
        view.groups[0].activeNode.clear();
        view.groups[0].ownRole = view.groups[0].peerRole = Role::Standby;
        QCOMPARE(said(view), "ATTENTION: erp runs nowhere and is frozen: nobody starts it.");
        view.groups[0].frozen = false;
        view.groups[0].disabled = true;
        QCOMPARE(said(view), "WARNING: erp is disabled: it is stopped until somebody enables it.");
    }

    void itMoves() {
        model::ClusterView view = healthyView();
        view.groups[0].activeNode.clear();
        view.groups[0].ownRole = Role::Starting;
        view.groups[0].why = "the reservation is won";
        QCOMPARE(said(view), "IN PROGRESS: erp is starting on alpha: the reservation is won.");
        view.groups[0].ownRole = Role::Standby;
        view.groups[0].peerRole = Role::Claiming;
        QCOMPARE(said(view), "IN PROGRESS: erp is claiming on beta.");
        view.groups[0].peerRoleFresh = false; // an old word of a peer that may be dead
        QVERIFY(said(view).startsWith("ATTENTION: erp is active on neither node"));
    }

    void thePeerCanNotTakeOver() {
        model::ClusterView view = healthyView();
        view.nodes[1].maintenance = true;
        QVERIFY(said(view).endsWith("but beta is in maintenance: it won't take over."));
        view = healthyView();
        view.nodes[1].serviceAlive = false;
        QVERIFY(said(view).contains("its service is not running"));
        view = healthyView();
        view.groups[0].peerRole = Role::Failed;
        QVERIFY(said(view).startsWith("WARNING: erp is active on alpha, but it has failed on beta"));
    }

    void bothSayActive() {
        model::ClusterView view = healthyView();
        view.groups[0].peerRole = Role::Active;
        QVERIFY(said(view).startsWith("ATTENTION: both nodes say"));
        view.groups[0].peerRoleFresh = false;
        QVERIFY(said(view).startsWith("OK"));
    }

    void theArrayIsGone() {
        model::ClusterView view = healthyView();
        view.luns[0].pathUp = false;
        QCOMPARE(said(view), "ATTENTION: erp is active on alpha, which has lost its path to the array.");
    }

    void theWorstComesFirst() {
        model::ClusterView view = healthyView();
        model::GroupView failed = failedView().groups[0];
        failed.name = "crm";
        view.groups.push_back(failed);
        const auto sentences = control::headlinesOf(view);
        QCOMPARE(sentences.size(), std::size_t{2});
        QCOMPARE(int(sentences[0].condition), int(control::Condition::Bad));
        QCOMPARE(int(sentences[1].condition), int(control::Condition::Well));
    }

    void everyTroubleSaysWhatNext() {
        for (const model::ClusterView& view : {splitView(), failedView(), model::ClusterView{}})
            QVERIFY(!control::headlinesOf(view).front().next.empty());
    }
};

QTEST_APPLESS_MAIN(ControlHeadlineTest)
#include "control_headline_test.moc"
