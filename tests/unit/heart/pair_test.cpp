// SPDX-License-Identifier: Apache-2.0
// Two real dyad-heart processes on two loopback addresses, each with a run directory of its own, and the service's end
// of both in this process.
#include "heart/client.h"
#include "heart/launcher.h"
#include "heart/serial_frame.h"
#include "wire/sealing.h"

#include "guardian.h"
#include "serial_cable.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <memory>
#include <random>

using namespace dyad;
using namespace dyad::heart;
using model::Liveness;
using model::NodeId;

namespace {

constexpr int guardMs = 30'000; // a deadlock guard, nothing else
constexpr std::uint16_t cluster = 4711;
constexpr std::uint16_t v4Port = 17400;

// One host: a run directory, a heart, the service's client.
struct Host {
    NodeId node;
    QTemporaryDir directory;
    Settings settings;
    std::unique_ptr<Client> client;

    Host(NodeId self, const Guardian& guardian, const std::string& keyFile, Duration heartbeat)
        : node(self), directory(guardian.pattern()) {
        const bool first = node == NodeId::First;
        const auto number = static_cast<std::uint16_t>(first ? 17401 : 17402);
        const auto peerNumber = static_cast<std::uint16_t>(first ? 17402 : 17401);
        settings = {cluster,
                    node,
                    model::BootDigest(first ? 0xa : 0xb),
                    keyFile,
                    heartbeat,
                    heartbeat * 3,
                    heartbeat * 5,
                    {{"private", first ? "127.0.0.2" : "127.0.0.3", first ? "127.0.0.3" : "127.0.0.2", v4Port, v4Port},
                     {"public", "::1", "::1", number, peerNumber}}};
        client = std::make_unique<Client>(run(), settings);
    }
    ~Host() { end(); }

    std::string run() const { return directory.path().toStdString(); }

    Result<void> start() {
        if (Result<void> saved = saveSettings(settingsPath(run()), settings); !saved) return saved;
        return startHeart(DYAD_HEART_PROGRAM, run());
    }
    // Ends the heart and waits for it: we are its reaper.
    void end() {
        const auto living = findHeart(run());
        if (!living) return;
        const auto watched = watchProcess(living->process);
        if (!watched) return;
        signalProcess(watched.value(), SIGKILL);
        pollfd wait{watched.value(), POLLIN, 0};
        ::poll(&wait, 1, guardMs);
        ::close(watched.value());
        ::waitpid(living->process.process, nullptr, 0);
    }
    Report report() const { return client->report().value_or(Report{}); }
    bool sees(Liveness liveness) const {
        const Report now = report();
        return now.links.size() == 2 && now.links[0].liveness == liveness && now.links[1].liveness == liveness;
    }
};

bool eventually(const std::function<bool()>& holds) { return QTest::qWaitFor(holds, guardMs); }

model::NodeStatus activeStatus() {
    model::NodeStatus status;
    status.serviceAlive = true;
    status.configurationDigest = 5;
    status.groups = {{model::Role::Active, model::Epoch(2)}};
    return status;
}

// A stranger on the peer's address of the first link.
int strangerSocket(const char* address) {
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_port = htons(v4Port);
    ::inet_pton(AF_INET, address, &own.sin_addr);
    return ::bind(socket, reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0 ? socket : -1;
}

void sendTo(int socket, const char* address, const std::vector<std::uint8_t>& bytes) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(v4Port);
    ::inet_pton(AF_INET, address, &to.sin_addr);
    ::sendto(socket, bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
}

} // namespace

class PairTest : public QObject {
    Q_OBJECT

    const Guardian m_guardian;
    std::string m_keyFile;
    QTemporaryDir m_devices; // names of the cable's ends, which go before the ends do: their numbers are used again
    std::unique_ptr<fakes::SerialCable> m_cable;
    std::unique_ptr<Host> m_alpha;
    std::unique_ptr<Host> m_beta;

