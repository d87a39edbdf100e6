// SPDX-License-Identifier: Apache-2.0
// Two real servers and the way between them: an order given at the wrong one is carried out by the right one, with the
// name of who gave it.
#include "raw_client.h"
#include "running_server.h"

#include "control/client/peer_access.h"
#include "control/client/pinned_network.h"
#include "control/protocol/object_reader.h"

#include <QTcpServer>
#include <QTest>

#include <memory>

using namespace dyad;
using namespace dyad::test;

namespace {

constexpr const char* alphaToken = "what alpha shows";

struct Answer {
    int status = 0;
    QJsonObject json;
};

} // namespace

class ControlPeerTest : public QObject {
    Q_OBJECT

    Certificate m_certificate;
    Certificate m_strange;
    FakeService m_alpha;
    FakeService m_beta;
    std::unique_ptr<RunningServer> m_betaServer;
    std::unique_ptr<control::PeerAccess> m_way; // from alpha to beta
    std::unique_ptr<control::Server> m_alphaServer;
    std::vector<QUrl> m_urls;

    [[nodiscard]] control::ServerSettings settings(control::PeerChannel* peer) const {
        return {.addresses = {"127.0.0.1"},
                .port = 0,
                .tls = control::loadServerTls(m_certificate.folder()).value(),
                .tokens = threeTokens(),
                .bounds = {},
                .version = "1",
                .peer = peer,
                .peerToken = "nobody shows this"};
    }

    // The server whose peer is alpha: it knows alpha's token.
    class NamedPeer : public control::PeerChannel {
    public:
        void ask(const control::PeerQuestion&, Answered answered) override { answered({}); }
        [[nodiscard]] const std::string& peerName() const override { return m_name; }

    private:
        std::string m_name = "alpha";
    };
    NamedPeer m_alphaByName;
    std::unique_ptr<control::Server> m_betaReal;

    void makeWay(const Certificate& pin, const QByteArray& token = alphaToken) {
        m_alphaServer.reset();
        m_way = std::make_unique<control::PeerAccess>(
            control::PeerAccessSettings{.peerName = "beta",
                                        .token = token,
                                        .pin = control::loadPin(pin.path("certificate.pem").toStdString()).value(),
                                        .urls = [this] { return m_urls; },
                                        .tryNext = 50ms});
        m_alphaServer = std::make_unique<control::Server>(m_alpha, settings(m_way.get()));
        QVERIFY(m_alphaServer->start().ok());
    }

    Answer order(const char* target, const char* token = "operate", const QByteArray& fields = {},
                 std::uint16_t port = 0, const QByteArray& body = "{}") {
        RawClient client(port ? port : m_alphaServer->ports().at(0));
        if (!client.encrypted()) return {};
        client.send(QByteArray("POST ") + target + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer " +
                    token + "\r\n" + fields + "Content-Length: " + QByteArray::number(body.size()) + "\r\n\r\n" + body);
        if (!client.waitClosed()) return {};
        const QByteArray all = client.received();
        const auto object = control::objectFromBytes(all.mid(all.indexOf("\r\n\r\n") + 4), "the answer");
        return {all.mid(9, 3).toInt(), object.ok() ? object.value() : QJsonObject()};
    }

    [[nodiscard]] static QUrl urlOf(std::uint16_t port) {
        return QUrl(QStringLiteral("https://127.0.0.1:%1").arg(port));
    }
    // A port that nobody listens on.
    [[nodiscard]] static QUrl deadUrl() {
        QTcpServer server;
        server.listen(QHostAddress::LocalHost);
        return urlOf(server.serverPort());
    }

private Q_SLOTS:
    void initTestCase() { QVERIFY(m_certificate.made() && m_strange.made()); }

    void init() {
        m_alpha = FakeService();
        m_alpha.shown = healthyView(); // alpha's picture, with the group active at beta
        m_alpha.shown.groups[0].activeNode = "beta";
        m_alpha.shown.groups[0].ownRole = model::Role::Standby;
        m_alpha.shown.groups[0].peerRole = model::Role::Active;
        m_beta = FakeService();
        m_beta.shown = healthyView();
        m_beta.shown.node = "beta";
        m_beta.shown.groups[0].activeNode = "beta";
        control::ServerSettings ofBeta = settings(&m_alphaByName);
        ofBeta.peerToken = alphaToken;
        m_betaReal = std::make_unique<control::Server>(m_beta, std::move(ofBeta));
        QVERIFY(m_betaReal->start().ok());
        m_urls = {urlOf(m_betaReal->ports().at(0))};
        makeWay(m_certificate);
    }
    void cleanup() {
        m_alphaServer.reset();
        m_way.reset();
        m_betaReal.reset();
    }

    void theOwnerCarriesItOutInTheOperatorsName() {
        const Answer answer = order("/v1/groups/erp/switchover");
        QCOMPARE(answer.status, 202);
        QCOMPARE(answer.json["node"].toString(), "beta");
        QVERIFY(m_alpha.orders.empty());
        QCOMPARE(m_beta.orders.size(), std::size_t{1});
        QCOMPARE(m_beta.orders[0].who, std::string("otto"));
        QCOMPARE(m_beta.audited.at(0).who, std::string("otto"));
        QCOMPARE(m_beta.audited.at(0).viaNode, std::string("alpha"));
        QCOMPARE(m_beta.audited.at(0).address, std::string("127.0.0.1"));
        QCOMPARE(m_alpha.audited.at(0).result, std::string("passed on"));
    }

