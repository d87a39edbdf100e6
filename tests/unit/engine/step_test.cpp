// SPDX-License-Identifier: Apache-2.0
// The engine asked directly, event by event: answers that come late, twice, for another epoch, or not at all.
#include "engine/engine.h"
#include "engine/journal_kinds.h"

#include "dies.h"

#include <QTest>

#include <algorithm>

using namespace dyad;
using namespace dyad::engine;
using model::NodeId;
using model::ReservationCommand;
using model::ReservationOutcome;
using model::ResourceOutcome;
using model::ResourceState;
using model::ResourceVerb;
using model::Role;

namespace {

constexpr Instant origin = Instant::fromNanoseconds(1'000'000'000'000);
constexpr model::BootDigest ownBoot{0x11};
constexpr model::BootDigest peerBoot{0x22};

// One group of a filesystem and a database on one LUN, one link, profile fast.
model::Configuration configurationOf() {
    model::Configuration configuration;
    configuration.clusterId = 0x5d2a;
    configuration.profile = model::Profile::Fast;
    configuration.digest = 7;
    configuration.nodes[0].name = "alpha";
    configuration.nodes[1].name = "beta";
    configuration.links.resize(1);
    configuration.links[0].name = "private";
    configuration.luns.resize(1);
    configuration.luns[0].name = "one";
    model::GroupSetup group;
    group.name = "erp";
    group.prefer = NodeId::First;
    group.luns = {model::LunId(0)};
    group.resources.resize(2);
    group.resources[0].name = "data";
    group.resources[0].settings = model::FilesystemSettings{};
    group.resources[1].name = "db";
    group.resources[1].settings = model::ProcessSettings{};
    group.resources[1].after = {model::ResourceId(0)};
    configuration.groups.push_back(group);
    return configuration;
}

// The engine with somebody around it who answers when told to.
class Bench {
public:
    explicit Bench(const model::Configuration& configuration = configurationOf())
        : m_engine(configuration, NodeId::First) {}

    const std::vector<Action>& give(const Event& event) {
        m_last = m_engine.step(now, event);
        for (const Action& action : m_last) {
            if (const auto* request = std::get_if<model::ReservationRequest>(&action))
                m_reservations.push_back(*request);
            if (const auto* request = std::get_if<model::ResourceRequest>(&action)) m_resources.push_back(*request);
        }
        return m_last;
    }
    void start() { give(Started{ownBoot, std::nullopt}); }
    void wait(Duration distance) {
        const Instant end = now + distance;
        while (m_engine.nextDeadline() && *m_engine.nextDeadline() <= end) {
            now = std::max(now, *m_engine.nextDeadline());
            give(TimePassed{});
        }
        now = end;
    }
    void hearPeer(Role role = Role::Standby, std::uint32_t epoch = 0, bool unfit = false) {
        HeartChanged heart;
        heart.links.resize(1);
        heart.links[0] = {.liveness = model::Liveness::Alive, .peerHearsUs = true, .lastHeard = now, .everHeard = true};
        heart.peer.everHeard = true;
        heart.peer.boot = peerBoot;
        heart.peer.status.serviceAlive = true;
        heart.peer.status.configurationDigest = 7;
        heart.peer.status.groups.push_back({.role = role,
                                            .epoch = model::Epoch(epoch),
                                            .unfit = unfit,
                                            .tag = model::groupTag(configurationOf().groups[0].name)});
        give(heart);
    }

    // Answers the oldest open question to the array; what is held there afterwards is `holder`'s.
    static model::ReservationAnswer answerTo(const model::ReservationRequest& request, Instant at,
                                             std::optional<model::ReservationKey> holder,
                                             ReservationOutcome outcome = ReservationOutcome::Good) {
        model::ReservationAnswer answer{
            request.operation, request.epoch, request.group, request.lun, request.command, outcome, {}, at, {}};
        if (holder) answer.snapshot = {1, {*holder}, holder, model::ReservationType::WriteExclusive};
        return answer;
    }
    model::ReservationRequest takeReservation() {
        const model::ReservationRequest first = m_reservations.front();
        m_reservations.erase(m_reservations.begin());
        return first;
    }
    model::ResourceRequest takeResource() {
        const model::ResourceRequest first = m_resources.front();
        m_resources.erase(m_resources.begin());
        return first;
    }
    static model::ResourceAnswer answerTo(const model::ResourceRequest& request, ResourceOutcome outcome) {
        return {request.operation, request.epoch, request.group, request.resource, request.verb, outcome, {}};
    }