    std::string device(std::size_t end) const { return m_devices.filePath(QString::number(end)).toStdString(); }
    void pluggedIn(std::size_t end) {
        QCOMPARE(::symlink(m_cable->end(end).c_str(), device(end).c_str()), 0);
    }
    // A pair with the first link and a serial line.
    void bringUpWithSerial() {
        m_cable = std::make_unique<fakes::SerialCable>();
        QVERIFY(m_cable->sound());
        m_alpha = std::make_unique<Host>(NodeId::First, m_guardian, m_keyFile, 20ms);
        m_beta = std::make_unique<Host>(NodeId::Second, m_guardian, m_keyFile, 20ms);
        for (Host* host : {m_alpha.get(), m_beta.get()}) {
            LinkSettings line;
            line.name = "serial";
            line.ownAddress = device(host == m_alpha.get() ? 0 : 1);
            line.serialRate = 115200;
            host->settings.links[1] = line;
            host->client = std::make_unique<Client>(host->run(), host->settings);
            QVERIFY(host->start().ok());
            QVERIFY(eventually([&] { return host->client->connect().ok(); }));
        }
    }

    void unplug() {
        for (const std::size_t end : {std::size_t{0}, std::size_t{1}})
            ::unlink(device(end).c_str());
        m_cable.reset();
    }
    void bringUp(Duration heartbeat) {
        m_alpha = std::make_unique<Host>(NodeId::First, m_guardian, m_keyFile, heartbeat);
        m_beta = std::make_unique<Host>(NodeId::Second, m_guardian, m_keyFile, heartbeat);
        for (Host* host : {m_alpha.get(), m_beta.get()}) {
            const auto started = host->start();
            QVERIFY2(started.ok(), started.ok() ? "" : started.error().text().c_str());
            QVERIFY(eventually([&] { return host->client->connect().ok(); }));
        }
        QVERIFY(eventually([&] { return m_alpha->sees(Liveness::Alive) && m_beta->sees(Liveness::Alive); }));
    }

private Q_SLOTS:
    void initTestCase() {
        QVERIFY(wire::prepareSealing());
        // Hearts are started so that pid 1 inherits them; here we are in its place and reap them.
        QCOMPARE(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
        QFile key(m_guardian.file("cluster.key"));
        QVERIFY(key.open(QIODevice::WriteOnly));
        key.write(QByteArray(64, '7') + "\n");
        key.close();
        QVERIFY(key.setPermissions(QFile::ReadOwner | QFile::WriteOwner));
        m_keyFile = key.fileName().toStdString();
    }
    void cleanup() {
        m_alpha.reset();
        m_beta.reset();
        unplug();
    }

    void eachHearsTheOther() {
        bringUp(20ms);
        QVERIFY(eventually([&] {
            const Report report = m_alpha->report();
            return report.links[0].peerHearsUs && report.links[1].peerHearsUs && report.links[0].roundTrip > 0ns;
        }));
        const Report report = m_alpha->report();
        QVERIFY(report.peer.everHeard);
        QCOMPARE(report.peer.boot.value, std::uint64_t{0xb});
        QCOMPARE(report.rejectedTotal, std::uint64_t{0});
        QVERIFY(report.rejectedWhy.empty());
    }

    void aStoppedPeerIsSuspectThenLostThenAliveAgain() {
        bringUp(200ms); // long enough that both states are seen on a busy machine
        QVERIFY(m_alpha->client->drain() != Client::Drained::Closed);
        std::vector<Liveness> seen;
        const Result<int> peer = watchProcess(m_beta->client->process());
        QVERIFY(peer.ok());
        signalProcess(peer.value(), SIGSTOP);
        QVERIFY(eventually([&] {
            const Liveness now = m_alpha->report().links[0].liveness;
            if (seen.empty() || seen.back() != now) seen.push_back(now);
            return now == Liveness::Lost;
        }));
        QVERIFY(eventually([&] { return m_alpha->sees(Liveness::Lost); }));
        QVERIFY(!m_alpha->report().links[0].peerHearsUs);
        QCOMPARE(m_alpha->client->drain(), Client::Drained::Changed); // and the service was woken for it
        signalProcess(peer.value(), SIGCONT);
        QVERIFY(eventually([&] { return m_alpha->sees(Liveness::Alive); }));
        // The one that was stopped knows that it was, and doesn't blame the peer.
        QVERIFY(eventually([&] { return m_beta->report().worstLateness >= 200ms; }));
        ::close(peer.value());
        // Suspect lies between; it can be missed only when this test itself was held up.
        QCOMPARE(seen.front(), Liveness::Alive);
        QCOMPARE(seen.back(), Liveness::Lost);
        if (seen.size() == 3) QCOMPARE(seen[1], Liveness::Suspect);
    }

    void aPublishedStatusReachesThePeer() {
        bringUp(20ms);
        QVERIFY(!m_alpha->report().peer.status.serviceAlive); // connected, but it hasn't spoken yet
        QVERIFY(!m_beta->client->previousStatus());
        QVERIFY(m_beta->client->publish(activeStatus()));
        QVERIFY(eventually([&] { return m_alpha->report().peer.status == activeStatus(); }));
        QVERIFY(eventually([&] { return m_alpha->client->drain() == Client::Drained::Changed; }));
    }

    void aDeadServiceIsToldToThePeerAndItsSuccessorFindsItsWord() {
        bringUp(20ms);
        QVERIFY(m_beta->client->publish(activeStatus()));
        QVERIFY(eventually([&] { return m_alpha->report().peer.status.serviceAlive; }));
        const ProcessIdentity heart = m_beta->client->process();

        m_beta->client.reset(); // as the kernel does for a service that was killed
        model::NodeStatus orphaned = activeStatus();
        orphaned.serviceAlive = false;
        QVERIFY(eventually([&] { return m_alpha->report().peer.status == orphaned; }));
        QVERIFY(m_alpha->sees(Liveness::Alive));

        m_beta->client = std::make_unique<Client>(m_beta->run(), m_beta->settings);
        QVERIFY(m_beta->client->connect().ok());
        QVERIFY(m_beta->client->process() == heart);
        QVERIFY(m_beta->client->previousStatus() == activeStatus());
        QVERIFY(eventually([&] { return m_alpha->report().peer.status == activeStatus(); }));
    }

    void aSecondServiceIsSentAway() {
        bringUp(20ms);
        Client second(m_alpha->run(), m_alpha->settings);
        QVERIFY(second.connect().ok()); // the kernel says yes before the heart says no
        QVERIFY(eventually([&] { return second.drain() == Client::Drained::Closed; }));
        QVERIFY(m_alpha->client->drain() != Client::Drained::Closed);
    }

    void aSecondHeartForTheSameDirectoryEnds() {
        bringUp(20ms);
        const ProcessIdentity first = m_alpha->client->process();
        QVERIFY(m_alpha->start().ok());
        int status = 0;
        pid_t ended = 0;
        QVERIFY(eventually([&] { return (ended = ::waitpid(-1, &status, WNOHANG)) > 0; }));
        QVERIFY(ended != first.process);
        QCOMPARE(WEXITSTATUS(status), 3);
        QVERIFY(findHeart(m_alpha->run())->process == first);
    }

    void aHeartOfAnotherBootOrOtherSettingsIsNotJoined() {
        bringUp(20ms);
        Settings other = m_alpha->settings;
        other.boot = model::BootDigest(0xaa);
        QVERIFY(!Client(m_alpha->run(), other).connect().ok());
        other = m_alpha->settings;
        other.lost = 10s;
        QVERIFY(!Client(m_alpha->run(), other).connect().ok());
        const auto living = findHeart(m_alpha->run());
        QVERIFY(living.has_value());
        QCOMPARE(living->boot.value, std::uint64_t{0xa});
        QCOMPARE(living->settingsDigest, digestOf(m_alpha->settings));
    }

    void whatStrangersSendIsCountedAndIgnored() {
        bringUp(20ms);
        m_beta->end(); // its address is ours now
        QVERIFY(eventually([&] { return m_alpha->sees(Liveness::Lost); }));
        m_alpha->client->drain();
        const std::uint64_t received = m_alpha->report().links[0].received;
        const int stranger = strangerSocket("127.0.0.3");
        QVERIFY(stranger >= 0);

        wire::Heartbeat forged;
        forged.cluster = cluster;
        forged.sender = NodeId::Second;
        forged.boot = model::BootDigest(0xb);
        forged.sequence = 1'000'000'000'000;
        wire::ClusterKey foreign;
        foreign.bytes.fill(1);
        wire::Datagram datagram{};
        const std::size_t bytes = wire::seal(forged, foreign, wire::randomSalt(), datagram);
        std::vector<std::uint8_t> sent(datagram.begin(), datagram.begin() + static_cast<std::ptrdiff_t>(bytes));
        sendTo(stranger, "127.0.0.2", sent); // another key
        forged.cluster = cluster + 1;
        wire::seal(forged, foreign, wire::randomSalt(), datagram);
        sendTo(stranger, "127.0.0.2",
               {datagram.begin(), datagram.begin() + static_cast<std::ptrdiff_t>(bytes)}); // another cluster
        sent.resize(10);
        sendTo(stranger, "127.0.0.2", sent);                              // truncated
        sendTo(stranger, "127.0.0.2", {});                                // empty
        sendTo(stranger, "127.0.0.2", std::vector<std::uint8_t>(60'000)); // oversize
        QVERIFY(eventually([&] { return m_alpha->report().rejectedTotal == 5; }));
        QVERIFY(m_alpha->report().rejectedWhy.find("(link private)") != std::string::npos);
        QCOMPARE(m_alpha->report().links[0].rejected, std::uint64_t{5});
        QCOMPARE(m_alpha->report().links[0].received, received);
        QVERIFY(m_alpha->sees(Liveness::Lost));
        QVERIFY(eventually([&] { return m_alpha->client->drain() == Client::Drained::Changed; }));
        ::close(stranger);
    }

    void anAddressThatComesLaterIsBoundLater() {
        // Another program holds the port: the same to the heart as an address that isn't there yet.
        const int holder = strangerSocket("127.0.0.2");
        QVERIFY(holder >= 0);
        m_alpha = std::make_unique<Host>(NodeId::First, m_guardian, m_keyFile, 20ms);
        m_beta = std::make_unique<Host>(NodeId::Second, m_guardian, m_keyFile, 20ms);
        for (Host* host : {m_alpha.get(), m_beta.get()}) {
            QVERIFY(host->start().ok());
            QVERIFY(eventually([&] { return host->client->connect().ok(); }));
        }
        QVERIFY(eventually([&] {
            const Report report = m_alpha->report();
            return report.links.size() == 2 && report.links[1].liveness == Liveness::Alive &&
                   report.links[0].liveness == Liveness::Lost;
        }));
        ::close(holder);
        QVERIFY(eventually([&] { return m_alpha->sees(Liveness::Alive) && m_beta->sees(Liveness::Alive); }));
    }

    void theEndOfAHeartIsSeenOnItsDescriptor() {
        bringUp(20ms);
        pollfd wait{m_alpha->client->processDescriptor(), POLLIN, 0};
        QCOMPARE(::poll(&wait, 1, 0), 0);
        const ProcessIdentity ended = m_alpha->client->process();
        signalProcess(m_alpha->client->processDescriptor(), SIGKILL);
        QCOMPARE(::poll(&wait, 1, guardMs), 1);
        ::waitpid(ended.process, nullptr, 0);
        QVERIFY(!isLiving(ended));
        QVERIFY(!findHeart(m_alpha->run()));
        QVERIFY(eventually([&] { return m_alpha->client->drain() == Client::Drained::Closed; }));
        QVERIFY(!Client(m_alpha->run(), m_alpha->settings).connect().ok()); // its board is stale
        // The next one takes the place.
        QVERIFY(m_alpha->start().ok());
        QVERIFY(eventually([&] { return m_alpha->client->connect().ok(); }));
        QVERIFY(eventually([&] { return m_alpha->sees(Liveness::Alive) && m_beta->sees(Liveness::Alive); }));
    }

    void aSerialLineCarriesHeartbeats() {
        bringUpWithSerial();
        pluggedIn(0);
        pluggedIn(1);
        QVERIFY(eventually([&] { return m_alpha->sees(Liveness::Alive) && m_beta->sees(Liveness::Alive); }));
        QVERIFY(eventually([&] { return m_alpha->report().links[1].peerHearsUs; }));
        QVERIFY(eventually([&] { return m_alpha->report().links[1].roundTrip > Duration(0); }));

        m_cable->plug(false);
        QVERIFY(eventually([&] { return m_alpha->report().links[1].liveness == Liveness::Lost; }));
        QVERIFY(m_alpha->report().links[0].liveness == Liveness::Alive);
        m_cable->plug(true);
        QVERIFY(eventually([&] { return m_alpha->sees(Liveness::Alive) && m_beta->sees(Liveness::Alive); }));
        // Noise is no attack: nothing is counted as refused, and the line goes on.
        const std::uint64_t before = m_alpha->report().links[1].received;
        m_cable->disturb(0, std::string("\0login: \x7f\xff", 11) + std::string(5000, 'U'));
        QVERIFY(eventually([&] { return m_alpha->report().links[1].received > before + 10; }));
        QCOMPARE(m_alpha->report().rejectedTotal, std::uint64_t{0});
    }

    void whatIsSaidOverASerialLineIsSealedToo() {
        bringUpWithSerial();
        pluggedIn(0);
        pluggedIn(1);
        QVERIFY(eventually([&] { return m_alpha->sees(Liveness::Alive) && m_beta->sees(Liveness::Alive); }));
        QVERIFY(m_beta->client->publish(activeStatus()));
        QVERIFY(eventually([&] { return m_alpha->report().peer.status == activeStatus(); }));

        wire::Heartbeat forged;
        forged.cluster = cluster;
        forged.sender = NodeId::Second;
        forged.link = 1;
        forged.boot = model::BootDigest(0xb);
        forged.sequence = 1'000'000'000'000;
        wire::ClusterKey foreign;
        foreign.bytes.fill(1);
        wire::Datagram datagram{};
        const std::size_t bytes = wire::seal(forged, foreign, wire::randomSalt(), datagram);
        SerialFrame frame{};
        const std::size_t framed = toSerialFrame(std::span<const std::uint8_t>(datagram).first(bytes), frame);
        // Between two heartbeats now and then, else it breaks one: again until it got through.
        QVERIFY(eventually([&] {
            m_cable->disturb(0, std::string(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(framed)));
            return m_alpha->report().links[1].rejected > 0;
        }));
        QVERIFY(m_alpha->report().rejectedWhy.find("(link serial)") != std::string::npos);
        QVERIFY(m_alpha->report().peer.status == activeStatus());
    }

    void aDeviceThatComesLaterIsOpenedLater() {
        bringUpWithSerial();
        pluggedIn(1);
        QVERIFY(eventually([&] {
            const Report report = m_alpha->report();
            return report.links.size() == 2 && report.links[0].liveness == Liveness::Alive;
        }));
        QVERIFY(m_alpha->report().links[1].liveness != Liveness::Alive);
        pluggedIn(0);
        QVERIFY(eventually([&] { return m_alpha->sees(Liveness::Alive) && m_beta->sees(Liveness::Alive); }));
        // The adapters are pulled: the hearts go on without, and take the next ones.
        unplug();
        QVERIFY(eventually([&] { return m_alpha->report().links[1].liveness == Liveness::Lost; }));
        QVERIFY(m_alpha->report().links[0].liveness == Liveness::Alive);
        m_cable = std::make_unique<fakes::SerialCable>();
        pluggedIn(0);
        pluggedIn(1);
        QVERIFY(eventually([&] { return m_alpha->sees(Liveness::Alive) && m_beta->sees(Liveness::Alive); }));
    }

    void aMissingProgramIsNamed() {
        QTemporaryDir directory;
        const auto started = startHeart("/nonexistent/dyad-heart", directory.path().toStdString());
        QVERIFY(!started.ok());
        QVERIFY(started.error().text().find("/nonexistent/dyad-heart") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(PairTest)
#include "pair_test.moc"
