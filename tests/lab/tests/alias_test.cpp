// SPDX-License-Identifier: Apache-2.0
// A name that moves with its group, in a real BIND in the client's network: a client that knows nothing but the name
// finds the page and the database, before and after a host died, and whatever becomes of the record or of the server.
#include "lab/namespaces.h"
#include "lab/paths.h"
#include "pair_fixture.h"

#include <QFile>
#include <QJsonArray>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace dyad;
using namespace dyad::lab;

namespace {

constexpr int guardMs = 90'000;
constexpr const char* clientAddress = "10.77.0.50";
constexpr const char* host = "erp.lab.example";
constexpr const char* keyFile = "/etc/dyad/tsig.key";
constexpr const char* dnsAlarm = "alias.dns:erp/name";

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

constexpr const char* resources = R"(
[[group.resource]]
name = "web"
type = "ocf:heartbeat:nginx"
parameters = { configfile = "/etc/site.conf" }
interval_ms = 200

[[group.resource]]
name = "name"
type = "alias"
host = "erp.lab.example"
addresses = ["ip"]
hosts = true
refresh_s = 1
dns = { servers = ["10.77.0.50"], key_file = "/etc/dyad/tsig.key", ttl_s = 5 }
)";

constexpr const char* namedOptions = R"(  pid-file none; session-keyfile none; recursion no; dnssec-validation no;
  listen-on port 53 { 10.77.0.50; }; listen-on-v6 { none; };
};
controls { };
zone "lab.example" {
  type primary; file "zone";
  update-policy { grant erp-key name erp.lab.example A AAAA; };
};
)";

constexpr const char* zone = R"($TTL 300
@ IN SOA ns hostmaster 1 3600 600 86400 60
@ IN NS ns
ns IN A 10.77.0.50
)";

// As tsig-keygen writes it.
std::string keyText() {
    const QByteArray secret = QByteArray("thirty-two bytes, of this lab's.").toBase64();
    return "key \"erp-key\" {\n\talgorithm hmac-sha256;\n\tsecret \"" + secret.toStdString() + "\";\n};\n";
}

// Never readable by others, not even for a moment.
bool putSecret(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::trunc);
    std::error_code error;
    std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
    file << text << std::flush;
    return file.good() && !error;
}

std::string textOf(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string clientSays(const std::vector<std::string>& command) {
    const auto got = run(command, {.networkNamespace = networkPath("client")});
    return got && got.value().exitStatus == 0 ? got.value().text : "";
}

std::vector<std::string> curlOf(const std::string& server) {
    return {"curl", "-s", "-m", "5", "--noproxy", "*", "http://" + server + ":8080/"};
}

// What the DNS server answers; empty where it doesn't, or where there is no such record.
std::string record(const char* name, const char* type) {
    return clientSays({"dig", std::string("@") + clientAddress, "+short", "+time=2", "+tries=1", name, type});
}
bool namesTheGroup() { return record(host, "A") == std::string(floatingAddress) + "\n"; }

std::uint64_t serial() {
    std::istringstream words(record("lab.example", "SOA"));
    std::string server;
    std::string mailbox;
    std::uint64_t number = 0;
    words >> server >> mailbox >> number;
    return number;
}

bool stands(const char* node, const char* alarm) {
    const QJsonObject status = askJson(node, {"status"}).json();
    const QJsonArray alarms = status["alarms"].toArray();
    return std::any_of(alarms.begin(), alarms.end(),
                       [&](const QJsonValue& each) { return each.toObject()["id"].toString() == alarm; });
}
// An answer is needed to say that it doesn't.
bool isOver(const char* node, const char* alarm) {
    return askJson(node, {"status"}).json().contains("alarms") && !stands(node, alarm);
}

// The oldest process of a program on the host; 0 where there is none.
pid_t master(const char* node, const char* program) {
    const auto processes = findInHost(node, program);
    return processes.empty() ? 0 : *std::min_element(processes.begin(), processes.end());
}

} // namespace

class AliasTest : public QObject {
    Q_OBJECT

    PairFixture m_pair;
    QTemporaryDir m_folder;
    QProcess m_named;

    [[nodiscard]] std::string path(const char* name) const { return m_folder.filePath(name).toStdString(); }