    // All the way to active, with the array and the resources answering at once.
    void becomeActive() {
        start();
        answerProbes();
        hearPeer();
        answerArray();
        answerArray();
        answerStarts();
    }
    void answerProbes() {
        while (!m_resources.empty())
            give(answerTo(takeResource(), ResourceOutcome::Stopped));
        give(answerTo(takeReservation(), now, std::nullopt));
    }
    // The same with a peer that nobody has ever heard.
    void becomeActiveAlone() {
        start();
        answerProbes();
        HeartChanged silent;
        silent.links.resize(1);
        silent.links[0].liveness = model::Liveness::Lost;
        give(silent);
        wait(m_engine.timeouts().startupWait());
        answerArray(); // looks, then a challenge where nobody is
        for (int i = 0; i < 3 && group().role != Role::Starting; ++i)
            answerArray();
        answerStarts();
    }
    // Everything that was asked of it until now, as an array does that nobody else uses.
    void answerArray() {
        for (std::size_t open = m_reservations.size(); open > 0; --open) {
            const model::ReservationRequest request = takeReservation();
            if (request.command == ReservationCommand::Claim) m_holder = request.key;
            if (request.command == ReservationCommand::Release) m_holder.reset();
            const bool nobodyToChallenge = request.command == ReservationCommand::Challenge && !m_holder;
            give(answerTo(request, now, m_holder,
                          nobodyToChallenge ? ReservationOutcome::Conflict : ReservationOutcome::Good));
        }
    }
    void answerStarts() {
        while (!m_resources.empty())
            give(answerTo(takeResource(), ResourceOutcome::Running));
    }

    void answerStops() {
        while (!m_resources.empty())
            give(answerTo(takeResource(), ResourceOutcome::Stopped));
    }

    [[nodiscard]] const GroupRecord& group() const { return m_engine.state().groups[0]; }
    [[nodiscard]] const State& state() const { return m_engine.state(); }
    [[nodiscard]] Engine& engine() { return m_engine; }
    [[nodiscard]] bool alarm(const std::string& id) const { return state().alarms.count(id) != 0; }
    [[nodiscard]] std::size_t asked() const { return m_reservations.size(); }
    [[nodiscard]] std::size_t resourcesAsked() const { return m_resources.size(); }
    [[nodiscard]] std::size_t told(const std::string& kind) const {
        return static_cast<std::size_t>(std::count_if(m_last.begin(), m_last.end(), [&](const Action& action) {
            const auto* line = std::get_if<Explain>(&action);
            return line && line->kind == kind;
        }));
    }
    template <typename Wanted>
    [[nodiscard]] std::vector<Wanted> actions() const {
        std::vector<Wanted> all;
        for (const Action& action : m_last)
            if (const auto* wanted = std::get_if<Wanted>(&action)) all.push_back(*wanted);
        return all;
    }

    Instant now = origin;

private:
    Engine m_engine;
    std::vector<Action> m_last;
    std::vector<model::ReservationRequest> m_reservations;
    std::vector<model::ResourceRequest> m_resources;
    std::optional<model::ReservationKey> m_holder;
};

} // namespace

class StepTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theWayToActive();
    void theEngineIsStartedOnceAndTimeGoesOn();
    void anArrayThatNeverAnswersIsAnswerEnough();
    void answersToOtherQuestionsAreDropped();
    void answersOfResourcesToOtherQuestionsAreDropped();
    void aResourceThatNeverAnswersIsGivenUp();
    void theGatewayIsGoneSinceItWentAway();
    void leavingIsToldOnce();
    void strangersDoNotCountInEpochs();
    void whatIsReleasedIsSaidUntilThePeerHasClaimedIt();
    void aNodeThatNeverHeardItsPeerCanLeave();
    void theGroupGoesBackAtItsTimeOfDayOnly();
    void ordersAboutNothingAreRefused();
    void noticesAboutNothingAreDropped();
    void progressIsToldWhenItChanges();
    void theKeysAreReadAtThreePaces();
    void theOwnerProvesItsLeaseByTheTimeOfTheQuestion();
};

void StepTest::theWayToActive() {
    Bench bench;
    bench.becomeActive();
    QCOMPARE(bench.group().role, Role::Active);
    QCOMPARE(bench.group().epoch, model::Epoch(1));
    QCOMPARE(bench.group().key, model::ReservationKey::make(0x5d2a, NodeId::First, ownBoot, model::Epoch(1)));
    QVERIFY(!bench.group().takeover);
}

