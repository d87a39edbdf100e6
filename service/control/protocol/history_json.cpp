// SPDX-License-Identifier: Apache-2.0
#include "control/protocol/history_json.h"

#include "control/protocol/json.h"
#include "control/protocol/object_reader.h"

#include <array>

namespace dyad::control {

namespace {

using model::IncidentKind;
using model::IncidentOutcome;

constexpr std::array kinds{
    IncidentKind::Takeover,    IncidentKind::Switchover,      IncidentKind::Switchback, IncidentKind::Drill,
    IncidentKind::Move,        IncidentKind::FailoverRefused, IncidentKind::GroupStart, IncidentKind::ResourceFailure,
    IncidentKind::LeaseLost,   IncidentKind::StorageLost,     IncidentKind::SelfFence,  IncidentKind::NodeLost,
    IncidentKind::NodeReturned};
constexpr std::array outcomes{IncidentOutcome::Ongoing, IncidentOutcome::Done, IncidentOutcome::Failed,
                              IncidentOutcome::Interrupted};

Duration durationIn(ObjectReader& read, const char* name) { return Duration(read.integer(name)); }

model::Incident incidentFrom(ObjectReader& read) {
    model::Incident incident;
    incident.id = read.count("id");
    incident.node = read.text("node");
    incident.boot = read.text("boot");
    incident.kind = read.word<IncidentKind>("kind", kinds);
    incident.outcome = read.word<IncidentOutcome>("outcome", outcomes);
    incident.group = read.text("group");
    incident.resource = read.text("resource");
    incident.rule = read.text("rule");
    incident.headline = read.text("headline");
    incident.began = read.instant("began_ns");
    incident.ended = read.instant("ended_ns");
    incident.beganWallMs = read.integer("began_wall_ms");
    incident.endedWallMs = read.integer("ended_wall_ms");
    incident.firstSequence = read.count("first_sequence");
    incident.lastSequence = read.count("last_sequence");
    read.each("steps", [&](ObjectReader& step) {
        incident.steps.push_back({step.text("name"), durationIn(step, "after_ns"), durationIn(step, "took_ns")});
    });
    return incident;
}

template <typename Value>
QJsonObject listed(const std::string& node, const char* name, const std::vector<Value>& values) {
    QJsonArray list;
    for (const Value& value : values)
        list.append(toJson(value));
    return {{"node", QString::fromStdString(node)}, {QLatin1String(name), list}};
}

} // namespace

QJsonObject toJson(const model::Incident& incident) {
    QJsonArray steps;
    for (const model::IncidentStep& step : incident.steps)
        steps.append(QJsonObject{{"name", QString::fromStdString(step.name)},
                                 {"after_ns", qint64{step.after.count()}},
                                 {"took_ns", qint64{step.took.count()}}});
    return {{"id", static_cast<qint64>(incident.id)},
            {"node", QString::fromStdString(incident.node)},
            {"boot", QString::fromStdString(incident.boot)},
            {"kind", toText(incident.kind)},
            {"outcome", toText(incident.outcome)},
            {"group", QString::fromStdString(incident.group)},
            {"resource", QString::fromStdString(incident.resource)},
            {"rule", QString::fromStdString(incident.rule)},
            {"headline", QString::fromStdString(incident.headline)},
            {"began_ns", qint64{incident.began.nanoseconds()}},
            {"ended_ns", qint64{incident.ended.nanoseconds()}},
            {"began_wall_ms", qint64{incident.beganWallMs}},
            {"ended_wall_ms", qint64{incident.endedWallMs}},
            {"first_sequence", static_cast<qint64>(incident.firstSequence)},
            {"last_sequence", static_cast<qint64>(incident.lastSequence)},
            {"steps", steps}};
}

QJsonObject toJson(const model::RememberedEntry& remembered) {
    QJsonObject object = toJson(remembered.entry);
    object.insert(QStringLiteral("boot"), QString::fromStdString(remembered.boot));
    return object;
}

QJsonObject toJson(const model::StepDuration& duration) {
    return {{"group", QString::fromStdString(duration.group)},
            {"kind", toText(duration.kind)},
            {"step", QString::fromStdString(duration.step)},
            {"took_ns", qint64{duration.took.count()}},
            {"wall_ms", qint64{duration.wallMs}}};
}

QJsonObject toJson(const model::AuditEntry& entry) {
    return {{"wall_ms", qint64{entry.wallClockMs}},
            {"who", QString::fromStdString(entry.who)},
            {"address", QString::fromStdString(entry.address)},
            {"via_node", QString::fromStdString(entry.viaNode)},
            {"what", QString::fromStdString(entry.what)},
            {"subject", QString::fromStdString(entry.subject)},
            {"result", QString::fromStdString(entry.result)},
            {"text", QString::fromStdString(entry.text)},
            {"request_id", QString::fromStdString(entry.requestId)}};
}

QJsonObject incidentsToJson(const std::string& node, const std::vector<model::Incident>& incidents) {
    return listed(node, "incidents", incidents);
}

Result<std::vector<model::Incident>> incidentsFromJson(const QJsonObject& object) {
    std::optional<Error> error;
    ObjectReader read(object, QStringLiteral("incidents"), error);
    std::vector<model::Incident> incidents;
    read.each("incidents", [&](ObjectReader& inner) { incidents.push_back(incidentFrom(inner)); });
    if (error) return *error;
    return incidents;
}

QJsonObject entriesToJson(const std::string& node, const std::vector<model::RememberedEntry>& entries) {
    return listed(node, "entries", entries);
}

Result<std::vector<model::RememberedEntry>> entriesFromJson(const QJsonObject& object) {
    std::vector<model::RememberedEntry> entries;
    const QJsonValue list = object[QStringLiteral("entries")];
    for (const QJsonValue& value : list.toArray()) {
        const QJsonObject each = value.toObject();
        Result<model::JournalEntry> entry = journalEntryFromJson(each);
        if (!entry) return entry.error();
        entries.push_back({std::move(entry).value(), each[QStringLiteral("boot")].toString().toStdString()});
    }
    if (!list.isArray())
        return Error{"read the field", "entries", "is missing or no list", "compare `dyad version` on both hosts"};
    return entries;
}

QJsonObject durationsToJson(const std::string& node, const std::vector<model::StepDuration>& durations) {
    return listed(node, "durations", durations);
}

Result<std::vector<model::StepDuration>> durationsFromJson(const QJsonObject& object) {
    std::optional<Error> error;
    ObjectReader read(object, QStringLiteral("durations"), error);
    std::vector<model::StepDuration> durations;
    read.each("durations", [&](ObjectReader& inner) {
        model::StepDuration duration;
        duration.group = inner.text("group");
        duration.kind = inner.word<IncidentKind>("kind", kinds);
        duration.step = inner.text("step");
        duration.took = durationIn(inner, "took_ns");
        duration.wallMs = inner.integer("wall_ms");
        durations.push_back(std::move(duration));
    });
    if (error) return *error;
    return durations;
}

QJsonObject auditToJson(const std::string& node, const std::vector<model::AuditEntry>& entries) {
    return listed(node, "audit", entries);
}

Result<std::vector<model::AuditEntry>> auditFromJson(const QJsonObject& object) {
    std::optional<Error> error;
    ObjectReader read(object, QStringLiteral("audit"), error);
    std::vector<model::AuditEntry> entries;
    read.each("audit", [&](ObjectReader& inner) {
        model::AuditEntry entry;
        entry.wallClockMs = inner.integer("wall_ms");
        entry.who = inner.text("who");
        entry.address = inner.text("address");
        entry.viaNode = inner.text("via_node");
        entry.what = inner.text("what");
        entry.subject = inner.text("subject");
        entry.result = inner.text("result");
        entry.text = inner.text("text");
        entry.requestId = inner.text("request_id");
        entries.push_back(std::move(entry));
    });
    if (error) return *error;
    return entries;
}

} // namespace dyad::control
