// SPDX-License-Identifier: Apache-2.0
// What a good file becomes.
#include "pair.h"

#include "config/digest.h"

#include <QTemporaryDir>
#include <QtTest>
#include <fstream>

using namespace dyad;
using namespace dyad::config;

namespace {

std::vector<std::uint32_t> afterOf(const model::GroupSetup& group, std::size_t resource) {
    std::vector<std::uint32_t> numbers;
    for (const model::ResourceId id : group.resources.at(resource).after)
        numbers.push_back(id.value);
    return numbers;
}

using Numbers = std::vector<std::uint32_t>;

std::string command(const char* name, const char* more = "") {
    return std::string("[[group.resource]]\nname = \"") + name +
           "\"\ntype = \"command\"\nstart = [\"/bin/true\"]\nstop = [\"/bin/true\"]\n" + more + "\n";
}

std::string address(const char* name, const char* text, const char* more = "") {
    return std::string("[[group.resource]]\nname = \"") + name + "\"\ntype = \"address\"\naddress = \"" + text +
           "\"\n" + more + "\n";
}

} // namespace

class LoadTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theExampleLoads();
    void defaultsAreFilledIn();
    void everyKeyArrives();
    void everyKeyOfAMariadbArrives();
    void linksKeepTheWrittenOrder();
    void lunsOfAGroupAreInTheOrderOfTheFile();
    void theWrittenOrderIsAChain();
    void anEarlyAddressStandsAside();
    void aLateAddressWaitsForAllOthers();
    void aLateAddressThatOthersWaitForIsNoCircle();
    void digestIsOfTheBytes();
    void clusterIdIsOfTheName();
    void warningsDontStopIt();
    void filesAreReadFromDisk();
};

void LoadTest::theExampleLoads() {
    const Loaded loaded = loadFile(DYAD_EXAMPLE);
    QVERIFY2(loaded.configuration.has_value(), allTexts(loaded).c_str());
    QVERIFY2(loaded.warnings.empty(), allTexts(loaded).c_str());
    const model::Configuration& configuration = *loaded.configuration;
    QCOMPARE(configuration.clusterName, std::string("erp-pair"));
    QCOMPARE(configuration.links.size(), std::size_t(2));
    QCOMPARE(configuration.links[0].name, std::string("private"));
    QCOMPARE(configuration.links[0].ends[1].address, std::string("10.77.1.2"));
    QCOMPARE(configuration.groups.at(0).resources.size(), std::size_t(7));
    QCOMPARE(configuration.groups[0].luns, std::vector{model::LunId(0)});
    QVERIFY(configuration.groups[0].prefer == model::NodeId::First);
}

void LoadTest::defaultsAreFilledIn() {
    const Loaded loaded = loadText(pairLines + groupLines, "dyad.toml");
    QVERIFY2(loaded.configuration.has_value(), allTexts(loaded).c_str());
    const model::Configuration& configuration = *loaded.configuration;
    QVERIFY(configuration.profile == model::Profile::Standard);
    QCOMPARE(configuration.heartbeatPort, std::uint16_t(7400));
    QCOMPARE(configuration.control.port, std::uint16_t(7410));
    QCOMPARE(configuration.luns[0].portal, std::string("10.77.2.9:3260"));
    QCOMPARE(configuration.luns[0].lun, std::uint16_t(1));
    const model::GroupSetup& group = configuration.groups[0];
    QVERIFY(!group.prefer);
    QVERIFY(group.failback == model::Failback::Manual);
    QVERIFY(group.resources[0].startTimeout == 60s);
    QCOMPARE(group.resources[0].ladder.restarts, 2U);
}