void StepTest::theEngineIsStartedOnceAndTimeGoesOn() {
    QVERIFY(deathOf([] {
                Bench bench;
                bench.give(TimePassed{});
            }).aborted);
    QVERIFY(deathOf([] {
                Bench bench;
                bench.start();
                bench.start();
            }).aborted);
    QVERIFY(deathOf([] {
                Bench bench;
                bench.start();
                bench.now = bench.now - 1ns;
                bench.give(TimePassed{});
            }).aborted);
    QVERIFY(!deathOf([] {
                 Bench bench;
                 bench.start();
                 bench.give(TimePassed{});
             }).aborted);
}

void StepTest::anArrayThatNeverAnswersIsAnswerEnough() {
    Bench bench;
    bench.start();
    const auto request = bench.takeReservation();
    const Duration patience = bench.engine().timeouts().reservationAnswer();
    bench.wait(patience - 1ns);
    QVERIFY(bench.group().luns[0].pending);
    bench.now = origin + patience;
    bench.give(TimePassed{});
    QVERIFY(!bench.group().luns[0].pending || bench.group().luns[0].pending->operation != request.operation);
    QVERIFY(!bench.group().luns[0].pathUp);
    // What comes now answers a question that nobody asks any more.
    bench.give(Bench::answerTo(request, bench.now, std::nullopt));
    QVERIFY(!bench.group().luns[0].known && !bench.group().luns[0].pathUp);
}

void StepTest::answersToOtherQuestionsAreDropped() {
    using Spoil = void (*)(model::ReservationAnswer&);
    for (const Spoil spoil :
         {Spoil([](model::ReservationAnswer& each) { each.operation = each.operation.next(); }),
          Spoil([](model::ReservationAnswer& each) { each.epoch = each.epoch.next(); }),
          Spoil([](model::ReservationAnswer& each) { each.lun = model::LunId(5); }),
          Spoil([](model::ReservationAnswer& each) { each.command = ReservationCommand::Claim; })}) {
        Bench bench;
        bench.start();
        model::ReservationAnswer answer = Bench::answerTo(bench.takeReservation(), bench.now, std::nullopt);
        const model::ReservationAnswer good = answer;
        spoil(answer);
        bench.give(answer);
        QVERIFY(bench.group().luns[0].pending && !bench.group().luns[0].known);
        bench.give(good);
        QVERIFY(!bench.group().luns[0].pending && bench.group().luns[0].known);
        bench.give(good); // twice
        QVERIFY(bench.actions<model::ReservationRequest>().empty());
    }
}

void StepTest::answersOfResourcesToOtherQuestionsAreDropped() {
    using Spoil = void (*)(model::ResourceAnswer&);
    for (const Spoil spoil : {Spoil([](model::ResourceAnswer& each) { each.operation = each.operation.next().next(); }),
                              Spoil([](model::ResourceAnswer& each) { each.epoch = each.epoch.next(); }),
                              Spoil([](model::ResourceAnswer& each) { each.group = model::GroupId(1); }),
                              Spoil([](model::ResourceAnswer& each) { each.resource = model::ResourceId(2); })}) {
        Bench bench;
        bench.start();
        model::ResourceAnswer answer = Bench::answerTo(bench.takeResource(), ResourceOutcome::Stopped);
        const model::ResourceAnswer good = answer;
        spoil(answer);
        bench.give(answer);
        QCOMPARE(bench.group().resources[0].state, ResourceState::Unknown);
        bench.give(good);
        QCOMPARE(bench.group().resources[0].state, ResourceState::Stopped);
        bench.give(Bench::answerTo({good.operation, good.epoch, good.group, good.resource, good.verb, false},
                                   ResourceOutcome::Running)); // twice
        QCOMPARE(bench.group().resources[0].state, ResourceState::Stopped);
    }
}

