// SPDX-License-Identifier: Apache-2.0
// resources/openapi.json against the server: every route stands in it and every operation is a route, with the same
// role; and real answers are what it says.
#include "fake_peer.h"
#include "raw_client.h"
#include "running_server.h"
#include "schema_validator.h"

#include "control/protocol/object_reader.h"
#include "control/server/routes/configuration_routes.h"
#include "control/server/routes/history_routes.h"
#include "control/server/routes/notify_routes.h"
#include "control/server/routes/truth_routes.h"

#include <QFile>
#include <QJsonDocument>
#include <QTemporaryFile>
#include <QTest>

#include <map>
#include <memory>

using namespace dyad;
using namespace dyad::test;

namespace {

struct Answer {
    int status = 0;
    QByteArray type;
    QByteArray body;
};

// "/v1/groups/{name}/active" and "/v1/groups/*/active" are the same place.
QString withStars(QString path) {
    static const QRegularExpression name(QStringLiteral("\\{[a-z_]+\\}"));
    return path.replace(name, QStringLiteral("*"));
}

} // namespace

// Parts of the service that the routes of other areas ask; what is tested here is that the routes are described.
class QuietHistory : public ports::HistoryPort {
public:
    void incidents(std::size_t, std::uint64_t, Answered<std::vector<model::Incident>> answered) override {
        answered(std::vector{sample()});
    }
    void incident(std::uint64_t id, Answered<std::vector<model::Incident>> answered) override {
        answered(id == 7 ? std::vector{sample()} : std::vector<model::Incident>());
    }
    void entries(std::int64_t, std::int64_t, std::size_t,
                 Answered<std::vector<model::RememberedEntry>> answered) override {
        answered(std::vector<model::RememberedEntry>{{{.sequence = 7, .kind = "order", .text = "entry"}, "a3"}});
    }
    void durations(const std::string&, Answered<std::vector<model::StepDuration>> answered) override {
        answered(std::vector<model::StepDuration>{{.group = "erp", .step = "claim", .took = 5ms}});
    }
    void audit(std::size_t, Answered<std::vector<model::AuditEntry>> answered) override {
        answered(std::vector<model::AuditEntry>{{.who = "otto", .what = "switchover"}});
    }

private:
    static model::Incident sample() {
        model::Incident incident;
        incident.id = 7;
        incident.firstSequence = incident.lastSequence = 7;
        incident.steps = {{"claim", 1ms, 2ms}};
        return incident;
    }
};

class QuietTruth : public ports::TruthPort {
public:
    bool fails = false;
    void look(std::function<void(Result<model::NodeTruth>)> answered) override {
        if (fails) return answered(Error{"look", "", "", ""});
        model::NodeTruth truth;
        truth.node = "alpha";
        truth.groups = {{.name = "erp", .role = model::Role::Standby}};
        truth.luns = {{.name = "array", .known = true, .mountedAt = {"/srv/erp"}}};
        truth.luns.front().snapshot.holder = model::ReservationKey{1};
        truth.luns.front().snapshot.registrants = {model::ReservationKey{1}};
        truth.mounts = {{.group = "erp", .resource = "data", .mounted = true, .settled = true}}; // a contradiction
        truth.addresses = {{.group = "erp", .resource = "ip", .answers = {"02:00:00:00:00:05"}}};
        truth.processes = {{.group = "erp", .resource = "db", .pid = 7}};
        truth.trouble = {"nothing could be asked"};
        answered(truth);
    }
};

class QuietNotify : public ports::NotifyPort {
public:
    bool busy = false;
    [[nodiscard]] std::vector<ports::ChannelState> channels() const override {
        return {{.name = "admins", .type = "mail", .target = "mail to a@example.com", .least = "warning", .waiting = 2}};
    }
    [[nodiscard]] bool test(const std::string& who,
                            std::function<void(const std::vector<ports::ChannelTrial>&)> tried) override {
        if (!busy) tried({{.name = "admins", .delivered = false, .trouble = "not for " + who, .tookMs = 7}});
        return !busy;
    }
};