void LoadTest::everyKeyArrives() {
    const std::string text = R"([cluster]
name = "p"
profile = "fast"
heartbeat_port = 7500
[control]
port = 7510
[[node]]
name = "a"
links = { one = "fd00::1", two = "fe80::1%eth1" }
[[node]]
name = "b"
links = { two = "FE80::0:2%eth1", one = "fd00:0::2" }
[[lun]]
name = "disk"
iscsi = "iscsi://joe@[fd00::9]:3261/iqn.2026-11.example:array/7"
chap_secret_file = "/etc/dyad/chap"
minimum_bytes = 5_000
[[group]]
name = "g"
prefer = "b"
failback = "auto"
failback_after_s = 90
failback_window = "22:30-04:15"
[[group.resource]]
name = "fs"
type = "filesystem"
lun = "disk"
mount = "/srv/g"
fstype = "xfs"
options = "nouuid,noatime"
start_timeout_s = 1.5
stop_timeout_s = 7
restarts = 0
restart_window_s = 60
restart_backoff_s = 2.5
[[group.resource]]
name = "db"
type = "postgresql"
data = "/srv/g/data"
binaries = "/opt/pg/bin"
user = "pg"
port = 5433
socket_directory = "/run/pg"
options = ["shared_buffers=1GB"]
database = "erp"
check = "write"
health = { interval_ms = 1000, timeout_ms = 900, failures = 5 }
[[group.resource]]
name = "app"
type = "process"
command = ["/usr/bin/app", ""]
user = "app"
directory = "/srv/g/app"
environment = { HOME = "/srv/g", EMPTY = "" }
ready = { tcp = "[::1]:80" }
health = { script = ["/bin/check", "-q"] }
stop_signal = "SIGINT"
[[group.resource]]
name = "cmd"
type = "command"
start = ["/bin/sh", "-c", "true\ntrue"]
stop = ["/bin/true"]
monitor = ["/bin/mon"]
interval_ms = 500
user = "_svc"
[[group.resource]]
name = "vip"
type = "address"
address = "fd00::100/64"
interface = "eth0"
raise = "last"
announcements = 3
refresh_s = 0
[[group.resource]]
name = "site"
type = "process"
command = ["/usr/bin/site"]
ready = { smtp = "127.0.0.1" }
health = { http = "https://127.0.0.1:8443/health?deep=1", status = 204, body = "fine", certificate = "any" }
[[group.resource]]
name = "web"
type = "ocf:heartbeat:nginx"
parameters = { configfile = "/srv/g/nginx.conf", port = 8080, verbose = true, empty = "" }
interval_ms = 2000
monitor_timeout_s = 12
check_level = 10
)";
    const Loaded loaded = loadText(text, "dyad.toml");
    QVERIFY2(loaded.configuration.has_value(), allTexts(loaded).c_str());
    const model::Configuration& c = *loaded.configuration;
    QVERIFY(c.profile == model::Profile::Fast);
    QCOMPARE(c.heartbeatPort, std::uint16_t(7500));
    QCOMPARE(c.control.port, std::uint16_t(7510));
    QCOMPARE(c.links[0].name, std::string("one"));
    QCOMPARE(c.links[0].ends[1].address, std::string("fd00::2"));
    QCOMPARE(c.links[1].ends[1].address, std::string("fe80::2%eth1"));
    QCOMPARE(c.luns[0].portal, std::string("[fd00::9]:3261"));
    QCOMPARE(c.luns[0].target, std::string("iqn.2026-11.example:array"));
    QCOMPARE(c.luns[0].lun, std::uint16_t(7));
    QCOMPARE(c.luns[0].chapUser, std::string("joe"));
    QCOMPARE(c.luns[0].chapSecretFile, std::string("/etc/dyad/chap"));
    QCOMPARE(c.luns[0].minimumBytes, std::uint64_t(5000));
    const model::GroupSetup& group = c.groups[0];
    QVERIFY(group.prefer == model::NodeId::Second);
    QVERIFY(group.failback == model::Failback::Auto);
    QVERIFY(group.failbackAfter == 90s);
    QVERIFY(group.failbackWindow == (model::DailyWindow{22 * 60 + 30, 4 * 60 + 15}));

    const model::ResourceSetup& filesystem = group.resources[0];
    QVERIFY(filesystem.startTimeout == 1500ms);
    QVERIFY(filesystem.stopTimeout == 7s);
    QCOMPARE(filesystem.ladder.restarts, 0U);
    QVERIFY(filesystem.ladder.window == 60s);
    QVERIFY(filesystem.ladder.backoff == 2500ms);
    QCOMPARE(std::get<model::FilesystemSettings>(filesystem.settings).options, std::string("nouuid,noatime"));
    QCOMPARE(std::get<model::FilesystemSettings>(filesystem.settings).type, std::string("xfs"));

    const auto& database = std::get<model::PostgresqlSettings>(group.resources[1].settings);
    QCOMPARE(database.dataDirectory, std::string("/srv/g/data"));
    QCOMPARE(database.binaryDirectory, std::string("/opt/pg/bin"));
    QCOMPARE(database.user, std::string("pg"));
    QCOMPARE(database.port, std::uint16_t(5433));
    QCOMPARE(database.socketDirectory, std::string("/run/pg"));
    QCOMPARE(database.options, std::vector<std::string>{"shared_buffers=1GB"});
    QCOMPARE(database.probeDatabase, std::string("erp"));
    QVERIFY(std::holds_alternative<model::SqlProbe>(database.health.probe));
    QVERIFY(database.health.interval == 1s && database.health.timeout == 900ms);
    QCOMPARE(database.health.failures, 5U);
    QVERIFY(database.check == model::CheckDepth::Write);

    const auto& process = std::get<model::ProcessSettings>(group.resources[2].settings);
    QCOMPARE(process.command, (std::vector<std::string>{"/usr/bin/app", ""}));
    QCOMPARE(process.environment.at("HOME"), std::string("/srv/g"));
    QCOMPARE(process.environment.at("EMPTY"), std::string());
    QCOMPARE(process.workingDirectory, std::string("/srv/g/app"));
    QCOMPARE(std::get<model::TcpProbe>(*process.ready).address, std::string("::1"));
    QCOMPARE(std::get<model::ScriptProbe>(process.health->probe).command.size(), std::size_t(2));
    QCOMPARE(process.stopSignal, 2);

    const auto& commands = std::get<model::CommandSettings>(group.resources[3].settings);
    QCOMPARE(commands.start.at(2), std::string("true\ntrue"));
    QCOMPARE(commands.monitor, std::vector<std::string>{"/bin/mon"});
    QVERIFY(commands.interval == 500ms);
    QCOMPARE(commands.user, std::string("_svc"));

    const auto& vip = std::get<model::AddressSettings>(group.resources[4].settings);
    QCOMPARE(vip.address, std::string("fd00::100"));
    QCOMPARE(int(vip.prefixLength), 64);
    QCOMPARE(vip.interface, std::string("eth0"));
    QVERIFY(vip.raiseLast);
    QCOMPARE(vip.announcements, 3U);
    QVERIFY(vip.refresh == 0s);

    const auto& pages = std::get<model::ProcessSettings>(group.resources[5].settings);
    QVERIFY(pages.health->probe ==
            model::Probe(model::HttpProbe{"https://127.0.0.1:8443/health?deep=1", std::uint16_t(204), "fine", false}));
    QVERIFY(*pages.ready == model::Probe(model::GreetingProbe{model::GreetingProbe::Protocol::Smtp, "127.0.0.1", 25}));

    const auto& web = std::get<model::OcfSettings>(group.resources[6].settings);
    QVERIFY(web.provider == "heartbeat" && web.agent == "nginx");
    QVERIFY(web.parameters == (std::map<std::string, std::string>{
                                  {"configfile", "/srv/g/nginx.conf"}, {"empty", ""}, {"port", "8080"}, {"verbose", "true"}}));
    QVERIFY(web.interval == 2s && web.monitorTimeout == 12s);
    QCOMPARE(web.checkLevel, 10U);
}

