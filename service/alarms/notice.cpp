// SPDX-License-Identifier: Apache-2.0
#include "alarms/notice.h"

#include <QDateTime>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>
#include <cctype>

namespace dyad::alarms {

namespace {

std::string inCapitals(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char each) { return static_cast<char>(std::toupper(each)); });
    return text;
}

QString textOf(const std::string& text) { return QString::fromStdString(text); }

} // namespace

std::string headlineOf(const Notice& notice) {
    return "[" + notice.cluster + "/" + notice.node + "] " +
           (notice.raised ? inCapitals(model::toText(notice.severity)) : std::string("over")) + ": " + notice.alarm;
}

std::string bodyOf(const Notice& notice) {
    const QDateTime at = QDateTime::fromMSecsSinceEpoch(notice.wallClockMs);
    std::string text = (notice.raised ? "" : "No longer: ") + notice.text + "\n\n";
    if (notice.raised && !notice.remedy.empty()) text += "What to do: " + notice.remedy + "\n\n";
    if (notice.changes > 1)
        text += "It comes and goes: " + std::to_string(notice.changes) +
                " changes since the last message on it. `dyad events` has each of them.\n\n";
    text += std::string(notice.raised ? "Since: " : "Over since: ") +
            at.toString(QStringLiteral("yyyy-MM-dd HH:mm:ss t")).toStdString() + "\nTold by: " + notice.node + " of " +
            notice.cluster + "\nMore: `dyad alarms`, `dyad why`\n";
    return text;
}

QByteArray toJson(const Notice& notice) {
    const QJsonObject object{{"event", notice.raised ? "raised" : "cleared"},
                             {"alarm", textOf(notice.alarm)},
                             {"severity", QLatin1String(model::toText(notice.severity))},
                             {"text", textOf(notice.text)},
                             {"remedy", textOf(notice.remedy)},
                             {"wall_ms", static_cast<qint64>(notice.wallClockMs)},
                             {"changes", static_cast<qint64>(notice.changes)},
                             {"cluster", textOf(notice.cluster)},
                             {"node", textOf(notice.node)}};
    return QJsonDocument(object).toJson(QJsonDocument::Compact) + '\n';
}

Result<Notice> noticeFromJson(const QByteArray& json) {
    QJsonParseError failed;
    const QJsonObject object = QJsonDocument::fromJson(json, &failed).object();
    if (failed.error != QJsonParseError::NoError)
        return Error{"read a notice", "", failed.errorString().toStdString(), "it has to be one JSON object"};
    const auto text = [&](const char* key) { return object[QLatin1String(key)].toString().toStdString(); };
    Notice notice{.raised = text("event") == "raised",
                  .alarm = text("alarm"),
                  .text = text("text"),
                  .remedy = text("remedy"),
                  .wallClockMs = object[QLatin1String("wall_ms")].toInteger(),
                  .changes = static_cast<unsigned>(object[QLatin1String("changes")].toInteger(1)),
                  .cluster = text("cluster"),
                  .node = text("node")};
    const auto* const severity =
        std::find_if(model::allSeverities.begin(), model::allSeverities.end(),
                     [&](model::Severity each) { return text("severity") == model::toText(each); });
    if (notice.alarm.empty() || severity == model::allSeverities.end())
        return Error{"read a notice", "", "it names no alarm, or no severity", ""};
    notice.severity = *severity;
    return notice;
}

Result<Notice> readNotice(const std::string& file) {
    QFile source(textOf(file));
    if (!source.open(QIODevice::ReadOnly))
        return Error{"read the notice", file, source.errorString().toStdString(), ""};
    return noticeFromJson(source.read(maxNoticeBytes));
}

} // namespace dyad::alarms
