// SPDX-License-Identifier: Apache-2.0
// What the heart reports: links and peer, alarms that follow from them, and what the peer's word is worth.
#include "engine/judgement/peer.h"

#include "workplace.h"

#include <QTest>

#include <algorithm>

using namespace dyad;
using namespace dyad::engine;
using model::Liveness;
using model::NodeId;
using model::Role;

namespace {

constexpr Instant origin = Workplace::origin;

HeartChanged heart(Liveness first, Liveness second, bool peerHears = true) {
    HeartChanged heart;
    heart.links.resize(2);
    heart.links[0].liveness = first;
    heart.links[1].liveness = second;
    for (model::LinkReport& link : heart.links)
        link.peerHearsUs = peerHears;
    heart.peer.everHeard = true;
    heart.peer.boot = Workplace::peerBoot;
    heart.peer.status.serviceAlive = true;
    return heart;
}

class Ear : public Workplace {
public:
    Ear() { configuration.links[0].name = "private", configuration.links[1].name = "public"; }
    void hear(const HeartChanged& report) {
        ask([&](StepContext& step) {
            judgePeer(step, report);
            judgeDirections(step);
            return 0;
        });
    }
    // How often the journal line came, and how grave it was.
    [[nodiscard]] int told(const std::string& kind) const {
        return static_cast<int>(std::count_if(actions.begin(), actions.end(), [&](const Action& action) {
            const auto* line = std::get_if<Explain>(&action);
            return line && line->kind == kind;
        }));
    }
    [[nodiscard]] const Explain& line(const std::string& kind) const {
        return std::get<Explain>(*std::find_if(actions.begin(), actions.end(), [&](const Action& action) {
            const auto* line = std::get_if<Explain>(&action);
            return line && line->kind == kind;
        }));
    }
    [[nodiscard]] bool alarm(const std::string& id) const { return state.alarms.count(id) != 0; }
};

} // namespace

class PeerTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void thePeerIsAsGoodAsItsBestLink();
    void aLinkIsToldWhenItChanges();
    void oneWayLinksAreToldOnceTheyLast();
    void aRebootAndADeadServiceAreTold();
    void aSilenceBeginsAndEndsAnew();
    void whatWasRefusedIsForgottenWhenThePeerLetsGo_data();
    void whatWasRefusedIsForgottenWhenThePeerLetsGo();
    void thePeersWordIsDated();
    void nobodyStartsAloneOnceThePeerIsHeard();
    void whoIsHeardForTheFirstTimeNeedNotHaveBeenAway();
    void driftIsJudgedByALivingService();
    void whatTheWordIsWorth();
    void whatWasLeftByWhom();
};

void PeerTest::thePeerIsAsGoodAsItsBestLink() {
    const auto over = [](Liveness first, Liveness second) {
        Ear at;
        at.state.peer.liveness = Liveness::Unknown;
        at.hear(heart(first, second));
        return at.state.peer.liveness;
    };
    for (const Liveness other : {Liveness::Unknown, Liveness::Suspect, Liveness::Lost, Liveness::Alive}) {
        QCOMPARE(over(Liveness::Alive, other), Liveness::Alive);
        QCOMPARE(over(other, Liveness::Alive), Liveness::Alive);
    }
    QCOMPARE(over(Liveness::Suspect, Liveness::Lost), Liveness::Suspect);
    QCOMPARE(over(Liveness::Unknown, Liveness::Suspect), Liveness::Suspect);
    QCOMPARE(over(Liveness::Lost, Liveness::Unknown), Liveness::Unknown); // a link that was never heard yet may be
    QCOMPARE(over(Liveness::Lost, Liveness::Lost), Liveness::Lost);
}

