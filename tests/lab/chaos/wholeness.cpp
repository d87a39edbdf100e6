// SPDX-License-Identifier: Apache-2.0
#include "lab/chaos/wholeness.h"

#include "lab/host.h"
#include "lab/pair.h"

#include <QByteArray>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace dyad::lab {

namespace {

constexpr Duration hostPatience = 5s;

std::string text(const QJsonValue& value, const char* key) {
    return value.toObject().value(QLatin1String(key)).toString().toStdString();
}
bool flag(const QJsonValue& value, const char* key) { return value.toObject().value(QLatin1String(key)).toBool(); }

void judgeGroup(const std::string& host, const QJsonValue& group, Wholeness& wholeness) {
    const std::string name = text(group, "name");
    const std::string own = text(group, "own_role");
    const std::string peer = text(group, "peer_role");
    if (own == "failed") wholeness.failed.insert({host, name});
    const bool one = (own == "active" && peer == "standby") || (own == "standby" && peer == "active");
    if (!one)
        wholeness.missing.push_back("group " + name + " is " + own + " on " + host + ", and its peer says " + peer +
                                    " (" + text(group, "why") + ")");
}

void judgeLun(const std::string& host, const QJsonValue& lun, const QString& node, Wholeness& wholeness) {
    const std::string name = text(lun, "name");
    if (!flag(lun, "path_up")) wholeness.missing.push_back(host + " has no path to LUN " + name);
    const QJsonObject reservation = lun.toObject().value(QLatin1String("reservation")).toObject();
    const QJsonArray registrants = reservation.value(QLatin1String("registrants")).toArray();
    if (!reservation.value(QLatin1String("holder")).isObject()) {
        wholeness.missing.push_back("nobody holds LUN " + name + ", says " + host);
        return;
    }
    const bool holds = lun.toObject().value(QLatin1String("holder_name")).toString() == node;
    if (holds && !flag(lun, "gate_open"))
        wholeness.missing.push_back(host + " holds LUN " + name + " behind a shut gate");
    if (registrants.size() != 1)
        wholeness.missing.push_back(std::to_string(registrants.size()) + " keys are registered on LUN " + name +
                                    ", says " + host);
}

} // namespace

void judgeStatus(const std::string& host, const std::string& json, Wholeness& wholeness) {
    const auto document = QJsonDocument::fromJson(QByteArray::fromStdString(json));
    if (!document.isObject()) {
        wholeness.missing.push_back("the service on " + host + " does not answer");
        return;
    }
    const QJsonObject view = document.object();
    for (const auto& node : view.value(QLatin1String("nodes")).toArray()) {
        const std::string name = text(node, "name");
        if (text(node, "liveness") != "alive" || !flag(node, "service_alive"))
            wholeness.missing.push_back(host + " does not see " + name + " well");
        if (flag(node, "maintenance")) {
            wholeness.inMaintenance.insert(name);
            wholeness.missing.push_back(name + " is in maintenance");
        }
    }
    for (const auto& link : view.value(QLatin1String("links")).toArray())
        if (text(link, "liveness") != "alive" || !flag(link, "peer_hears_us"))
            wholeness.missing.push_back("link " + text(link, "name") + " is not well on " + host);
    for (const auto& group : view.value(QLatin1String("groups")).toArray())
        judgeGroup(host, group, wholeness);
    for (const auto& lun : view.value(QLatin1String("luns")).toArray())
        judgeLun(host, lun, view.value(QLatin1String("node")).toString(), wholeness);
}

Wholeness askBoth() {
    Wholeness wholeness;
    for (const char* host : hostNames) {
        const auto answer = dyadOn(host, {"status", "--json"}, hostPatience);
        judgeStatus(host, answer ? answer.value() : "", wholeness);
    }
    return wholeness;
}

} // namespace dyad::lab
