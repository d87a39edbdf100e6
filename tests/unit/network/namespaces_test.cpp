// SPDX-License-Identifier: Apache-2.0
// Real kernels' neighbours: three hosts on one bridge, each a network namespace that lives only as a descriptor of this
// process, so that nothing can be left behind.
#include <QElapsedTimer>
#include <QProcess>
#include <QTest>
#include <arpa/inet.h>
#include <fcntl.h>
#include <map>
#include <optional>
#include <sched.h>
#include <set>
#include <sys/socket.h>
#include <thread>

#include "network/address_agent.h"
#include "network/address_defence.h"
#include "network/arp.h"
#include "network/gateway_watch.h"
#include "network/kernel_duplicate_check.h"
#include "network/neighbour.h"
#include "network/netlink_routes.h"
#include "network/public_watch.h"
#include "network/wire_look.h"
#include "platform/linux/monotonic_clock.h"

using namespace dyad;
using namespace dyad::network;
using model::ResourceOutcome;
using Kind = model::ResourceNotice::Kind;

namespace {

constexpr int guardMs = 30000;

class Host {
public:
    // Makes a namespace and enters it.
    [[nodiscard]] bool make() {
        if (::unshare(CLONE_NEWNET) != 0) return false;
        m_namespace.reset(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
        return m_namespace.valid() && run("ip link set lo up");
    }
    void enter() const { QVERIFY(::setns(m_namespace.get(), CLONE_NEWNET) == 0); }
    [[nodiscard]] std::string path() const {
        return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(m_namespace.get());
    }
    // In the namespace that this process is in.
    static bool run(const std::string& command, QByteArray* output = nullptr) {
        QProcess process;
        process.start("/bin/sh", {"-c", QString::fromStdString(command)});
        if (!process.waitForFinished(guardMs) || process.exitCode() != 0) {
            qWarning("%s: %s", command.c_str(), process.readAllStandardError().constData());
            return false;
        }
        if (output != nullptr) *output = process.readAllStandardOutput();
        return true;
    }

private:
    platform::FileDescriptor m_namespace;
};

ports::AgentResult await(const std::optional<ports::AgentResult>& answer) {
    QElapsedTimer guard;
    guard.start();
    while (!answer && guard.elapsed() < guardMs)
        QTest::qWait(1);
    return answer.value_or(ports::AgentResult{ResourceOutcome::CouldNotRun, "the test waited in vain"});
}

ports::AgentResult start(ports::Agent& agent, bool takeover) {
    std::optional<ports::AgentResult> answer;
    agent.start(takeover, [&](const ports::AgentResult& result) { answer = result; });
    return await(answer);
}
ports::AgentResult stop(ports::Agent& agent) {
    std::optional<ports::AgentResult> answer;
    agent.stop([&](const ports::AgentResult& result) { answer = result; });
    return await(answer);
}
ports::AgentResult probe(ports::Agent& agent) {
    std::optional<ports::AgentResult> answer;
    agent.probe([&](const ports::AgentResult& result) { answer = result; });
    return await(answer);
}

#define COMPARE_OUTCOME(result, wanted)                                                                                \
    do {                                                                                                               \
        const dyad::ports::AgentResult got = (result);                                                                 \
        QVERIFY2(got.outcome == (wanted),                                                                              \
                 (std::string(dyad::model::toText(got.outcome)) + ": " + got.detail).c_str());                         \
    } while (false)

} // namespace

class NamespacesTest : public QObject {
    Q_OBJECT

    Host m_switch;
    Host m_alpha;
    Host m_beta;
    Host m_client;

