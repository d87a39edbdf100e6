// SPDX-License-Identifier: Apache-2.0
// The real engine, run by the real shell, in a world of fakes.
#include "shell/runner.h"

#include "fake_ports.h"

#include <QCoreApplication>
#include <QTest>

using namespace dyad;

namespace {

model::Configuration oneGroup() {
    model::Configuration configuration;
    configuration.clusterName = "test";
    configuration.clusterId = 77;
    configuration.profile = model::Profile::Fast;
    configuration.digest = 1;
    configuration.nodes[0].name = "alpha";
    configuration.nodes[1].name = "beta";
    model::LinkSetup link;
    link.name = "private";
    configuration.links.push_back(link);
    configuration.luns.push_back({.name = "array"});
    model::GroupSetup group;
    group.name = "erp";
    group.luns = {model::LunId(0)};
    model::ResourceSetup data;
    data.name = "data";
    data.type = "filesystem";
    data.settings = model::FilesystemSettings{.lun = model::LunId(0), .mountPoint = "/srv", .type = "ext4"};
    model::ResourceSetup database;
    database.name = "db";
    database.type = "process";
    database.settings = model::ProcessSettings{};
    database.after = {model::ResourceId(0)};
    group.resources = {data, database};
    configuration.groups.push_back(group);
    return configuration;
}

struct World {
    fakes::FakeClock clock;
    fakes::FakeReservations reservations;
    fakes::FakeResources resources;
    fakes::FakeHeart heart;
    fakes::FakeJournal journal;
    fakes::FakeAlarms alarms;
    fakes::FakeFence fence;
    fakes::FakeStandingOrders standing;
    engine::Engine engine{oneGroup(), model::NodeId::First};
    shell::Runner runner{engine, {clock, reservations, resources, heart, journal, alarms, fence, standing}};

    World() {
        reservations.clock = &clock;
        heart.current.links.resize(1);
        heart.current.links[0].liveness = model::Liveness::Lost;
    }

    // Lets everything that is under way come to its end without time passing.
    void settle() {
        for (int quiet = 0; quiet < 3;) {
            QCoreApplication::processEvents();
            const bool something = static_cast<int>(reservations.deliver()) + static_cast<int>(resources.deliver()) > 0;
            quiet = something ? 0 : quiet + 1;
        }
    }
    void pass(Duration time) {
        // In small steps, so that the pulse never finds the process frozen.
        for (Duration done{0}; done < time; done += 20ms) {
            clock.advance(20ms);
            runner.post(engine::TimePassed{});
            settle();
        }
    }
    [[nodiscard]] model::Role role() const { return engine.state().groups[0].role; }
};

} // namespace

class RunnerTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aloneItChallengesWaitsClaimsAndStartsInOrder() {
        World world;
        world.runner.start(model::BootDigest(5));
        world.settle();
        QVERIFY(world.role() == model::Role::Standby);
        world.pass(3s);
        QVERIFY(world.role() == model::Role::Active);
        QVERIFY(world.journal.has("reservation_won"));
        QVERIFY(world.journal.has("group_active"));
        // The database only after its filesystem, and nothing before the claim.
        std::vector<std::uint32_t> started;
        for (const model::ResourceRequest& request : world.resources.requests)
            if (request.verb == model::ResourceVerb::Start) started.push_back(request.resource.value);
        QCOMPARE(started, (std::vector<std::uint32_t>{0, 1}));
        QVERIFY(!world.heart.published.empty());
        QVERIFY(world.heart.published.back().groups[0].role == model::Role::Active);
    }

    void aSilentArrayStartsNothing() {
        World world;
        world.reservations.mute = true;
        world.runner.start(model::BootDigest(5));
        world.pass(8s);
        for (const model::ResourceRequest& request : world.resources.requests)
            QVERIFY(request.verb == model::ResourceVerb::Probe);
        QVERIFY(world.role() != model::Role::Active);
    }

    void aPathThatGoesTakesTheGroupDownWithinTheLeaseTerm() {
        World world;
        world.runner.start(model::BootDigest(5));
        world.pass(3s);
        QVERIFY(world.role() == model::Role::Active);
        world.reservations.pathDown = true;
        world.pass(world.engine.timeouts().leaseTerm() + 200ms);
        QVERIFY(world.role() != model::Role::Active);
        QVERIFY(!world.reservations.closedGates.empty());
        const auto anyRuns = std::any_of(world.resources.running.begin(), world.resources.running.end(),
                                         [](const auto& each) { return each.second; });
        QVERIFY(!anyRuns);
    }

    void aFreezeIsNoticedAndTheLeaseProvenAnew() {
        World world;
        world.runner.start(model::BootDigest(5));
        world.pass(3s);
        const std::size_t before = world.reservations.requests.size();
        world.clock.advance(5s); // in one piece: nothing ran
        world.runner.post(engine::TimePassed{});
        world.settle();
        QVERIFY(world.journal.has("was_frozen"));
        QVERIFY(world.reservations.requests.size() > before);
        QVERIFY(world.role() == model::Role::Active);
    }

    void anOrderIsAnsweredOnce() {
        World world;
        world.runner.start(model::BootDigest(5));
        world.pass(3s);
        int answers = 0;
        bool accepted = true;
        world.runner.order({.kind = model::OrderKind::Switchover, .who = "test"},
                           [&](const model::OrderAnswer& answer) {
                               ++answers;
                               accepted = answer.accepted;
                               QVERIFY(!answer.text.empty());
                           });
        world.settle();
        QCOMPARE(answers, 1);
        QVERIFY(!accepted); // the peer is lost
    }

    void aShutdownStopsReleasesAndEnds() {
        World world;
        world.runner.start(model::BootDigest(5));
        world.pass(3s);
        bool finished = false;
        world.runner.onShutdownFinished = [&] { finished = true; };
        world.runner.post(engine::ShutdownRequested{"test"});
        world.settle();
        QVERIFY(finished);
        QVERIFY(!world.reservations.array[model::LunId(0)].holder);
    }
};

QTEST_GUILESS_MAIN(RunnerTest)
#include "runner_test.moc"
