// SPDX-License-Identifier: Apache-2.0
// Unmodified agents of Debian's package resource-agents on a real pair: a web server and a second database, configured
// while the pair runs, noticed when they die, moved when a host does.
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

constexpr const char* databaseResource = R"(
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

// As a client sees it, through the floating address.
std::string page() {
    const auto got = run({"curl", "-s", "-m", "2", std::string("http://") + floatingAddress + ":8080/"},
                         {.networkNamespace = networkPath("client")});
    return got && got.value().exitStatus == 0 ? got.value().text : "";
}

bool serves() {
    return eventually([] { return page() == "the page\n"; });
}

// The oldest process of a program on the host; 0 where there is none.
pid_t master(const char* host, const char* program) {
    const auto processes = findInHost(host, program);
    return processes.empty() ? 0 : *std::min_element(processes.begin(), processes.end());
}

} // namespace

class OcfTest : public QObject {
    Q_OBJECT

    PairFixture m_pair;

private Q_SLOTS:
    void initTestCase() {
        if (geteuid() != 0) QSKIP("needs root");
        VERIFY_WELL(m_pair.bring({.profile = "standard", .ledger = false}));
        for (const char* host : hostNames)
            std::ofstream(hostFolder(host) + siteFile) << site;
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
        const pid_t before = master("alpha", "nginx");
        QVERIFY(before != 0);
        const Instant at = monotonicNow();
        for (const pid_t each : findInHost("alpha", "nginx"))
            kill(each, SIGKILL);
        QVERIFY(waitForLine("alpha", at, "resource_failed", deadlockGuard, groupName, "web").has_value());
        QVERIFY(waitForLine("alpha", at, "resource_running", deadlockGuard, groupName, "web").has_value());
        QVERIFY(serves());
        QVERIFY(master("alpha", "nginx") != before && ownerByAddress() == "alpha");
        // The service alone restarts: what runs is found, and left as it is.
        const pid_t kept = master("alpha", "nginx");
        const Instant restarted = monotonicNow();
        for (const pid_t each : findInHost("alpha", "dyadd"))
            kill(each, SIGKILL);
        QVERIFY(waitForLine("alpha", restarted, "service_started", deadlockGuard).has_value());
        QVERIFY(waitForLine("alpha", restarted, "group_active", deadlockGuard, groupName).has_value());
        QCOMPARE(master("alpha", "nginx"), kept);
        QVERIFY(serves());
        // In order, and without.
        QCOMPARE(ask("alpha", {"switchover", groupName, "--yes"}).status, 0);
        QVERIFY(waitForOwner("beta", deadlockGuard) && serves());
        QVERIFY(findInHost("alpha", "nginx").empty() && master("beta", "nginx") != 0);
        VERIFY_WELL(powerOff("beta"));
        QVERIFY(waitForOwner("alpha", deadlockGuard) && serves());
        VERIFY_WELL(m_pair.rowsHold());
    }

    // PostgreSQL by its OCF agent, which starts it through `su`: the postmaster doesn't carry our mark.
    void aDatabaseByItsAgentRunsIsRestartedAndMoves() {
        const Told applied = applyConfiguration(configurationOn("alpha") + databaseResource);
        QVERIFY2(applied.status == 0, applied.text.constData());
        const auto answers = [](const char* host) {
            return eventually([host] {
                const auto told =
                    runInHost(host, {"/usr/lib/postgresql/15/bin/psql", "-X", "-At", "-h", "/run/postgresql", "-p",
                                     "5544", "-U", "postgres", "-c", "select 6 * 7"});
                return told && told.value().text == "42\n";
            });
        };
        QVERIFY(answers("alpha"));
        const auto postmaster = [] {
            const auto told = runInHost("alpha", {"head", "-1", "/srv/erp/books/postmaster.pid"});
            return told ? told.value().text : std::string();
        };
        const std::string before = postmaster();
        const Instant at = monotonicNow();
        VERIFY_WELL(runInHost("alpha", {"sh", "-c", "kill -9 $(head -1 /srv/erp/books/postmaster.pid)"}));
        QVERIFY(waitForLine("alpha", at, "resource_failed", deadlockGuard, groupName, "books").has_value());
        QVERIFY(waitForLine("alpha", at, "resource_running", deadlockGuard, groupName, "books").has_value());
        QVERIFY(answers("alpha"));
        QVERIFY(postmaster() != before);
        VERIFY_WELL(powerOff("alpha"));
        QVERIFY(waitForOwner("beta", deadlockGuard) && answers("beta"));
        VERIFY_WELL(m_pair.rowsHold());
    }
};

QTEST_GUILESS_MAIN(OcfTest)
#include "ocf_test.moc"
