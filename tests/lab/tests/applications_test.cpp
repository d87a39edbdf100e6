// SPDX-License-Identifier: Apache-2.0
// What a pair is bought for, with the real programs: a web server that the service starts itself, and what the agents
// of Debian's package resource-agents start; each dies and is healed, a host dies and all of it runs on the other one.
// And neighbours that misbehave in every way, beside a group that must not notice.
#include "lab/namespaces.h"
#include "lab/paths.h"
#include "pair_fixture.h"

#include <algorithm>
#include <csignal>
#include <sys/stat.h>
#include <fstream>

using namespace dyad;
using namespace dyad::lab;

namespace {

constexpr const char* secondAddress = "10.77.0.101";
constexpr const char* noiseGroup = "noise";

constexpr const char* nginxFile = "/etc/site.conf";
constexpr const char* nginxText = R"(user nobody nogroup;
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

constexpr const char* apacheFile = "/etc/apache.conf";
constexpr const char* apacheText = R"(ServerName erp
DefaultRuntimeDir /run
PidFile /run/apache.pid
ErrorLog /srv/erp/www/apache.log
Listen 8081
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
User nobody
Group nogroup
DocumentRoot /srv/erp/www
<Directory /srv/erp/www>
  Require all granted
</Directory>
)";

// No daemon of its own, no pid file: its death is an event.
constexpr const char* webResource = R"(
[[group.resource]]
name = "web"
type = "process"
command = ["/usr/sbin/nginx", "-c", "/etc/site.conf", "-g", "daemon off;"]
ready = { http = "http://127.0.0.1:8080/", body = "the page" }
stop_signal = "SIGQUIT"
)";

constexpr const char* agentResources = R"(
[[group.resource]]
name = "site"
type = "ocf:heartbeat:apache"
parameters = { httpd = "/usr/sbin/apache2", configfile = "/etc/apache.conf", statusurl = "http://localhost:8081/", testregex = "page" }
interval_ms = 300

[[group.resource]]
name = "second"
type = "ocf:heartbeat:IPaddr2"
parameters = { ip = "10.77.0.101", cidr_netmask = 24 }
interval_ms = 300

[[group.resource]]
name = "shelf"
type = "ocf:heartbeat:Filesystem"
parameters = { device = "/srv/erp/www", directory = "/mnt/shelf", fstype = "none", options = "bind" }
interval_ms = 300

[[group.resource]]
name = "export"
type = "ocf:heartbeat:exportfs"
parameters = { directory = "/srv/erp/www", fsid = 7, clientspec = "10.77.0.0/24", options = "ro" }
interval_ms = 300
)";

// One for each way in which an agent is a bad neighbour. `start` ends well, so that its monitor and its stop have their
// turn, but where that is the point.
constexpr const char* noiseText = R"sh(#!/bin/sh
trap '' TERM INT HUP
what=$1
state=/run/noise.$2
case $what in
start)
    touch $state
    case $2 in
    floods) yes "a line that nobody wants to read" | head -c 200000000 ;;
    forks) for each in 1 2 3 4 5 6 7 8; do setsid sleep 1000 & done ;;
    hangs) exec sleep 1000 ;;
    esac
    exit 0 ;;
stop)
    [ $2 != stays ] || exec sleep 1000
    rm -f $state
    exit 0 ;;
monitor)
    [ -e $state ] || exit 7
    case $2 in
    rubbish) head -c 300000 /dev/urandom; exit 99 ;;
    sleeps) exec sleep 1000 ;;
    esac
    exit 0 ;;
esac
)sh";
constexpr const char* noiseWays[] = {"floods", "forks", "hangs", "stays", "rubbish", "sleeps"};

std::string noiseResources() {
    std::string text = std::string("\n[[group]]\nname = \"") + noiseGroup + "\"\nprefer = \"alpha\"\n";
    for (const char* way : noiseWays) {
        const auto command = [&](const char* verb) {
            return std::string("[\"/etc/noise\", \"") + verb + "\", \"" + way + "\"]\n";
        };
        text += std::string("\n[[group.resource]]\nname = \"") + way + "\"\ntype = \"command\"\nafter = []\n" +
                "start = " + command("start") + "stop = " + command("stop") + "monitor = " + command("monitor") +
                "interval_ms = 100\nstart_timeout_s = 2\nstop_timeout_s = 2\nrestarts = 0\n";
    }
    return text;
}

// As a client sees it.
std::string page(const std::string& address, int port) {
    const auto got = run({"curl", "-s", "-m", "2", "http://" + address + ":" + std::to_string(port) + "/"},
                         {.networkNamespace = networkPath("client")});
    return got && got.value().exitStatus == 0 ? got.value().text : "";
}

bool serves(const std::string& address, int port) {
    return eventually([&] { return page(address, port) == "the page\n"; });
}

pid_t master(const char* host, const char* program) {
    const auto processes = findInHost(host, program);
    return processes.empty() ? 0 : *std::min_element(processes.begin(), processes.end());
}

bool exports(const char* host) {
    const auto told = runInHost(host, {"/usr/sbin/exportfs"});
    return told && told.value().text.find("/srv/erp/www") != std::string::npos;
}

} // namespace

class ApplicationsTest : public QObject {
    Q_OBJECT

    PairFixture m_pair;