void LoadTest::everyKeyOfAMariadbArrives() {
    const std::string begin = pairLines + groupLines + "[[group.resource]]\nname = \"db\"\ntype = \"mariadb\"\n";
    const Loaded loaded = loadText(begin + R"(data = "/srv/erp/mysql"
program = "/opt/mariadb/bin/mariadbd"
defaults = "/srv/erp/my.cnf"
user = "maria"
port = 3307
bind_address = "FD00::0:1"
socket = "/run/maria/db.sock"
options = ["innodb_buffer_pool_size=1G", "skip-name-resolve", "sync-binlog=1"]
account = "watch"
password_file = "/etc/dyad/watch.password"
database = "monitoring"
check = "port"
health = { interval_ms = 1000, timeout_ms = 900, failures = 5 }
)",
                                   "dyad.toml");
    QVERIFY2(loaded.configuration.has_value(), allTexts(loaded).c_str());
    QVERIFY2(loaded.warnings.empty(), allTexts(loaded).c_str());
    const auto& settings = std::get<model::MariadbSettings>(loaded.configuration->groups[0].resources[1].settings);
    const model::MariadbSettings wanted{
        .dataDirectory = "/srv/erp/mysql",
        .program = "/opt/mariadb/bin/mariadbd",
        .defaultsFile = "/srv/erp/my.cnf",
        .user = "maria",
        .port = 3307,
        .bindAddress = "fd00::1",
        .socket = "/run/maria/db.sock",
        .options = {"innodb_buffer_pool_size=1G", "skip-name-resolve", "sync-binlog=1"},
        .account = "watch",
        .passwordFile = "/etc/dyad/watch.password",
        .probeDatabase = "monitoring",
        .health = {model::SqlProbe{}, 1s, 900ms, 5},
        .check = model::CheckDepth::Port,
    };
    QVERIFY(settings == wanted);

    const Loaded plain = loadText(begin + "data = \"/srv/erp/mysql\"\n", "dyad.toml");
    QVERIFY2(plain.configuration.has_value(), allTexts(plain).c_str());
    model::MariadbSettings defaults;
    defaults.dataDirectory = "/srv/erp/mysql";
    QVERIFY(std::get<model::MariadbSettings>(plain.configuration->groups[0].resources[1].settings) == defaults);
}