void PeerTest::aLinkIsToldWhenItChanges() {
    Ear at;
    at.hear(heart(Liveness::Alive, Liveness::Lost));
    QCOMPARE(at.told(kind::linkChanged), 2);
    QVERIFY(at.alarm("link.lost:public") && !at.alarm("link.lost:private"));
    at.hear(heart(Liveness::Alive, Liveness::Lost));
    QCOMPARE(at.told(kind::linkChanged), 0);
    at.hear(heart(Liveness::Alive, Liveness::Suspect));
    QCOMPARE(at.line(kind::linkChanged).severity, model::Severity::Information);
    QVERIFY(at.alarm("link.lost:public")); // only a heartbeat ends it
    at.hear(heart(Liveness::Alive, Liveness::Alive));
    QVERIFY(!at.alarm("link.lost:public"));
    at.hear(heart(Liveness::Alive, Liveness::Lost));
    QCOMPARE(at.line(kind::linkChanged).severity, model::Severity::Warning);

    // A link of which nothing was known, and one of which the heart says nothing.
    Ear fresh;
    fresh.state.links.clear();
    fresh.hear(heart(Liveness::Alive, Liveness::Unknown));
    QCOMPARE(fresh.told(kind::linkChanged), 1);
    QCOMPARE(fresh.line(kind::linkChanged).text, std::string("link private is alive"));
    fresh.hear(heart(Liveness::Alive, Liveness::Alive));
    HeartChanged shorter = heart(Liveness::Alive, Liveness::Alive);
    shorter.links.resize(1);
    fresh.hear(shorter);
    QCOMPARE(fresh.line(kind::linkChanged).text, std::string("link public is unknown"));
    QCOMPARE(fresh.state.links.size(), std::size_t(2));
    QCOMPARE(fresh.state.links[1].liveness, Liveness::Unknown);
}

void PeerTest::oneWayLinksAreToldOnceTheyLast() {
    Ear at;
    at.hear(heart(Liveness::Alive, Liveness::Lost, false));
    QVERIFY(!at.alarm("link.one-way:private"));
    QVERIFY(at.deadline == at.now + at.timeouts.lost);
    const Instant since = at.now;
    at.now = since + at.timeouts.lost - 1ns;
    at.hear(heart(Liveness::Alive, Liveness::Lost, false));
    QVERIFY(!at.alarm("link.one-way:private"));
    at.now = since + at.timeouts.lost;
    at.hear(heart(Liveness::Alive, Liveness::Lost, false));
    QVERIFY(at.alarm("link.one-way:private") &&
            !at.alarm("link.one-way:public")); // what isn't heard is no one-way link
    at.hear(heart(Liveness::Alive, Liveness::Lost, true));
    QVERIFY(!at.alarm("link.one-way:private"));
    at.hear(heart(Liveness::Alive, Liveness::Lost, false));
    QVERIFY(!at.alarm("link.one-way:private")); // counted anew
    at.now = at.now + at.timeouts.lost;
    at.hear(heart(Liveness::Suspect, Liveness::Lost, false));
    QVERIFY(!at.alarm("link.one-way:private"));
}

void PeerTest::aRebootAndADeadServiceAreTold() {
    Ear at;
    at.hear(heart(Liveness::Alive, Liveness::Alive));
    QCOMPARE(at.told(kind::peerRebooted), 0);
    HeartChanged other = heart(Liveness::Alive, Liveness::Alive);
    other.peer.boot = Workplace::deadBoot;
    at.hear(other);
    QCOMPARE(at.told(kind::peerRebooted), 1);
    QCOMPARE(at.line(kind::peerRebooted).severity, model::Severity::Warning);
    QCOMPARE(at.state.peer.boot, Workplace::deadBoot);

    other.peer.status.serviceAlive = false;
    at.hear(other);
    QCOMPARE(at.told(kind::peerServiceDied), 1);
    QCOMPARE(at.line(kind::peerServiceDied).severity, model::Severity::Warning);
    QVERIFY(at.alarm("peer.service"));
    at.hear(other);
    QCOMPARE(at.told(kind::peerServiceDied), 0); // once
    other.peer.status.leaving = true;
    at.hear(other);
    QVERIFY(!at.alarm("peer.service")); // it was meant
    other.peer.status.leaving = false;
    at.hear(other);
    QVERIFY(at.alarm("peer.service"));
    other.peer.status.serviceAlive = true;
    at.hear(other);
    QVERIFY(!at.alarm("peer.service"));
    other.peer.status.serviceAlive = false;
    other.peer.status.leaving = true;
    at.hear(other);
    QCOMPARE(at.told(kind::peerServiceDied), 0);
    QVERIFY(!at.alarm("peer.service"));

    Ear fresh;
    fresh.state.peer = PeerRecord();
    fresh.hear(heart(Liveness::Alive, Liveness::Alive));
    QCOMPARE(fresh.told(kind::peerRebooted), 0); // there was no boot before
    QVERIFY(fresh.state.peer.everHeard);
    Ear deaf;
    HeartChanged nothing = heart(Liveness::Unknown, Liveness::Unknown);
    nothing.peer = model::PeerReport();
    deaf.hear(nothing);
    QVERIFY(deaf.state.peer.status.serviceAlive); // what was known stays
    QVERIFY(!deaf.alarm("peer.service"));
}