void StepTest::aResourceThatNeverAnswersIsGivenUp() {
    Bench bench;
    bench.start();
    bench.give(Bench::answerTo(bench.takeReservation(), bench.now, std::nullopt));
    bench.wait(bench.engine().timeouts().killDeadline() - 1ns);
    QVERIFY(!bench.group().settled && bench.group().resources[0].pending);
    bench.wait(1ns);
    QVERIFY(bench.group().settled);
    QCOMPARE(bench.group().role, Role::Lost); // it may run: it is killed
    QCOMPARE(bench.group().resources[1].detail, std::string());
    bench.wait(bench.engine().timeouts().killDeadline());
    // Force did not help either, but this boot has never started it.
    QCOMPARE(bench.group().role, Role::Lost);
    QVERIFY(bench.alarm("resource.unknown:erp/db"));
    bench.wait(bench.engine().timeouts().killDeadline());
    QVERIFY(bench.alarm("resource.unknown:erp/data"));
    QCOMPARE(bench.group().role, Role::Standby);
    QVERIFY(!bench.state().fenceOrdered);
}

void StepTest::theGatewayIsGoneSinceItWentAway() {
    Bench bench;
    bench.becomeActive();
    bench.give(GatewayChanged{false});
    const Instant gone = bench.now;
    QVERIFY(bench.alarm("gateway.lost"));
    bench.wait(10ms);
    bench.give(GatewayChanged{false});
    QCOMPARE(bench.state().gatewayGoneSince, gone);
    bench.give(GatewayChanged{true});
    QVERIFY(!bench.alarm("gateway.lost"));
    bench.wait(10ms);
    bench.give(GatewayChanged{true});
    QCOMPARE(bench.state().gatewayGoneSince, gone);
    bench.give(GatewayChanged{false});
    QCOMPARE(bench.state().gatewayGoneSince, bench.now);
}

void StepTest::leavingIsToldOnce() {
    Bench bench;
    bench.becomeActive();
    bench.give(ShutdownRequested{"for the test"});
    QVERIFY(bench.told(kind::order) == 1);
    bench.give(ShutdownRequested{"for the test"});
    QVERIFY(bench.told(kind::order) == 0);
    QVERIFY(bench.state().leaving);
}

