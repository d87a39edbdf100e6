// SPDX-License-Identifier: Apache-2.0
// type = "pool": what is read, and every way in which it can be wrong.
#include "pair.h"

#include <QtTest>

using namespace dyad;
using namespace dyad::config;
using Balance = model::PoolSettings::Balance;

namespace {

// Lines 14 to 19.
const std::string addressLines = R"([[group]]
name = "lb"
[[group.resource]]
name = "ip"
type = "address"
address = "10.77.0.100/24"
)";
// Lines 20 to 23.
const std::string poolLines = R"([[group.resource]]
name = "web"
type = "pool"
listen = "10.77.0.100:80"
)";
// Lines 24 to 26, where nothing stands between.
const std::string serverLines = R"([[group.resource.server]]
name = "web1"
address = "10.77.0.11:8080"
)";
const std::string withoutLun = pairLines.substr(0, pairLines.find("[[lun]]")) + "\n\n\n"; // the same lines, no LUN
const std::string whole = withoutLun + addressLines + poolLines + serverLines;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    Q_ASSERT(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

std::string with(const std::string& poolKeys, const std::string& serverKeys = "") {
    return withoutLun + addressLines + poolLines + poolKeys + serverLines + serverKeys;
}

const model::PoolSettings& poolOf(const Loaded& loaded) {
    return std::get<model::PoolSettings>(loaded.configuration->groups[0].resources[1].settings);
}

} // namespace

class PoolConfigTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void defaults();
    void everyKey();
    void everyProbeIsAimedAtItsServer();
    void oneProblem_data();
    void oneProblem();
};

void PoolConfigTest::defaults() {
    const Loaded loaded = loadText(whole, "dyad.toml");
    QVERIFY2(loaded.configuration.has_value(), allTexts(loaded).c_str());
    const model::PoolSettings& pool = poolOf(loaded);
    QCOMPARE(pool.address, std::string("10.77.0.100"));
    QCOMPARE(pool.port, std::uint16_t{80});
    QVERIFY(pool.balance == Balance::RoundRobin && pool.sourceNat && !pool.failWhenEmpty);
    QVERIFY(pool.interval == 2s && pool.timeout == 1s);
    QVERIFY(pool.failures == 3 && pool.successes == 2);
    QCOMPARE(pool.servers.size(), std::size_t{1});
    QVERIFY(pool.servers[0] ==
            (model::PoolServer{"web1", "10.77.0.11", 8080, 1, false, model::TcpProbe{"10.77.0.11", 8080}}));
}

void PoolConfigTest::everyKey() {
    const std::string keys = R"(balance = "weighted"
source_nat = false
all_dead = "fail"
health = { probe = "http", port = 81, path = "/health", status = 204, body = "ok", interval_ms = 500, timeout_ms = 400, failures = 4, successes = 5 }
)";
    const std::string second = "weight = 100\n[[group.resource.server]]\nname = \"b\"\naddress = \"10.77.0.12:80\"\n"
                               "maintenance = true\n";
    const Loaded loaded = loadText(with(keys, second), "dyad.toml");
    QVERIFY2(loaded.configuration.has_value(), allTexts(loaded).c_str());
    const model::PoolSettings& pool = poolOf(loaded);
    QVERIFY(pool.balance == Balance::Weighted && !pool.sourceNat && pool.failWhenEmpty);
    QVERIFY(pool.interval == 500ms && pool.timeout == 400ms && pool.failures == 4 && pool.successes == 5);
    QVERIFY(pool.servers[0].weight == 100 && !pool.servers[0].maintenance);
    QVERIFY(pool.servers[1].weight == 1 && pool.servers[1].maintenance);
    QVERIFY(pool.servers[1].probe ==
            model::Probe(model::HttpProbe{"http://10.77.0.12:81/health", std::uint16_t{204}, "ok", true}));
    // A short interval alone brings a time-out that fits.
    const Loaded quick = loadText(with("health = { interval_ms = 200 }\n"), "dyad.toml");
    QVERIFY2(quick.configuration.has_value(), allTexts(quick).c_str());
    QVERIFY(poolOf(quick).timeout == 200ms);
}