void PeerTest::aSilenceBeginsAndEndsAnew() {
    Ear at;
    at.erp().claim.notBefore = origin + 9s;
    at.hear(heart(Liveness::Suspect, Liveness::Lost));
    QCOMPARE(at.erp().claim.notBefore, Instant());
    QCOMPARE(at.state.peer.since, at.now);
    QCOMPARE(at.line(kind::peerSuspect).severity, model::Severity::Warning);
    QVERIFY(!at.alarm("peer.lost"));
    at.erp().claim.notBefore = origin + 9s;
    at.now = at.now + 40ms;
    at.hear(heart(Liveness::Lost, Liveness::Lost));
    QCOMPARE(at.erp().claim.notBefore, origin + 9s); // the same silence
    QCOMPARE(at.state.peer.since, at.now);
    QCOMPARE(at.line(kind::peerLost).severity, model::Severity::Critical);
    QVERIFY(at.alarm("peer.lost"));
    at.now = at.now + 40ms;
    at.hear(heart(Liveness::Lost, Liveness::Lost));
    QCOMPARE(at.told(kind::peerLost), 0);
    QVERIFY(at.state.peer.since < at.now);
    at.hear(heart(Liveness::Lost, Liveness::Alive));
    QCOMPARE(at.told(kind::peerAlive), 1);
    QVERIFY(!at.alarm("peer.lost"));
    QCOMPARE(at.erp().claim.notBefore, Instant());
}

void PeerTest::whatWasRefusedIsForgottenWhenThePeerLetsGo_data() {
    QTest::addColumn<int>("before");
    QTest::addColumn<bool>("uselessBefore");
    QTest::addColumn<int>("now");
    QTest::addColumn<bool>("useless");
    QTest::addColumn<bool>("forgotten");
    const auto row = [](const char* name, model::Role before, bool uselessBefore, model::Role now, bool useless,
                        bool forgotten) {
        QTest::newRow(name) << static_cast<int>(before) << uselessBefore << static_cast<int>(now) << useless
                            << forgotten;
    };
    using model::Role;
    row("it owns as before", Role::Active, false, Role::Active, false, false);
    row("it stops, and owns still", Role::Active, false, Role::Stopping, false, false);
    row("it has let go", Role::Stopping, false, Role::Standby, false, true);
    row("it never had it", Role::Standby, false, Role::Standby, false, false);
    row("it takes it", Role::Standby, false, Role::Starting, false, false);
    row("it has lost it and can't run it", Role::Active, false, Role::Lost, true, true);
    row("it still can't", Role::Failed, true, Role::Failed, true, false);
    row("it can't any more", Role::Failed, false, Role::Failed, true, true);
    row("it can again", Role::Failed, true, Role::Failed, false, false);
}