    static std::unique_ptr<ports::Agent> agent(const std::string& address) {
        model::AddressSettings settings;
        settings.address = address;
        return makeAddressAgent(settings).value();
    }
    static HardwareAddress ownHardware() {
        const Result<std::vector<Interface>> all = listInterfaces();
        for (const Interface& interface : all.value())
            if (interface.name == "eth0") return interface.hardware;
        return {};
    }
    static Interface eth0() {
        const Result<std::vector<Interface>> all = listInterfaces();
        for (const Interface& interface : all.value())
            if (interface.name == "eth0") return interface;
        return {};
    }
    // The present namespace says once that it has the address.
    static void claim(const std::string& address) {
        static std::map<HardwareAddress, PacketSocket> sockets; // by interface: a flood must not open one per claim
        const Interface interface = eth0();
        auto found = sockets.find(interface.hardware);
        if (found == sockets.end())
            found = sockets.emplace(interface.hardware, PacketSocket::open(interface, 0).value()).first;
        const IpAddress wanted = parseIpAddress(address).value();
        if (wanted.six)
            (void)found->second.send(unsolicitedAdvertisement(interface.hardware, wanted));
        else
            (void)found->second.send(arpAnnouncement(interface.hardware, wanted));
    }
    void claimFrom(const Host& host, const std::string& address) {
        host.enter();
        claim(address);
        m_client.enter();
    }
    static bool raised(const std::string& address) {
        const IpAddress wanted = parseIpAddress(address).value();
        const Result<std::vector<AssignedAddress>> all = listAddresses();
        for (const AssignedAddress& assigned : all.value())
            if (assigned.address == wanted) return true;
        return false;
    }
    // Makes the neighbour cache of the present namespace look the address up.
    static void knock(const std::string& address) {
        const bool six = address.find(':') != std::string::npos;
        const platform::FileDescriptor socket(::socket(six ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        sockaddr_in6 to6{};
        to6.sin6_family = AF_INET6;
        to6.sin6_port = htons(9);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(9);
        ::inet_pton(six ? AF_INET6 : AF_INET, address.c_str(),
                    six ? static_cast<void*>(&to6.sin6_addr) : static_cast<void*>(&to.sin_addr));
        (void)::sendto(socket.get(), "x", 1, 0,
                       six ? reinterpret_cast<sockaddr*>(&to6) : reinterpret_cast<sockaddr*>(&to),
                       six ? sizeof to6 : sizeof to);
    }
    static bool neighbourIs(const std::string& address, const HardwareAddress& hardware) {
        QByteArray output;
        Host::run("ip neigh show " + address, &output);
        return output.contains(toText(hardware).c_str());
    }

private Q_SLOTS:
    void initTestCase() {
        if (::geteuid() != 0 || !m_switch.make()) QSKIP("needs root and network namespaces");
        QVERIFY(Host::run("ip link add br0 type bridge && ip link set br0 up"));
        int number = 1;
        for (Host* host : {&m_alpha, &m_beta, &m_client}) {
            QVERIFY(host->make());
            const std::string n = std::to_string(number++);
            m_switch.enter();
            QVERIFY(Host::run("ip link add port" + n + " type veth peer name eth0 netns " + host->path() +
                              " && ip link set port" + n + " master br0 up"));
            host->enter();
            QVERIFY(Host::run("ip addr add 10.77.0." + n + "/24 dev eth0 && ip addr add fd77::" + n +
                              "/64 dev eth0 nodad && ip link set eth0 up"));
        }
        // Until the ports carry and the kernel's own IPv6 addresses have settled.
        m_client.enter();
        for (const char* address : {"10.77.0.1", "10.77.0.2", "fd77::1", "fd77::2"})
            QTRY_VERIFY_WITH_TIMEOUT((knock(address), neighbourKnown(address)), guardMs);
    }
    static bool neighbourKnown(const std::string& address) {
        QByteArray output;
        Host::run("ip neigh show " + address, &output);
        return output.contains("lladdr");
    }

    void placeIsFoundBySubnet() {
        m_alpha.enter();
        const Result<Place> place = findPlace(parseIpAddress("10.77.0.50").value(), 0, "");
        QVERIFY(place.ok());
        QCOMPARE(place.value().interface.name, std::string("eth0"));
        QCOMPARE(place.value().prefixLength, std::uint8_t{24});
        QVERIFY(place.value().interface.carrier && place.value().interface.ethernet);
        QCOMPARE(findPlace(parseIpAddress("192.0.2.1").value(), 0, "eth0").value().prefixLength, std::uint8_t{32});
        QVERIFY(!findPlace(parseIpAddress("192.0.2.1").value(), 0, "").ok());
        QVERIFY(!findPlace(parseIpAddress("10.77.0.50").value(), 0, "eth9").ok());
    }

    void takeoverMovesTheNeighboursCache_data() {
        QTest::addColumn<QString>("address");
        QTest::newRow("IPv4") << "10.77.0.50";
        QTest::newRow("IPv6") << "fd77::50";
    }
    void takeoverMovesTheNeighboursCache() {
        QFETCH(QString, address);
        const std::string ip = address.toStdString();
        m_alpha.enter();
        const HardwareAddress alpha = ownHardware();
        const auto first = agent(ip);
        COMPARE_OUTCOME(start(*first, true), ResourceOutcome::Running);
        m_client.enter();
        QTRY_VERIFY_WITH_TIMEOUT((knock(ip), neighbourIs(ip, alpha)), guardMs);

        // Alpha loses power without a word: its address just isn't there any more.
        m_switch.enter();
        QVERIFY(Host::run("ip link set port1 down"));
        m_beta.enter();
        const HardwareAddress beta = ownHardware();
        QVERIFY(alpha != beta);
        const auto second = agent(ip);
        const Instant before = platform::monotonicNow();
        COMPARE_OUTCOME(start(*second, true), ResourceOutcome::Running);
        qInfo("%s raised, announced and watched in %lld us", ip.c_str(),
              static_cast<long long>((platform::monotonicNow() - before).count() / 1000));
        m_client.enter();
        QTRY_VERIFY_WITH_TIMEOUT(neighbourIs(ip, beta), guardMs); // without a question of its own

        m_beta.enter();
        COMPARE_OUTCOME(stop(*second), ResourceOutcome::Stopped);
        QVERIFY(!raised(ip));
        COMPARE_OUTCOME(stop(*second), ResourceOutcome::Stopped);
        m_switch.enter();
        QVERIFY(Host::run("ip link set port1 up"));
        m_alpha.enter();
        COMPARE_OUTCOME(stop(*first), ResourceOutcome::Stopped);
        QVERIFY(!raised(ip));
        QVERIFY(Host::run("ip addr replace fd77::1/64 dev eth0 nodad"));
        m_client.enter();
        QTRY_VERIFY_WITH_TIMEOUT((knock("10.77.0.1"), neighbourIs("10.77.0.1", alpha)), guardMs);
    }

    void duplicateIsFound_data() { takeoverMovesTheNeighboursCache_data(); }
    void duplicateIsFound() {
        QFETCH(QString, address);
        const std::string ip = address.toStdString();
        m_client.enter();
        const HardwareAddress holder = ownHardware();
        QVERIFY(Host::run("ip addr add " + ip + " dev eth0 " + (ip.find(':') != std::string::npos ? "nodad" : "")));
        m_alpha.enter();
        const auto refused = agent(ip);
        const ports::AgentResult result = start(*refused, false);
        QCOMPARE(result.outcome, ResourceOutcome::Failed);
        QVERIFY2(result.detail.find(toText(holder)) != std::string::npos, result.detail.c_str());
        QVERIFY(!raised(ip)); // nothing is left behind
        COMPARE_OUTCOME(probe(*refused), ResourceOutcome::Stopped);

        m_client.enter();
        QVERIFY(Host::run("ip addr del " + ip + " dev eth0"));
        m_alpha.enter();
        COMPARE_OUTCOME(start(*refused, false), ResourceOutcome::Running);
        QVERIFY(raised(ip));
        COMPARE_OUTCOME(stop(*refused), ResourceOutcome::Stopped);
    }

    void stopDuringTheCheck() {
        m_alpha.enter();
        const auto asked = agent("10.77.0.50");
        std::optional<ports::AgentResult> started;
        asked->start(false, [&](const ports::AgentResult& result) { started = result; });
        QVERIFY(!started.has_value());
        COMPARE_OUTCOME(stop(*asked), ResourceOutcome::Stopped);
        QVERIFY(started.has_value() && started->outcome == ResourceOutcome::Failed);
        QVERIFY(!raised("10.77.0.50"));
    }

    void removedByHandIsNoticed() {
        m_alpha.enter();
        const auto held = agent("10.77.0.50");
        std::vector<ports::AgentNotice> notices;
        held->onNotice = [&](const ports::AgentNotice& notice) { notices.push_back(notice); };
        COMPARE_OUTCOME(start(*held, true), ResourceOutcome::Running);
        QVERIFY(Host::run("ip addr del 10.77.0.50/24 dev eth0"));
        QTRY_COMPARE_WITH_TIMEOUT(notices.size(), std::size_t{1}, guardMs);
        QVERIFY(notices.front().kind == Kind::Died);
        COMPARE_OUTCOME(probe(*held), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(start(*held, true), ResourceOutcome::Running);
        COMPARE_OUTCOME(start(*held, true), ResourceOutcome::Running);
        COMPARE_OUTCOME(stop(*held), ResourceOutcome::Stopped);
        QTest::qWait(0);
        QCOMPARE(notices.size(), std::size_t{1}); // our own removal is no death
    }

    void survivesTheService() {
        m_alpha.enter();
        auto held = agent("10.77.0.50");
        COMPARE_OUTCOME(start(*held, true), ResourceOutcome::Running);
        held.reset();
        QVERIFY(raised("10.77.0.50"));
        held = agent("10.77.0.50");
        std::vector<ports::AgentNotice> notices;
        held->onNotice = [&](const ports::AgentNotice& notice) { notices.push_back(notice); };
        COMPARE_OUTCOME(probe(*held), ResourceOutcome::Running);
        QVERIFY(Host::run("ip addr del 10.77.0.50/24 dev eth0"));
        QTRY_COMPARE_WITH_TIMEOUT(notices.size(), std::size_t{1}, guardMs); // supervised again
        COMPARE_OUTCOME(stop(*held), ResourceOutcome::Stopped);
    }

    void linkThatComesBackIsAnnouncedAgain() {
        m_alpha.enter();
        const auto held = agent("10.77.0.50");
        std::vector<ports::AgentNotice> notices;
        held->onNotice = [&](const ports::AgentNotice& notice) { notices.push_back(notice); };
        COMPARE_OUTCOME(start(*held, true), ResourceOutcome::Running);
        m_switch.enter();
        QVERIFY(Host::run("ip link set port1 down"));
        QTRY_COMPARE_WITH_TIMEOUT(notices.size(), std::size_t{1}, guardMs);
        QVERIFY(Host::run("ip link set port1 up"));
        QTRY_COMPARE_WITH_TIMEOUT(notices.size(), std::size_t{2}, guardMs);
        QVERIFY2(notices.back().detail.find("announced again") != std::string::npos, notices.back().detail.c_str());
        m_alpha.enter();
        COMPARE_OUTCOME(stop(*held), ResourceOutcome::Stopped);
        QVERIFY(Host::run("ip addr replace fd77::1/64 dev eth0 nodad"));
    }

    // An owner that thawed spoke for its address once more before it gave it up; clients followed it for most of a
    // minute.
    void aClaimOfAnotherIsAnswered_data() { takeoverMovesTheNeighboursCache_data(); }
    void aClaimOfAnotherIsAnswered() {
        QFETCH(QString, address);
        const std::string ip = address.toStdString();
        m_alpha.enter();
        const HardwareAddress alpha = ownHardware();
        const auto held = agent(ip);
        std::vector<ports::AgentNotice> notices;
        held->onNotice = [&](const ports::AgentNotice& notice) { notices.push_back(notice); };
        COMPARE_OUTCOME(start(*held, true), ResourceOutcome::Running);
        m_client.enter();
        QTRY_VERIFY_WITH_TIMEOUT((knock(ip), neighbourIs(ip, alpha)), guardMs);

        m_beta.enter();
        const HardwareAddress beta = ownHardware();
        claim(ip);
        m_client.enter();
        QTRY_VERIFY_WITH_TIMEOUT(!notices.empty(), guardMs); // the claim has arrived, and was answered before
        QVERIFY(notices.front().kind == Kind::Progress);
        QVERIFY2(notices.front().detail.find(toText(beta)) != std::string::npos, notices.front().detail.c_str());
        QTRY_VERIFY_WITH_TIMEOUT(neighbourIs(ip, alpha), guardMs); // without a question of its own
        QCOMPARE(notices.size(), std::size_t{1});

        m_alpha.enter();
        COMPARE_OUTCOME(stop(*held), ResourceOutcome::Stopped);
        // Who doesn't hold it any more doesn't care.
        m_beta.enter();
        claim(ip);
        m_client.enter();
        QTRY_VERIFY_WITH_TIMEOUT((claimFrom(m_beta, ip), neighbourIs(ip, beta)), guardMs);
        QTest::qWait(1);
        QVERIFY(neighbourIs(ip, beta));
        QCOMPARE(notices.size(), std::size_t{1});
    }

    void aFloodOfClaimsIsAnsweredSlowly() {
        const std::string ip = "10.77.0.50";
        m_alpha.enter();
        AddressDefence defence;
        int defences = 0;
        int conflicts = 0;
        defence.onDefend = [&] { ++defences; };
        defence.onConflict = [&](const HardwareAddress&) { ++conflicts; };
        QVERIFY(defence.start(eth0(), parseIpAddress(ip).value()).ok());
        const Instant began = platform::monotonicNow();
        while (defences < 3 && platform::monotonicNow() - began < Duration(std::chrono::milliseconds(guardMs))) {
            m_beta.enter();
            for (int i = 0; i < 100; ++i)
                claim(ip);
            m_alpha.enter();
            QTest::qWait(0);
        }
        const Duration took = platform::monotonicNow() - began;
        QCOMPARE(defences, 3);
        QVERIFY(took >= defenceDistance(1) + defenceDistance(2)); // not sooner, however many there are
        QCOMPARE(conflicts, 1);
    }

    // This host stood still itself: by the time it hears the claim the other one may be in the right.
    void aClaimThatHasWaitedIsNotAnsweredAtOnce() {
        const std::string ip = "10.77.0.50";
        m_alpha.enter();
        AddressDefence defence;
        std::optional<Instant> defended;
        defence.onDefend = [&] { defended = platform::monotonicNow(); };
        QVERIFY(defence.start(eth0(), parseIpAddress(ip).value()).ok());
        claimFrom(m_beta, ip);
        m_alpha.enter();
        std::this_thread::sleep_for(staleClaim * 2); // this is what standing still means
        const Instant thawed = platform::monotonicNow();
        QTRY_VERIFY_WITH_TIMEOUT(defended.has_value(), guardMs);
        QVERIFY(*defended - thawed >= staleClaimPatience);

        // And not at all where the address has been given up meanwhile.
        defended.reset();
        claimFrom(m_beta, ip);
        m_alpha.enter();
        std::this_thread::sleep_for(defenceDistance(1) + staleClaim * 2);
        QTest::qWait(0);
        defence.stop();
        QTest::qWait(static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(staleClaimPatience).count()) + 10);
        QVERIFY(!defended.has_value());
    }

    void gateways_data() {
        QTest::addColumn<QString>("gateway");
        QTest::newRow("IPv4") << "10.77.0.3";
        QTest::newRow("IPv6") << "fd77::3";
    }
    void gateways() {
        QFETCH(QString, gateway);
        m_beta.enter();
        auto watch =
            GatewayWatch::make({"10.77.0.250", gateway.toStdString()}, {.interval = 20ms, .misses = 3}).value();
        std::vector<bool> told;
        watch->onChange = [&](bool reachable) { told.push_back(reachable); };
        watch->start();
        QTRY_VERIFY_WITH_TIMEOUT(!told.empty() && told.back(), guardMs);
        m_switch.enter();
        QVERIFY(Host::run("ip link set port2 down"));
        m_beta.enter();
        QTRY_VERIFY_WITH_TIMEOUT(!told.back(), guardMs);
        m_switch.enter();
        QVERIFY(Host::run("ip link set port2 up"));
        m_beta.enter();
        QTRY_VERIFY_WITH_TIMEOUT(told.back(), guardMs);
    }

    void routesComeAndGoWithTheAddress_data() {
        QTest::addColumn<QString>("address");
        QTest::addColumn<QString>("destination");
        QTest::addColumn<QString>("gateway");
        QTest::newRow("IPv4") << "10.77.0.50"
                              << "192.0.2.0"
                              << "10.77.0.3";
        QTest::newRow("IPv6") << "fd77::50"
                              << "2001:db8::"
                              << "fd77::3";
    }
    void routesComeAndGoWithTheAddress() {
        QFETCH(QString, address);
        QFETCH(QString, destination);
        QFETCH(QString, gateway);
        const bool six = address.contains(':');
        const std::string show = std::string(six ? "ip -6" : "ip -4") + " route show table all proto 215";
        model::AddressSettings settings;
        settings.address = address.toStdString();
        settings.routes = {{destination.toStdString(), std::uint8_t(six ? 32 : 24), gateway.toStdString(), 50, 254, true},
                           {destination.toStdString(), std::uint8_t(six ? 32 : 24), gateway.toStdString(), 0, 100, false},
                           {six ? "::" : "0.0.0.0", 0, gateway.toStdString(), 7, 254, true}};
        m_alpha.enter();
        auto held = makeAddressAgent(settings).value();
        COMPARE_OUTCOME(start(*held, true), ResourceOutcome::Running);
        QByteArray table;
        QVERIFY(Host::run(show, &table));
        QCOMPARE(table.trimmed().count('\n') + 1, qsizetype{3});
        QVERIFY2(table.contains("src " + address.toLatin1()) && table.contains("table 100"), table.constData());
        QCOMPARE(listOwnRoutes(six).value().size(), std::size_t{3});
        // What goes there says that it comes from the address.
        QByteArray way;
        const QString far = six ? "2001:db8::7" : "192.0.2.7";
        QVERIFY(Host::run("ip route get " + far.toStdString(), &way));
        QVERIFY2(way.contains("src " + address.toLatin1()), way.constData());

        // The next life of the service finds them; one that somebody has removed is put back.
        held.reset();
        QVERIFY(Host::run(std::string(six ? "ip -6" : "ip -4") + " route del table 100 " + destination.toStdString() +
                          (six ? "/32" : "/24")));
        held = makeAddressAgent(settings).value();
        COMPARE_OUTCOME(probe(*held), ResourceOutcome::Running);
        QCOMPARE(listOwnRoutes(six).value().size(), std::size_t{3});
        COMPARE_OUTCOME(stop(*held), ResourceOutcome::Stopped);
        QVERIFY(listOwnRoutes(six).value().empty());
        QVERIFY(!raised(settings.address));
    }

    void aRouteThatCantBeHadLeavesNothing() {
        m_alpha.enter();
        model::AddressSettings settings;
        settings.address = "10.77.0.50";
        settings.routes = {{"192.0.2.0", 24, "10.77.0.3", 50, 254, false}, {"198.51.100.0", 24, "172.16.9.9", 0, 254, false}};
        const auto held = makeAddressAgent(settings).value();
        const ports::AgentResult result = start(*held, true);
        QCOMPARE(result.outcome, ResourceOutcome::Failed);
        QVERIFY2(result.detail.find("198.51.100.0/24 via 172.16.9.9") != std::string::npos, result.detail.c_str());
        QVERIFY(!raised("10.77.0.50"));
        QVERIFY(listOwnRoutes(false).value().empty());
        // Somebody else's route of that kind is not taken for ours, nor away from him.
        QVERIFY(Host::run("ip route add 192.0.2.0/24 via 10.77.0.2 metric 50"));
        settings.routes.pop_back();
        const auto second = makeAddressAgent(settings).value();
        QCOMPARE(start(*second, true).outcome, ResourceOutcome::Failed);
        COMPARE_OUTCOME(stop(*second), ResourceOutcome::Stopped);
        QVERIFY(Host::run("ip route del 192.0.2.0/24 via 10.77.0.2 metric 50"));
    }

    // RFC 4862: the kernel asks, and what it finds is what the start answers.
    void theKernelAsksForIpv6() {
        model::AddressSettings settings;
        settings.address = "fd77::60";
        settings.duplicateCheck = model::AddressSettings::DuplicateCheck::Kernel;
        m_client.enter();
        QVERIFY(Host::run("ip addr add fd77::60/64 dev eth0 nodad"));
        m_alpha.enter();
        const auto held = makeAddressAgent(settings).value();
        const ports::AgentResult taken = start(*held, false);
        QCOMPARE(taken.outcome, ResourceOutcome::Failed);
        QVERIFY2(taken.detail.find("already in use") != std::string::npos, taken.detail.c_str());
        QVERIFY(!raised("fd77::60"));

        m_client.enter();
        QVERIFY(Host::run("ip addr del fd77::60/64 dev eth0"));
        m_alpha.enter();
        COMPARE_OUTCOME(start(*held, false), ResourceOutcome::Running);
        const Result<std::vector<AssignedAddress>> all = listAddresses();
        for (const AssignedAddress& each : all.value())
            if (each.address == parseIpAddress("fd77::60").value()) QVERIFY(!each.tentative && !each.duplicate);
        COMPARE_OUTCOME(stop(*held), ResourceOutcome::Stopped);

        // Overtaken while the kernel asks: nothing stays.
        std::optional<ports::AgentResult> started;
        held->start(false, [&](const ports::AgentResult& result) { started = result; });
        QVERIFY(!started.has_value());
        COMPARE_OUTCOME(stop(*held), ResourceOutcome::Stopped);
        QVERIFY(started.has_value() && started->outcome == ResourceOutcome::Failed);
        QVERIFY(!raised("fd77::60"));
    }

    void aDeadCableIsALostNetwork() {
        struct FakeAlarms : ports::AlarmPort {
            std::set<std::string> standing;
            void raise(const model::AlarmView& alarm) override { standing.insert(alarm.id); }
            void clear(const std::string& id) override { standing.erase(id); }
        } alarms;
        model::Configuration configuration;
        QVERIFY(PublicWatch::make(configuration, {}, alarms).value() == nullptr); // nothing to watch
        model::GroupSetup group;
        model::ResourceSetup resource;
        model::AddressSettings settings;
        settings.address = "10.77.0.50";
        resource.settings = settings;
        group.resources.push_back(resource);
        configuration.groups.push_back(group);

        m_alpha.enter();
        const auto alone = PublicWatch::make(configuration, {}, alarms).value(); // no gateway
        configuration.gateways = {"10.77.0.3"};
        const auto both = PublicWatch::make(configuration, {.interval = 20ms, .misses = 3}, alarms).value();
        std::vector<bool> told;
        std::vector<bool> toldBoth;
        alone->onChange = [&](bool reachable) { told.push_back(reachable); };
        both->onChange = [&](bool reachable) { toldBoth.push_back(reachable); };
        alone->start();
        both->start();
        QVERIFY(told.empty());
        QTRY_VERIFY_WITH_TIMEOUT((told == std::vector{true} && toldBoth == std::vector{true}), guardMs);
        m_switch.enter();
        QVERIFY(Host::run("ip link set port1 down"));
        m_alpha.enter();
        QTRY_VERIFY_WITH_TIMEOUT(told.size() == 2 && toldBoth.size() == 2, guardMs);
        QVERIFY(!told.back() && !toldBoth.back());
        QVERIFY(alarms.standing == std::set<std::string>{"carrier.lost:eth0"});
        m_switch.enter();
        QVERIFY(Host::run("ip link set port1 up"));
        m_alpha.enter();
        QTRY_VERIFY_WITH_TIMEOUT(told.back() && toldBoth.back(), guardMs);
        QVERIFY(alarms.standing.empty());
        // A gateway that falls silent behind a living cable is seen by the one that asks it alone.
        m_switch.enter();
        QVERIFY(Host::run("ip link set port3 down"));
        m_alpha.enter();
        QTRY_VERIFY_WITH_TIMEOUT(!toldBoth.back(), guardMs);
        QVERIFY(told.back());
        m_switch.enter();
        QVERIFY(Host::run("ip link set port3 up"));
        m_alpha.enter();
        QTRY_VERIFY_WITH_TIMEOUT(toldBoth.back(), guardMs);
    }

    // What the standby asks: does the network believe that somebody has the address?
    void theWireTellsWhoHasAnAddress_data() { takeoverMovesTheNeighboursCache_data(); }
    void theWireTellsWhoHasAnAddress() {
        QFETCH(QString, address);
        const std::string ip = address.toStdString();
        m_alpha.enter();
        QVERIFY(Host::run("ip addr replace fd77::1/64 dev eth0 nodad")); // gone when its cable was
        const HardwareAddress alpha = ownHardware();
        const auto held = agent(ip);
        COMPARE_OUTCOME(start(*held, true), ResourceOutcome::Running);
        m_beta.enter();
        QVERIFY(Host::run("ip addr replace fd77::2/64 dev eth0 nodad"));
        WireLook look;
        look.interface = eth0();
        look.address = parseIpAddress(ip).value();
        look.source = parseIpAddress(look.address.six ? "fd77::2" : "10.77.0.2").value();
        std::vector<WireLook> looks{look};
        lookAtWire(looks);
        QVERIFY2(looks[0].trouble.empty(), looks[0].trouble.c_str());
        QCOMPARE(looks[0].answers.size(), std::size_t{1});
        QVERIFY(looks[0].answers[0] == alpha);
        m_alpha.enter();
        COMPARE_OUTCOME(stop(*held), ResourceOutcome::Stopped);
        m_beta.enter();
        looks = {look};
        lookAtWire(looks);
        QVERIFY2(looks[0].trouble.empty(), looks[0].trouble.c_str());
        QVERIFY(looks[0].answers.empty());
        // Without a cable nothing can be said.
        m_switch.enter();
        QVERIFY(Host::run("ip link set port2 down"));
        m_beta.enter();
        QTRY_VERIFY_WITH_TIMEOUT(!eth0().carrier, guardMs);
        look.interface = eth0();
        looks = {look};
        lookAtWire(looks);
        QVERIFY(!looks[0].trouble.empty());
        m_switch.enter();
        QVERIFY(Host::run("ip link set port2 up"));
        m_beta.enter();
        QTRY_VERIFY_WITH_TIMEOUT(eth0().carrier, guardMs);
    }

    void gatewaysThatAreNone() {
        QVERIFY(!GatewayWatch::make({"router.example"}, {}).ok());
        auto watch = GatewayWatch::make({}, {}).value();
        std::vector<bool> told;
        watch->onChange = [&](bool reachable) { told.push_back(reachable); };
        watch->start();
        QTRY_COMPARE_WITH_TIMEOUT(told.size(), std::size_t{1}, guardMs);
        QVERIFY(told.front());

        m_beta.enter();
        auto nobody = GatewayWatch::make({"10.77.0.251"}, {.interval = 10ms, .misses = 2}).value();
        std::vector<bool> silence;
        nobody->onChange = [&](bool reachable) { silence.push_back(reachable); };
        nobody->start();
        QTRY_COMPARE_WITH_TIMEOUT(silence.size(), std::size_t{1}, guardMs);
        QVERIFY(!silence.front());
    }
};

QTEST_GUILESS_MAIN(NamespacesTest)
#include "namespaces_test.moc"
