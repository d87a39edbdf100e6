// SPDX-License-Identifier: Apache-2.0
// The probes that ask a DNS server and a disk.
#include "agents/disk_probe.h"
#include "agents/dns_probe.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <QUdpSocket>
#include <functional>
#include <optional>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace dyad;
using namespace dyad::agents;
using Verdict = ProbeResult::Verdict;

namespace {

constexpr int guardMs = 60000;

ProbeResult ask(ProbeRunner& probe, Duration timeout) {
    std::optional<ProbeResult> answer;
    probe.run(timeout, [&](const ProbeResult& result) { answer = result; });
    if (answer) return {Verdict::CouldNotRun, "answered from within run()"};
    if (!QTest::qWaitFor([&] { return answer.has_value(); }, guardMs))
        return {Verdict::CouldNotRun, "no answer at all"};
    return *answer;
}

// Answers every question by the same code and records; what it was asked is kept.
class FakeNameServer {
public:
    std::uint8_t code = dns::dnsNoError;
    std::vector<IpAddress> addresses;
    bool silent = false;
    std::vector<dns::DnsQuestion> seen;

    FakeNameServer() {
        if (!m_socket.bind(QHostAddress::LocalHost)) qFatal("no port to listen on");
        QObject::connect(&m_socket, &QUdpSocket::readyRead, &m_socket, [this] {
            while (m_socket.hasPendingDatagrams()) {
                QByteArray bytes(65536, '\0');
                QHostAddress from;
                quint16 port = 0;
                bytes.resize(m_socket.readDatagram(bytes.data(), bytes.size(), &from, &port));
                const QByteArray reply = replyTo({bytes.begin(), bytes.end()});
                if (!silent) m_socket.writeDatagram(reply, from, port);
            }
        });
    }
    [[nodiscard]] std::uint16_t port() const { return m_socket.localPort(); }

private:
    QByteArray replyTo(const dns::DnsBytes& request) {
        const dns::DnsQuestion question = dns::readDnsMessage(request).value().questions.at(0);
        seen.push_back(question);
        dns::DnsBytes reply = request;
        reply[2] |= 0x80;
        reply[3] = code;
        reply[7] = static_cast<std::uint8_t>(addresses.size());
        for (const IpAddress& address : addresses) {
            dns::appendDnsNumber(reply, 0xc00c, 2); // the question's name
            dns::appendDnsNumber(reply, address.six ? dns::dnsTypeAaaa : dns::dnsTypeA, 2);
            dns::appendDnsNumber(reply, dns::dnsClassIn, 2);
            dns::appendDnsNumber(reply, 60, 4);
            dns::appendDnsNumber(reply, address.used().size(), 2);
            reply.insert(reply.end(), address.used().begin(), address.used().end());
        }
        return {reinterpret_cast<const char*>(reply.data()), static_cast<qsizetype>(reply.size())};
    }

    QUdpSocket m_socket;
};

IpAddress ip(const char* text) { return parseIpAddress(text).value(); }

} // namespace

#define VERIFY_ANSWER(expression, wanted, says)                                                                        \
    do {                                                                                                               \
        const ProbeResult got = expression;                                                                            \
        QVERIFY2(got.verdict == (wanted) && got.detail.find(says) != std::string::npos, got.detail.c_str());           \
    } while (false)

class DnsDiskProbeTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aNameThatIsThere() {
        FakeNameServer server;
        server.addresses = {ip("10.77.0.7"), ip("10.77.0.100")};
        model::DnsProbe settings{"127.0.0.1", server.port(), "erp.example.com", false, std::uint8_t{0}, ""};
        const auto any = makeProbe(settings, "test/probe");
        for (int again = 0; again < 2; ++again)
            VERIFY_ANSWER(ask(*any, 30s), Verdict::Well, "10.77.0.7");
        QCOMPARE(server.seen.at(0), (dns::DnsQuestion{"erp.example.com", dns::dnsTypeA}));
        settings.address = "10.77.0.100";
        VERIFY_ANSWER(ask(*makeProbe(settings, "test/probe"), 30s), Verdict::Well, "10.77.0.100");
        settings.address = "10.77.0.101";
        VERIFY_ANSWER(ask(*makeProbe(settings, "test/probe"), 30s), Verdict::Failed, "instead of 10.77.0.101");
        settings.six = true;
        VERIFY_ANSWER(ask(*makeProbe(settings, "test/probe"), 30s), Verdict::Failed, "has no AAAA record");
        server.addresses = {ip("fd77::100")};
        settings.address = "fd77::100";
        VERIFY_ANSWER(ask(*makeProbe(settings, "test/probe"), 30s), Verdict::Well, "fd77::100");
    }

    void anyCodeCanBeExpected() {
        FakeNameServer server;
        server.code = dns::dnsNoSuchName;
        model::DnsProbe settings{"127.0.0.1", server.port(), "gone.example.com", false, std::uint8_t{0}, ""};
        VERIFY_ANSWER(ask(*makeProbe(settings, "test/probe"), 30s), Verdict::Failed, "NXDOMAIN instead of NOERROR");
        settings.code = dns::dnsNoSuchName;
        VERIFY_ANSWER(ask(*makeProbe(settings, "test/probe"), 30s), Verdict::Well, "NXDOMAIN");
        settings.code = std::nullopt;
        server.code = dns::dnsRefused;
        VERIFY_ANSWER(ask(*makeProbe(settings, "test/probe"), 30s), Verdict::Well, "REFUSED");
    }

    void aServerThatIsSilentOrGone() {
        auto server = std::make_unique<FakeNameServer>();
        server->silent = true;
        const std::uint16_t port = server->port();
        const model::DnsProbe settings{"127.0.0.1", port, "erp.example.com", false, std::uint8_t{0}, ""};
        const auto probe = makeProbe(settings, "test/probe");
        VERIFY_ANSWER(ask(*probe, 50ms), Verdict::Failed, "no answer");
        server.reset();
        VERIFY_ANSWER(ask(*probe, 30s), Verdict::Failed, "refused");
        model::DnsProbe nowhere = settings;
        nowhere.server = "ns.example.com";
        VERIFY_ANSWER(ask(*makeProbe(nowhere, "test/probe"), 30s), Verdict::CouldNotRun, "no address");
        nowhere = settings;
        nowhere.name = "a..b";
        VERIFY_ANSWER(ask(*makeProbe(nowhere, "test/probe"), 30s), Verdict::CouldNotRun, "no name");
    }

    void aDnsProbeThatIsDestroyedTellsNobody() {
        FakeNameServer server;
        server.silent = true;
        auto probe = makeProbe(model::DnsProbe{"127.0.0.1", server.port(), "a.b", false, std::uint8_t{0}, ""}, "test");
        bool called = false;
        probe->run(1s, [&](const ProbeResult&) { called = true; });
        QTRY_VERIFY_WITH_TIMEOUT(!server.seen.empty(), guardMs);
        probe.reset();
        QCoreApplication::processEvents();
        QVERIFY(!called);
    }

    // --- disk

    void aDiskThatWrites() {
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString();
        const auto probe = makeProbe(model::DiskProbe{path, true, 30s}, "test/probe");
        for (int again = 0; again < 2; ++again)
            VERIFY_ANSWER(ask(*probe, 30s), Verdict::Well, "written in");
        struct stat status {};
        QCOMPARE(::stat((path + "/.dyad-probe").c_str(), &status), 0);
        QCOMPARE(status.st_size, static_cast<off_t>(platform::diskTouchBytes));
        QCOMPARE(status.st_mode & 0777, mode_t{0600});
        VERIFY_ANSWER(ask(*makeProbe(model::DiskProbe{path, true, 0ns}, "test/probe"), 30s), Verdict::Failed,
                      "longer than");
        VERIFY_ANSWER(ask(*makeProbe(model::DiskProbe{path + "/.dyad-probe", false, 30s}, "test/probe"), 30s),
                      Verdict::Well, "read in");
    }

    void whatSaysNothingOfTheDisk() {
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString();
        const auto asked = [&](const std::string& at, bool write) {
            return ask(*makeProbe(model::DiskProbe{at, write, 30s}, "test/probe"), 30s);
        };
        VERIFY_ANSWER(asked(path + "/nowhere", true), Verdict::CouldNotRun, "could not open");
        VERIFY_ANSWER(asked(path + "/nowhere", false), Verdict::CouldNotRun, "could not open");
        VERIFY_ANSWER(asked(path, false), Verdict::CouldNotRun, "could not");
        QCOMPARE(::mkfifo((path + "/.dyad-probe").c_str(), 0600), 0); // never waited for
        VERIFY_ANSWER(asked(path, true), Verdict::CouldNotRun, "could not");
        QCOMPARE(::unlink((path + "/.dyad-probe").c_str()), 0);
        QFile victim(folder.filePath("victim"));
        QVERIFY(victim.open(QIODevice::WriteOnly) && victim.write("precious") == 8);
        victim.close();
        for (const bool symbolic : {true, false}) {
            const std::string link = path + "/.dyad-probe";
            QCOMPARE(symbolic ? ::symlink((path + "/victim").c_str(), link.c_str())
                              : ::link((path + "/victim").c_str(), link.c_str()),
                     0);
            VERIFY_ANSWER(asked(path, true), Verdict::CouldNotRun, "could not");
            QCOMPARE(QFile(folder.filePath("victim")).size(), qint64{8});
            QCOMPARE(::unlink(link.c_str()), 0);
        }
    }

    // A filesystem that has turned read-only has seen an error.
    void aDiskThatFails() {
        if (::geteuid() != 0) QSKIP("needs root");
        const QTemporaryDir folder;
        const std::string path = folder.path().toStdString();
        if (::mount("dyad-test", path.c_str(), "tmpfs", MS_RDONLY, "size=64k") != 0) QSKIP("no tmpfs may be mounted");
        const ProbeResult result = ask(*makeProbe(model::DiskProbe{path, true, 30s}, "test/probe"), 30s);
        QCOMPARE(::umount(path.c_str()), 0);
        VERIFY_ANSWER(result, Verdict::Failed, "Read-only");
    }

    void aDiskProbeLeavesNoProcess() {
        const QTemporaryDir folder;
        auto probe = std::make_unique<DiskProbeRunner>(model::DiskProbe{folder.path().toStdString(), true, 30s});
        VERIFY_ANSWER(ask(*probe, 30s), Verdict::Well, "written in");
        bool called = false;
        probe->run(30s, [&](const ProbeResult&) { called = true; });
        probe.reset();
        QTest::qWait(0);
        QVERIFY(!called);
        const auto children = [] {
            QFile file(QStringLiteral("/proc/self/task/%1/children").arg(::getpid()));
            return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("?");
        };
        QTRY_COMPARE_WITH_TIMEOUT(children(), QByteArray(), guardMs);
    }
};

QTEST_GUILESS_MAIN(DnsDiskProbeTest)
#include "dns_disk_probe_test.moc"