    void aRefusalOfTheOwnerComesBackAsItIs() {
        m_beta.answer = {.accepted = false, .text = "alpha is in maintenance"};
        const Answer answer = order("/v1/groups/erp/switchover");
        QCOMPARE(answer.status, 409);
        QCOMPARE(answer.json["text"].toString(), "alpha is in maintenance");
    }

    void aDeadLinkIsPassedBy() {
        m_urls = {deadUrl(), deadUrl(), urlOf(m_betaReal->ports().at(0))};
        QCOMPARE(order("/v1/groups/erp/switchover").status, 202);
        QCOMPARE(m_beta.orders.size(), std::size_t{1});
    }

    void aPeerThatIsNotThereIsSaidSo() {
        m_urls = {deadUrl()};
        const Answer answer = order("/v1/nodes/beta/maintenance", "operate", {}, 0, "{\"on\":true}");
        QCOMPARE(answer.status, 503);
        QVERIFY(answer.json["error"].toObject()["came_back"].toString().contains("can't be asked"));
        QVERIFY(m_alpha.orders.empty());
    }

    void nobodyWithAnotherCertificateIsAsked() {
        makeWay(m_strange);
        const Answer answer = order("/v1/nodes/beta/maintenance", "operate", {}, 0, "{\"on\":true}");
        QCOMPARE(answer.status, 503);
        QVERIFY(answer.json["error"].toObject()["came_back"].toString().contains("another certificate"));
        QVERIFY(m_beta.orders.empty());
    }

    void aRepeatAfterALostAnswerIsNotCarriedOutAgain() {
        QCOMPARE(order("/v1/groups/erp/switchover", "operate", "Idempotency-Key: k\r\n").status, 202);
        // The node that was asked first has died; the other one knows the order by its key.
        const Answer again = order("/v1/groups/erp/switchover", "operate", "Idempotency-Key: k\r\n",
                                   m_betaReal->ports().at(0));
        QCOMPARE(again.status, 202);
        QCOMPARE(m_beta.orders.size(), std::size_t{1});
    }

    // --- what the node token is not for -----------------------------------------------------------------------------

    void anOperatorCantSpeakInAnothersName() {
        const QByteArray forged = "Dyad-Operator: ada\r\nDyad-Operator-Role: admin\r\nDyad-Operator-Address: 10.0.0.1\r\n";
        const std::uint16_t port = m_betaReal->ports().at(0);
        QCOMPARE(order("/v1/groups/erp/switchover", "view", forged, port).status, 403);
        QCOMPARE(order("/v1/groups/erp/switchover", "operate", forged, port).status, 202);
        QCOMPARE(m_beta.orders.at(0).who, std::string("otto"));
        QCOMPARE(m_beta.audited.at(0).address, std::string("127.0.0.1"));
    }

    void thePeerCantGiveAViewerMoreRights() {
        const QByteArray viewer = "Dyad-Operator: vera\r\nDyad-Operator-Role: viewer\r\n";
        const std::uint16_t port = m_betaReal->ports().at(0);
        QCOMPARE(order("/v1/groups/erp/switchover", alphaToken, viewer, port).status, 403);
        QCOMPARE(order("/v1/groups/erp/switchover", alphaToken, "Dyad-Operator: vera\r\n", port).status, 403);
        QVERIFY(m_beta.orders.empty());
    }

    void aWrongNodeTokenIsRefused() {
        makeWay(m_certificate, "something else");
        const Answer answer = order("/v1/nodes/beta/maintenance", "operate", {}, 0, "{\"on\":true}");
        QCOMPARE(answer.status, 401);
        QVERIFY(m_beta.orders.empty());
    }

    void tooManyQuestionsAtOnceAreRefused() {
        QTcpServer silent; // takes connections and never says a word
        QVERIFY(silent.listen(QHostAddress::LocalHost));
        m_urls = {urlOf(silent.serverPort())};
        int answered = 0;
        int refused = 0;
        for (int i = 0; i < 80; ++i)
            m_way->ask({.target = "/v1/state", .patience = 500ms}, [&](const control::PeerAnswer& answer) {
                ++answered;
                if (answer.error.cameBack.find("too many questions") != std::string::npos) ++refused;
            });
        QVERIFY(QTest::qWaitFor([&] { return answered == 80; }, guardMs));
        QCOMPARE(refused, 80 - 64);
    }

    void anAnswerWithoutEndIsCutOff() {
        m_beta.journal.clear();
        for (int i = 0; i < 900; ++i)
            m_beta.write("order", "erp", std::string(300, 'x'));
        std::optional<control::PeerAnswer> got;
        m_way->ask({.target = "/v1/journal", .largestAnswer = 10'000},
                   [&](const control::PeerAnswer& answer) { got = answer; });
        QVERIFY(QTest::qWaitFor([&] { return got.has_value(); }, guardMs));
        QVERIFY(!got->answered());
        QVERIFY(got->error.cameBack.find("too long") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(ControlPeerTest)
#include "control_peer_test.moc"