void PoolConfigTest::everyProbeIsAimedAtItsServer() {
    const auto probe = [](const std::string& health) {
        const Loaded loaded = loadText(with("health = { " + health + " }\n"), "dyad.toml");
        return loaded.configuration ? poolOf(loaded).servers[0].probe
                                    : model::Probe(model::SqlProbe{allTexts(loaded), ""});
    };
    using Protocol = model::GreetingProbe::Protocol;
    QVERIFY(probe("port = 9") == model::Probe(model::TcpProbe{"10.77.0.11", 9}));
    QVERIFY(probe("probe = \"https\", certificate = \"any\"") ==
            model::Probe(model::HttpProbe{"https://10.77.0.11:8080/", std::nullopt, "", false}));
    QVERIFY(probe("probe = \"smtp\"") == model::Probe(model::GreetingProbe{Protocol::Smtp, "10.77.0.11", 8080}));
    QVERIFY(probe("probe = \"ftp\", port = 21") == model::Probe(model::GreetingProbe{Protocol::Ftp, "10.77.0.11", 21}));
    QVERIFY(probe("probe = \"script\", command = [\"/usr/bin/check\", \"-q\"]") ==
            model::Probe(model::ScriptProbe{{"/usr/bin/check", "-q", "10.77.0.11", "8080"}}));
    std::string six = with("health = { probe = \"http\" }\n");
    six = replaced(replaced(replaced(six, "10.77.0.100/24", "fd77::100/64"), "10.77.0.100:80", "[fd77::100]:80"),
                   "10.77.0.11:8080", "[fd77:0::11]:8080");
    const Loaded loaded = loadText(six, "dyad.toml");
    QVERIFY2(loaded.configuration.has_value(), allTexts(loaded).c_str());
    QCOMPARE(poolOf(loaded).servers[0].address, std::string("fd77::11"));
    QVERIFY(poolOf(loaded).servers[0].probe ==
            model::Probe(model::HttpProbe{"http://[fd77::11]:8080/", std::nullopt, "", true}));
}

