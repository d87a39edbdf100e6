// SPDX-License-Identifier: Apache-2.0
// Unmodified agents of Debian's package resource-agents on a real pair: a web server and two more databases, configured
// while the pair runs, noticed when they die, moved when a host does.
#include "lab/mariadb.h"
#include "lab/namespaces.h"
#include "lab/paths.h"
#include "pair_fixture.h"

#include <QJsonArray>

#include <algorithm>
#include <csignal>
#include <fstream>

using namespace dyad;
using namespace dyad::lab;

namespace {

constexpr const char* siteFile = "/etc/site.conf";
constexpr const char* site = R"(user nobody nogroup;
worker_processes 1;
pid /run/nginx.pid;
error_log /srv/erp/www/error.log;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path /tmp/nginx-body;
    proxy_temp_path /tmp/nginx-proxy;
    fastcgi_temp_path /tmp/nginx-fastcgi;
    uwsgi_temp_path /tmp/nginx-uwsgi;
    scgi_temp_path /tmp/nginx-scgi;
    server { listen 8080; root /srv/erp/www; }
}
)";

constexpr const char* webResource = R"(
[[group.resource]]
name = "web"
type = "ocf:heartbeat:nginx"
parameters = { configfile = "/etc/site.conf" }
interval_ms = 200
)";

constexpr const char* booksResource = R"(
[[group.resource]]
name = "books"
type = "ocf:heartbeat:pgsql"
interval_ms = 500
stop_timeout_s = 20

[group.resource.parameters]
pgctl = "/usr/lib/postgresql/15/bin/pg_ctl"
psql = "/usr/lib/postgresql/15/bin/psql"
pgdata = "/srv/erp/books"
pgport = 5544
socketdir = "/run/postgresql"
tmpdir = "/tmp/pgsql"
logfile = "/dev/null"
)";

// The wrapper that the agent starts by default is in no package that the lab needs: it starts the server itself.
constexpr const char* stockSocket = "/run/stock/server.sock";
constexpr const char* stockFile = "/etc/stock.cnf";
constexpr const char* stockResource = R"(
[[group.resource]]
name = "stock"
type = "ocf:heartbeat:mysql"
interval_ms = 500
stop_timeout_s = 20

[group.resource.parameters]
binary = "/usr/sbin/mariadbd"
client_binary = "/usr/bin/mariadb"
config = "/etc/stock.cnf"
datadir = "/srv/erp/stock"
user = "nobody"
group = "nogroup"
log = "/srv/erp/stock/server.log"
pid = "/run/stock/server.pid"
socket = "/run/stock/server.sock"
)";
constexpr const char* stockSettings = "[mariadbd]\nport=3344\nskip-name-resolve\nperformance_schema=0\n"
                                      "innodb_buffer_pool_size=16M\ninnodb_log_file_size=8M\n";

// What a database of the host says, asked through its socket; nothing where it can't be asked.
std::string askBooks(const std::string& host, const std::string& statement) {
    const auto told = runInHost(host, {"/usr/lib/postgresql/15/bin/psql", "-X", "-q", "-At", "-h", "/run/postgresql",
                                       "-p", "5544", "-U", "postgres", "-d", "postgres", "-c", statement});
    return told && told.value().exitStatus == 0 ? told.value().text : "nothing";
}

std::string askStock(const std::string& host, const std::string& statement) {
    const auto told = askMariadb(host, stockSocket, statement);
    return told && told.value().exitStatus == 0 ? told.value().text : "nothing";
}

struct OcfDatabase {
    const char* resource;
    const char* table;   // of the configuration
    const char* pidFile; // its first line is the number of the main process, as the host has it
    const char* makeTable;
    std::string (*ask)(const std::string& host, const std::string& statement);
};
const OcfDatabase ocfDatabases[] = {
    {"books", booksResource, "/srv/erp/books/postmaster.pid", "create table kept (n int)", askBooks},
    {"stock", stockResource, "/run/stock/server.pid",
     "create database kept; create table kept.kept (n int) engine = InnoDB", askStock},
};

// As a client sees it, through the floating address.
std::string page() {
    const auto got = run({"curl", "-s", "-m", "2", std::string("http://") + floatingAddress + ":8080/"},
                         {.networkNamespace = networkPath("client")});
    return got && got.value().exitStatus == 0 ? got.value().text : "";
}

bool serves() {
    return eventually([] { return page() == "the page\n"; });
}

} // namespace

class OcfTest : public QObject {
    Q_OBJECT

