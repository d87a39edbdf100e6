// SPDX-License-Identifier: Apache-2.0
#include "control/server/routes/configuration_routes.h"

#include "control/protocol/configuration_json.h"
#include "control/protocol/object_reader.h"

namespace dyad::control {
namespace {

using ports::ConfigurationPort;

void give(const Call& call, ConfigurationPort& port, std::uint64_t revision, bool withText) {
    model::ConfigurationPicture picture = port.picture();
    if (!withText) return call.answer(toJson(picture));
    port.text(revision, [call, picture = std::move(picture)](Result<std::string> text) mutable {
        if (!text) return call.refuse(404, text.error());
        picture.text = std::move(text.value());
        call.answer(toJson(picture));
    });
}

void giveRevision(const Call& call, ConfigurationPort& port) {
    bool good = false;
    const qulonglong number = QString::fromStdString(call.names[0]).toULongLong(&good);
    if (!good || number == 0)
        return call.refuse(404, {"find the revision", call.names[0].substr(0, 40), "this is no number of a revision",
                                 "GET /v1/config/revisions lists them"});
    port.text(number, [call, number](const Result<std::string>& text) {
        if (!text) return call.refuse(404, text.error());
        call.answer(QJsonObject{{"revision", static_cast<qint64>(number)},
                                {"text", QString::fromStdString(text.value())}});
    });
}

// The body as an object with a text in it; refused otherwise.
std::optional<QJsonObject> bodyOf(const Call& call, bool needsText) {
    const Result<QJsonObject> body = objectFromBytes(call.request.body, "the request's body");
    if (!body) {
        call.refuse(400, body.error());
        return std::nullopt;
    }
    if (needsText && !body.value()[QStringLiteral("text")].isString()) {
        call.refuse(400, {"read the request's body", "text", "it is missing or no text",
                          "Send {\"text\": \"the whole of dyad.toml\"}"});
        return std::nullopt;
    }
    return body.value();
}

std::string textIn(const QJsonObject& body) { return body[QStringLiteral("text")].toString().toStdString(); }

void check(const Call& call, ConfigurationPort& port) {
    const auto body = bodyOf(call, true);
    if (!body) return;
    port.check(textIn(*body), [call](const model::ConfigurationReport& report) { call.answer(toJson(report)); });
}

void apply(const Call& call, ConfigurationPort& port) {
    const auto body = bodyOf(call, true);
    if (!body) return;
    ports::ApplyOrder order;
    order.text = textIn(*body);
    order.who = call.caller.name;
    order.alone = (*body)[QStringLiteral("alone")].toBool();
    order.dryRun = (*body)[QStringLiteral("dry_run")].toBool();
    const bool dryRun = order.dryRun;
    port.apply(std::move(order), [call, dryRun](const model::ApplyReport& report) {
        call.answer(toJson(report), report.accepted || dryRun ? 200 : 409);
    });
}

// What follows is between the two services; an operator has no business in the middle of it.
bool isPeer(const Call& call) {
    if (!call.caller.node.empty()) return true;
    call.refuse(403, {call.request.method.toStdString(), call.pathText(), "only the other node may ask this",
                      "Use `dyad config apply`"});
    return false;
}

void prepare(const Call& call, ConfigurationPort& port) {
    if (!isPeer(call)) return;
    const auto body = bodyOf(call, true);
    if (!body) return;
    const Result<model::StagedRevision> staged = stagedFromJson((*body)[QStringLiteral("staged")].toObject());
    if (!staged) return call.refuse(400, staged.error());
    port.prepare(staged.value(), textIn(*body), [call](const ports::PrepareReply& reply) {
        call.answer(
            QJsonObject{{"prepared", reply.prepared}, {"why", QString::fromStdString(reply.why)}});
    });
}

void decide(const Call& call, ConfigurationPort& port, bool commit) {
    if (!isPeer(call)) return;
    const auto body = bodyOf(call, false);
    if (!body) return;
    const Result<model::StagedRevision> staged = stagedFromJson((*body)[QStringLiteral("staged")].toObject());
    if (!staged) return call.refuse(400, staged.error());
    if (commit)
        port.commit(staged.value().attempt, staged.value().record.revision);
    else
        port.abort(staged.value().attempt);
    call.answer(QJsonObject{{"ok", true}});
}

} // namespace

Routes configurationRoutes(ports::ConfigurationPort& port) {
    return {
        // The file holds no secret (those have files of their own), so whoever may look at the pair may read it.
        {"GET", "/v1/config", AccessRole::Viewer,
         [&port](const Call& c) { give(c, port, 0, c.text("text") != "no"); }},
        {"GET", "/v1/config/revisions", AccessRole::Viewer, [&port](const Call& c) { give(c, port, 0, false); }},
        {"GET", "/v1/config/revisions/*", AccessRole::Viewer, [&port](const Call& c) { giveRevision(c, port); }},
        {"POST", "/v1/config/check", AccessRole::Operator, [&port](const Call& c) { check(c, port); },
         configurationBodyBytes},
        {"POST", "/v1/config/apply", AccessRole::Admin, [&port](const Call& c) { apply(c, port); },
         configurationBodyBytes},
        {"POST", "/v1/config/prepare", AccessRole::Admin, [&port](const Call& c) { prepare(c, port); },
         configurationBodyBytes},
        {"POST", "/v1/config/commit", AccessRole::Admin, [&port](const Call& c) { decide(c, port, true); }},
        {"POST", "/v1/config/abort", AccessRole::Admin, [&port](const Call& c) { decide(c, port, false); }},
    };
}

} // namespace dyad::control