void StepTest::strangersDoNotCountInEpochs() {
    // Registered beside, but holding nothing: a key of another cluster whose ninth epoch means nothing here.
    const model::ReservationKey stranger{0x0bad'1000'0000'0900};
    Bench bench;
    bench.start();
    while (bench.resourcesAsked() > 0)
        bench.give(Bench::answerTo(bench.takeResource(), ResourceOutcome::Stopped));
    model::ReservationAnswer answer = Bench::answerTo(bench.takeReservation(), bench.now, std::nullopt);
    answer.snapshot.registrants = {stranger};
    bench.give(answer);
    bench.hearPeer();
    QCOMPARE(bench.group().role, Role::Claiming);
    QCOMPARE(bench.group().epoch, model::Epoch(1));
    answer = Bench::answerTo(bench.takeReservation(), bench.now, std::nullopt);
    answer.snapshot.registrants = {stranger};
    bench.give(answer);
    QCOMPARE(bench.takeReservation().command, ReservationCommand::Claim);
    QCOMPARE(bench.group().epoch, model::Epoch(1));
}

void StepTest::whatIsReleasedIsSaidUntilThePeerHasClaimedIt() {
    Bench bench;
    bench.becomeActive();
    bench.hearPeer();
    bench.give(OrderGiven{model::RequestId(1), model::OrderKind::Switchover, model::GroupId(0), {}, {}, false, "ops"});
    bench.answerStops();
    bench.answerArray();
    bench.answerArray();
    QCOMPARE(bench.group().role, Role::Standby);
    QVERIFY(bench.group().released);
    bench.hearPeer(Role::Standby, 1); // it has heard of our claim, no more
    QVERIFY(bench.group().released && bench.state().published->groups[0].released);
    bench.hearPeer(Role::Claiming, 2);
    QVERIFY(!bench.group().released && !bench.state().published->groups[0].released);
}

void StepTest::aNodeThatNeverHeardItsPeerCanLeave() {
    Bench bench;
    bench.becomeActiveAlone();
    QCOMPARE(bench.group().role, Role::Active);
    bench.give(ShutdownRequested{"for the test"});
    bench.answerStops();
    bench.answerArray();
    bench.answerArray();
    QVERIFY(bench.group().released);
    QVERIFY(bench.state().shutdownTold);
}

void StepTest::theGroupGoesBackAtItsTimeOfDayOnly() {
    model::Configuration configuration = configurationOf();
    model::GroupSetup& setup = configuration.groups[0];
    setup.prefer = NodeId::Second;
    setup.failback = model::Failback::Auto;
    setup.failbackAfter = Duration::zero();
    setup.failbackWindow.emplace();
    Bench bench(configuration);
    bench.becomeActiveAlone();
    bench.wait(1ms);
    bench.hearPeer();
    QCOMPARE(bench.group().role, Role::Active);          // closed until somebody says otherwise
    bench.give(FailbackWindow{model::GroupId(1), true}); // of no group
    bench.give(FailbackWindow{model::GroupId(0), false});
    QCOMPARE(bench.group().role, Role::Active);
    bench.give(FailbackWindow{model::GroupId(0), true});
    QCOMPARE(bench.group().role, Role::Stopping);
}

void StepTest::ordersAboutNothingAreRefused() {
    Bench bench;
    bench.becomeActive();
    bench.give(OrderGiven{model::RequestId(9), model::OrderKind::Switchover, model::GroupId(1), {}, {}, false, "ops"});
    const auto answers = bench.actions<AnswerOrder>();
    QCOMPARE(answers.size(), std::size_t(1));
    QVERIFY(!answers[0].accepted && answers[0].request == model::RequestId(9));
    QCOMPARE(bench.group().role, Role::Active);
}

void StepTest::noticesAboutNothingAreDropped() {
    Bench bench;
    bench.becomeActive();
    bench.give(model::LunNotice{model::LunId(1), model::LunNotice::Kind::Fenced, {}});
    bench.give(model::ResourceNotice{model::GroupId(1), model::ResourceId(0), model::ResourceNotice::Kind::Died, {}});
    bench.give(model::ResourceNotice{model::GroupId(0), model::ResourceId(2), model::ResourceNotice::Kind::Died, {}});
    QCOMPARE(bench.group().role, Role::Active);
    QVERIFY(!bench.group().luns[0].fenced);
}

void StepTest::progressIsToldWhenItChanges() {
    Bench bench;
    bench.becomeActive();
    const auto progress = [&](const char* how) {
        bench.give(
            model::ResourceNotice{model::GroupId(0), model::ResourceId(1), model::ResourceNotice::Kind::Progress, how});
        return bench.told(kind::resourceProgress);
    };
    QVERIFY(progress("redo at 10 %") == 1);
    QVERIFY(progress("redo at 10 %") == 0);
    QVERIFY(progress("redo at 20 %") == 1);
    QCOMPARE(bench.group().resources[1].detail, std::string("redo at 20 %"));
    QCOMPARE(bench.group().role, Role::Active);
}

void StepTest::theKeysAreReadAtThreePaces() {
    const auto looks = [](Bench& bench, Duration during) {
        std::size_t count = 0;
        for (const Instant end = bench.now + during; bench.now < end;) {
            bench.wait(10ms);
            bench.hearPeer();
            count += bench.asked();
            bench.answerArray();
        }
        return count;
    };
    Bench owner;
    owner.becomeActive();
    QVERIFY(looks(owner, 2s) == 10); // verifyInterval: 200 ms

    Bench standby;
    standby.start();
    standby.answerProbes();
    standby.give(OrderGiven{model::RequestId(1), model::OrderKind::MaintenanceOn, {}, {}, {}, false, "ops"});
    QVERIFY(looks(standby, 5s) == 5); // watchInterval: 1 s

    Bench alone;
    alone.becomeActive();
    HeartChanged silent;
    silent.links.resize(1);
    silent.links[0] = {.liveness = model::Liveness::Lost, .everHeard = true};
    alone.give(silent);
    std::size_t count = 0;
    for (const Instant end = alone.now + 1s; alone.now < end;) {
        alone.wait(5ms);
        count += alone.asked();
        alone.answerArray();
    }
    QVERIFY(count == 40); // defendInterval: 25 ms
}

void StepTest::theOwnerProvesItsLeaseByTheTimeOfTheQuestion() {
    Bench bench;
    bench.becomeActive();
    bench.wait(200ms);
    const auto request = bench.takeReservation();
    const Instant sent = bench.now;
    bench.wait(50ms);
    bench.give(Bench::answerTo(request, sent, bench.group().key));
    QCOMPARE(bench.group().luns[0].provenFrom, sent);
    // An answer that is older than what is known already proves nothing new.
    bench.wait(200ms);
    const auto next = bench.takeReservation();
    bench.give(Bench::answerTo(next, sent - 100ms, bench.group().key));
    QCOMPARE(bench.group().luns[0].provenFrom, sent);
    QCOMPARE(bench.group().role, Role::Active);
}

QTEST_GUILESS_MAIN(StepTest)
#include "step_test.moc"