void PoolConfigTest::oneProblem_data() {
    QTest::addColumn<std::string>("text");
    QTest::addColumn<unsigned>("line");
    QTest::addColumn<std::string>("key");
    QTest::addColumn<std::string>("says");
    QTest::addColumn<std::string>("remedy");
    const auto row = [](const char* name, const std::string& text, unsigned line, const char* key, const char* says,
                        const char* remedy) {
        QTest::newRow(name) << text << line << std::string(key) << std::string(says) << std::string(remedy);
    };
    const auto change = [&](const char* name, const char* from, const char* to, unsigned line, const char* key,
                            const char* says,
                            const char* remedy) { row(name, replaced(whole, from, to), line, key, says, remedy); };
    const auto health = [&](const char* name, const std::string& keys, const char* key, const char* says,
                            const char* remedy) {
        row(name, with("health = { " + keys + " }\n"), 24, key, says, remedy);
    };
    change("no listen", "listen = \"10.77.0.100:80\"\n", "", 20, "listen", "the key \"listen\" is missing", "listen =");
    change("listen without port", "10.77.0.100:80\"", "10.77.0.100\"", 23, "listen",
           "is not a numeric address with a port", "10.77.0.100:80");
    change("listen by name", "10.77.0.100:80", "www.example:80", 23, "listen", "is not a numeric address", "");
    change("listen everywhere", "10.77.0.100:80", "0.0.0.0:80", 23, "listen", "is not the address of one host", "");
    change("listen elsewhere", "10.77.0.100:80", "10.77.0.99:80", 23, "listen",
           "10.77.0.99 is no address of this group", "listen on \"10.77.0.100\"");
    change("no address in the group", replaced(addressLines, "[[group]]\nname = \"lb\"\n", "").c_str(), "", 19,
           "listen", "is no address of this group", "write a resource of type address");
    row("balance", with("balance = \"wieghted\"\n"), 24, "balance", "is not one of", "did you mean \"weighted\"?");
    row("truth as a text", with("source_nat = \"no\"\n"), 24, "source_nat", "is a text", "true or false");
    row("all dead", with("all_dead = \"move\"\n"), 24, "all_dead", "is not one of", "");
    row("unknown key", with("sticky = true\n"), 24, "sticky", "unknown key \"sticky\"", "");
    row("udp is not spoken", with("protocol = \"udp\"\n"), 24, "protocol", "unknown key \"protocol\"", "");
    row("no servers", withoutLun + addressLines + poolLines, 20, "server", "has no servers",
        "write a [[group.resource.server]] block");
    row("unknown key of a server", with("", "wieght = 3\n"), 27, "wieght", "unknown key", "did you mean \"weight\"?");
    row("weight without balance", with("", "weight = 3\n"), 27, "weight", "says nothing with balance",
        "balance = \"weighted\"");
    row("weight of nothing", with("balance = \"weighted\"\n", "weight = 0\n"), 28, "weight", "0 is out of range",
        "from 1 to 100");
    row("maintenance as a number", with("", "maintenance = 1\n"), 27, "maintenance", "is a whole number",
        "true or false");
    change("server without name", "name = \"web1\"\n", "", 24, "name", "server number 1 of resource \"web\" of group",
           "add name =");
    change("server by name", "10.77.0.11:8080", "web1.example:80", 26, "address", "is not a numeric address", "");
    change("server on loopback", "10.77.0.11:8080", "127.0.0.1:8080", 26, "address", "is a loopback address", "");
    change("server of another family", "10.77.0.11:8080", "[fd77::11]:8080", 26, "address", "is of another family",
           "a pool for each");
    change("server is the pool", "10.77.0.11:8080", "10.77.0.100:80", 26, "address", "is where the pool itself listens",
           "");
    row("two servers of one name",
        with("", "[[group.resource.server]]\nname = \"web1\"\naddress = \"10.77.0.12:80\"\n"), 28, "name",
        "is used twice in this pool", "");
    row("two servers in one place",
        with("", "[[group.resource.server]]\nname = \"web2\"\naddress = \"10.77.0.11:8080\"\n"), 29, "address",
        "is the place of another server", "");
    health("probe", "probe = \"htp\"", "probe", "is not one of", "did you mean");
    health("page without slash", "probe = \"http\", path = \"health\"", "path", "is no path of a page",
           "begin it with /");
    health("page with a space", "probe = \"http\", path = \"/a b\"", "path", "is no path of a page", "%20");
    health("page of a tcp probe", "path = \"/health\"", "path", "says nothing with this probe", "probe = \"http\"");
    health("certificate of plain http", "probe = \"http\", certificate = \"any\"", "certificate",
           "says nothing with this probe", "\"https\"");
    health("script without command", "probe = \"script\"", "command", "is missing", "command = ");
    health("command of a tcp probe", "command = [\"/bin/true\"]", "command", "says nothing with this probe",
           "\"script\"");
    health("sql", "sql = \"x\"", "sql", "unknown key \"sql\"", "");
    health("successes", "successes = 0", "successes", "0 is out of range", "from 1 to 100");
    health("time-outs that contradict each other", "interval_ms = 500, timeout_ms = 900", "timeout_ms",
           "timeout_ms = 900 is longer than interval_ms = 500", "make it at most 500");
    row("two pools in one place", whole + replaced(poolLines, "web", "web2") + serverLines, 30, "listen",
        "already belongs to resource \"web\" of group \"lb\"", "a port or an address of its own");
    const std::string other = replaced(replaced(addressLines, "\"lb\"", "\"lb_web\""), "0.100", "0.101");
    row("two pools of one name",
        replaced(whole, "name = \"web\"", "name = \"web_x\"") + other +
            replaced(replaced(poolLines, "\"web\"", "\"x\""), "0.100", "0.101") + serverLines,
        33, "name", "its rules would have the same name as those of resource \"web_x\"", "rename one of them");
}

void PoolConfigTest::oneProblem() {
    QFETCH(std::string, text);
    QFETCH(unsigned, line);
    QFETCH(std::string, key);
    QFETCH(std::string, says);
    QFETCH(std::string, remedy);
    const Loaded loaded = loadText(text, "dyad.toml");
    QVERIFY(!loaded.configuration);
    QVERIFY2(loaded.problems.size() == 1, allTexts(loaded).c_str());
    const Problem& problem = loaded.problems.front();
    QVERIFY2(problem.line == line && problem.key == key, toText(problem).c_str());
    QVERIFY2(problem.text.find(says) != std::string::npos, toText(problem).c_str());
    QVERIFY2(problem.remedy.find(remedy) != std::string::npos && !problem.remedy.empty(), toText(problem).c_str());
}

QTEST_APPLESS_MAIN(PoolConfigTest)
#include "pool_test.moc"
