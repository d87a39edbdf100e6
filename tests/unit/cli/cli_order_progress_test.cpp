// SPDX-License-Identifier: Apache-2.0
// When a move is over, and how it ended.
#include "sample_views.h"

#include "cli/order_progress.h"

#include <QTest>

using namespace dyad;
using namespace dyad::test;
using cli::OrderProgress;
using model::Role;
using Outcome = OrderProgress::Outcome;

class CliOrderProgressTest : public QObject {
    Q_OBJECT

    static model::ClusterView seenBy(const char* node, Role own, Role peer, const char* active, bool fresh = true) {
        model::ClusterView view = healthyView();
        view.node = node;
        view.nodes[0].self = view.nodes[0].name == node;
        view.nodes[1].self = view.nodes[1].name == node;
        view.groups[0].ownRole = own;
        view.groups[0].peerRole = peer;
        view.groups[0].peerRoleFresh = fresh;
        view.groups[0].activeNode = active;
        return view;
    }

private Q_SLOTS:
    void itMoves() {
        OrderProgress progress("erp", "alpha", "beta");
        progress.take(seenBy("alpha", Role::Active, Role::Standby, "alpha")); // nothing has happened yet
        progress.take(seenBy("beta", Role::Standby, Role::Active, "alpha"));
        progress.take(seenBy("alpha", Role::Stopping, Role::Standby, "alpha"));
        progress.take(seenBy("alpha", Role::Standby, Role::Claiming, ""));
        progress.take(seenBy("beta", Role::Starting, Role::Standby, ""));
        QCOMPARE(int(progress.outcome()), int(Outcome::UnderWay));
        progress.take(seenBy("beta", Role::Active, Role::Standby, "beta"));
        QCOMPARE(int(progress.outcome()), int(Outcome::Done));
        QCOMPARE(progress.activeOn(), std::string("beta"));
    }

    void oneNodesWordIsEnough() {
        OrderProgress progress("erp", "alpha", "beta");
        progress.take(seenBy("alpha", Role::Stopping, Role::Standby, "alpha"));
        progress.take(seenBy("alpha", Role::Standby, Role::Active, "beta"));
        QCOMPARE(int(progress.outcome()), int(Outcome::Done));
    }

    void itComesBack() {
        OrderProgress progress("erp", "alpha", "beta");
        progress.take(seenBy("alpha", Role::Stopping, Role::Standby, "alpha"));
        progress.take(seenBy("alpha", Role::Active, Role::Failed, "alpha"));
        QCOMPARE(int(progress.outcome()), int(Outcome::Failed));
        QVERIFY(progress.trouble().find("came back to alpha") != std::string::npos);
    }

    void itFails() {
        OrderProgress progress("erp", "alpha", "beta");
        progress.take(seenBy("alpha", Role::Stopping, Role::Standby, "alpha"));
        progress.take(seenBy("beta", Role::Failed, Role::Claiming, "")); // the other one may still take it back
        QCOMPARE(int(progress.outcome()), int(Outcome::UnderWay));
        progress.take(seenBy("beta", Role::Failed, Role::Failed, ""));
        QCOMPARE(int(progress.outcome()), int(Outcome::Failed));
        QVERIFY(!progress.trouble().empty());
    }

    void aFailureMayPass() {
        OrderProgress progress("erp", "alpha", "beta");
        progress.take(seenBy("alpha", Role::Failed, Role::Standby, ""));
        progress.take(seenBy("beta", Role::Standby, Role::Failed, "")); // another node's word doesn't undo it
        QCOMPARE(int(progress.outcome()), int(Outcome::Failed));
        progress.take(seenBy("alpha", Role::Failed, Role::Claiming, ""));
        QCOMPARE(int(progress.outcome()), int(Outcome::UnderWay));
        progress.take(seenBy("beta", Role::Active, Role::Failed, "beta"));
        QCOMPARE(int(progress.outcome()), int(Outcome::Done));
        progress.take(seenBy("alpha", Role::Failed, Role::Standby, ""));
        QCOMPARE(int(progress.outcome()), int(Outcome::Done));
    }

    void onlyItsOwnGroupCounts() {
        OrderProgress progress("erp", "alpha", "beta");
        QVERIFY(progress.take(3.5, "alpha",
                              {.kind = "resource_stopped", .group = "erp", .resource = "data", .text = "stopped"}));
        QVERIFY(!progress.take(4, "alpha", {.kind = "resource_stopped", .group = "crm", .text = "stopped"}));
        QCOMPARE(progress.steps().size(), std::size_t{1});
        QCOMPARE(cli::toJson(progress.steps())[0].toObject()["at_ms"].toDouble(), 3.5);
        OrderProgress other("crm", "alpha", "beta");
        other.take(seenBy("beta", Role::Active, Role::Standby, "beta"));
        QCOMPARE(int(other.outcome()), int(Outcome::UnderWay));
    }
};

QTEST_APPLESS_MAIN(CliOrderProgressTest)
#include "cli_order_progress_test.moc"
