// SPDX-License-Identifier: Apache-2.0
// The name in a real BIND, which this test starts for itself with a key of tsig-keygen; what it has afterwards is told
// by dig.
#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QTcpServer>
#include <QTemporaryDir>
#include <QTest>
#include <QUdpSocket>
#include <algorithm>
#include <csignal>
#include <optional>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "network/alias/dns_way.h"

using namespace dyad;
using namespace dyad::network;

namespace {

constexpr int guardMs = 60000;
constexpr const char* host = "erp.example.com";

IpAddress ip(const char* text) { return parseIpAddress(text).value(); }

#define VERIFY_TROUBLE(result, words)                                                                                  \
    do {                                                                                                               \
        const auto& got = (result);                                                                                    \
        QVERIFY2(!got.ok(), got.ok() ? got.value().c_str() : "");                                                      \
        QVERIFY2(got.error().text().find(words) != std::string::npos, got.error().text().c_str());                     \
    } while (false)
#define VERIFY_THERE(result)                                                                                           \
    do {                                                                                                               \
        const auto& got = (result);                                                                                    \
        QVERIFY2(got.ok(), got.ok() ? "" : got.error().text().c_str());                                                \
    } while (false)

} // namespace

class AliasBindTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    QProcess m_named;
    std::uint16_t m_port = 0;

    std::string path(const char* name) const { return m_folder.filePath(name).toStdString(); }
    void put(const char* name, const QByteArray& content) const {
        QFile file(m_folder.filePath(name));
        QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate) && file.write(content) == content.size());
        file.close();
        QCOMPARE(::chmod(path(name).c_str(), 0600), 0);
    }
    static QByteArray run(const QString& program, const QStringList& words) {
        QProcess process;
        process.start(program, words);
        return process.waitForFinished(guardMs) ? process.readAllStandardOutput() : QByteArray();
    }
    // name ttl IN type data, one a line, in order.
    QByteArrayList records(const char* name = host, const char* type = "ANY") const {
        const QByteArray told =
            run("dig", {"@127.0.0.1", "-p", QString::number(m_port), "+noall", "+answer", "+tcp", name, type});
        QByteArrayList lines;
        for (const QByteArray& line : told.split('\n'))
            if (!line.isEmpty()) lines.append(line.simplified());
        std::sort(lines.begin(), lines.end());
        return lines;
    }
    std::uint64_t serial() const { return records("example.com", "SOA").value(0).split(' ').value(6).toULongLong(); }
    model::AliasDns settings() const { return {{{"127.0.0.1", m_port}}, "example.com", path("key"), 60s}; }
    static Result<std::string> attempt(const model::AliasDns& settings, bool claim,
                                       const std::vector<IpAddress>& addresses, const char* name = host) {
        DnsWay way(name, settings, addresses, 30s);
        std::optional<Result<std::string>> result;
        way.attempt(claim, [&](const Result<std::string>& got) { result = got; });
        (void)QTest::qWaitFor([&] { return result.has_value(); }, guardMs);
        return result.value_or(Error{"the test", "", "waited in vain", ""});
    }

    [[nodiscard]] bool startNamed() {
        QUdpSocket datagrams;
        QTcpServer streams;
        if (!datagrams.bind(QHostAddress::LocalHost) || !streams.listen(QHostAddress::LocalHost, datagrams.localPort()))
            return false;
        m_port = datagrams.localPort();
        datagrams.close();
        streams.close();
        const QByteArray folder = m_folder.path().toUtf8();
        put("named.conf", "options { directory \"" + folder +
                              "\"; pid-file none; session-keyfile none; recursion no;\n"
                              "  dnssec-validation no; listen-on port " +
                              QByteArray::number(m_port) +
                              " { 127.0.0.1; };\n"
                              "  listen-on-v6 { none; }; };\ncontrols { };\n"
                              "include \"" +
                              folder + "/key\";\ninclude \"" + folder +
                              "/stranger\";\n"
                              "zone \"example.com\" { type primary; file \"zone\";\n"
                              "  update-policy { grant erp-key name erp.example.com A AAAA; }; };\n");
        put("zone", "$TTL 300\n@ IN SOA ns hostmaster 1 3600 600 86400 60\n@ IN NS ns\nns IN A 127.0.0.1\n"
                    "second IN CNAME ns\n");
        m_named.setProcessChannelMode(QProcess::MergedChannels);
        m_named.setChildProcessModifier([] { ::prctl(PR_SET_PDEATHSIG, SIGKILL); });
        m_named.start("named", {"-g", "-n", "1", "-c", m_folder.filePath("named.conf")});
        return QTest::qWaitFor([this] { return m_named.state() == QProcess::NotRunning || serial() == 1; }, guardMs) &&
               m_named.state() == QProcess::Running;
    }