    PairFixture m_pair;

private Q_SLOTS:
    void initTestCase() {
        if (geteuid() != 0) QSKIP("needs root");
        VERIFY_WELL(m_pair.bring({.profile = "standard", .ledger = false}));
        for (const char* host : hostNames) {
            std::ofstream(hostFolder(host) + siteFile) << site;
            std::ofstream(hostFolder(host) + stockFile) << stockSettings;
        }
        // On the disk before the host loses its power.
        VERIFY_WELL(runInHost(
            "alpha",
            {"sh", "-c", "mkdir /srv/erp/www && chmod 777 /srv/erp/www && echo 'the page' > /srv/erp/www/index.html "
                         "&& sync -f /srv/erp/www"}));
        VERIFY_WELL(runInHost(
            "alpha",
            {"sh", "-c",
             "install -d -o postgres -m 700 /srv/erp/books && cd / && setpriv --reuid=postgres --regid=postgres "
             "--init-groups /usr/lib/postgresql/15/bin/initdb -D /srv/erp/books --auth=trust >/tmp/initdb.log 2>&1"}));
        VERIFY_WELL(makeMariadb("alpha", "/srv/erp/stock"));
    }
    void cleanupTestCase() { VERIFY_WELL(m_pair.end()); }
    void init() { VERIFY_WELL(m_pair.recover()); }
    void cleanup() {
        if (QTest::currentTestFailed()) PairFixture::tell();
    }

    void theAgentsOfTheHostAreListedDescribedAndTried() {
        QVERIFY(ask("beta", {"agent", "list", "nginx"}).says("ocf:heartbeat:nginx\n"));
        const Told described = askJson("beta", {"agent", "describe", "nginx"});
        QVERIFY2(described.status == 0, described.text.constData());
        const QJsonArray parameters = described.json()["parameters"].toArray();
        QVERIFY(std::any_of(parameters.begin(), parameters.end(),
                            [](const QJsonValue& each) { return each.toObject()["name"].toString() == "configfile"; }));
        const Told unknown = ask("beta", {"agent", "describe", "ngimx"});
        QVERIFY2(unknown.status == 1 && unknown.says("did you mean \"nginx\"?"), unknown.text.constData());
        // A folder for its page on the standby's own disk: the trial starts and stops it there.
        VERIFY_WELL(runInHost("beta", {"mkdir", "-p", "/srv/erp/www"}));
        const Told tried = askJson("beta", {"agent", "test", "nginx", "-p", std::string("configfile=") + siteFile, "-p",
                                            "status10url=http://localhost:8080/", "--yes"});
        QVERIFY2(tried.status == 0 && tried.json()["steps"].toArray().size() > 11, tried.text.constData());
        for (const QJsonValue& step : tried.json()["steps"].toArray())
            if (!step.toObject()["advisory"].toBool())
                QVERIFY2(step.toObject()["passed"].toBool(), QJsonDocument(step.toObject()).toJson().constData());
        QVERIFY(findInHost("beta", "nginx").empty());
        VERIFY_WELL(runInHost("beta", {"rm", "-r", "/srv/erp/www"}));
    }

    void whatTheAgentDoesNotKnowIsRefused() {
        std::string wrong(webResource);
        wrong.replace(wrong.find("configfile"), 10, "confgfile");
        const Told told = applyConfiguration(configurationOn("alpha") + wrong);
        QVERIFY2(told.status == 1, told.text.constData());
        QVERIFY2(told.says("ocf:heartbeat:nginx has no parameter confgfile") &&
                     told.says("did you mean \"configfile\"?"),
                 told.text.constData());
        std::string missing(webResource);
        missing.replace(missing.find("nginx"), 5, "nginz");
        const Told gone = applyConfiguration(configurationOn("alpha") + missing);
        QVERIFY2(gone.status == 1 && gone.says("install the package that has it on both nodes"),
                 gone.text.constData());
    }