void PeerTest::whatWasRefusedIsForgottenWhenThePeerLetsGo() {
    QFETCH(int, before);
    QFETCH(bool, uselessBefore);
    QFETCH(int, now);
    QFETCH(bool, useless);
    QFETCH(bool, forgotten);
    Ear at;
    at.hear(heart(Liveness::Alive, Liveness::Alive));
    const auto say = [&](int role, bool unable) {
        HeartChanged news = heart(Liveness::Alive, Liveness::Alive);
        for (const GroupRecord& group : at.state.groups)
            news.peer.status.groups.push_back({.role = model::Role::Standby, .tag = group.tag});
        news.peer.status.groups[0].role = static_cast<model::Role>(role);
        news.peer.status.groups[0].useless = unable;
        at.hear(news);
    };
    say(before, uselessBefore);
    for (GroupRecord& group : at.state.groups)
        group.claim.notBefore = origin + 9s;
    say(now, useless);
    QCOMPARE(at.state.groups[0].claim.notBefore, forgotten ? Instant() : origin + 9s);
    QCOMPARE(at.state.groups[1].claim.notBefore, origin + 9s); // another group's is its own
}

void PeerTest::thePeersWordIsDated() {
    Ear at;
    at.state.peer = PeerRecord();
    HeartChanged news = heart(Liveness::Alive, Liveness::Alive);
    model::NodeStatus& status = news.peer.status;
    status.serviceAlive = false;
    const auto isNews = [&] {
        at.now = at.now + 1s;
        at.hear(news);
        const Instant since = at.now;
        if (at.state.peer.statusSince != since) return false;
        at.now = at.now + 1s;
        at.hear(news); // the same once more
        return at.state.peer.statusSince == since;
    };
    QVERIFY(isNews()); // the first word, of a service that does not run
    for (bool* each : {&status.serviceAlive, &status.leaving, &status.maintenance}) {
        *each = !*each;
        QVERIFY(isNews());
    }
    const Instant before = at.state.peer.statusSince;
    const auto says = [&](Role role) {
        status.groups[0].role = role;
        at.now = at.now + 1s;
        at.hear(news);
        return at.erp().peerRoleSince;
    };
    for (const GroupRecord& group : at.state.groups)
        status.groups.push_back({.role = Role::Standby, .tag = group.tag});
    const Instant first = says(Role::Standby);
    QCOMPARE(first, at.now);
    QCOMPARE(says(Role::Standby), first);
    QCOMPARE(says(Role::Starting), at.now);
    const Instant starting = at.now;
    QCOMPARE(says(Role::Starting), starting);
    QCOMPARE(at.web().peerRoleSince, first); // another group's is its own
    QCOMPARE(at.state.peer.statusSince, before);
}

// What was adopted here does not go back by policy only because this service has just started.
void PeerTest::whoIsHeardForTheFirstTimeNeedNotHaveBeenAway() {
    for (const Liveness before : {Liveness::Unknown, Liveness::Suspect, Liveness::Lost, Liveness::Alive}) {
        for (const Liveness now : {Liveness::Unknown, Liveness::Suspect, Liveness::Lost, Liveness::Alive}) {
            Ear at;
            at.state.peer.liveness = before;
            at.erp().wonAt = at.web().wonAt = origin - 9s;
            at.hear(heart(now, now));
            const bool first = before == Liveness::Unknown && now == Liveness::Alive;
            QCOMPARE(at.erp().wonAt, first ? at.now : origin - 9s);
            QCOMPARE(at.web().wonAt, first ? at.now : origin - 9s);
        }
    }
}

void PeerTest::nobodyStartsAloneOnceThePeerIsHeard() {
    for (const Liveness now : {Liveness::Unknown, Liveness::Suspect, Liveness::Lost, Liveness::Alive}) {
        Ear at;
        at.state.peer.liveness = Liveness::Lost;
        at.erp().alone = at.web().alone = true;
        at.hear(heart(now, now));
        QCOMPARE(at.erp().alone, now != Liveness::Alive);
        QCOMPARE(at.web().alone, now != Liveness::Alive);
    }
}

void PeerTest::driftIsJudgedByALivingService() {
    Ear at;
    at.configuration.digest = 7;
    HeartChanged report = heart(Liveness::Alive, Liveness::Alive);
    report.peer.status.configurationDigest = 8;
    report.peer.status.serviceAlive = false;
    at.hear(report);
    QVERIFY(!at.alarm("configuration.drift"));
    report.peer.status.serviceAlive = true;
    at.hear(report);
    QVERIFY(at.alarm("configuration.drift"));
    report.peer.status.configurationDigest = 7;
    at.hear(report);
    QVERIFY(!at.alarm("configuration.drift"));
}