private Q_SLOTS:
    void initTestCase() {
        for (const char* program : {"named", "tsig-keygen", "dig"})
            if (QStandardPaths::findExecutable(program).isEmpty())
                QSKIP("needs BIND: apt install bind9 bind9-dnsutils (without its service)");
        put("key", run("tsig-keygen", {"erp-key"}));
        put("stranger", run("tsig-keygen", {"-a", "hmac-sha512", "stranger"}));
        bool up = false;
        for (int attempts = 0; attempts < 5 && !up; ++attempts) { // somebody may have taken the port meanwhile
            up = startNamed();
            if (!up) m_named.close();
        }
        QVERIFY2(up, m_named.readAll().constData());
    }
    void cleanupTestCase() {
        m_named.kill();
        m_named.waitForFinished(guardMs);
    }
    void cleanup() {
        if (QTest::currentTestFailed()) qWarning("%s", m_named.readAll().constData());
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    }

    void itIsAddedReplacedAndVerified() {
        QCOMPARE(records(), QByteArrayList());
        VERIFY_THERE(attempt(settings(), true, {ip("10.77.0.100"), ip("fd77::100")}));
        QCOMPARE(records(),
                 (QByteArrayList{"erp.example.com. 60 IN A 10.77.0.100", "erp.example.com. 60 IN AAAA fd77::100"}));
        // By others, and to another time to live: all that there was goes.
        const std::uint64_t before = serial();
        model::AliasDns later = settings();
        later.ttl = 5s;
        VERIFY_THERE(attempt(later, true, {ip("10.77.0.101"), ip("10.77.0.102")}));
        QCOMPARE(records(),
                 (QByteArrayList{"erp.example.com. 5 IN A 10.77.0.101", "erp.example.com. 5 IN A 10.77.0.102"}));
        QVERIFY(serial() > before);
        // The time to live alone.
        const Result<std::string> again = attempt(settings(), false, {ip("10.77.0.101"), ip("10.77.0.102")});
        VERIFY_THERE(again);
        QCOMPARE(records().value(0), QByteArray("erp.example.com. 60 IN A 10.77.0.101"));
        // A look at what is right changes nothing.
        const std::uint64_t right = serial();
        VERIFY_THERE(attempt(settings(), false, {ip("10.77.0.101"), ip("10.77.0.102")}));
        QCOMPARE(serial(), right);
    }
    void sixteenAddressesFit() { // as many as the configuration allows
        std::vector<IpAddress> many;
        for (int i = 1; i <= 16; ++i)
            many.push_back(ip(("fd77::" + std::to_string(i)).c_str()));
        VERIFY_THERE(attempt(settings(), true, many));
        QCOMPARE(records().size(), 16);
    }
    void refusalsOfARealServer() {
        const std::vector<IpAddress> ours{ip("10.77.0.100")};
        VERIFY_TROUBLE(attempt(settings(), true, ours, "other.example.com"), "REFUSED. let the key \"erp-key\"");
        model::AliasDns stranger = settings();
        stranger.keyFile = path("stranger"); // known, but not allowed; and signed in another way
        VERIFY_TROUBLE(attempt(stranger, true, ours), "REFUSED. let the key \"stranger\"");
        QByteArray text = run("tsig-keygen", {"erp-key"}); // the same name, another secret
        put("wrong", text);
        model::AliasDns wrong = settings();
        wrong.keyFile = path("wrong");
        VERIFY_TROUBLE(attempt(wrong, true, ours),
                       "NOTAUTH, BADSIG. the server has another secret for the key \"erp-key\"");
        put("wrong", text.replace("erp-key", "unknown"));
        VERIFY_TROUBLE(attempt(wrong, true, ours), "NOTAUTH, BADKEY. the server does not know the key \"unknown\"");
        model::AliasDns other = settings();
        other.zone = "example.org";
        VERIFY_TROUBLE(attempt(other, true, ours, "erp.example.org"), "NOTAUTH. this server is not the zone's own");
    }
    void aLookWithoutTheRightKeyStillTells() {
        VERIFY_THERE(attempt(settings(), true, {ip("10.77.0.100")}));
        model::AliasDns blind = settings();
        blind.keyFile = path("nothing");
        VERIFY_THERE(attempt(blind, false, {ip("10.77.0.100")})); // nothing to be put right: no key is needed
        VERIFY_TROUBLE(attempt(blind, false, {ip("10.77.0.101")}), "No such file");
    }
};

QTEST_GUILESS_MAIN(AliasBindTest)
#include "alias_bind_test.moc"