void LoadTest::linksKeepTheWrittenOrder() {
    std::string text = pairLines + groupLines;
    text.replace(text.find("private = \"10.77.1.1\""), 21, "zebra = \"10.77.1.1\"");
    text.replace(text.find("private = \"10.77.1.2\""), 21, "zebra = \"10.77.1.2\"");
    const Loaded loaded = loadText(text, "dyad.toml");
    QVERIFY2(loaded.configuration.has_value(), allTexts(loaded).c_str());
    QCOMPARE(loaded.configuration->links[0].name, std::string("zebra"));
    QCOMPARE(loaded.configuration->links[1].name, std::string("public"));
}

void LoadTest::lunsOfAGroupAreInTheOrderOfTheFile() {
    const std::string text = pairLines +
                             "[[lun]]\nname = \"logs\"\niscsi = \"iscsi://10.77.2.9/iqn.2026-11.example:array/2\"\n"
                             "[[group]]\nname = \"erp\"\n"
                             "[[group.resource]]\nname = \"l\"\ntype = \"filesystem\"\nlun = \"logs\"\nmount = "
                             "\"/srv/l\"\nfstype = \"ext4\"\n"
                             "[[group.resource]]\nname = \"d\"\ntype = \"filesystem\"\nlun = \"array\"\nmount = "
                             "\"/srv/d\"\nfstype = \"ext4\"\n";
    const Loaded loaded = loadText(text, "dyad.toml");
    QVERIFY2(loaded.configuration.has_value(), allTexts(loaded).c_str());
    QCOMPARE(loaded.configuration->groups[0].luns, (std::vector{model::LunId(0), model::LunId(1)}));
}

void LoadTest::theWrittenOrderIsAChain() {
    const Loaded loaded = loadText(pairLines + groupLines + command("b") + command("c", "after = [\"data\"]") +
                                       command("d") + command("e", "after = []"),
                                   "dyad.toml");
    QVERIFY2(loaded.configuration.has_value(), allTexts(loaded).c_str());
    const model::GroupSetup& group = loaded.configuration->groups[0];
    QCOMPARE(afterOf(group, 0), Numbers{});
    QCOMPARE(afterOf(group, 1), Numbers{0});
    QCOMPARE(afterOf(group, 2), Numbers{0}); // as written
    QCOMPARE(afterOf(group, 3), Numbers{2});
    QCOMPARE(afterOf(group, 4), Numbers{}); // `after = []` frees it
}

void LoadTest::anEarlyAddressStandsAside() {
    const Loaded loaded = loadText(pairLines + groupLines + address("vip", "10.77.0.100/24") + command("c") +
                                       address("second", "10.77.0.101/24", "after = [\"c\"]"),
                                   "dyad.toml");
    QVERIFY2(loaded.configuration.has_value(), allTexts(loaded).c_str());
    const model::GroupSetup& group = loaded.configuration->groups[0];
    QCOMPARE(afterOf(group, 1), Numbers{});
    QCOMPARE(afterOf(group, 2), Numbers{0});
    QCOMPARE(afterOf(group, 3), Numbers{2});
}