void PeerTest::whatTheWordIsWorth() {
    Workplace at;
    const auto speaks = [&] { return at.ask([&](StepContext& step) { return peerSpeaks(step); }); };
    const auto fit = [&] { return at.ask([&](StepContext& step) { return peerFit(step, at.erp()); }); };
    const auto word = [&] { return at.ask([&](StepContext& step) { return peerWord(step, at.web()); }); };
    QVERIFY(speaks() && fit() && word() == &at.state.peer.status.groups[1]);
    at.state.peer.liveness = Liveness::Suspect;
    QVERIFY(!speaks() && !fit());
    at.state.peer.liveness = Liveness::Alive;
    at.state.peer.everHeard = false;
    QVERIFY(!speaks() && !fit() && !word());
    at.state.peer.everHeard = true;
    at.state.peer.status.serviceAlive = false;
    QVERIFY(!speaks() && !fit() && word());
    at.state.peer.status.serviceAlive = true;
    for (bool* spoilt : {&at.word(at.erp()).unfit, &at.state.peer.status.leaving, &at.state.peer.status.maintenance}) {
        *spoilt = true;
        QVERIFY(speaks() && !fit());
        *spoilt = false;
    }
    at.state.peer.status.groups.resize(1);
    QVERIFY(!word());
    at.state.peer.status.groups.clear();
    QVERIFY(!fit());
}

void PeerTest::whatWasLeftByWhom() {
    Workplace at;
    const auto byPeer = [&](model::ReservationKey key) {
        return at.ask([&](StepContext& step) { return leftByPeer(step, at.erp(), key); });
    };
    const model::ReservationKey present = Workplace::key(NodeId::Second, Workplace::peerBoot, 3);
    const model::ReservationKey dead = Workplace::key(NodeId::Second, Workplace::deadBoot, 3);
    QVERIFY(byPeer(present) && byPeer(dead));
    QVERIFY(!byPeer(Workplace::key(NodeId::First, Workplace::deadBoot, 3)));
    QVERIFY(!byPeer(Workplace::key(NodeId::Second, Workplace::peerBoot, 4))); // its word is older than that claim
    QVERIFY(byPeer(Workplace::key(NodeId::Second, Workplace::peerBoot, 2))); // a later claim of its own has ended since
    // A key has room for the lower half of an epoch: half the circle is earlier, the other half is later.
    at.word(at.erp()).epoch = model::Epoch(0x18002);
    QVERIFY(byPeer(present));
    at.word(at.erp()).epoch = model::Epoch(0x18003);
    QVERIFY(!byPeer(present));
    at.word(at.erp()).epoch = model::Epoch(3);
    for (const Role role : {Role::Claiming, Role::Starting, Role::Active, Role::Stopping, Role::Lost}) {
        at.word(at.erp()).role = role;
        QVERIFY(!byPeer(present) && byPeer(dead));
    }
    at.word(at.erp()).role = Role::Failed;
    QVERIFY(byPeer(present));
    at.state.peer.status.serviceAlive = false;
    QVERIFY(!byPeer(present) && byPeer(dead));
    at.state.peer.status.serviceAlive = true;
    at.state.peer.status.groups.clear();
    QVERIFY(!byPeer(present) && byPeer(dead));
    at.state.peer.liveness = Liveness::Lost;
    QVERIFY(!byPeer(dead)); // which boot is the present one is not known
    at.ask([&](StepContext& step) {
        const bool good = leftByUs(step, Workplace::key(NodeId::First, Workplace::ownBoot, 1)) &&
                          leftByUs(step, Workplace::key(NodeId::First, Workplace::deadBoot, 1)) &&
                          !leftByUs(step, present);
        [&] { QVERIFY(good); }();
        return 0;
    });
}

QTEST_GUILESS_MAIN(PeerTest)
#include "peer_test.moc"