class QuietConfiguration : public ports::ConfigurationPort {
public:
    [[nodiscard]] model::ConfigurationPicture picture() const override {
        model::ConfigurationPicture picture;
        picture.node = "alpha";
        picture.history = {{.revision = {3, 0xa3}, .who = "otto", .node = "alpha"}};
        picture.staged = model::StagedRevision{.attempt = 9, .record = picture.history.front()};
        return picture;
    }
    [[nodiscard]] static model::ConfigurationReport report() {
        model::ConfigurationReport report;
        report.node = "alpha";
        report.findings = {{.isError = true, .file = "dyad.toml", .line = 3, .text = "unknown key"}};
        report.plan.impossible = {"the cluster's number changes"};
        report.plan.mustStop = {{"erp", "alpha", "its LUN changes"}};
        report.plan.effects = {"the heart starts anew"};
        return report;
    }
    void text(std::uint64_t, std::function<void(Result<std::string>)> done) override { done(std::string("[cluster]")); }
    void check(std::string, std::function<void(model::ConfigurationReport)> done) override { done(report()); }
    void apply(ports::ApplyOrder, std::function<void(model::ApplyReport)> done) override {
        done({.accepted = true, .text = "taken on both", .reports = {report()}});
    }
    void prepare(model::StagedRevision, std::string, std::function<void(ports::PrepareReply)> done) override {
        done({});
    }
    void commit(std::uint64_t, model::Revision) override {}
    void abort(std::uint64_t) override {}
};

// Where an object is that takes fields without naming them or their values; empty: nowhere.
QString openObject(const QJsonValue& value, const QString& at) {
    if (value.isArray()) {
        for (const QJsonValue& each : value.toArray())
            if (const QString open = openObject(each, at); !open.isEmpty()) return open;
        return {};
    }
    const QJsonObject schema = value.toObject();
    if (schema["type"] == "object" && schema["additionalProperties"] != QJsonValue(false) &&
        !schema["additionalProperties"].isObject())
        return at;
    for (auto each = schema.begin(); each != schema.end(); ++each)
        if (const QString open = openObject(each.value(), at + "." + each.key()); !open.isEmpty()) return open;
    return {};
}

class ControlOpenapiTest : public QObject {
    Q_OBJECT

    Certificate m_certificate;
    FakeService m_service;
    QTemporaryFile m_recording;
    QuietHistory m_history;
    QuietTruth m_truth;
    QuietNotify m_notify;
    QuietConfiguration m_configuration;
    std::unique_ptr<RunningServer> m_server;
    QJsonObject m_document;

    Answer ask(const QByteArray& method, const QByteArray& target, const QByteArray& token, const QByteArray& body,
               const QByteArray& fields = {}) {
        RawClient client(m_server->port());
        if (!client.encrypted()) return {};
        QByteArray request = method + " " + target + " HTTP/1.1\r\nHost: dyad\r\nConnection: close\r\n" + fields;
        if (!token.isEmpty()) request += "Authorization: Bearer " + token + "\r\n";
        client.send(request + "Content-Length: " + QByteArray::number(body.size()) + "\r\n\r\n" + body);
        if (!client.waitClosed()) return {};
        const QByteArray all = client.received();
        const qsizetype end = all.indexOf("\r\n\r\n");
        const QByteArray header = all.left(end);
        const qsizetype type = header.indexOf("Content-Type: ") + 14;
        return {all.mid(9, 3).toInt(), header.mid(type, header.indexOf("\r\n", type) - type).split(';').first(),
                all.mid(end + 4)};
    }

    // operation by "GET /v1/groups/*"
    [[nodiscard]] std::map<QString, QJsonObject> operations() const {
        std::map<QString, QJsonObject> found;
        const QJsonObject paths = m_document["paths"].toObject();
        for (auto path = paths.begin(); path != paths.end(); ++path) {
            const QJsonObject methods = path.value().toObject();
            for (auto method = methods.begin(); method != methods.end(); ++method)
                found[method.key().toUpper() + " " + withStars(path.key())] = method.value().toObject();
        }
        return found;
    }

