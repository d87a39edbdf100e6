// SPDX-License-Identifier: Apache-2.0
// The agent of an alias: what it answers, what it goes on doing, when it raises and clears its alarms.
#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <csignal>
#include <map>
#include <optional>
#include <sys/stat.h>

#include "fake_dns_server.h"
#include "network/alias/alias_agent.h"
#include "platform/linux/process_sweep.h"

using namespace dyad;
using namespace dyad::network;
using model::ResourceOutcome;

namespace {

constexpr int guardMs = 60000;
constexpr const char* label = "alias-agent-test/name"; // of no other test: its processes are looked for by it
const std::string dnsAlarm = std::string("alias.dns:") + label;
const std::string mdnsAlarm = std::string("alias.mdns:") + label;
const std::string netbiosAlarm = std::string("alias.netbios:") + label;
const std::string hostsAlarm = std::string("alias.hosts:") + label;

IpAddress ip(const char* text) { return parseIpAddress(text).value(); }
const std::vector<IpAddress> ours{ip("10.77.0.100"), ip("fd77::100")};

class FakeAlarms final : public ports::AlarmPort {
public:
    void raise(const model::AlarmView& alarm) override {
        standing[alarm.id] = alarm;
        ++raised;
    }
    void clear(const std::string& id) override { standing.erase(id); }

    std::map<std::string, model::AlarmView> standing;
    unsigned raised = 0;
};

// Says that it publishes, and goes on till it is killed.
constexpr const char* fakePublish = R"(#!/bin/sh
folder=$(dirname "$0")
[ ! -e "$folder/no-daemon" ] || { echo "Failed to create client object: Daemon not running"; exit 1; }
echo "$*" >> "$folder/published"
echo "Established under name '$3'"
exec sleep 1000
)";
constexpr const char* fakeResolve = R"(#!/bin/sh
folder=$(dirname "$0")
[ ! -e "$folder/other-host" ] || { echo "$3	10.77.0.66"; exit 0; }
case $1 in -4) echo "$3	10.77.0.100" ;; *) echo "$3	fd77::100" ;; esac
)";

// nmbd --foreground ... --configfile=FILE ...
constexpr const char* fakeServe = R"(#!/bin/sh
folder=$(dirname "$0")
[ ! -e "$folder/no-samba" ] || { echo "bind failed on port 137"; exit 1; }
cp "$folder/samba/smb.conf" "$folder/served"
exec sleep 1000
)";
// nmblookup --configfile=FILE -U ADDRESS NAME
constexpr const char* fakeLookup = R"(#!/bin/sh
folder=$(dirname "$0")
echo "querying $4 on $3"
[ -e "$folder/served" ] || { echo "name_query failed to find name $4"; exit 1; }
[ ! -e "$folder/other-host" ] || { echo "10.77.0.66 $4<00>"; exit 0; }
echo "$3 $4<00>"
)";

} // namespace

class AliasAgentTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<FakeDnsServer> m_server;
    std::unique_ptr<FakeAlarms> m_alarms;
    std::vector<IpAddress> m_zone;

    std::string path(const char* name) const { return m_folder->filePath(name).toStdString(); }
    void put(const char* name, const QByteArray& content, unsigned mode = 0600) const {
        QFile file(m_folder->filePath(name));
        QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate) && file.write(content) == content.size());
        file.close();
        QCOMPARE(::chmod(path(name).c_str(), mode), 0);
    }
    QByteArray read(const char* name) const {
        QFile file(m_folder->filePath(name));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    void serveWell() {
        m_server->answer = [this](const DnsBytes& request, bool) -> std::vector<DnsBytes> {
            if (readDnsMessage(request).value().opcode != dnsOpcodeUpdate)
                return {FakeDnsServer::reply(request, dnsNoError, m_zone)};
            m_zone = ours;
            return {FakeDnsServer::signedReply(request, dnsNoError)};
        };
    }
    void refuse() {
        m_server->answer = [](const DnsBytes& request, bool) -> std::vector<DnsBytes> {
            return {FakeDnsServer::reply(request, dnsRefused)};
        };
    }
    enum Ways { Dns = 1, Mdns = 2, Hosts = 4, Netbios = 8 };
    std::unique_ptr<AliasAgent> make(int ways, bool required = false, Duration refresh = 0s) {
        AliasAgent::Setup setup;
        setup.settings.host = "erp.example.com";
        if ((ways & Dns) != 0) setup.settings.dns = {{m_server->place()}, "example.com", path("key"), 60s};
        if ((ways & Mdns) != 0) setup.settings.mdnsName = "erp.local";
        if ((ways & Netbios) != 0) setup.settings.netbiosName = "ERP";
        setup.settings.hosts = (ways & Hosts) != 0;
        setup.settings.required = required;
        setup.settings.refresh = refresh;
        setup.addresses = ours;
        setup.label = label;
        setup.places = {.noteFile = path("note"),
                        .hostsFile = path("hosts"),
                        .avahi = {path("publish"), path("resolve"), 1ms, 30s},
                        .netbiosFolder = path("samba"),
                        .samba = {path("serve"), path("lookup"), 1ms, 30s}};
        setup.timing = {5ms, 20ms, 30s};
        return std::make_unique<AliasAgent>(std::move(setup), *m_alarms);
    }
    static ports::AgentDone into(std::optional<ports::AgentResult>& answer) {
        return [&answer](const ports::AgentResult& result) { answer = result; };
    }
    template <typename Condition>
    static bool wait(Condition condition) {
        return QTest::qWaitFor(condition, guardMs);
    }
    static std::size_t publishers() {
        platform::ProcessTraits traits;
        traits.environmentMark = std::string("DYAD_ALIAS=") + label;
        const auto found = platform::findProcesses(traits);
        return found ? found.value().size() : 99;
    }
    static std::size_t netbiosServers() {
        platform::ProcessTraits traits;
        traits.environmentMark = std::string("DYAD_NETBIOS=") + label;
        const auto found = platform::findProcesses(traits);
        return found ? found.value().size() : 99;
    }
    bool isWell(const std::string& alarm) const { return !m_alarms->standing.contains(alarm); }
    bool hasNote() const { return QFile::exists(m_folder->filePath("note")); }

private Q_SLOTS:
    void init() {
        m_folder = std::make_unique<QTemporaryDir>();
        put("key", testKeyText);
        put("publish", fakePublish, 0700);
        put("resolve", fakeResolve, 0700);
        put("serve", fakeServe, 0700);
        put("lookup", fakeLookup, 0700);
        m_alarms = std::make_unique<FakeAlarms>();
        m_zone.clear();
        m_server = std::make_unique<FakeDnsServer>();
        QVERIFY(m_server->listen());
        serveWell();
    }
    void cleanup() {
        killLeftPublishers(label);
        killLeftNetbios(label);
        QVERIFY(wait([] { return publishers() == 0 && netbiosServers() == 0; }));
        m_server.reset();
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    }

    void itRunsAtOnceAndTheNameFollows() {
        m_server->answer = nullptr; // silent
        const auto agent = make(Dns);
        std::optional<ports::AgentResult> answer;
        agent->start(true, into(answer));
        QVERIFY(answer && answer->outcome == ResourceOutcome::Running);
        QVERIFY(hasNote());
        QVERIFY(wait([&] { return m_server->updates() > 0; }));
    }
    void aRefusalIsAnAlarmAndIsTriedAgainUntilItIsWell() {
        refuse();
        const auto agent = make(Dns);
        std::vector<ports::AgentNotice> notices;
        agent->onNotice = [&](const ports::AgentNotice& notice) { notices.push_back(notice); };
        std::optional<ports::AgentResult> answer;
        agent->start(false, into(answer));
        QVERIFY(answer && answer->outcome == ResourceOutcome::Running);
        QVERIFY(wait([&] { return m_alarms->raised >= 3; })); // again and again
        const model::AlarmView alarm = m_alarms->standing.at(dnsAlarm);
        QVERIFY2(alarm.text.find("REFUSED") != std::string::npos && alarm.text.find(label) != std::string::npos,
                 alarm.text.c_str());
        QVERIFY(!alarm.remedy.empty() && alarm.severity == model::Severity::Warning);
        QCOMPARE(notices.size(), std::size_t(1)); // told once, not at each attempt
        serveWell();
        QVERIFY(wait([&] { return isWell(dnsAlarm); }));
        QCOMPARE(m_zone, ours);
        QVERIFY(notices.back().kind == model::ResourceNotice::Kind::Progress);
        QVERIFY(notices.back().detail.find("erp.example.com on") != std::string::npos);
    }
    void aRequiredOneRunsOnlyWhenItIsThere() {
        refuse();
        const auto agent = make(Dns | Hosts, true);
        std::optional<ports::AgentResult> answer;
        agent->start(false, into(answer));
        QVERIFY(wait([&] { return m_alarms->raised >= 3; }));
        QVERIFY(!answer);
        serveWell();
        QVERIFY(wait([&] { return answer.has_value(); }));
        QVERIFY(answer->outcome == ResourceOutcome::Running);
        QVERIFY(isWell(dnsAlarm) && read("hosts").contains("erp.example.com"));
    }
    void aStopEndsTheStartAndTheAlarm() {
        refuse();
        const auto agent = make(Dns, true);
        std::optional<ports::AgentResult> started;
        agent->start(false, into(started));
        QVERIFY(wait([&] { return !isWell(dnsAlarm); }));
        std::optional<ports::AgentResult> stopped;
        agent->stop(into(stopped));
        QVERIFY(started && started->outcome == ResourceOutcome::Failed);
        QVERIFY(stopped && stopped->outcome == ResourceOutcome::Stopped);
        QVERIFY(isWell(dnsAlarm) && !hasNote());
    }
    void aStoppedOneLeavesTheRecordsAndAsksNobodyAnyMore() {
        const auto agent = make(Dns, true, 1ms);
        std::optional<ports::AgentResult> answer;
        agent->start(false, into(answer));
        QVERIFY(wait([&] { return answer.has_value(); }));
        answer.reset();
        agent->stop(into(answer));
        QVERIFY(answer && answer->outcome == ResourceOutcome::Stopped);
        QCOMPARE(m_zone, ours);
        QVERIFY(QTest::qWaitFor([] { return true; })); // what was sent before the stop arrives
        QCoreApplication::processEvents();
        const std::size_t updates = m_server->updates();
        m_zone.clear(); // would be put right by one that still looks
        std::optional<ports::AgentResult> probed;
        agent->probe(into(probed));
        QVERIFY(probed && probed->outcome == ResourceOutcome::Stopped);
        // Another agent's whole start fits between; the stopped one has had all the time for its own look.
        m_zone = ours;
        const auto other = make(Dns, true);
        std::optional<ports::AgentResult> started;
        other->start(false, into(started));
        QVERIFY(wait([&] { return started.has_value(); }));
        QCOMPARE(m_server->updates(), updates + 1);
    }
    void whatAnEarlierLifeStartedIsAdoptedAndOnlyLookedAt() {
        put("note", "");
        m_zone = ours;
        const auto agent = make(Dns);
        std::optional<ports::AgentResult> answer;
        agent->probe(into(answer));
        QVERIFY(answer && answer->outcome == ResourceOutcome::Running);
        QVERIFY(wait([&] { return m_server->seen.size() >= 2; }));
        QCOMPARE(m_server->updates(), std::size_t(0));
    }
    void whatWasChangedWhileNobodyLookedIsPutRight() {
        put("note", "");
        m_zone = {ip("10.77.0.66")};
        const auto agent = make(Dns);
        std::optional<ports::AgentResult> answer;
        agent->probe(into(answer));
        QVERIFY(wait([&] { return m_zone == ours; }));
    }
    void theRefreshPutsRight() {
        const auto agent = make(Dns | Hosts, true, 1ms);
        std::optional<ports::AgentResult> answer;
        agent->start(false, into(answer));
        QVERIFY(wait([&] { return answer.has_value(); }));
        m_zone = {ip("10.77.0.66")};
        put("hosts", "127.0.0.1 localhost\n", 0644);
        QVERIFY(wait([&] { return m_zone == ours && read("hosts").contains("erp.example.com"); }));
        QVERIFY(read("hosts").startsWith("127.0.0.1 localhost\n"));
    }
    // Never two nodes that update; but /etc/hosts has the same block on both.
    void theStandbyKeepsItsHostsFileAndAsksNobody() {
        const auto agent = make(Dns | Mdns | Hosts);
        std::optional<ports::AgentResult> answer;
        agent->probe(into(answer));
        QVERIFY(answer && answer->outcome == ResourceOutcome::Stopped);
        QVERIFY(wait([&] { return read("hosts").contains("10.77.0.100\terp.example.com erp\n"); }));
        QVERIFY(read("hosts").contains("fd77::100\terp.example.com erp\n"));
        QVERIFY(m_server->seen.empty() && read("published").isEmpty() && !hasNote());
        answer.reset();
        agent->stop(into(answer));
        QVERIFY(read("hosts").contains("erp.example.com")); // stays
    }
    void aHostsFileThatCanNotBeKeptIsAnAlarm() {
        QVERIFY(QDir(m_folder->path()).mkdir("hosts"));
        const auto agent = make(Hosts);
        std::optional<ports::AgentResult> answer;
        agent->start(false, into(answer));
        QVERIFY(wait([&] { return !isWell(hostsAlarm); }));
        QVERIFY(QDir(m_folder->path()).rmdir("hosts"));
        QVERIFY(wait([&] { return isWell(hostsAlarm); }));
    }

    void multicastIsPublishedAskedForAndWithdrawn() {
        const auto agent = make(Mdns, true);
        std::optional<ports::AgentResult> answer;
        agent->start(false, into(answer));
        QVERIFY(wait([&] { return answer.has_value(); }));
        QVERIFY(answer->outcome == ResourceOutcome::Running && isWell(mdnsAlarm));
        QVERIFY(read("published").contains("-a -R erp.local 10.77.0.100\n"));
        QVERIFY(read("published").contains("-a -R erp.local fd77::100\n"));
        QCOMPARE(publishers(), std::size_t(2));
        answer.reset();
        agent->stop(into(answer));
        QVERIFY(answer && answer->outcome == ResourceOutcome::Stopped);
        QVERIFY(wait([] { return publishers() == 0; }));
    }
    void netbiosIsServedAskedForAndEnded() {
        const auto agent = make(Netbios, true);
        std::optional<ports::AgentResult> answer;
        agent->start(false, into(answer));
        QVERIFY(wait([&] { return answer.has_value(); }));
        QVERIFY(answer->outcome == ResourceOutcome::Running);
        QVERIFY(wait([&] { return isWell(netbiosAlarm) && netbiosServers() == 1; }));
        QVERIFY(read("served").contains("\tnetbios name = ERP\n"));
        QVERIFY(read("served").contains("\tinterfaces = 10.77.0.100\n")); // and none of IPv6
        QVERIFY(read("served").contains("\tbind interfaces only = yes\n"));
        answer.reset();
        agent->stop(into(answer));
        QVERIFY(answer && answer->outcome == ResourceOutcome::Stopped);
        QVERIFY(wait([] { return netbiosServers() == 0; }));
    }
    void netbiosHasItsAlarms() {
        put("no-samba", "");
        const auto agent = make(Netbios);
        std::optional<ports::AgentResult> answer;
        agent->start(false, into(answer));
        QVERIFY(wait([&] { return !isWell(netbiosAlarm); }));
        const std::string text = m_alarms->standing.at(netbiosAlarm).text;
        QVERIFY2(text.find("bind failed on port 137") != std::string::npos, text.c_str());
        QVERIFY(QFile::remove(m_folder->filePath("no-samba")));
        QVERIFY(wait([&] { return isWell(netbiosAlarm); }));
        // Killed from outside: noticed and started again.
        const unsigned before = m_alarms->raised;
        killLeftNetbios(label);
        QVERIFY(wait([&] { return m_alarms->raised > before; }));
        QVERIFY(wait([&] { return isWell(netbiosAlarm) && netbiosServers() == 1; }));
    }
    void anotherHostWithTheNetbiosNameIsAnAlarm() {
        put("other-host", "");
        const auto agent = make(Netbios);
        std::optional<ports::AgentResult> answer;
        agent->start(false, into(answer));
        QVERIFY(wait([&] { return !isWell(netbiosAlarm); }));
        const std::string text = m_alarms->standing.at(netbiosAlarm).text;
        QVERIFY2(text.find("10.77.0.66 ERP<00>") != std::string::npos, text.c_str());
    }
    void withoutSambaNetbiosIsAnAlarm() {
        QVERIFY(QFile::remove(m_folder->filePath("serve")));
        const auto agent = make(Netbios);
        std::optional<ports::AgentResult> answer;
        agent->start(false, into(answer));
        QVERIFY(!isWell(netbiosAlarm));
        QCOMPARE(m_alarms->standing.at(netbiosAlarm).remedy, std::string("apt install samba"));
    }
    void aPublisherThatDiesIsNoticedAndStartedAgain() {
        const auto agent = make(Mdns, true);
        std::optional<ports::AgentResult> answer;
        agent->start(false, into(answer));
        QVERIFY(wait([&] { return answer.has_value(); }));
        const unsigned before = m_alarms->raised;
        platform::ProcessTraits traits;
        traits.environmentMark = std::string("DYAD_ALIAS=") + label;
        platform::killAll(platform::findProcesses(traits).value());
        QVERIFY(wait([&] { return m_alarms->raised > before; }));
        QVERIFY(wait([&] { return isWell(mdnsAlarm); }));
        QCOMPARE(publishers(), std::size_t(2));
    }
    void publishersOfAnEarlierLifeAreReplaced() {
        {
            platform::ChildSetup left;
            left.command = {"/bin/sleep", "1000"};
            left.environment = {std::string("DYAD_ALIAS=") + label};
            QVERIFY(platform::startChild(left).ok());
        }
        put("note", "");
        QCOMPARE(publishers(), std::size_t(1));
        const auto agent = make(Mdns);
        std::optional<ports::AgentResult> answer;
        agent->probe(into(answer));
        QVERIFY(answer && answer->outcome == ResourceOutcome::Running);
        QVERIFY(wait([&] { return read("published").count('\n') == 2 && publishers() == 2; }));
    }
    void withoutItsDaemonMulticastIsAnAlarm() {
        put("no-daemon", "");
        const auto agent = make(Mdns);
        std::optional<ports::AgentResult> answer;
        agent->start(false, into(answer));
        QVERIFY(answer && answer->outcome == ResourceOutcome::Running);
        QVERIFY(wait([&] { return !isWell(mdnsAlarm); }));
        const model::AlarmView alarm = m_alarms->standing.at(mdnsAlarm);
        QVERIFY2(alarm.text.find("Daemon not running") != std::string::npos, alarm.text.c_str());
        QVERIFY2(alarm.remedy.find("avahi-daemon") != std::string::npos, alarm.remedy.c_str());
        QVERIFY(QFile::remove(m_folder->filePath("no-daemon")));
        QVERIFY(wait([&] { return isWell(mdnsAlarm); }));
    }
    void withoutItsProgramMulticastIsAnAlarm() {
        QVERIFY(QFile::remove(m_folder->filePath("publish")));
        const auto agent = make(Mdns);
        std::optional<ports::AgentResult> answer;
        agent->start(false, into(answer));
        QVERIFY(answer && answer->outcome == ResourceOutcome::Running);
        QVERIFY(!isWell(mdnsAlarm));
        QCOMPARE(m_alarms->standing.at(mdnsAlarm).remedy, std::string("apt install avahi-utils avahi-daemon"));
    }
    void anotherHostWithTheNameIsAnAlarm() {
        put("other-host", "");
        const auto agent = make(Mdns);
        std::optional<ports::AgentResult> answer;
        agent->start(false, into(answer));
        QVERIFY(wait([&] { return !isWell(mdnsAlarm); }));
        const std::string text = m_alarms->standing.at(mdnsAlarm).text;
        QVERIFY2(text.find("10.77.0.66") != std::string::npos, text.c_str());
    }

    void whatCanNotBeUsedIsRefused() {
        model::AliasSettings settings;
        settings.host = "erp..example";
        settings.addresses = {"10.77.0.100"};
        QVERIFY(!makeAliasAgent(settings, "erp", "name", path(""), *m_alarms).ok());
        settings.host = "erp.example";
        settings.addresses = {"erp"};
        QVERIFY(!makeAliasAgent(settings, "erp", "name", path(""), *m_alarms).ok());
        settings.addresses = {"10.77.0.100"};
        QVERIFY(makeAliasAgent(settings, "erp", "name", path(""), *m_alarms).ok());
    }
};

QTEST_GUILESS_MAIN(AliasAgentTest)
#include "alias_agent_test.moc"
