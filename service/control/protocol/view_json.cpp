// SPDX-License-Identifier: Apache-2.0
#include "control/protocol/json.h"
#include "control/protocol/object_reader.h"

#include <array>
#include <cstdlib>

namespace dyad::control {
namespace {

using model::Liveness;
using model::ResourceState;
using model::Role;
using model::Severity;

constexpr std::array allRoles{Role::Standby,  Role::Claiming, Role::Starting, Role::Active,
                              Role::Stopping, Role::Lost,     Role::Failed,   Role::Maintenance};
constexpr std::array allLiveness{Liveness::Unknown, Liveness::Alive, Liveness::Suspect, Liveness::Lost};
constexpr std::array allResourceStates{ResourceState::Unknown, ResourceState::Stopped,  ResourceState::Starting,
                                       ResourceState::Running, ResourceState::Stopping, ResourceState::Failed};

QString text(const std::string& value) { return QString::fromStdString(value); }
qint64 number(std::uint64_t value) { return static_cast<qint64>(value); }

template <typename View, typename ToJson>
QJsonArray list(const std::vector<View>& views, ToJson toJson) {
    QJsonArray array;
    for (const View& view : views)
        array.append(toJson(view));
    return array;
}

// --- reservation keys: the number, and beside it the story it carries for readers without the layout ---------------

QJsonObject keyToJson(model::ReservationKey key) {
    return {{"key", QStringLiteral("0x%1").arg(key.value, 16, 16, QLatin1Char('0'))},
            {"cluster", key.cluster()},
            {"node_number", key.nodeNumber()},
            {"boot", QStringLiteral("%1").arg(key.boot(), 5, 16, QLatin1Char('0'))},
            {"epoch", key.epoch()},
            {"login", key.login()}};
}

model::ReservationKey keyFromJson(ObjectReader& read) {
    const QString said = QString::fromStdString(read.text("key"));
    bool good = false;
    const quint64 value = said.toULongLong(&good, 16);
    if (!good && !read.failed()) read.fail("key", "must be a hexadecimal number such as \"0x5d2a1000a3000102\"");
    return {value};
}

QJsonObject snapshotToJson(const model::ReservationSnapshot& snapshot) {
    return {{"generation", qint64{snapshot.generation}},
            {"registrants", list(snapshot.registrants, keyToJson)},
            {"holder", snapshot.holder ? QJsonValue(keyToJson(*snapshot.holder)) : QJsonValue(QJsonValue::Null)},
            {"type", static_cast<int>(snapshot.type)}}; // the number of SPC-4, table 64
}

model::ReservationSnapshot snapshotFromJson(ObjectReader& read) {
    model::ReservationSnapshot snapshot;
    snapshot.generation = static_cast<std::uint32_t>(read.integer("generation", 0, UINT32_MAX));
    read.each("registrants", [&](ObjectReader& key) { snapshot.registrants.push_back(keyFromJson(key)); });
    read.optionalObject("holder", [&](ObjectReader& key) { snapshot.holder = keyFromJson(key); });
    snapshot.type = static_cast<model::ReservationType>(read.integer("type", 0, 15));
    return snapshot;
}

// --- the parts of the view -----------------------------------------------------------------------------------------

QJsonObject nodeToJson(const model::NodeView& node) {
    return {{"name", text(node.name)},
            {"self", node.self},
            {"liveness", toText(node.liveness)},
            {"service_alive", node.serviceAlive},
            {"maintenance", node.maintenance},
            {"leaving", node.leaving},
            {"boot_digest", text(node.bootDigest)}};
}

model::NodeView nodeFromJson(ObjectReader& read) {
    model::NodeView node;
    node.name = read.text("name");
    node.self = read.boolean("self");
    node.liveness = read.word<Liveness>("liveness", allLiveness);
    node.serviceAlive = read.boolean("service_alive");
    node.maintenance = read.boolean("maintenance");
    node.leaving = read.boolean("leaving");
    node.bootDigest = read.text("boot_digest");
    return node;
}

QJsonObject linkToJson(const model::LinkView& link) {
    const model::LinkReport& report = link.report;
    return {{"name", text(link.name)},
            {"own_address", text(link.ownAddress)},
            {"peer_address", text(link.peerAddress)},
            {"liveness", toText(report.liveness)},
            {"peer_hears_us", report.peerHearsUs},
            {"ever_heard", report.everHeard},
            {"last_heard_ns", qint64{report.lastHeard.nanoseconds()}},
            {"round_trip_ns", qint64{report.roundTrip.count()}},
            {"loss_ratio", report.lossRatio},
            {"received", number(report.received)},
            {"rejected", number(report.rejected)}};
}

model::LinkView linkFromJson(ObjectReader& read) {
    model::LinkView link;
    link.name = read.text("name");
    link.ownAddress = read.text("own_address");
    link.peerAddress = read.text("peer_address");
    link.report.liveness = read.word<Liveness>("liveness", allLiveness);
    link.report.peerHearsUs = read.boolean("peer_hears_us");
    link.report.everHeard = read.boolean("ever_heard");
    link.report.lastHeard = read.instant("last_heard_ns");
    link.report.roundTrip = Duration(read.integer("round_trip_ns"));
    link.report.lossRatio = read.number("loss_ratio");
    link.report.received = read.count("received");
    link.report.rejected = read.count("rejected");
    return link;
}

QJsonObject lunToJson(const model::LunView& lun) {
    return {{"name", text(lun.name)},
            {"group", text(lun.group)},
            {"path_up", lun.pathUp},
            {"gate_open", lun.gateOpen},
            {"known", lun.known},
            {"reservation", snapshotToJson(lun.snapshot)},
            {"read_at_ns", qint64{lun.readAt.nanoseconds()}},
            {"holder_name", text(lun.holderName)},
            {"detail", text(lun.detail)}};
}

model::LunView lunFromJson(ObjectReader& read) {
    model::LunView lun;
    lun.name = read.text("name");
    lun.group = read.text("group");
    lun.pathUp = read.boolean("path_up");
    lun.gateOpen = read.boolean("gate_open");
    lun.known = read.boolean("known");
    read.optionalObject("reservation", [&](ObjectReader& inner) { lun.snapshot = snapshotFromJson(inner); });
    lun.readAt = read.instant("read_at_ns");
    lun.holderName = read.text("holder_name");
    lun.detail = read.text("detail");
    return lun;
}

// --- checks

QJsonObject countsToJson(const model::CheckCounts& counts) {
    return {{"well", number(counts.well)},
            {"failed", number(counts.failed)},
            {"could_not_run", number(counts.couldNotRun)}};
}

model::CheckCounts countsFromJson(ObjectReader& read) {
    model::CheckCounts counts;
    read.optionalObject("counts", [&](ObjectReader& inner) {
        counts = {inner.count("well"), inner.count("failed"), inner.count("could_not_run")};
    });
    return counts;
}

QJsonObject checkResultToJson(const model::CheckResult& result) {
    return {{"wall_ms", qint64{result.wallClockMs}},
            {"verdict", toText(result.verdict)},
            {"took_ns", qint64{result.took.count()}},
            {"detail", text(result.detail)}};
}

model::CheckResult checkResultFromJson(ObjectReader& read) {
    model::CheckResult result;
    result.wallClockMs = read.integer("wall_ms");
    result.verdict = read.word<model::CheckVerdict>("verdict", model::allCheckVerdicts);
    result.took = Duration(read.integer("took_ns"));
    result.detail = read.text("detail");
    return result;
}

QJsonObject probeToJson(const model::ProbeView& probe) {
    return {{"name", text(probe.name)},
            {"what", text(probe.what)},
            {"asked", probe.asked},
            {"counts", countsToJson(probe.counts)},
            {"failing", qint64{probe.failing}},
            {"limit", qint64{probe.limit}},
            {"of", qint64{probe.of}},
            {"mean_ns", qint64{probe.mean.count()}},
            {"deviation_ns", qint64{probe.deviation.count()}},
            {"total_ns", qint64{probe.total.count()}},
            {"last", list(probe.last, checkResultToJson)}};
}

model::ProbeView probeFromJson(ObjectReader& read) {
    model::ProbeView probe;
    probe.name = read.text("name");
    probe.what = read.text("what");
    probe.asked = read.boolean("asked");
    probe.counts = countsFromJson(read);
    probe.failing = static_cast<unsigned>(read.integer("failing", 0, UINT32_MAX));
    probe.limit = static_cast<unsigned>(read.integer("limit", 0, UINT32_MAX));
    probe.of = static_cast<unsigned>(read.integer("of", 0, UINT32_MAX));
    probe.mean = Duration(read.integer("mean_ns"));
    probe.deviation = Duration(read.integer("deviation_ns"));
    probe.total = Duration(read.integer("total_ns"));
    read.each("last", [&](ObjectReader& inner) { probe.last.push_back(checkResultFromJson(inner)); });
    return probe;
}

QJsonObject poolServerToJson(const model::PoolServerView& server) {
    return {
        {"name", text(server.name)},         {"address", text(server.address)},       {"state", text(server.state)},
        {"maintenance", server.maintenance}, {"counts", countsToJson(server.counts)}, {"detail", text(server.detail)}};
}

model::PoolServerView poolServerFromJson(ObjectReader& read) {
    model::PoolServerView server;
    server.name = read.text("name");
    server.address = read.text("address");
    server.state = read.text("state");
    server.maintenance = read.boolean("maintenance");
    server.counts = countsFromJson(read);
    server.detail = read.text("detail");
    return server;
}

QJsonObject checksToJson(const model::ResourceChecks& checks) {
    return {{"probes", list(checks.probes, probeToJson)}, {"servers", list(checks.servers, poolServerToJson)}};
}

model::ResourceChecks checksFromJson(ObjectReader& read) {
    model::ResourceChecks checks;
    read.each("probes", [&](ObjectReader& inner) { checks.probes.push_back(probeFromJson(inner)); });
    read.each("servers", [&](ObjectReader& inner) { checks.servers.push_back(poolServerFromJson(inner)); });
    return checks;
}

QJsonObject resourceToJson(const model::ResourceView& resource) {
    return {{"name", text(resource.name)},           {"type", text(resource.type)},
            {"state", toText(resource.state)},       {"detail", text(resource.detail)},
            {"restarts", qint64{resource.restarts}}, {"checks", checksToJson(resource.checks)}};
}

model::ResourceView resourceFromJson(ObjectReader& read) {
    model::ResourceView resource;
    resource.name = read.text("name");
    resource.type = read.text("type");
    resource.state = read.word<ResourceState>("state", allResourceStates);
    resource.detail = read.text("detail");
    resource.restarts = static_cast<unsigned>(read.integer("restarts", 0, UINT32_MAX));
    // An older service doesn't tell of them.
    if (read.has("checks"))
        read.optionalObject("checks", [&](ObjectReader& inner) { resource.checks = checksFromJson(inner); });
    return resource;
}

QJsonObject groupToJson(const model::GroupView& group) {
    return {{"name", text(group.name)},
            {"preferred_node", text(group.preferredNode)},
            {"active_node", text(group.activeNode)},
            {"own_role", toText(group.ownRole)},
            {"peer_role", toText(group.peerRole)},
            {"peer_role_fresh", group.peerRoleFresh},
            {"disabled", group.disabled},
            {"frozen", group.frozen},
            {"epoch", qint64{group.epoch}},
            {"why", text(group.why)},
            {"since_ns", qint64{group.since.nanoseconds()}},
            {"resources", list(group.resources, resourceToJson)}};
}

model::GroupView groupFromJson(ObjectReader& read) {
    model::GroupView group;
    group.name = read.text("name");
    group.preferredNode = read.text("preferred_node");
    group.activeNode = read.text("active_node");
    group.ownRole = read.word<Role>("own_role", allRoles);
    group.peerRole = read.word<Role>("peer_role", allRoles);
    group.peerRoleFresh = read.boolean("peer_role_fresh");
    group.disabled = read.boolean("disabled");
    group.frozen = read.boolean("frozen");
    group.epoch = static_cast<std::uint32_t>(read.integer("epoch", 0, UINT32_MAX));
    group.why = read.text("why");
    group.since = read.instant("since_ns");
    read.each("resources", [&](ObjectReader& inner) { group.resources.push_back(resourceFromJson(inner)); });
    return group;
}

QJsonObject alarmToJson(const model::AlarmView& alarm) {
    return {{"id", text(alarm.id)},
            {"severity", toText(alarm.severity)},
            {"text", text(alarm.text)},
            {"remedy", text(alarm.remedy)},
            {"since_ns", qint64{alarm.since.nanoseconds()}},
            {"since_wall_ms", qint64{alarm.sinceWallClockMs}},
            {"acknowledged_by", text(alarm.acknowledgedBy)},
            {"acknowledged_wall_ms", qint64{alarm.acknowledgedWallClockMs}}};
}

model::AlarmView alarmFromJson(ObjectReader& read) {
    model::AlarmView alarm;
    alarm.id = read.text("id");
    alarm.severity = read.word<Severity>("severity", model::allSeverities);
    alarm.text = read.text("text");
    alarm.remedy = read.text("remedy");
    alarm.since = read.instant("since_ns");
    alarm.sinceWallClockMs = read.integer("since_wall_ms");
    alarm.acknowledgedBy = read.textOr("acknowledged_by", "");
    alarm.acknowledgedWallClockMs = read.integerOr("acknowledged_wall_ms", 0);
    return alarm;
}

} // namespace

QJsonObject toJson(const model::ClusterView& view) {
    return {{"cluster", text(view.cluster)},
            {"profile", text(view.profile)},
            {"node", text(view.node)},
            {"at_ns", qint64{view.at.nanoseconds()}},
            {"wall_ms", qint64{view.wallClockMs}},
            {"nodes", list(view.nodes, nodeToJson)},
            {"links", list(view.links, linkToJson)},
            {"luns", list(view.luns, lunToJson)},
            {"groups", list(view.groups, groupToJson)},
            {"alarms", list(view.alarms, alarmToJson)}};
}

Result<model::ClusterView> viewFromJson(const QJsonObject& object) {
    std::optional<Error> error;
    ObjectReader read(object, QStringLiteral("view"), error);
    model::ClusterView view;
    view.cluster = read.text("cluster");
    view.profile = read.text("profile");
    view.node = read.text("node");
    view.at = read.instant("at_ns");
    view.wallClockMs = read.integer("wall_ms");
    read.each("nodes", [&](ObjectReader& inner) { view.nodes.push_back(nodeFromJson(inner)); });
    read.each("links", [&](ObjectReader& inner) { view.links.push_back(linkFromJson(inner)); });
    read.each("luns", [&](ObjectReader& inner) { view.luns.push_back(lunFromJson(inner)); });
    read.each("groups", [&](ObjectReader& inner) { view.groups.push_back(groupFromJson(inner)); });
    read.each("alarms", [&](ObjectReader& inner) { view.alarms.push_back(alarmFromJson(inner)); });
    if (error) return *error;
    return view;
}

} // namespace dyad::control
