// SPDX-License-Identifier: Apache-2.0
// The name in the DNS, against a server that does as it is told: also one that refuses, lies, is slow, sends rubbish.
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <optional>
#include <sys/stat.h>

#include "fake_dns_server.h"
#include "network/alias/dns_way.h"

using namespace dyad;
using namespace dyad::network;

namespace {

constexpr int guardMs = 60000;
const std::string host = "erp.example.com";

IpAddress ip(const char* text) { return parseIpAddress(text).value(); }
const std::vector<IpAddress> ours{ip("10.77.0.100"), ip("fd77::100")};

DnsBytes fromHex(const char* text) {
    const QByteArray bytes = QByteArray::fromHex(text);
    return {bytes.begin(), bytes.end()};
}

// Keeps what it is told, as a real one does.
void serveWell(FakeDnsServer& server, std::vector<IpAddress>& zone) {
    server.answer = [&zone](const DnsBytes& request, bool) -> std::vector<DnsBytes> {
        if (readDnsMessage(request).value().opcode != dnsOpcodeUpdate)
            return {FakeDnsServer::reply(request, dnsNoError, zone)};
        zone = ours;
        return {FakeDnsServer::signedReply(request, dnsNoError)};
    };
}

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

class AliasDnsTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<FakeDnsServer> m_server;
    std::vector<IpAddress> m_zone;

    std::string path(const char* name) const { return m_folder->filePath(name).toStdString(); }
    void put(const char* name, const QByteArray& content, unsigned mode = 0600) const {
        QFile file(m_folder->filePath(name));
        QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate) && file.write(content) == content.size());
        file.close();
        QCOMPARE(::chmod(path(name).c_str(), mode), 0);
    }
    model::AliasDns settings() const { return {{m_server->place()}, "example.com", path("key"), 60s}; }
    // The patience of tests that want an answer is the guard; of tests that want none it is short.
    static Result<std::string> attempt(const model::AliasDns& settings, bool claim, Duration patience = 30s) {
        DnsWay way(host, settings, ours, patience);
        std::optional<Result<std::string>> result;
        way.attempt(claim, [&](const Result<std::string>& got) { result = got; });
        (void)QTest::qWaitFor([&] { return result.has_value(); }, guardMs);
        return result.value_or(Error{"the test", "", "waited in vain", ""});
    }
    Result<std::string> claim() const { return attempt(settings(), true); }
    void refuse(const std::function<DnsBytes(const DnsBytes&)>& how) {
        m_server->answer = [how](const DnsBytes& request, bool) -> std::vector<DnsBytes> { return {how(request)}; };
    }