    // Its log goes to a file: nobody would empty a pipe while the test waits.
    [[nodiscard]] bool startNamed() {
        m_named.setProcessChannelMode(QProcess::MergedChannels);
        m_named.setStandardOutputFile(m_folder.filePath("log"), QIODevice::Append);
        m_named.setChildProcessModifier([] { ::prctl(PR_SET_PDEATHSIG, SIGKILL); });
        m_named.start("nsenter", {"--net=" + QString::fromStdString(networkPath("client")), "named", "-g", "-n", "1",
                                  "-c", m_folder.filePath("named.conf")});
        return m_named.waitForStarted(guardMs) && eventually([] { return serial() > 0; });
    }
    void killNamed() {
        m_named.kill();
        m_named.waitForFinished(guardMs);
    }

    // As a client that asks this DNS server, and the machine's own files, and nobody else.
    [[nodiscard]] std::string byName(const std::vector<std::string>& command) const {
        std::vector<std::string> words{"unshare",
                                       "--mount",
                                       "sh",
                                       "-c",
                                       "mount --bind \"$1\" /etc/resolv.conf && "
                                       "mount --bind \"$2\" /etc/nsswitch.conf && shift 2 && exec \"$@\"",
                                       "sh",
                                       path("resolv.conf"),
                                       path("nsswitch.conf")};
        words.insert(words.end(), command.begin(), command.end());
        return clientSays(words);
    }
    [[nodiscard]] bool servesByName() const {
        return eventually([this] { return byName(curlOf(host)) == "the page\n"; });
    }
    [[nodiscard]] bool answersByName() const {
        return eventually([this] {
            return byName({"/usr/lib/postgresql/15/bin/psql", "-X", "-At", "-c", "select 6 * 7",
                           std::string("host=") + host +
                               " user=postgres dbname=postgres sslmode=disable "
                               "gssencmode=disable connect_timeout=5"}) == "42\n";
        });
    }

    // An update by somebody else who has the key.
    [[nodiscard]] Result<void> updateByHand(const std::string& lines) const {
        const std::string input = std::string("server ") + clientAddress + "\nzone lab.example\n" + lines + "send\n";
        const auto done =
            runWell({"nsupdate", "-k", path("key")}, {.input = input, .networkNamespace = networkPath("client")});
        if (!done) return done.error();
        return {};
    }

    // Whether the DNS server, after so many bytes of its log, took an update from this address.
    [[nodiscard]] bool wasUpdatedBy(const std::string& address, std::size_t after) const {
        std::istringstream lines(textOf(path("log")).substr(after));
        for (std::string line; std::getline(lines, line);)
            if (line.find(" " + address + "#") != std::string::npos && line.find("updating zone") != std::string::npos)
                return true;
        return false;
    }

private Q_SLOTS:
    void initTestCase() {
        if (geteuid() != 0) QSKIP("needs root");
        for (const char* program : {"named", "dig", "nsupdate"})
            if (QStandardPaths::findExecutable(program).isEmpty())
                QSKIP("needs BIND: apt install bind9 bind9-dnsutils (without its service)");
        VERIFY_WELL(m_pair.bring({.profile = "standard", .ledger = false}));
        for (const char* node : hostNames) {
            std::ofstream(hostFolder(node) + siteFile) << site;
            QVERIFY(putSecret(hostFolder(node) + keyFile, keyText()));
        }
        // On the disk before the host loses its power.
        VERIFY_WELL(runInHost(
            "alpha", {"sh", "-c",
                      "mkdir /srv/erp/www && chmod 777 /srv/erp/www && echo 'the page' > /srv/erp/www/index.html "
                      "&& sync -f /srv/erp/www"}));
        QVERIFY(putSecret(path("key"), keyText()));
        std::ofstream(path("zone")) << zone;
        std::ofstream(path("resolv.conf")) << "nameserver " << clientAddress << "\noptions timeout:2 attempts:1\n";
        std::ofstream(path("nsswitch.conf")) << "hosts: files dns\n";
        std::ofstream(path("named.conf")) << "include \"" << path("key") << "\";\noptions {\n  directory \""
                                          << m_folder.path().toStdString() << "\";\n"
                                          << namedOptions;
        QVERIFY2(startNamed(), textOf(path("log")).c_str());
        QCOMPARE(record(host, "A"), std::string());
        const Told applied = applyConfiguration(configurationOn("alpha") + resources);
        QVERIFY2(applied.status == 0, applied.text.constData());
    }
    void cleanupTestCase() {
        killNamed();
        VERIFY_WELL(m_pair.end());
    }
    void init() { VERIFY_WELL(m_pair.recover()); }
    void cleanup() {
        if (!QTest::currentTestFailed()) return;
        PairFixture::tell();
        qWarning("named: %s", textOf(path("log")).c_str());
    }

