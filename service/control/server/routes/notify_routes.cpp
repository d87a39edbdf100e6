// SPDX-License-Identifier: Apache-2.0
#include "control/server/routes/notify_routes.h"

#include "control/protocol/paths.h"

#include <QJsonArray>

namespace dyad::control {
namespace {

QString words(const std::string& text) { return QString::fromStdString(text); }

void answerChannels(const Call& call, const ports::NotifyPort& notify) {
    QJsonArray channels;
    for (const ports::ChannelState& each : notify.channels())
        channels.append(QJsonObject{{"name", words(each.name)},
                                    {"type", words(each.type)},
                                    {"target", words(each.target)},
                                    {"least", words(each.least)},
                                    {"waiting", static_cast<qint64>(each.waiting)},
                                    {"delivered_wall_ms", static_cast<qint64>(each.deliveredWallClockMs)},
                                    {"trouble", words(each.trouble)}});
    call.answer(QJsonObject{{"channels", channels}});
}

void answerTest(const Call& call, ports::NotifyPort& notify) {
    const bool begun = notify.test(call.caller.name, [call](const std::vector<ports::ChannelTrial>& trials) {
        QJsonArray channels;
        for (const ports::ChannelTrial& each : trials)
            channels.append(QJsonObject{{"name", words(each.name)},
                                        {"delivered", each.delivered},
                                        {"trouble", words(each.trouble)},
                                        {"took_ms", static_cast<qint64>(each.tookMs)}});
        call.answer(QJsonObject{{"channels", channels}});
    });
    if (!begun)
        call.refuse(409, {"test the channels", "", "another test is still under way", "try again in half a minute"});
}

} // namespace

Routes notifyRoutes(ports::NotifyPort& notify) {
    return {{"GET", path::alarmChannels, AccessRole::Viewer, [&notify](const Call& c) { answerChannels(c, notify); }},
            {"POST", path::alarmTest, AccessRole::Operator, [&notify](const Call& c) { answerTest(c, notify); }}};
}

} // namespace dyad::control