private Q_SLOTS:
    void init() {
        m_folder = std::make_unique<QTemporaryDir>();
        put("key", testKeyText);
        m_zone.clear();
        m_server = std::make_unique<FakeDnsServer>();
        QVERIFY(m_server->listen());
        serveWell(*m_server, m_zone);
    }
    void cleanup() {
        m_server.reset();
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    }

    void aClaimReplacesInOneMessageAndAsksAfterwards() {
        m_zone = {ip("10.77.0.7")};
        VERIFY_THERE(claim());
        QCOMPARE(m_server->seen.size(), std::size_t(3)); // the update, A, AAAA
        const DnsMessage& update = m_server->seen[0];
        QCOMPARE(update.opcode, dnsOpcodeUpdate);
        QCOMPARE(update.questions, (std::vector<DnsQuestion>{{"example.com", dnsTypeSoa}}));
        QVERIFY(update.tsig && update.tsig->keyName == "erp-key" && update.tsig->algorithm == "hmac-sha256");
        QCOMPARE(m_server->seen[1].questions, (std::vector<DnsQuestion>{{host, dnsTypeA}}));
        QCOMPARE(m_server->seen[2].questions, (std::vector<DnsQuestion>{{host, dnsTypeAaaa}}));
        QCOMPARE(m_zone, ours);
    }
    void whatIsRightIsLeftAlone() {
        m_zone = ours;
        VERIFY_THERE(attempt(settings(), false));
        QCOMPARE(m_server->updates(), std::size_t(0));
    }
    void whatSomebodyChangedIsPutRight() {
        m_zone = {ip("10.77.0.66")};
        const Result<std::string> result = attempt(settings(), false);
        VERIFY_THERE(result);
        QVERIFY2(result.value().find("put right: it was 10.77.0.66") != std::string::npos, result.value().c_str());
        QCOMPARE(m_server->updates(), std::size_t(1));
    }
    void aTtlOfSomebodyElseIsPutRight() {
        m_zone = ours;
        model::AliasDns other = settings();
        other.ttl = 5s;
        VERIFY_TROUBLE(attempt(other, false), "it took the update but answers 10.77.0.100, fd77::100");
        QCOMPARE(m_server->updates(), std::size_t(1)); // this server goes on saying 60
    }
    void everyServerIsSetAndOneThatFailsIsNamed() {
        FakeDnsServer second;
        QVERIFY(second.listen());
        std::vector<IpAddress> zone;
        serveWell(second, zone);
        model::AliasDns both = settings();
        both.servers.push_back(second.place());
        VERIFY_THERE(attempt(both, true));
        QCOMPARE(zone, ours);
        QCOMPARE(m_zone, ours);
        second.answer = [](const DnsBytes& request, bool) -> std::vector<DnsBytes> {
            return {FakeDnsServer::reply(request, dnsRefused)};
        };
        VERIFY_TROUBLE(attempt(both, true), dns::toText(second.place()) + ": REFUSED");
    }

    void refusalsSayWhatToDo_data() {
        QTest::addColumn<int>("code");
        QTest::addColumn<int>("error");
        QTest::addColumn<bool>("isSigned");
        QTest::addColumn<QString>("words");
        QTest::newRow("refused") << 5 << 0 << true << "REFUSED. let the key \"erp-key\"";
        QTest::newRow("refused, unsigned") << 5 << 0 << false << "REFUSED. let the key \"erp-key\"";
        QTest::newRow("not its zone") << 9 << 0 << false << "NOTAUTH. this server is not the zone's own";
        QTest::newRow("unknown key") << 9 << 17 << true
                                     << "NOTAUTH, BADKEY. the server does not know the key \"erp-key\"";
        QTest::newRow("another secret") << 9 << 16 << true << "NOTAUTH, BADSIG. the server has another secret";
        QTest::newRow("another time") << 9 << 18 << true
                                      << "NOTAUTH, BADTIME: its clock is 3600 s ahead of ours. set the clocks";
        QTest::newRow("another zone") << 10 << 0 << true << "NOTZONE. the name is not inside the zone \"example.com\"";
        QTest::newRow("broken") << 2 << 0 << true << "SERVFAIL. look at the DNS server's log";
        QTest::newRow("a code that nobody has") << 15 << 0 << false << "error 15";
    }
    void refusalsSayWhatToDo() {
        QFETCH(int, code);
        QFETCH(int, error);
        QFETCH(bool, isSigned);
        QFETCH(QString, words);
        refuse([&](const DnsBytes& request) {
            if (!isSigned) return FakeDnsServer::reply(request, static_cast<std::uint8_t>(code));
            DnsBytes other;
            if (error == 18) {
                // The second may change between the two looks at the clock: half a second stands for both.
                appendDnsNumber(other, readDnsMessage(request).value().tsig->time + 3600, 6);
            }
            return FakeDnsServer::signedReply(request, static_cast<std::uint8_t>(code),
                                              static_cast<std::uint16_t>(error), other);
        });
        if (error == 18) { // what is compared is a clock: one second more or less is the same
            const Result<std::string> result = claim();
            QVERIFY(!result.ok());
            const QString text = QString::fromStdString(result.error().text());
            QVERIFY2(text.contains("NOTAUTH, BADTIME: its clock is 3600 s ahead of ours. set the clocks") ||
                         text.contains("NOTAUTH, BADTIME: its clock is 3599 s ahead of ours. set the clocks"),
                     qPrintable(text));
            return;
        }
        VERIFY_TROUBLE(claim(), words.toStdString());
    }

    void aSuccessThatNobodySignedIsNone() {
        refuse([](const DnsBytes& request) { return FakeDnsServer::reply(request, dnsNoError, ours); });
        VERIFY_TROUBLE(claim(), "the answer's signature: it has none");
        const TsigKey stranger{"erp-key", "hmac-sha256", DnsBytes(32, 0x11)};
        refuse(
            [&](const DnsBytes& request) { return FakeDnsServer::signedReply(request, dnsNoError, 0, {}, stranger); });
        VERIFY_TROUBLE(claim(), "the answer's signature: it is wrong");
    }
    void anAnswerWithAnotherAddressIsSeen() {
        refuse([](const DnsBytes& request) {
            return readDnsMessage(request).value().opcode == dnsOpcodeUpdate
                       ? FakeDnsServer::signedReply(request, dnsNoError)
                       : FakeDnsServer::reply(request, dnsNoError, {ip("10.77.0.66")});
        });
        VERIFY_TROUBLE(claim(), "it took the update but answers 10.77.0.66 instead of 10.77.0.100, fd77::100");
    }
    void aSecondNameIsSeen() {
        refuse([](const DnsBytes& request) {
            if (readDnsMessage(request).value().opcode == dnsOpcodeUpdate)
                return FakeDnsServer::signedReply(request, dnsNoError);
            DnsBytes bytes = FakeDnsServer::reply(request, dnsNoError);
            bytes[7] = 1;
            (void)appendDnsName(bytes, host);
            appendDnsNumber(bytes, dnsTypeCname, 2);
            appendDnsNumber(bytes, dnsClassIn, 2);
            appendDnsNumber(bytes, 60, 4);
            appendDnsNumber(bytes, 3, 2);
            (void)appendDnsName(bytes, "x");
            return bytes;
        });
        VERIFY_TROUBLE(claim(), "it is a second name (CNAME)");
    }
    void strangersAreHeardAndPassedOver() {
        const auto honest = m_server->answer;
        m_server->answer = [honest](const DnsBytes& request, bool stream) {
            std::vector<DnsBytes> all = honest(request, stream);
            DnsBytes otherId = all.front();
            otherId[0] ^= 0xff;
            DnsBytes question = request; // our own words, come back
            DnsBytes another =
                FakeDnsServer::reply(dnsQuery(0, {"other.example.com", dnsTypeA}), dnsNoError, {ip("6.6.6.6")});
            std::copy_n(request.begin(), 2, another.begin());
            all.insert(all.begin(), {otherId, question, another, DnsBytes(700, 0xc0), DnsBytes{}});
            return all;
        };
        VERIFY_THERE(claim());
    }
    void onlyStrangersAreSaid() {
        refuse([](const DnsBytes& request) {
            DnsBytes otherId = FakeDnsServer::reply(request, dnsNoError, ours);
            otherId[1] ^= 0xff;
            return otherId;
        });
        VERIFY_TROUBLE(attempt(settings(), false, 400ms), "passed over, the last: an answer with another id");
        m_server->answer = [](const DnsBytes&, bool) { return std::vector<DnsBytes>(100, DnsBytes{1, 2, 3}); };
        VERIFY_TROUBLE(attempt(settings(), false), "something unreadable"); // a flood: not waited out
    }
    void aSilentServerIsAskedTwiceAndThenSaid() {
        m_server->answer = nullptr;
        VERIFY_TROUBLE(attempt(settings(), true, 200ms), "no answer within 200 ms");
        QCOMPARE(m_server->seen.size(), std::size_t(2));
        // The second of two is heard: one lost datagram is no trouble.
        unsigned number = 0;
        m_server->answer = [&](const DnsBytes& request, bool) -> std::vector<DnsBytes> {
            if (number++ == 0) return {};
            return {FakeDnsServer::reply(request, dnsNoError, ours)};
        };
        VERIFY_THERE(attempt(settings(), false, 2s));
    }
    void nobodyThereIsSaidAtOnce() {
        const model::AliasDns nobody = settings();
        m_server.reset();
        VERIFY_TROUBLE(attempt(nobody, true), "Connection refused");
    }
    void whatIsCutComesByTcp() {
        const auto honest = m_server->answer;
        unsigned streams = 0;
        m_server->answer = [&](const DnsBytes& request, bool stream) {
            std::vector<DnsBytes> all = honest(request, stream);
            if (!stream) all.front()[2] |= 2; // truncated
            streams += stream ? 1 : 0;
            return all;
        };
        VERIFY_THERE(claim());
        QCOMPARE(streams, 3U);
        m_server->answer = [&](const DnsBytes& request, bool stream) -> std::vector<DnsBytes> {
            if (stream) return {};
            DnsBytes cut = FakeDnsServer::reply(request, dnsNoError);
            cut[2] |= 2;
            return {cut};
        };
        VERIFY_TROUBLE(claim(), "it hung up in the middle of its answer");
    }

    void badKeyFiles_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<unsigned>("mode");
        QTest::addColumn<QString>("words");
        const QByteArray good(testKeyText);
        const auto without = [&](const char* what, const char* instead = "") {
            return QByteArray(good).replace(what, instead);
        };
        QTest::newRow("too open") << good << 0640U << "others than root may read it";
        QTest::newRow("garbled") << QByteArray("\x7f"
                                               "ELF\0\1\2",
                                               7)
                                 << 0600U << "doesn't begin with the word key";
        QTest::newRow("empty") << QByteArray() << 0600U << "doesn't begin with the word key";
        QTest::newRow("too long") << QByteArray(5000, ' ') << 0600U << "too many for one key";
        QTest::newRow("cut") << good.left(40) << 0600U << "it ends before the }";
        QTest::newRow("no base64") << without("WlpaWlpa", "W$paWlpa") << 0600U << "the secret is no base64";
        QTest::newRow("no secret") << without("\tsecret", "\t//secret") << 0600U << "it has no secret";
        QTest::newRow("no algorithm") << without("algorithm hmac-sha256;") << 0600U << "it has no algorithm";
        QTest::newRow("another algorithm")
            << without("hmac-sha256", "gss-tsig") << 0600U << "the algorithm is not known";
        QTest::newRow("two keys") << good + good << 0600U << "must be alone in its file";
        QTest::newRow("a name that can't be sent")
            << without("erp-key", "erp key") << 0600U << "no name that can be sent";
    }
    void badKeyFiles() {
        QFETCH(QByteArray, text);
        QFETCH(unsigned, mode);
        QFETCH(QString, words);
        put("key", text, mode);
        const Result<std::string> result = claim();
        VERIFY_TROUBLE(result, words.toStdString());
        QVERIFY(result.error().text().find("WlpaWlpa") == std::string::npos); // the secret is in no message
        QVERIFY(m_server->seen.empty());
    }
    void aKeyFileThatIsMissingOrAFolder() {
        model::AliasDns gone = settings();
        gone.keyFile = path("nothing");
        VERIFY_TROUBLE(attempt(gone, true), "No such file");
        gone.keyFile = m_folder->path().toStdString();
        VERIFY_TROUBLE(attempt(gone, true), "it is no file");
    }
    void keyFilesAsPeopleWriteThem() {
        const Result<TsigKey> key = parseTsigKey(
            "# of the primary\nkey erp-key. { /* new */ secret WlpaWlpa; algorithm HMAC-SHA512; }; // end", "f");
        QVERIFY2(key.ok(), key.ok() ? "" : key.error().text().c_str());
        QCOMPARE(key.value().name, std::string("erp-key"));
        QCOMPARE(key.value().algorithm, std::string("hmac-sha512"));
        QCOMPARE(key.value().secret, DnsBytes(6, 0x5a));
    }

    // Nothing of it reads outside or turns in circles (the sanitizers look on); each is refused.
    void messagesThatAreNone_data() {
        QTest::addColumn<QByteArray>("hex");
        QTest::newRow("nothing") << QByteArray();
        QTest::newRow("half a header") << QByteArray("00018400");
        QTest::newRow("a name that points at itself") << QByteArray("0001840000010000"
                                                                    "00000000"
                                                                    "c00c"
                                                                    "0001"
                                                                    "0001");
        QTest::newRow("a name that points forward") << QByteArray("0001840000010000"
                                                                  "00000000"
                                                                  "c020"
                                                                  "0001"
                                                                  "0001");
        QTest::newRow("a name over the end") << QByteArray("0001840000010000"
                                                           "00000000"
                                                           "3f61");
        QTest::newRow("a label of a kind that is none") << QByteArray("0001840000010000"
                                                                      "00000000"
                                                                      "8061"
                                                                      "00"
                                                                      "0001"
                                                                      "0001");
        QTest::newRow("more records than can be") << QByteArray("00018400ffffffff"
                                                                "ffffffff");
        QTest::newRow("data over the end") << QByteArray("0001840000000001"
                                                         "00000000"
                                                         "00"
                                                         "0001"
                                                         "0001"
                                                         "0000003c"
                                                         "ffff"
                                                         "0a");
        QTest::newRow("bytes behind the end") << QByteArray("0001840000000000"
                                                            "00000000"
                                                            "00");
        QTest::newRow("a signature before the end") << QByteArray("0001840000000001"
                                                                  "00000000"
                                                                  "00"
                                                                  "00fa"
                                                                  "00ff"
                                                                  "00000000"
                                                                  "0000");
        QTest::newRow("a signature that is longer than it says") << QByteArray("0001840000000000"
                                                                               "00000001"
                                                                               "00"
                                                                               "00fa"
                                                                               "00ff"
                                                                               "00000000"
                                                                               "0005"
                                                                               "00"
                                                                               "000000000000"
                                                                               "0000"
                                                                               "0000"
                                                                               "0000"
                                                                               "0000"
                                                                               "0000");
    }
    void messagesThatAreNone() {
        QFETCH(QByteArray, hex);
        QVERIFY(!readDnsMessage(fromHex(hex.constData())).ok());
    }
    void namesThatCanNotBeSent() {
        DnsBytes to;
        for (const std::string& name : {std::string("a..b"), std::string(".a"), std::string("a."), std::string("a b"),
                                        std::string(64, 'a'), std::string("a\0b", 3)})
            QVERIFY2(!appendDnsName(to, name), name.c_str());
        std::string longest;
        for (int i = 0; i < 50; ++i)
            longest += "abcde.";
        QVERIFY(!appendDnsName(to, longest + "a"));
        QVERIFY(to.empty());
        QVERIFY(appendDnsName(to, "Erp.example"));
        QCOMPARE(to, fromHex("03657270"
                             "076578616d706c65"
                             "00"));
    }
    // Letters that ours never have keep their number, so that no name of somebody else's looks like one of ours.
    void foreignNamesAreNotOurs() {
        const Result<DnsMessage> message = readDnsMessage(fromHex("0001840000010000"
                                                                  "00000000"
                                                                  "05612e627e"
                                                                  "43"
                                                                  "00"
                                                                  "0001"
                                                                  "0001"));
        QVERIFY2(message.ok(), message.ok() ? "" : message.error().text().c_str());
        QCOMPARE(message.value().questions.front().name, std::string("a\\046b\\126c"));
    }
};

QTEST_GUILESS_MAIN(AliasDnsTest)
#include "alias_dns_test.moc"