    void aClientFindsTheGroupByItsName() {
        QVERIFY(eventually(namesTheGroup));
        QCOMPARE(record(host, "AAAA"), std::string());
        QVERIFY(servesByName());
        QVERIFY(answersByName());
        QVERIFY(isOver("alpha", dnsAlarm));
        // A look at what is right changes nothing, however often.
        const std::uint64_t before = serial();
        QVERIFY(before > 1);
        const std::size_t looked = textOf(path("log")).size();
        QVERIFY(servesByName());
        QVERIFY(!wasUpdatedBy("10.77.0.1", looked) && !wasUpdatedBy("10.77.0.2", looked));
        QCOMPARE(serial(), before);
    }

    void bothHostsHaveItInTheirFile() {
        for (const char* node : hostNames) {
            const auto has = [&](const std::string& line) {
                return eventually(
                    [&] { return textOf(hostFolder(node) + "/etc/hosts").find(line) != std::string::npos; });
            };
            QVERIFY(has("\n# dyad alias erp/name begin"));
            QVERIFY(has(std::string("\n") + floatingAddress + "\terp.lab.example erp\n"));
            QVERIFY(has("\n# dyad alias erp/name end\n"));
            QVERIFY(has("127.0.0.1 localhost\n")); // and what was there before
            const auto found = runInHost(node, {"getent", "hosts", "erp"});
            QVERIFY(found && found.value().text.find(floatingAddress) != std::string::npos);
        }
    }

    void aRecordDeletedByHandComesBack() {
        QVERIFY(eventually(namesTheGroup));
        const std::uint64_t before = serial();
        VERIFY_WELL(updateByHand(std::string("update delete ") + host + " A\n"));
        // One more by the deletion, one more by the repair.
        QVERIFY(eventually([&] { return namesTheGroup() && serial() >= before + 2; }));
        QVERIFY(servesByName());
    }

    void theNameFollowsWhenTheOwnerDies() {
        QVERIFY(eventually(namesTheGroup) && servesByName());
        const std::uint64_t before = serial();
        const std::size_t logged = textOf(path("log")).size();
        VERIFY_WELL(powerOff("alpha"));
        // Nobody but the new owner can put this right; whether it comes before or after the takeover doesn't matter.
        VERIFY_WELL(
            updateByHand(std::string("update delete ") + host + " A\nupdate add " + host + " 5 A 10.77.0.99\n"));
        QVERIFY(waitForOwner("beta", deadlockGuard));
        QVERIFY(eventually([&] { return namesTheGroup() && serial() >= before + 2; }));
        QVERIFY(eventually([&] { return wasUpdatedBy("10.77.0.2", logged); }));
        QVERIFY(servesByName());
        QVERIFY(answersByName());
        QVERIFY(eventually([] { return isOver("beta", dnsAlarm); }));
        VERIFY_WELL(m_pair.rowsHold());
    }

    void aDeadDnsServerIsAnAlarmAndNothingElse() {
        QVERIFY(eventually(namesTheGroup) && servesByName());
        const pid_t web = master("alpha", "nginx");
        QVERIFY(web != 0);
        const Instant killed = monotonicNow();
        killNamed();
        QVERIFY(eventually([] { return stands("alpha", dnsAlarm); }));
        QVERIFY(ask("alpha", {"alarms"}).says(dnsAlarm));
        QVERIFY(isOver("beta", dnsAlarm)); // only the active node keeps the record
        QCOMPARE(clientSays(curlOf(floatingAddress)), std::string("the page\n"));
        QVERIFY(startNamed());
        QVERIFY(eventually([] { return isOver("alpha", dnsAlarm); }));
        QVERIFY(servesByName());
        // The group never noticed.
        QVERIFY(!findLine("alpha", killed, "resource_failed", groupName).has_value());
        QVERIFY(ownerByAddress() == "alpha" && master("alpha", "nginx") == web);
        VERIFY_WELL(m_pair.rowsHold());
    }
};

QTEST_GUILESS_MAIN(AliasTest)
#include "alias_test.moc"