    static bool failedAndRuns(const char* host, Instant since, const char* resource) {
        return waitForLine(host, since, "resource_failed", deadlockGuard, groupName, resource).has_value() &&
               waitForLine(host, since, "resource_running", deadlockGuard, groupName, resource).has_value();
    }

private Q_SLOTS:
    void initTestCase() {
        if (geteuid() != 0) QSKIP("needs root");
        VERIFY_WELL(m_pair.bring({.profile = "standard", .ledger = false}));
        for (const char* host : hostNames) {
            std::ofstream(hostFolder(host) + nginxFile) << nginxText;
            std::ofstream(hostFolder(host) + apacheFile) << apacheText;
            std::ofstream(hostFolder(host) + "/etc/exports") << "# none but those of the group\n";
            const std::string noise = hostFolder(host) + "/etc/noise";
            std::ofstream(noise) << noiseText;
            QVERIFY(::chmod(noise.c_str(), 0755) == 0);
            // /var/lib is a disk of the host: what the package nfs-kernel-server keeps there.
            VERIFY_WELL(runInHost(
                host, {"sh", "-c", "mkdir -p /var/lib/nfs && : > /var/lib/nfs/etab && : > /var/lib/nfs/rmtab"}));
        }
        // On the disk before the host loses its power.
        VERIFY_WELL(runInHost(
            "alpha", {"sh", "-c",
                      "mkdir /srv/erp/www && chmod 777 /srv/erp/www && echo 'the page' > /srv/erp/www/index.html "
                      "&& sync -f /srv/erp/www"}));
    }
    void cleanupTestCase() { VERIFY_WELL(m_pair.end()); }
    void init() { VERIFY_WELL(m_pair.recover()); }
    void cleanup() {
        if (QTest::currentTestFailed()) PairFixture::tell();
    }

    void aWebServerThatTheServiceStartsItself() {
        const Told applied = applyConfiguration(configurationOn("alpha") + webResource);
        QVERIFY2(applied.status == 0, applied.text.constData());
        QVERIFY(serves(floatingAddress, 8080));
        const pid_t before = master("alpha", "nginx");
        QVERIFY(before != 0);
        const Instant at = monotonicNow();
        QCOMPARE(kill(before, SIGKILL), 0); // its workers stay behind
        QVERIFY(failedAndRuns("alpha", at, "web"));
        QVERIFY(serves(floatingAddress, 8080));
        QVERIFY(master("alpha", "nginx") != before && ownerByAddress() == "alpha");
        VERIFY_WELL(powerOff("alpha"));
        QVERIFY(waitForOwner("beta", deadlockGuard) && serves(floatingAddress, 8080));
        QVERIFY(master("beta", "nginx") != 0);
        VERIFY_WELL(m_pair.rowsHold());
    }

    void whatEverydayAgentsStart() {
        const Told applied = applyConfiguration(configurationOn("alpha") + agentResources);
        QVERIFY2(applied.status == 0, applied.text.constData());
        const auto allThere = [](const char* host) {
            return serves(floatingAddress, 8081) && serves(secondAddress, 8081) && serves(floatingAddress, 8080) &&
                   eventually([&] {
                       const auto shelf = runInHost(host, {"cat", "/mnt/shelf/index.html"});
                       return shelf && shelf.value().text == "the page\n" && exports(host);
                   });
        };
        QVERIFY(allThere("alpha"));
        const struct {
            const char* resource;
            const char* harm;
        } harms[] = {
            {"site", "kill -9 $(cat /run/apache.pid)"},
            {"second",
             "ip address delete 10.77.0.101/24 dev $(ip -o address show to 10.77.0.101 | awk '{ print $2 }')"},
            {"shelf", "umount -l /mnt/shelf"},
            {"export", "/usr/sbin/exportfs -u 10.77.0.0/24:/srv/erp/www"},
        };
        for (const auto& each : harms) {
            const Instant at = monotonicNow();
            VERIFY_WELL(runInHost("alpha", {"sh", "-c", each.harm}));
            QVERIFY2(failedAndRuns("alpha", at, each.resource), each.resource);
            QVERIFY(allThere("alpha"));
        }
        QVERIFY(ownerByAddress() == "alpha");
        // In order: nothing of it stays.
        QCOMPARE(ask("alpha", {"switchover", groupName, "--yes"}).status, 0);
        QVERIFY(waitForOwner("beta", deadlockGuard) && allThere("beta"));
        QVERIFY(findInHost("alpha", "apache2").empty() && findInHost("alpha", "nginx").empty());
        QVERIFY(!hasAddress("alpha", secondAddress) && !exports("alpha"));
        // And without.
        VERIFY_WELL(powerOff("beta"));
        QVERIFY(waitForOwner("alpha", deadlockGuard) && allThere("alpha"));
        VERIFY_WELL(m_pair.rowsHold());
    }

    // They can be had as long as they like: heartbeats go on, and the group beside them serves.
    void badNeighboursDelayNobody() {
        const Instant at = monotonicNow();
        const Told applied = applyConfiguration(configurationOn("alpha") + noiseResources());
        QVERIFY2(applied.status == 0, applied.text.constData());
        // The group fails on alpha, moves, fails on beta, and stops with its alarm.
        QVERIFY(waitForLine("alpha", at, "resource_failed", deadlockGuard, noiseGroup, "hangs").has_value());
        QVERIFY(waitForLine("beta", at, "resource_failed", deadlockGuard, noiseGroup, "hangs").has_value());
        for (const char* host : hostNames)
            QVERIFY(eventually([&] { return findInHost(host, "sleep").empty() && findInHost(host, "yes").empty(); }));
        for (const char* host : hostNames) {
            for (const JournalLine& line : readJournal(host, at)) {
                const bool silence = line.kind == "peer_suspect" || line.kind == "peer_lost";
                const bool other = line.group == groupName && line.kind == "resource_failed";
                QVERIFY2(!silence && !other, line.text.c_str());
            }
        }
        QVERIFY(ownerByAddress() == "alpha" && serves(floatingAddress, 8080));
        VERIFY_WELL(m_pair.rowsHold());
    }
};

QTEST_GUILESS_MAIN(ApplicationsTest)
#include "applications_test.moc"