void LoadTest::aLateAddressWaitsForAllOthers() {
    const Loaded loaded =
        loadText(pairLines + "[[group]]\nname = \"g\"\n" + address("vip", "10.77.0.100/24", "raise = \"last\"") +
                     command("a") + command("b"),
                 "dyad.toml");
    QVERIFY2(loaded.configuration.has_value(), allTexts(loaded).c_str());
    const model::GroupSetup& group = loaded.configuration->groups[0];
    QCOMPARE(afterOf(group, 0), (Numbers{1, 2}));
    QCOMPARE(afterOf(group, 1), Numbers{});
    QCOMPARE(afterOf(group, 2), Numbers{1});
}

void LoadTest::aLateAddressThatOthersWaitForIsNoCircle() {
    const Loaded loaded =
        loadText(pairLines + "[[group]]\nname = \"g\"\n" + address("vip", "10.77.0.100/24", "raise = \"last\"") +
                     command("a") + command("mail", "after = [\"vip\"]"),
                 "dyad.toml");
    QVERIFY2(loaded.configuration.has_value(), allTexts(loaded).c_str());
    QCOMPARE(afterOf(loaded.configuration->groups[0], 0), Numbers{1});
    QCOMPARE(afterOf(loaded.configuration->groups[0], 2), Numbers{0});
}

void LoadTest::digestIsOfTheBytes() {
    QCOMPARE(digestOf(""), std::uint64_t(0xcbf29ce484222325)); // the published vectors of FNV-1a
    QCOMPARE(digestOf("a"), std::uint64_t(0xaf63dc4c8601ec8c));
    QCOMPARE(digestOf("foobar"), std::uint64_t(0x85944171f73967e8));
    const std::string text = pairLines + groupLines;
    QCOMPARE(loadText(text, "x").configuration->digest, digestOf(text));
    QVERIFY(loadText(text + "\n", "x").configuration->digest != digestOf(text));
}

void LoadTest::clusterIdIsOfTheName() {
    QVERIFY(clusterIdOf("erp-pair") != clusterIdOf("erp-pair2"));
    for (int i = 0; i < 20000; ++i)
        QVERIFY(clusterIdOf("pair" + std::to_string(i)) != 0);
    QCOMPARE(loadText(pairLines + groupLines, "x").configuration->clusterId, clusterIdOf("erp-pair"));
}

void LoadTest::warningsDontStopIt() {
    const std::string text = R"([cluster]
name = "web"
[[node]]
name = "alpha"
links = { only = "10.77.1.1" }
[[node]]
name = "beta"
links = { only = "10.77.1.2" }
[[lun]]
name = "spare"
iscsi = "iscsi://10.77.2.9/iqn.2026-11.example:array/1"
[[group]]
name = "balancer"
)" + address("vip", "10.77.0.100/24");
    const Loaded loaded = loadText(text, "dyad.toml");
    QVERIFY2(loaded.configuration.has_value(), allTexts(loaded).c_str());
    QCOMPARE(loaded.warnings.size(), std::size_t(3));
    QCOMPARE(loaded.warnings[0].line, 5U);
    QVERIFY(loaded.warnings[0].text.find("only one link") != std::string::npos);
    QCOMPARE(loaded.warnings[1].line, 9U);
    QVERIFY(loaded.warnings[1].text.find("used by no group") != std::string::npos);
    QCOMPARE(loaded.warnings[2].line, 12U);
    QVERIFY(loaded.warnings[2].text.find("both may run it at the same time") != std::string::npos);
}

void LoadTest::filesAreReadFromDisk() {
    QTemporaryDir folder;
    const std::filesystem::path path = folder.filePath("dyad.toml").toStdString();
    std::ofstream(path) << pairLines << groupLines;
    QVERIFY(loadFile(path).configuration.has_value());
    std::ofstream(path) << std::string(maxFileBytes + 1, '#');
    const Loaded large = loadFile(path);
    QCOMPARE(large.problems.size(), std::size_t(1));
    QVERIFY(large.problems[0].text.find("more than 1048576 bytes") != std::string::npos);
    const Loaded absent = loadFile(path.string() + ".absent");
    QCOMPARE(absent.problems.size(), std::size_t(1));
    QCOMPARE(absent.problems[0].line, 0U);
    QVERIFY(absent.problems[0].text.find("No such file") != std::string::npos);
    QCOMPARE(loadFile(folder.path().toStdString()).problems.at(0).text, std::string("this is not a regular file"));
}

QTEST_APPLESS_MAIN(LoadTest)
#include "load_test.moc"
