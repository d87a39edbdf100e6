// SPDX-License-Identifier: Apache-2.0
// What a pool is made of, without a kernel: its rules as a text, its drawers, the health of its servers, its words.
#include <QTest>
#include <algorithm>

#include "agents/pool_rules.h"
#include "agents/pool_slots.h"
#include "agents/pool_words.h"
#include "agents/server_health.h"

using namespace dyad;
using namespace dyad::agents;
using Balance = model::PoolSettings::Balance;
using Verdict = ProbeResult::Verdict;
using State = ServerHealth::State;

namespace {

constexpr ServerDuty serves = ServerDuty::Serves;
constexpr ServerDuty resting = ServerDuty::Resting;
constexpr ServerDuty out = ServerDuty::Out;

model::PoolSettings pool(Balance balance = Balance::RoundRobin) {
    model::PoolSettings settings;
    settings.address = "10.77.0.100";
    settings.port = 80;
    settings.balance = balance;
    settings.servers = {
        {"web1", "10.77.0.11", 8080, 3}, {"web2", "10.77.0.12", 8080, 1}, {"web3", "10.77.0.13", 81, 2}};
    return settings;
}

// The line that chooses a server.
std::string choosing(const std::string& rules) {
    const std::size_t at = rules.find("meta l4proto tcp dnat");
    return at == std::string::npos ? "" : rules.substr(at, rules.find('\n', at) - at);
}

std::vector<bool> without(std::size_t count, std::size_t gone) {
    std::vector<bool> left(count, true);
    left[gone] = false;
    return left;
}

constexpr const char* wholeText = R"(table ip dyad_erp_web
delete table ip dyad_erp_web
table ip dyad_erp_web {
	chain choose {
		meta l4proto tcp dnat ip to numgen inc mod 2 map { 0 : 10.77.0.11 . 8080, 1 : 10.77.0.12 . 8080 }
	}
	chain arriving {
		type nat hook prerouting priority dstnat; policy accept;
		ip daddr 10.77.0.100 tcp dport 80 jump choose
	}
	chain own {
		type nat hook output priority -100; policy accept;
		ip daddr 10.77.0.100 tcp dport 80 jump choose
	}
	chain leaving {
		type nat hook postrouting priority srcnat; policy accept;
		meta l4proto tcp ct status dnat ct original ip daddr 10.77.0.100 ct original proto-dst 80 masquerade
	}
	chain refused {
		type filter hook input priority filter; policy accept;
		ip daddr 10.77.0.100 tcp dport 80 reject with tcp reset
	}
	chain passing {
		type filter hook forward priority filter; policy accept;
		meta l4proto tcp ct status dnat ct original ip daddr 10.77.0.100 ct original proto-dst 80 ip daddr . tcp dport { 10.77.0.13 . 81 } reject with tcp reset
	}
	chain sent {
		type filter hook output priority filter; policy accept;
		meta l4proto tcp ct status dnat ct original ip daddr 10.77.0.100 ct original proto-dst 80 ip daddr . tcp dport { 10.77.0.13 . 81 } reject with tcp reset
	}
}
)";

constexpr const char* emptyText = R"(table ip6 dyad_erp_web
delete table ip6 dyad_erp_web
table ip6 dyad_erp_web {
	chain choose {
	}
	chain arriving {
		type nat hook prerouting priority dstnat; policy accept;
		ip6 daddr fd77::100 tcp dport 443 jump choose
	}
	chain own {
		type nat hook output priority -100; policy accept;
		ip6 daddr fd77::100 tcp dport 443 jump choose
	}
	chain refused {
		type filter hook input priority filter; policy accept;
		ip6 daddr fd77::100 tcp dport 443 reject with tcp reset
	}
}
)";

} // namespace

class PoolRulesTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theWholeText() {
        QCOMPARE(poolTable("erp", "web"), std::string("dyad_erp_web"));
        QCOMPARE(poolRules(pool(), "dyad_erp_web", {serves, serves, out}), std::string(wholeText));
    }

    void nobodyServes() {
        model::PoolSettings six = pool();
        six.address = "fd77::100";
        six.port = 443;
        six.sourceNat = false;
        six.servers = {{"web1", "fd77::11", 443}};
        QCOMPARE(poolRules(six, "dyad_erp_web", {resting}), std::string(emptyText));
    }

    void oneAloneNeedsNoChoice() {
        QCOMPARE(choosing(poolRules(pool(Balance::Source), "t", {out, serves, resting})),
                 std::string("meta l4proto tcp dnat ip to 10.77.0.12:8080"));
        model::PoolSettings six = pool();
        six.address = "fd77::100";
        six.servers = {{"web1", "fd77::11", 443}};
        QCOMPARE(choosing(poolRules(six, "t", {serves})), std::string("meta l4proto tcp dnat ip6 to [fd77::11]:443"));
    }

    // As nft lists what it was given.
    void whoServesCanBeReadBack() {
        const auto read = [](const model::PoolSettings& settings, const std::vector<ServerDuty>& duties) {
            return servingIn(poolRules(settings, "t", duties), settings);
        };
        using Serving = std::vector<bool>;
        for (const Balance balance : {Balance::RoundRobin, Balance::Weighted, Balance::Source}) {
            QCOMPARE(read(pool(balance), {serves, serves, serves}), (Serving{true, true, true}));
            QCOMPARE(read(pool(balance), {serves, out, serves}), (Serving{true, false, true}));
            QCOMPARE(read(pool(balance), {out, serves, resting}), (Serving{false, true, false}));
            QCOMPARE(read(pool(balance), {out, out, out}), (Serving{false, false, false}));
        }
        model::PoolSettings alike = pool();
        alike.servers = {{"a", "10.77.0.11", 80}, {"b", "10.77.0.11", 8080}, {"c", "10.77.0.1", 80}};
        QCOMPARE(read(alike, {out, serves, out}), (Serving{false, true, false}));
        QCOMPARE(read(alike, {out, serves, serves}), (Serving{false, true, true}));
        QCOMPARE(servingIn("table ip other { }", alike), (Serving{false, false, false}));
        QCOMPARE(servingIn("", alike), (Serving{false, false, false}));
    }

    void weightsAreRanges() {
        const model::PoolSettings weighted = pool(Balance::Weighted);
        QCOMPARE(choosing(poolRules(weighted, "t", {serves, serves, serves})),
                 std::string("meta l4proto tcp dnat ip to numgen random mod 6 map { 0-2 : 10.77.0.11 . 8080, "
                             "3 : 10.77.0.12 . 8080, 4-5 : 10.77.0.13 . 81 }"));
        QCOMPARE(choosing(poolRules(weighted, "t", {out, serves, serves})),
                 std::string("meta l4proto tcp dnat ip to numgen random mod 3 map { 0 : 10.77.0.12 . 8080, "
                             "1-2 : 10.77.0.13 . 81 }"));
    }

    // Resting servers keep what they have, dead ones don't.
    void onlyTheDeadAreCut() {
        const std::string rules = poolRules(pool(), "t", {resting, serves, serves});
        QVERIFY(rules.find("10.77.0.11") == std::string::npos && rules.find("hook forward") == std::string::npos);
        QVERIFY(poolRules(pool(), "t", {out, serves, out}).find("{ 10.77.0.11 . 8080, 10.77.0.13 . 81 } reject") !=
                std::string::npos);
    }

    void everyDrawerHasItsServer() {
        const std::string line = choosing(poolRules(pool(Balance::Source), "t", {serves, serves, out}));
        QVERIFY(line.find("jhash ip saddr mod 512 seed 0x64796164 map { 0 : 10.77.0.1") != std::string::npos);
        QVERIFY(line.find(", 511 : 10.77.0.1") != std::string::npos && line.find("10.77.0.13") == std::string::npos);
    }

    void drawersAreSharedOutByWeight() {
        const auto slots = assignSlots(pool().servers, {true, true, true}).value();
        QCOMPARE(slots.size(), sourceSlots);
        const auto share = [&](std::size_t server) { return std::count(slots.begin(), slots.end(), server); };
        QCOMPARE(share(0), 256);
        QVERIFY(share(1) == 85 || share(1) == 86);
        QCOMPARE(share(0) + share(1) + share(2), 512);
        QVERIFY(!assignSlots(pool().servers, {false, false, false}));
    }

    void onlyTheDrawersOfTheDeadMove() {
        std::vector<model::PoolServer> servers;
        for (int i = 0; i < 8; ++i)
            servers.push_back({"web" + std::to_string(i), "10.0.0." + std::to_string(i), 80, i == 7 ? 8U : 4U});
        const auto all = assignSlots(servers, std::vector<bool>(8, true)).value();
        for (std::size_t gone = 0; gone < servers.size(); ++gone) {
            const auto left = assignSlots(servers, without(8, gone)).value();
            std::vector<int> heirs(8);
            for (std::size_t slot = 0; slot < sourceSlots; ++slot) {
                if (all[slot] != gone) QCOMPARE(left[slot], all[slot]);
                if (all[slot] == gone) ++heirs[left[slot]];
            }
            // Nobody gets all of it: of its 57 drawers or more each of the others takes about a seventh.
            QCOMPARE(heirs[gone], 0);
            for (std::size_t i = 0; i < heirs.size(); ++i)
                QVERIFY(i == gone || (heirs[i] > 0 && heirs[i] < 40));
        }
        // A second one gone moves none but its own, and those that had fled to it.
        std::vector<bool> two = without(8, 2);
        const auto one = assignSlots(servers, two).value();
        two[5] = false;
        const auto both = assignSlots(servers, two).value();
        for (std::size_t slot = 0; slot < sourceSlots; ++slot)
            if (one[slot] != 5) QCOMPARE(both[slot], one[slot]);
    }

    void theFirstAnswerDecidesAlone() {
        ServerHealth dead(3, 2);
        QVERIFY(dead.state() == State::Unknown);
        QVERIFY(!dead.note({Verdict::CouldNotRun, "no program"}, 1));
        QVERIFY(dead.state() == State::Unknown);
        QVERIFY(dead.note({Verdict::Failed, "refused"}, 2));
        QVERIFY(dead.state() == State::Out);
        ServerHealth well(3, 2);
        QVERIFY(well.note({Verdict::Well, "connected"}, 7));
        QVERIFY(well.state() == State::In);
        QCOMPARE(well.sinceWallClockMs(), std::int64_t{7});
    }

    void whoWasInStaysInOverOneBadAnswer() {
        ServerHealth health(2, 2);
        health.takenOverAsIn(5);
        QVERIFY(health.state() == State::In);
        QVERIFY(!health.note({Verdict::Failed, "slow"}, 6));
        QVERIFY(health.state() == State::In);
        QVERIFY(health.note({Verdict::Failed, "slow"}, 7));
        QVERIFY(health.state() == State::Out);
    }

    void soManyInARow() {
        ServerHealth health(3, 2);
        std::int64_t now = 0;
        const auto check = [&](Verdict verdict) {
            ++now;
            return health.note({verdict, "at " + std::to_string(now)}, now);
        };
        QVERIFY(check(Verdict::Well));
        QVERIFY(!check(Verdict::Failed));
        QVERIFY(!check(Verdict::Failed));
        QVERIFY(!check(Verdict::Well)); // the row is broken
        QVERIFY(!check(Verdict::Failed));
        QVERIFY(!check(Verdict::CouldNotRun)); // which this doesn't do
        QVERIFY(!check(Verdict::Failed));
        QVERIFY(health.state() == State::In);
        QVERIFY(check(Verdict::Failed));
        QVERIFY(health.state() == State::Out);
        QCOMPARE(health.sinceWallClockMs(), now);
        QCOMPARE(health.reason(), std::string("at 8"));
        QVERIFY(!check(Verdict::Failed));
        QCOMPARE(health.reason(), std::string("at 8")); // of what took it out
        QVERIFY(!check(Verdict::Well));
        QVERIFY(!check(Verdict::Failed));
        QVERIFY(!check(Verdict::Well));
        QVERIFY(check(Verdict::Well));
        QVERIFY(health.state() == State::In);
        // A limit of nothing is one of one.
        ServerHealth hasty(0, 0);
        QVERIFY(hasty.note({Verdict::Well, ""}, 1) && hasty.note({Verdict::Failed, ""}, 2) &&
                hasty.note({Verdict::Well, ""}, 3));
    }

    void inWords() {
        ::setenv("TZ", "UTC", 1);
        ::tzset();
        std::vector<ServerStanding> standings(3, ServerStanding{.state = State::In});
        QCOMPARE(poolWords(pool().servers, standings), std::string("3 of 3 servers serve"));
        standings[0] = {}; // not known yet: counts as well
        standings[1] = {.state = State::Out, .sinceWallClockMs = 1'795'429'351'000, .reason = "refused"};
        standings[2].trouble = "no such program";
        QCOMPARE(poolWords(pool().servers, standings),
                 std::string("2 of 3 servers serve; web2 is out since 2026-11-23 10:22:31: refused; "
                             "web3 can't be checked: no such program"));
        standings[1].maintenance = true;
        standings[2] = {.state = State::In, .maintenance = true};
        QCOMPARE(poolWords(pool().servers, standings),
                 std::string("1 of 3 servers serve; web2 is in maintenance and out since 2026-11-23 10:22:31: refused; "
                             "web3 is in maintenance"));
        const std::vector<model::PoolServer> many(20, {"w", "10.0.0.1", 80});
        const std::string words = poolWords(many, std::vector<ServerStanding>(20, {.state = State::Out}));
        QVERIFY2(words.ends_with("; and 12 more"), words.c_str());
    }
};

QTEST_APPLESS_MAIN(PoolRulesTest)
#include "pool_rules_test.moc"
