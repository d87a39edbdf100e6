// SPDX-License-Identifier: Apache-2.0
#include "control/protocol/truth_json.h"

#include "control/protocol/object_reader.h"

#include <QJsonArray>

#include <array>
#include <cstdlib>

namespace dyad::control {

namespace {

using model::ResourceState;
using model::Role;

constexpr std::array roles{Role::Standby,  Role::Claiming, Role::Starting, Role::Active,
                           Role::Stopping, Role::Lost,     Role::Failed,   Role::Maintenance};

QJsonArray listOf(const std::vector<std::string>& words) {
    QJsonArray list;
    for (const std::string& word : words)
        list.append(QString::fromStdString(word));
    return list;
}
std::vector<std::string> wordsIn(const QJsonObject& object, const char* name) {
    std::vector<std::string> words;
    for (const QJsonValue& value : object[QLatin1String(name)].toArray())
        words.push_back(value.toString().toStdString());
    return words;
}

QString hexadecimal(model::ReservationKey key) {
    return QStringLiteral("0x%1").arg(key.value, 16, 16, QLatin1Char('0'));
}
model::ReservationKey keyIn(const QString& text) {
    return {text.startsWith(QLatin1String("0x")) ? text.mid(2).toULongLong(nullptr, 16) : 0};
}

QJsonObject lunToJson(const model::TruthLun& lun) {
    QJsonArray registrants;
    for (const model::ReservationKey key : lun.snapshot.registrants)
        registrants.append(hexadecimal(key));
    return {{"name", QString::fromStdString(lun.name)},
            {"group", QString::fromStdString(lun.group)},
            {"path_up", lun.pathUp},
            {"gate_open", lun.gateOpen},
            {"known", lun.known},
            {"generation", qint64{lun.snapshot.generation}},
            {"type", static_cast<int>(lun.snapshot.type)},
            {"holder", lun.snapshot.holder ? QJsonValue(hexadecimal(*lun.snapshot.holder)) : QJsonValue()},
            {"holder_name", QString::fromStdString(lun.holderName)},
            {"registrants", registrants},
            {"read_ago_ms", qint64{lun.readAgoMs}},
            {"mounted_at", listOf(lun.mountedAt)},
            {"configured_mount", QString::fromStdString(lun.configuredMount)}};
}

model::TruthLun lunFromJson(const QJsonObject& object, std::optional<Error>& error) {
    ObjectReader read(object, QStringLiteral("lun"), error);
    model::TruthLun lun;
    lun.name = read.text("name");
    lun.group = read.text("group");
    lun.pathUp = read.boolean("path_up");
    lun.gateOpen = read.boolean("gate_open");
    lun.known = read.boolean("known");
    lun.snapshot.generation = static_cast<std::uint32_t>(read.integer("generation", 0, 0xffffffffLL));
    lun.snapshot.type = static_cast<model::ReservationType>(read.integer("type", 0, 15));
    if (object[QStringLiteral("holder")].isString())
        lun.snapshot.holder = keyIn(object[QStringLiteral("holder")].toString());
    lun.holderName = read.text("holder_name");
    for (const std::string& key : wordsIn(object, "registrants"))
        lun.snapshot.registrants.push_back(keyIn(QString::fromStdString(key)));
    lun.readAgoMs = read.integer("read_ago_ms");
    lun.mountedAt = wordsIn(object, "mounted_at");
    lun.configuredMount = read.text("configured_mount");
    return lun;
}

QJsonObject mountToJson(const model::TruthMount& mount) {
    return {{"group", QString::fromStdString(mount.group)},
            {"resource", QString::fromStdString(mount.resource)},
            {"mount_point", QString::fromStdString(mount.mountPoint)},
            {"claimed", mount.claimed},
            {"mounted", mount.mounted},
            {"settled", mount.settled},
            {"source", QString::fromStdString(mount.source)},
            {"type", QString::fromStdString(mount.type)}};
}

model::TruthMount mountFromJson(const QJsonObject& object, std::optional<Error>& error) {
    ObjectReader read(object, QStringLiteral("mount"), error);
    model::TruthMount mount;
    mount.group = read.text("group");
    mount.resource = read.text("resource");
    mount.mountPoint = read.text("mount_point");
    mount.claimed = read.boolean("claimed");
    mount.mounted = read.boolean("mounted");
    mount.settled = read.boolean("settled");
    mount.source = read.text("source");
    mount.type = read.text("type");
    return mount;
}

QJsonObject addressToJson(const model::TruthAddress& address) {
    return {{"group", QString::fromStdString(address.group)},
            {"resource", QString::fromStdString(address.resource)},
            {"address", QString::fromStdString(address.address)},
            {"claimed", address.claimed},
            {"settled", address.settled},
            {"interface", QString::fromStdString(address.interface)},
            {"wire_interface", QString::fromStdString(address.wireInterface)},
            {"own_hardware", QString::fromStdString(address.ownHardware)},
            {"answers", listOf(address.answers)},
            {"neighbour", QString::fromStdString(address.neighbour)},
            {"sends_here", listOf(address.sendsHere)},
            {"trouble", QString::fromStdString(address.trouble)}};
}

model::TruthAddress addressFromJson(const QJsonObject& object, std::optional<Error>& error) {
    ObjectReader read(object, QStringLiteral("address"), error);
    model::TruthAddress address;
    address.group = read.text("group");
    address.resource = read.text("resource");
    address.address = read.text("address");
    address.claimed = read.boolean("claimed");
    address.settled = read.boolean("settled");
    address.interface = read.text("interface");
    address.wireInterface = read.text("wire_interface");
    address.ownHardware = read.text("own_hardware");
    address.answers = wordsIn(object, "answers");
    address.neighbour = read.text("neighbour");
    address.sendsHere = wordsIn(object, "sends_here");
    address.trouble = read.text("trouble");
    return address;
}

QJsonObject processToJson(const model::TruthProcess& process) {
    return {{"group", QString::fromStdString(process.group)},
            {"resource", QString::fromStdString(process.resource)},
            {"pid", qint64{process.pid}},
            {"claimed", process.claimed},
            {"settled", process.settled},
            {"alive", process.alive}};
}

model::TruthProcess processFromJson(const QJsonObject& object, std::optional<Error>& error) {
    ObjectReader read(object, QStringLiteral("process"), error);
    model::TruthProcess process;
    process.group = read.text("group");
    process.resource = read.text("resource");
    process.pid = read.integer("pid");
    process.claimed = read.boolean("claimed");
    process.settled = read.boolean("settled");
    process.alive = read.boolean("alive");
    return process;
}

template <typename Value>
QJsonArray each(const std::vector<Value>& values, QJsonObject (*toObject)(const Value&)) {
    QJsonArray list;
    for (const Value& value : values)
        list.append(toObject(value));
    return list;
}

template <typename Value>
void read(const QJsonObject& object, const char* name, std::vector<Value>& into, std::optional<Error>& error,
          Value (*from)(const QJsonObject&, std::optional<Error>&)) {
    for (const QJsonValue& value : object[QLatin1String(name)].toArray())
        into.push_back(from(value.toObject(), error));
}

} // namespace

QJsonObject toJson(const model::NodeTruth& truth) {
    QJsonArray groups;
    for (const model::TruthGroup& group : truth.groups)
        groups.append(QJsonObject{{"name", QString::fromStdString(group.name)},
                                  {"role", toText(group.role)},
                                  {"epoch", qint64{group.epoch}}});
    return {{"node", QString::fromStdString(truth.node)},
            {"peer", QString::fromStdString(truth.peer)},
            {"version", QString::fromStdString(truth.version)},
            {"wall_ms", qint64{truth.wallMs}},
            {"configuration_digest", QString::fromStdString(truth.configurationDigest)},
            {"file_digest", QString::fromStdString(truth.fileDigest)},
            {"peer_digest", QString::fromStdString(truth.peerDigest)},
            {"peer_alive", truth.peerAlive},
            {"heart_worst_lateness_ms", qint64{truth.worstLatenessMs}},
            {"groups", groups},
            {"luns", each(truth.luns, &lunToJson)},
            {"mounts", each(truth.mounts, &mountToJson)},
            {"addresses", each(truth.addresses, &addressToJson)},
            {"processes", each(truth.processes, &processToJson)},
            {"trouble", listOf(truth.trouble)}};
}

Result<model::NodeTruth> truthFromJson(const QJsonObject& object) {
    std::optional<Error> error;
    ObjectReader reader(object, QStringLiteral("truth"), error);
    model::NodeTruth truth;
    truth.node = reader.text("node");
    truth.peer = reader.text("peer");
    truth.version = reader.text("version");
    truth.wallMs = reader.integer("wall_ms");
    truth.configurationDigest = reader.text("configuration_digest");
    truth.fileDigest = reader.text("file_digest");
    truth.peerDigest = reader.text("peer_digest");
    truth.peerAlive = reader.boolean("peer_alive");
    truth.worstLatenessMs = reader.integer("heart_worst_lateness_ms");
    reader.each("groups", [&](ObjectReader& inner) {
        model::TruthGroup group;
        group.name = inner.text("name");
        group.role = inner.word<Role>("role", roles);
        group.epoch = static_cast<std::uint32_t>(inner.integer("epoch", 0, 0xffffffffLL));
        truth.groups.push_back(std::move(group));
    });
    read(object, "luns", truth.luns, error, &lunFromJson);
    read(object, "mounts", truth.mounts, error, &mountFromJson);
    read(object, "addresses", truth.addresses, error, &addressFromJson);
    read(object, "processes", truth.processes, error, &processFromJson);
    truth.trouble = wordsIn(object, "trouble");
    if (error) return *error;
    return truth;
}

QJsonObject toJson(const model::Contradiction& contradiction) {
    return {{"id", QString::fromStdString(contradiction.id)},
            {"node", QString::fromStdString(contradiction.node)},
            {"severity", toText(contradiction.severity)},
            {"text", QString::fromStdString(contradiction.text)},
            {"remedy", QString::fromStdString(contradiction.remedy)}};
}

} // namespace dyad::control
