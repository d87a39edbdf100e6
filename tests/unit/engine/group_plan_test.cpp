// SPDX-License-Identifier: Apache-2.0
#include "engine/judgement/group_plan.h"

#include <QTest>

using namespace dyad;
using namespace dyad::engine;
using model::ResourceId;
using model::ResourceState;

namespace {

// data ← db ← app; ip depends on nothing and is raised first; lastIp waits for app.
enum : std::uint32_t { data, db, app, ip, lastIp, count };

model::Configuration configurationOf() {
    model::Configuration configuration;
    configuration.luns.resize(1);
    model::GroupSetup group;
    group.resources.resize(count);
    group.resources[data].settings = model::FilesystemSettings{};
    group.resources[db].settings = model::PostgresqlSettings{};
    group.resources[db].after = {ResourceId(data)};
    group.resources[app].settings = model::ProcessSettings{};
    group.resources[app].after = {ResourceId(db)};
    group.resources[ip].settings = model::AddressSettings{};
    model::AddressSettings last;
    last.raiseLast = true;
    group.resources[lastIp].settings = last;
    group.resources[lastIp].after = {ResourceId(app)};
    configuration.groups.push_back(group);
    return configuration;
}

class Workplace {
public:
    Workplace() {
        m_state.groups.resize(1);
        m_state.groups[0].resources.resize(count);
        allAre(ResourceState::Stopped);
    }
    void allAre(ResourceState state) {
        for (ResourceRecord& each : group().resources)
            each.state = state;
    }
    void is(std::uint32_t id, ResourceState state) { group().resources[id].state = state; }
    GroupRecord& group() { return m_state.groups[0]; }
    const StepContext& step() const { return m_step; }
    model::Configuration& configuration() { return m_configuration; }

    template <typename May>
    [[nodiscard]] std::vector<std::uint32_t> allThat(May may) {
        std::vector<std::uint32_t> all;
        for (std::uint32_t i = 0; i < count; ++i)
            if (may(m_step, group(), ResourceId(i))) all.push_back(i);
        return all;
    }

private:
    model::Configuration m_configuration = configurationOf();
    const Timeouts m_timeouts = timeoutsOf(model::Profile::Fast);
    State m_state;
    std::vector<Action> m_actions;
    StepContext m_step{m_configuration, model::NodeId::First, m_timeouts, m_state, m_actions, Instant()};
};

using Ids = std::vector<std::uint32_t>;

} // namespace

class GroupPlanTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void startsWhatStandsOnNothingFirstAndTheRestStepByStep();
    void nothingStartsOnWhatIsToComeDown();
    void whatFailedAgainWaitsLongerEachTime_data();
    void whatFailedAgainWaitsLongerEachTime();
    void stopsFromTheTopAndTheFirstAddressLast();
    void killsEverythingButTheFilesystemAtOnce();
    void killsAddressesFirstAndFilesystemsLast();
    void anAddressWaitsForProcessesButNotForOtherAddresses();
    void filesystemsAreKilledFromTheTop();
    void whatStandsOnAFailedResourceComesDownWithIt();
    void aGroupRunsOnlyWhenNothingIsToComeDown();
};

void GroupPlanTest::startsWhatStandsOnNothingFirstAndTheRestStepByStep() {
    Workplace here;
    QCOMPARE(here.allThat(mayStart), (Ids{data, ip}));
    here.is(data, ResourceState::Starting);
    QCOMPARE(here.allThat(mayStart), (Ids{data, ip}));
    here.is(data, ResourceState::Running);
    QCOMPARE(here.allThat(mayStart), (Ids{data, db, ip}));
    here.allAre(ResourceState::Running);
    QCOMPARE(here.allThat(mayStart), (Ids{data, db, app, ip, lastIp}));
}

void GroupPlanTest::nothingStartsOnWhatIsToComeDown() {
    Workplace here;
    here.is(data, ResourceState::Running);
    here.group().resources[data].mustStop = true;
    QCOMPARE(here.allThat(mayStart), (Ids{data, ip}));
}

void GroupPlanTest::whatFailedAgainWaitsLongerEachTime_data() {
    QTest::addColumn<int>("failures");
    QTest::addColumn<int>("seconds");
    QTest::newRow("never") << 0 << 0;
    QTest::newRow("once: at once") << 1 << 0;
    QTest::newRow("twice") << 2 << 3;
    QTest::newRow("three times") << 3 << 6;
    QTest::newRow("six times") << 6 << 48;
    QTest::newRow("often: a minute at most") << 7 << 60;
    QTest::newRow("very often") << 900 << 60;
}

void GroupPlanTest::whatFailedAgainWaitsLongerEachTime() {
    QFETCH(int, failures);
    QFETCH(int, seconds);
    Workplace here;
    here.configuration().groups[0].resources[data].ladder.backoff = 3s;
    const Duration delay = std::chrono::seconds(seconds);
    const auto startsAfter = [&](Duration since) {
        here.group().resources[data].failures.assign(static_cast<std::size_t>(failures), here.step().now - since);
        return here.allThat(mayStart) == Ids{data, ip};
    };
    QVERIFY(startsAfter(delay));
    QVERIFY(restartDelay(here.step(), here.group(), ResourceId(data)) == delay);
    if (delay == 0s) return;
    QVERIFY(!startsAfter(delay - 1ns));
    QVERIFY(here.step().nextDeadline() == here.step().now + 1ns); // it is looked at again
}

