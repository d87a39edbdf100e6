// SPDX-License-Identifier: Apache-2.0
#include "control/protocol/configuration_json.h"

#include "control/protocol/object_reader.h"

namespace dyad::control {
namespace {

QString text(const std::string& value) { return QString::fromStdString(value); }


std::uint64_t digestIn(ObjectReader& read, const char* name) {
    const std::string digits = read.text(name);
    bool good = false;
    const qulonglong value = QString::fromStdString(digits).toULongLong(&good, 16);
    if (!good || digits.size() != 16) {
        if (!read.failed()) read.fail(name, "must be 16 hexadecimal digits");
        return 0;
    }
    return value;
}

QJsonObject toJson(const model::RevisionRecord& record) {
    return {{"revision", static_cast<qint64>(record.revision.number)},
            {"digest", digestText(record.revision.digest)},
            {"parent", digestText(record.parent)},
            {"who", text(record.who)},
            {"node", text(record.node)},
            {"wall_ms", qint64{record.wallClockMs}},
            {"by_hand", record.byHand}};
}

model::RevisionRecord recordFrom(ObjectReader& read) {
    model::RevisionRecord record;
    record.revision.number = read.count("revision");
    record.revision.digest = digestIn(read, "digest");
    record.parent = digestIn(read, "parent");
    record.who = read.text("who");
    record.node = read.text("node");
    record.wallClockMs = read.integer("wall_ms");
    record.byHand = read.boolean("by_hand");
    return record;
}

model::StagedRevision stagedFrom(ObjectReader& read) {
    model::StagedRevision staged;
    staged.attempt = digestIn(read, "attempt");
    staged.peerBase = digestIn(read, "peer_base");
    staged.coordinator = read.boolean("coordinator");
    read.optionalObject("record", [&](ObjectReader& inner) { staged.record = recordFrom(inner); });
    if (staged.record.revision.number == 0 && !read.failed()) read.fail("record", "is missing");
    return staged;
}

QJsonObject toJson(const model::Finding& finding) {
    return {{"severity", finding.isError ? "error" : "warning"},
            {"file", text(finding.file)},
            {"line", qint64{finding.line}},
            {"column", qint64{finding.column}},
            {"key", text(finding.key)},
            {"value", text(finding.value)},
            {"text", text(finding.text)},
            {"remedy", text(finding.remedy)}};
}

model::ConfigurationReport reportFrom(ObjectReader& read) {
    model::ConfigurationReport report;
    report.node = read.text("node");
    report.digest = digestIn(read, "digest");
    read.each("findings", [&](ObjectReader& inner) {
        model::Finding finding;
        finding.isError = inner.text("severity") == "error";
        finding.file = inner.text("file");
        finding.line = static_cast<unsigned>(inner.count("line"));
        finding.column = static_cast<unsigned>(inner.count("column"));
        finding.key = inner.text("key");
        finding.value = inner.text("value");
        finding.text = inner.text("text");
        finding.remedy = inner.text("remedy");
        report.findings.push_back(std::move(finding));
    });
    read.optionalObject("plan", [&](ObjectReader& inner) {
        report.plan.restarts = inner.text("restarts");
        inner.each("impossible", [&](ObjectReader& each) { report.plan.impossible.push_back(each.text("why")); });
        inner.each("must_stop", [&](ObjectReader& each) {
            report.plan.mustStop.push_back({each.text("group"), each.text("node"), each.text("why")});
        });
        inner.each("effects", [&](ObjectReader& each) { report.plan.effects.push_back(each.text("text")); });
    });
    return report;
}

} // namespace

QString digestText(std::uint64_t digest) {
    return QString::number(static_cast<qulonglong>(digest), 16).rightJustified(16, QLatin1Char('0'));
}

QJsonObject toJson(const model::StagedRevision& staged) {
    return {{"attempt", digestText(staged.attempt)},
            {"peer_base", digestText(staged.peerBase)},
            {"coordinator", staged.coordinator},
            {"record", toJson(staged.record)}};
}

Result<model::StagedRevision> stagedFromJson(const QJsonObject& object) {
    std::optional<Error> error;
    ObjectReader read(object, QStringLiteral("staged"), error);
    model::StagedRevision staged = stagedFrom(read);
    if (error) return *error;
    return staged;
}

QJsonObject toJson(const model::ConfigurationPicture& picture) {
    QJsonArray history;
    for (const model::RevisionRecord& each : picture.history)
        history.append(toJson(each));
    QJsonObject object{{"node", text(picture.node)},
                       {"running_digest", digestText(picture.runningDigest)},
                       {"history", history}};
    if (!picture.history.empty()) {
        object["revision"] = static_cast<qint64>(picture.current().revision.number);
        object["digest"] = digestText(picture.current().revision.digest);
    }
    object["staged"] = picture.staged ? QJsonValue(toJson(*picture.staged)) : QJsonValue(QJsonValue::Null);
    if (!picture.text.empty()) object["text"] = text(picture.text);
    return object;
}

Result<model::ConfigurationPicture> pictureFromJson(const QJsonObject& object) {
    std::optional<Error> error;
    ObjectReader read(object, QStringLiteral("configuration"), error);
    model::ConfigurationPicture picture;
    picture.node = read.text("node");
    picture.runningDigest = digestIn(read, "running_digest");
    read.each("history", [&](ObjectReader& inner) { picture.history.push_back(recordFrom(inner)); });
    read.optionalObject("staged", [&](ObjectReader& inner) { picture.staged = stagedFrom(inner); });
    picture.text = read.textOr("text", "");
    if (!error && (picture.history.empty() || picture.history.size() > model::maxRevisionsKept))
        read.fail("history", "must have 1 to 10 entries");
    if (error) return *error;
    return picture;
}

QJsonObject toJson(const model::ConfigurationReport& report) {
    QJsonArray findings;
    for (const model::Finding& each : report.findings)
        findings.append(toJson(each));
    const auto objects = [](const std::vector<std::string>& values, const char* name) {
        QJsonArray list;
        for (const std::string& each : values)
            list.append(QJsonObject{{QLatin1String(name), text(each)}});
        return list;
    };
    QJsonArray blockers;
    for (const model::ChangeBlocker& each : report.plan.mustStop)
        blockers.append(QJsonObject{{"group", text(each.group)}, {"node", text(each.node)}, {"why", text(each.why)}});
    return {{"node", text(report.node)},
            {"digest", digestText(report.digest)},
            {"ok", report.good()},
            {"findings", findings},
            {"plan", QJsonObject{{"restarts", text(report.plan.restarts)},
                                 {"impossible", objects(report.plan.impossible, "why")},
                                 {"must_stop", blockers},
                                 {"effects", objects(report.plan.effects, "text")}}}};
}

Result<model::ConfigurationReport> configurationReportFromJson(const QJsonObject& object) {
    std::optional<Error> error;
    ObjectReader read(object, QStringLiteral("report"), error);
    model::ConfigurationReport report = reportFrom(read);
    if (error) return *error;
    return report;
}

QJsonObject toJson(const model::ApplyReport& report) {
    QJsonArray reports;
    for (const model::ConfigurationReport& each : report.reports)
        reports.append(toJson(each));
    return {{"accepted", report.accepted},
            {"text", text(report.text)},
            {"revision", static_cast<qint64>(report.revision.number)},
            {"digest", digestText(report.revision.digest)},
            {"reports", reports}};
}

Result<model::ApplyReport> applyReportFromJson(const QJsonObject& object) {
    std::optional<Error> error;
    ObjectReader read(object, QStringLiteral("answer"), error);
    model::ApplyReport report;
    report.accepted = read.boolean("accepted");
    report.text = read.text("text");
    report.revision.number = read.count("revision");
    report.revision.digest = digestIn(read, "digest");
    read.each("reports", [&](ObjectReader& inner) { report.reports.push_back(reportFrom(inner)); });
    if (error) return *error;
    return report;
}

} // namespace dyad::control