    void matches(const Answer& answer, const QString& operation) const {
        const auto all = operations();
        const auto found = all.find(operation);
        QVERIFY2(found != all.end(), qPrintable(operation));
        const QJsonObject responses = found->second["responses"].toObject();
        const QString status = QString::number(answer.status);
        QVERIFY2(responses.contains(status),
                 qPrintable(operation + " answers " + status + ", which is not described: " + answer.body));
        const QJsonObject content = responses[status].toObject()["content"].toObject();
        if (content.isEmpty()) return;
        QVERIFY2(content.contains(QString::fromLatin1(answer.type)),
                 qPrintable(operation + " answers " + answer.type + ", which is not described"));
        const QJsonObject schema = content[QString::fromLatin1(answer.type)].toObject()["schema"].toObject();
        if (schema.isEmpty()) return;
        const auto object = control::objectFromBytes(answer.body, "the answer");
        QVERIFY2(object.ok(), answer.body.constData());
        const QString why = SchemaValidator(m_document).complaint(object.value(), schema);
        QVERIFY2(why.isEmpty(), qPrintable(operation + " " + status + ": " + why));
    }

private Q_SLOTS:
    void initTestCase() {
        QVERIFY(m_certificate.made());
        QFile file(DYAD_OPENAPI);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const auto document = control::objectFromBytes(file.readAll(), DYAD_OPENAPI);
        QVERIFY2(document.ok(), document.ok() ? "" : document.error().text().c_str());
        m_document = document.value();
        QVERIFY(m_recording.open());
        m_recording.write(QByteArray(300'000, 'r')); // more than fits one output queue
        m_recording.flush();
    }

    void init() {
        m_service = FakeService();
        m_service.shown = splitView();
        m_service.recording = m_recording.fileName().toStdString();
        m_service.clients = 3;
        m_service.predicted = {{"stop database", 400ms, 3}};
        for (int i = 0; i < 3; ++i)
            m_service.write("order", "erp", "entry");
        m_server = std::make_unique<RunningServer>(m_service, m_certificate);
        QVERIFY(m_server->started());
        control::Server& server = m_server->server();
        server.addRoutes(control::historyRoutes(
            m_history, "alpha", [](const std::string& group, const std::string&) { return group == "erp"; }));
        server.addRoutes(control::truthRoutes(m_truth));
        server.addRoutes(control::notifyRoutes(m_notify));
        server.addRoutes(control::configurationRoutes(m_configuration));
    }
    void cleanup() { m_server.reset(); }

    void everyRouteIsDescribedWithItsRole() {
        const auto described = operations();
        for (const control::Route& route : m_server->server().routes()) {
            const QString operation = QString::fromLatin1(route.method) + " " + QString::fromStdString(route.pattern);
            QVERIFY2(described.count(operation) == 1,
                     qPrintable(operation + " is not described in resources/openapi.json"));
            QCOMPARE(described.at(operation)["x-dyad-role"].toString(), QString(toText(route.needs)));
        }
    }

    void everyOrderIsDescribed() {
        const auto described = operations();
        for (const control::OrderRow& row : control::orderTable()) {
            const QString path =
                withStars(control::pathOf(
                              {.kind = row.kind, .group = "{name}", .node = "{name}", .who = "", .resource = "{name}"}))
                    .replace(QLatin1String("%7Bname%7D"), QLatin1String("*"));
            QVERIFY2(described.count("POST " + path) == 1, qPrintable(path));
        }
    }

    void everyReferenceLeadsSomewhere() {
        const QString text = QString::fromUtf8(QJsonDocument(m_document).toJson());
        static const QRegularExpression reference(QStringLiteral("\"\\$ref\": \"([^\"]+)\""));
        auto matches = reference.globalMatch(text);
        const SchemaValidator validator(m_document);
        int count = 0;
        while (matches.hasNext()) {
            const QString name = matches.next().captured(1);
            QVERIFY2(!validator.resolved(name).isEmpty(), qPrintable(name));
            ++count;
        }
        QVERIFY(count > 20);
    }

    void questionsAreAnsweredAsDescribed_data() {
        QTest::addColumn<QString>("operation");
        QTest::addColumn<QByteArray>("target");
        QTest::addColumn<int>("status");
        const auto row = [](const char* operation, const char* target, int status = 200) {
            QTest::newRow(qPrintable(QString("%1 %2").arg(target).arg(status)))
                << operation << QByteArray(target) << status;
        };
        row("GET /v1/state", "/v1/state");
        row("GET /v1/nodes", "/v1/nodes");
        row("GET /v1/nodes/*", "/v1/nodes/beta");
        row("GET /v1/nodes/*", "/v1/nodes/gamma", 404);
        row("GET /v1/links", "/v1/links");
        row("GET /v1/links/*", "/v1/links/private");
        row("GET /v1/luns", "/v1/luns");
        row("GET /v1/luns/*", "/v1/luns/array");
        row("GET /v1/luns/*", "/v1/luns/tape", 404);
        row("GET /v1/groups", "/v1/groups");
        row("GET /v1/groups/*", "/v1/groups/erp");
        row("GET /v1/groups/*/active", "/v1/groups/erp/active");
        row("GET /v1/groups/*/active", "/v1/groups/crm/active", 404);
        row("GET /v1/alarms", "/v1/alarms");
        row("GET /v1/alarms/channels", "/v1/alarms/channels");
        row("GET /v1/journal", "/v1/journal?after=1");
        row("GET /v1/journal", "/v1/journal?after=x", 400);
        row("GET /v1/events", "/v1/events?after=x", 400);
        row("GET /metrics", "/metrics");
        row("GET /v1/version", "/v1/version");
        row("GET /v1/recorder", "/v1/recorder");
        row("GET /v1/incidents", "/v1/incidents");
        row("GET /v1/incidents/*", "/v1/incidents/7");
        row("GET /v1/incidents/*", "/v1/incidents/8", 404);
        row("GET /v1/entries", "/v1/entries");
        row("GET /v1/durations", "/v1/durations?group=erp");
        row("GET /v1/audit", "/v1/audit");
        row("GET /v1/truth", "/v1/truth");
        row("GET /v1/config", "/v1/config");
        row("GET /v1/config/revisions", "/v1/config/revisions");
        row("GET /v1/config/revisions/*", "/v1/config/revisions/3");
        row("GET /v1/config/revisions/*", "/v1/config/revisions/x", 404);
        row("GET /v1/orders", "/v1/orders");
        row("GET /v1/orders/preview", "/v1/orders/preview?kind=switchover&group=erp");
        row("GET /v1/orders/preview", "/v1/orders/preview?kind=maintenance%20on&node=beta");
        row("GET /v1/orders/preview", "/v1/orders/preview?kind=nonsense", 400);
        row("GET /v1/orders/preview", "/v1/orders/preview?kind=switchover&group=crm", 404);
    }
    void questionsAreAnsweredAsDescribed() {
        QFETCH(QString, operation);
        QFETCH(QByteArray, target);
        QFETCH(int, status);
        const Answer answer = ask("GET", target, "administer", {});
        QCOMPARE(answer.status, status);
        matches(answer, operation);
    }

    void withoutATokenOrWithTooLittleOfOne() {
        for (const control::Route& route : m_server->server().routes()) {
            if (route.needs == control::AccessRole::None) continue;
            QString target = QString::fromStdString(route.pattern);
            target.replace("/v1/groups/*", "/v1/groups/erp").replace("/v1/nodes/*", "/v1/nodes/beta").replace("*", "x");
            const QString operation = QString::fromLatin1(route.method) + " " + QString::fromStdString(route.pattern);
            const Answer nobody = ask(route.method, target.toLatin1(), {}, {});
            QCOMPARE(nobody.status, 401);
            matches(nobody, operation);
            if (route.needs == control::AccessRole::Viewer) continue;
            const Answer viewer = ask(route.method, target.toLatin1(), "view", {});
            QCOMPARE(viewer.status, 403);
            matches(viewer, operation);
        }
        QVERIFY(m_service.orders.empty());
    }

    void whatFailsOrIsCheckedIsAnsweredAsDescribed() {
        m_truth.fails = true;
        const Answer blind = ask("GET", "/v1/truth", "view", {});
        m_truth.fails = false;
        QCOMPARE(blind.status, 503);
        matches(blind, "GET /v1/truth");
        const QByteArray file = R"({"text": "[cluster]"})";
        const Answer checked = ask("POST", "/v1/config/check", "administer", file);
        QCOMPARE(checked.status, 200);
        matches(checked, "POST /v1/config/check");
        const Answer applied = ask("POST", "/v1/config/apply", "administer", file);
        QCOMPARE(applied.status, 200);
        matches(applied, "POST /v1/config/apply");
    }

    void channelsAreTestedAsDescribed() {
        const Answer tested = ask("POST", "/v1/alarms/test", "operate", {});
        QCOMPARE(tested.status, 200);
        QVERIFY(tested.body.contains("not for "));
        matches(tested, "POST /v1/alarms/test");
        m_notify.busy = true;
        const Answer busy = ask("POST", "/v1/alarms/test", "operate", {});
        m_notify.busy = false;
        QCOMPARE(busy.status, 409);
        matches(busy, "POST /v1/alarms/test");
    }

    // An object whose fields are not named would let any answer pass.
    void everyObjectNamesItsFields() {
        const QJsonObject schemas = m_document["components"].toObject()["schemas"].toObject();
        QVERIFY(!schemas.isEmpty());
        for (auto schema = schemas.begin(); schema != schemas.end(); ++schema) {
            const QString open = openObject(schema.value(), schema.key());
            QVERIFY2(open.isEmpty(), qPrintable(open));
        }
    }

    void ordersAreAnsweredAsDescribed() {
        for (const control::OrderRow& row : control::orderTable()) {
            const model::Order order{
                .kind = row.kind, .group = "erp", .node = "beta", .who = "", .resource = "database"};
            QString operation = QString("POST ") + control::pathOf(order);
            operation.replace("/erp/", "/*/").replace("/beta/", "/*/").replace("/database/", "/*/");
            m_service.answer = {.accepted = true, .text = "it is done"};
            matches(ask("POST", control::pathOf(order).toLatin1(), "administer", control::bodyOf(order)), operation);
            m_service.answer = {.accepted = false, .text = "no"};
            const Answer refused = ask("POST", control::pathOf(order).toLatin1(), "administer", control::bodyOf(order));
            QCOMPARE(refused.status, 409);
            matches(refused, operation);
            const Answer nonsense = ask("POST", control::pathOf(order).toLatin1(), "administer", "[1");
            QCOMPARE(nonsense.status, 400);
            matches(nonsense, operation);
        }
    }

    void theSecondOperatorsAnswerIsAsDescribed() {
        matches(ask("POST", "/v1/groups/erp/switchover", "operate", "{}"), "POST /v1/groups/*/switchover");
        const Answer second = ask("POST", "/v1/groups/erp/switchover", "administer", "{}");
        QCOMPARE(second.status, 409);
        QVERIFY(second.body.contains("under_way"));
        matches(second, "POST /v1/groups/*/switchover");
        matches(ask("GET", "/v1/orders", "view", {}), "GET /v1/orders");
        matches(ask("GET", "/v1/orders/preview?kind=switchover&group=erp", "view", {}), "GET /v1/orders/preview");
    }

    void aKeyForAnotherOrderIsAsDescribed() {
        ask("POST", "/v1/groups/erp/switchover", "operate", "{}", "Idempotency-Key: one\r\n");
        const Answer other = ask("POST", "/v1/groups/erp/switchback", "operate", "{}", "Idempotency-Key: one\r\n");
        QCOMPARE(other.status, 422);
        matches(other, "POST /v1/groups/*/switchback");
    }

    void alarmsAreAcknowledgedAsDescribed() {
        const Answer good = ask("POST", "/v1/alarms/peer.lost/acknowledge", "operate", "{}");
        QCOMPARE(good.status, 202);
        matches(good, "POST /v1/alarms/*/acknowledge");
        const Answer none = ask("POST", "/v1/alarms/nothing/acknowledge", "operate", "{}");
        QCOMPARE(none.status, 409);
        matches(none, "POST /v1/alarms/*/acknowledge");
        const Answer list = ask("GET", "/v1/alarms", "view", {});
        QVERIFY(list.body.contains("\"acknowledged_by\":\"otto\""));
    }

    void theRecordingComesWhole() {
        const Answer answer = ask("GET", "/v1/recorder", "administer", {});
        QCOMPARE(answer.body, QByteArray(300'000, 'r'));
    }

    void theValidatorFindsWhatIsWrong() {
        const SchemaValidator validator(m_document);
        const QJsonObject node{{"$ref", "#/components/schemas/Active"}};
        QCOMPARE(validator.complaint(QJsonObject{{"group", "a"}, {"node", "b"}, {"active", true}}, node), "");
        QVERIFY(validator.complaint(QJsonObject{{"group", "a"}, {"node", "b"}}, node).contains("active is missing"));
        QVERIFY(!validator.complaint(QJsonObject{{"group", 1}, {"node", "b"}, {"active", true}}, node).isEmpty());
        QVERIFY(!validator.complaint(QJsonObject{{"group", "a"}, {"node", "b"}, {"active", true}, {"x", 1}}, node)
                     .isEmpty());
        QVERIFY(!validator.complaint(QJsonObject(), QJsonObject{{"minimum", 1}}).isEmpty());
        QVERIFY(!validator.complaint("blue", QJsonObject{{"enum", QJsonArray{"red"}}}).isEmpty());
    }
};

QTEST_GUILESS_MAIN(ControlOpenapiTest)
#include "control_openapi_test.moc"