void GroupPlanTest::stopsFromTheTopAndTheFirstAddressLast() {
    Workplace here;
    here.group().role = model::Role::Stopping;
    here.allAre(ResourceState::Running);
    QCOMPARE(here.allThat(mayStop), (Ids{lastIp}));
    here.is(lastIp, ResourceState::Stopped);
    QCOMPARE(here.allThat(mayStop), (Ids{app, lastIp}));
    here.is(app, ResourceState::Stopping);
    QVERIFY(!mayStop(here.step(), here.group(), ResourceId(db)));
    here.is(app, ResourceState::Stopped);
    here.is(db, ResourceState::Stopped);
    QVERIFY(mayStop(here.step(), here.group(), ResourceId(ip)));
    QVERIFY(mayStop(here.step(), here.group(), ResourceId(data)));
}

void GroupPlanTest::killsEverythingButTheFilesystemAtOnce() {
    Workplace here;
    here.allAre(ResourceState::Running);
    QCOMPARE(here.allThat(mayKill), (Ids{db, app, ip, lastIp}));
    for (const std::uint32_t id : {db, app, ip})
        here.is(id, ResourceState::Stopped);
    QVERIFY(!mayKill(here.step(), here.group(), ResourceId(data)));
    here.is(lastIp, ResourceState::Stopped);
    QVERIFY(mayKill(here.step(), here.group(), ResourceId(data)));
}

void GroupPlanTest::killsAddressesFirstAndFilesystemsLast() {
    Workplace here;
    Ids order;
    for (const ResourceId id : killOrder(here.step(), here.group()))
        order.push_back(id.value);
    QCOMPARE(order, (Ids{lastIp, ip, app, db, data}));

    // Whatever the order of the file.
    model::Configuration configuration;
    configuration.groups.resize(1);
    configuration.groups[0].resources.resize(5);
    configuration.groups[0].resources[0].settings = model::ProcessSettings{};
    configuration.groups[0].resources[1].settings = model::AddressSettings{};
    configuration.groups[0].resources[2].settings = model::FilesystemSettings{};
    configuration.groups[0].resources[3].settings = model::ProcessSettings{};
    configuration.groups[0].resources[4].settings = model::FilesystemSettings{};
    State state;
    state.groups.resize(1);
    std::vector<Action> actions;
    const Timeouts timeouts;
    StepContext step(configuration, model::NodeId::First, timeouts, state, actions, Instant());
    order.clear();
    for (const ResourceId id : killOrder(step, state.groups[0]))
        order.push_back(id.value);
    QCOMPARE(order, (Ids{1, 3, 0, 4, 2}));
}

void GroupPlanTest::anAddressWaitsForProcessesButNotForOtherAddresses() {
    Workplace here;
    here.group().role = model::Role::Stopping;
    here.is(ip, ResourceState::Running);
    here.is(lastIp, ResourceState::Running);
    here.is(data, ResourceState::Running); // nor for filesystems
    QVERIFY(mayStop(here.step(), here.group(), ResourceId(ip)));
    here.is(app, ResourceState::Running);
    QVERIFY(!mayStop(here.step(), here.group(), ResourceId(ip)));
    here.group().role = model::Role::Active; // it alone is to come down
    QVERIFY(mayStop(here.step(), here.group(), ResourceId(ip)));
}

void GroupPlanTest::filesystemsAreKilledFromTheTop() {
    model::Configuration configuration;
    configuration.groups.resize(1);
    configuration.groups[0].resources.resize(3);
    for (model::ResourceSetup& each : configuration.groups[0].resources)
        each.settings = model::FilesystemSettings{};
    configuration.groups[0].resources[1].after = {ResourceId(0)}; // mounted within the first
    State state;
    state.groups.resize(1);
    GroupRecord& group = state.groups[0];
    group.resources.resize(3);
    for (ResourceRecord& each : group.resources)
        each.state = ResourceState::Running;
    std::vector<Action> actions;
    const Timeouts timeouts;
    StepContext step(configuration, model::NodeId::First, timeouts, state, actions, Instant());
    QVERIFY(!mayKill(step, group, ResourceId(0)));
    QVERIFY(mayKill(step, group, ResourceId(1)) && mayKill(step, group, ResourceId(2)));
    group.resources[1].state = ResourceState::Stopped;
    QVERIFY(mayKill(step, group, ResourceId(0)));
}

void GroupPlanTest::whatStandsOnAFailedResourceComesDownWithIt() {
    Workplace here;
    here.allAre(ResourceState::Running);
    markDown(here.step(), here.group(), ResourceId(db));
    Ids down;
    for (std::uint32_t i = 0; i < count; ++i)
        if (here.group().resources[i].mustStop) down.push_back(i);
    QCOMPARE(down, (Ids{db, app, lastIp}));
}

void GroupPlanTest::aGroupRunsOnlyWhenNothingIsToComeDown() {
    Workplace here;
    QVERIFY(everythingStopped(here.group()));
    here.allAre(ResourceState::Running);
    QVERIFY(everythingRuns(here.group()));
    QVERIFY(!everythingStopped(here.group()));
    here.group().resources[app].mustStop = true;
    QVERIFY(!everythingRuns(here.group()));
    here.is(app, ResourceState::Unknown);
    QVERIFY(!everythingStopped(here.group()));
}

QTEST_GUILESS_MAIN(GroupPlanTest)
#include "group_plan_test.moc"