    void aWebServerRunsIsRestartedAndMoves() {
        const Told applied = applyConfiguration(configurationOn("alpha") + webResource);
        QVERIFY2(applied.status == 0, applied.text.constData());
        QVERIFY(serves());
        // Its death is told by its monitor, and it is started again where it was.
        const pid_t before = oldestInHost("alpha", "nginx");
        QVERIFY(before != 0);
        const Instant at = monotonicNow();
        for (const pid_t each : findInHost("alpha", "nginx"))
            kill(each, SIGKILL);
        QVERIFY(waitForLine("alpha", at, "resource_failed", deadlockGuard, groupName, "web").has_value());
        QVERIFY(waitForLine("alpha", at, "resource_running", deadlockGuard, groupName, "web").has_value());
        QVERIFY(serves());
        QVERIFY(oldestInHost("alpha", "nginx") != before && ownerByAddress() == "alpha");
        // The service alone restarts: what runs is found, and left as it is.
        const pid_t kept = oldestInHost("alpha", "nginx");
        const Instant restarted = monotonicNow();
        for (const pid_t each : findInHost("alpha", "dyadd"))
            kill(each, SIGKILL);
        QVERIFY(waitForLine("alpha", restarted, "service_started", deadlockGuard).has_value());
        QVERIFY(waitForLine("alpha", restarted, "group_active", deadlockGuard, groupName).has_value());
        QCOMPARE(oldestInHost("alpha", "nginx"), kept);
        QVERIFY(serves());
        // In order, and without.
        QCOMPARE(ask("alpha", {"switchover", groupName, "--yes"}).status, 0);
        QVERIFY(waitForOwner("beta", deadlockGuard) && serves());
        QVERIFY(findInHost("alpha", "nginx").empty() && oldestInHost("beta", "nginx") != 0);
        VERIFY_WELL(powerOff("beta"));
        QVERIFY(waitForOwner("alpha", deadlockGuard) && serves());
        VERIFY_WELL(m_pair.rowsHold());
    }

    // Both by agents that start them through `su`: the server doesn't carry our mark.
    void aDatabaseByItsAgentIsRestartedAndTheThirdTimeItMoves_data() {
        QTest::addColumn<int>("index");
        QTest::newRow("PostgreSQL") << 0;
        QTest::newRow("MariaDB") << 1;
    }
    void aDatabaseByItsAgentIsRestartedAndTheThirdTimeItMoves() {
        QFETCH(int, index);
        const OcfDatabase& database = ocfDatabases[index];
        const std::string name = database.resource;
        const std::string kept = index == 0 ? "kept" : "kept.kept";
        const auto has = [&](const char* host, const std::string& rows) {
            return eventually([&] { return database.ask(host, "select n from " + kept + " order by n") == rows; });
        };
        const auto number = [&] {
            const auto told = runInHost("alpha", {"head", "-1", database.pidFile});
            return told && told.value().exitStatus == 0 ? told.value().text : std::string();
        };
        const auto killIt = [&] {
            const auto told =
                runInHost("alpha", {"sh", "-c", std::string("kill -9 $(head -1 ") + database.pidFile + ")"});
            return told && told.value().exitStatus == 0;
        };
        const Told applied = applyConfiguration(configurationOn("alpha") + database.table);
        QVERIFY2(applied.status == 0, applied.text.constData());
        QVERIFY(eventually([&] { return database.ask("alpha", "select 6 * 7") == "42\n"; }));
        QCOMPARE(database.ask("alpha", database.makeTable), std::string());
        QCOMPARE(database.ask("alpha", "insert into " + kept + " values (1)"), std::string());
        for (int time = 1; time <= 2; ++time) {
            const std::string before = number();
            QVERIFY(!before.empty());
            const Instant at = monotonicNow();
            QVERIFY(killIt());
            const auto failed = waitForLine("alpha", at, "resource_failed", deadlockGuard, groupName, name);
            QVERIFY(failed.has_value());
            QVERIFY(waitForLine("alpha", failed->at, "resource_running", deadlockGuard, groupName, name).has_value());
            QVERIFY(waitForLine("alpha", failed->at, "group_active", deadlockGuard, groupName).has_value());
            QVERIFY(has("alpha", "1\n"));
            QVERIFY(number() != before);
            QVERIFY(!findLine("beta", at, "reservation_won", groupName).has_value());
        }
        const Instant at = monotonicNow();
        QVERIFY(killIt());
        const auto failed = waitForLine("alpha", at, "resource_failed", deadlockGuard, groupName, name);
        QVERIFY(failed.has_value());
        const auto active = waitForLine("beta", at, "group_active", deadlockGuard, groupName);
        QVERIFY(active.has_value() && failed->at < active->at);
        QVERIFY(!findLine("alpha", at, "resource_running", groupName, name).has_value());
        QVERIFY(waitForOwner("beta", deadlockGuard) && has("beta", "1\n"));
        QCOMPARE(database.ask("alpha", "select 6 * 7"), std::string("nothing"));
        // What was acknowledged there survives the host.
        QCOMPARE(database.ask("beta", "insert into " + kept + " values (2)"), std::string());
        QCOMPARE(ask("alpha", {"clear-failure", groupName, "--yes"}).status, 0);
        VERIFY_WELL(powerOff("beta"));
        QVERIFY(waitForOwner("alpha", deadlockGuard) && has("alpha", "1\n2\n"));
        VERIFY_WELL(m_pair.rowsHold());
    }
};

QTEST_GUILESS_MAIN(OcfTest)
#include "ocf_test.moc"
