// SPDX-License-Identifier: Apache-2.0
#include "control/server/order_desk.h"

#include "control/protocol/object_reader.h"
#include "control/protocol/paths.h"

#include <QCryptographicHash>
#include <QPointer>

#include <algorithm>
#include <memory>

namespace dyad::control {
namespace {

Response answerResponse(const model::OrderAnswer& answer, const std::string& requestId) {
    QJsonObject object = toJson(answer);
    object["request_id"] = QString::fromStdString(requestId);
    // 202: under way, not done. 409: the state of things stands in the way, and the text says what.
    return jsonResponse(object, answer.accepted ? 202 : 409);
}

QByteArray digestOf(const Request& request) {
    return QCryptographicHash::hash(request.method + ' ' + request.target + '\n' + request.body,
                                    QCryptographicHash::Sha256);
}

} // namespace

struct OrderDesk::Given {
    Call call;
    model::Order order;
    std::string requestId;
    std::int64_t wallClockMs = 0;
    std::string ownName;
    Settled settled;
};

// --- a repeat --------------------------------------------------------------------------------------------------------

// True: the call is dealt with. False: it is new, and `settled` must be called with its answer.
bool OrderDesk::remembered(const Call& call, Settled& settled) {
    const QByteArray key = call.request.idempotencyKey;
    const auto answered = [call](const Response& response) { call.answer(response); };
    settled = answered;
    if (key.isEmpty()) return false;
    if (key.size() > OrderMemory::maxKeyBytes) {
        call.refuse(400, {"read the header", "Idempotency-Key",
                          "it is longer than " + std::to_string(OrderMemory::maxKeyBytes) + " bytes",
                          "Send a random word of 16 to 64 letters and digits, a new one for each order"});
        return true;
    }
    switch (m_memory.look(call.caller.name, key, digestOf(call.request), m_now(), answered)) {
    case OrderMemory::Found::Known:
    case OrderMemory::Found::Waiting: return true;
    case OrderMemory::Found::Other:
        call.refuse(422, {"give the order", call.pathText(), "its Idempotency-Key stands for another order of yours",
                          "Make a new key for each order; only a repeat of the same order has the same key"});
        return true;
    case OrderMemory::Found::Full:
        call.refuse(503, {"give the order", call.pathText(), "too many orders wait for their answers",
                          "Try again in a moment"});
        return true;
    case OrderMemory::Found::New: break;
    }
    settled = [this, call, key](const Response& response) {
        m_memory.remember(call.caller.name, key, response, m_now());
        call.answer(response);
    };
    return false;
}

std::string OrderDesk::requestIdOf(const Call& call) {
    if (!call.request.idempotencyKey.isEmpty()) return call.request.idempotencyKey.toStdString();
    const model::ClusterView view = m_service.view();
    return view.node + "-" + std::to_string(view.wallClockMs) + "-" + std::to_string(++m_lastRequest);
}

// --- where to --------------------------------------------------------------------------------------------------------

OrderDesk::Where OrderDesk::whereTo(const model::Order& order, const model::ClusterView& view,
                                    const Caller& caller) const {
    if (!m_peer || !caller.node.empty()) return Where::Here; // what was passed on stays
    const model::GroupView* group = view.group(order.group);
    switch (rowOf(order.kind).place) {
    case OrderPlace::Asked: return Where::Here;
    case OrderPlace::Named: return order.node == view.node ? Where::Here : Where::Peer;
    case OrderPlace::Owner: return group && group->activeNode == m_peer->peerName() ? Where::Peer : Where::Here;
    case OrderPlace::Failed:
        return group && group->ownRole != model::Role::Failed && group->peerRoleFresh &&
                       group->peerRole == model::Role::Failed
                   ? Where::Peer
                   : Where::Here;
    }
    return Where::Here;
}

void OrderDesk::give(const Call& call, const model::Order& order) {
    Settled settled;
    if (remembered(call, settled)) return;
    const model::ClusterView view = m_service.view();
    auto given =
        std::make_shared<Given>(Given{call, order, requestIdOf(call), view.wallClockMs, view.node, std::move(settled)});
    if (whereTo(order, view, call.caller) == Where::Peer) return passOn(given);
    const model::GroupView* group = view.group(order.group);
    const bool strangersMove = rowOf(order.kind).moves && group && inMotion(*group) &&
                               !m_underWay.of(order.group, view, m_now()) && m_peer && call.caller.node.empty();
    if (strangersMove) return askPeerWhatItKnows(given);
    carryOut(given);
}

PeerQuestion OrderDesk::questionFor(const Call& call) const {
    PeerQuestion question;
    question.method = call.request.method;
    question.target = call.request.target;
    question.body = call.request.body;
    question.idempotencyKey = call.request.idempotencyKey;
    question.operatorName = call.caller.name;
    question.operatorRole = toText(call.caller.role);
    question.operatorAddress = call.caller.address;
    return question;
}

void OrderDesk::passOn(const std::shared_ptr<Given>& given) {
    PeerQuestion question = questionFor(given->call);
    // Its own memory then knows the order, too, should this node die before it can tell of the answer.
    if (question.idempotencyKey.isEmpty()) question.idempotencyKey = QByteArray::fromStdString(given->requestId);
    m_peer->ask(question, [this, self = QPointer<OrderDesk>(this), given](const PeerAnswer& answer) {
        if (!self) return;
        const std::string peer = m_peer->peerName();
        if (answer.answered()) {
            write(given, "passed on", "to " + peer + ", which answered " + std::to_string(answer.status), false);
            return given->settled(
                Response{.status = answer.status, .contentType = answer.contentType, .body = answer.body});
        }
        const std::string order = sentenceOf(given->order);
        if (answer.mayHaveArrived)
            return settleError(given, 504,
                               {"pass the " + order + " on to", peer,
                                answer.error.cameBack + "; it may carry the order out all the same",
                                "Look at `dyad status` before the order is given again"},
                               "not answered");
        // The order has not left this host. What the owner is to do it can also be asked by heartbeat; unless the group
        // has come here meanwhile: the order meant its former place.
        const model::ClusterView now = m_service.view();
        const model::GroupView* group = now.group(given->order.group);
        if (rowOf(given->order.kind).place == OrderPlace::Owner && group && group->activeNode != now.node)
            return carryOut(given);
        settleError(given, 503,
                    {"pass the " + order + " on to", peer,
                     "only it can carry this out, and it can't be asked: " + answer.error.cameBack,
                     "Repair the links, or give the order on " + peer + " itself"},
                    "not passed on");
    });
}

// The group moves, and nobody here asked for that: perhaps somebody did at the peer.
void OrderDesk::askPeerWhatItKnows(const std::shared_ptr<Given>& given) {
    PeerQuestion question;
    question.target = path::ordersUnderWay;
    question.patience = 1500ms;
    m_peer->ask(question, [this, self = QPointer<OrderDesk>(this), given](const PeerAnswer& answer) {
        if (!self) return;
        if (answer.status == 200) {
            const Result<QJsonObject> object = objectFromBytes(answer.body, "the peer's orders");
            const auto orders = object.ok() ? ordersUnderWayFromJson(object.value())
                                            : Result<std::vector<OrderUnderWay>>(object.error());
            if (orders)
                for (const OrderUnderWay& each : orders.value())
                    if (each.group == given->order.group) {
                        given->settled(jsonResponse(
                            [&] {
                                QJsonObject body = toJson(model::OrderAnswer{
                                    .accepted = false, .text = each.sentence() + ": wait for its end"});
                                body["request_id"] = QString::fromStdString(given->requestId);
                                body["under_way"] = toJson(each);
                                return body;
                            }(),
                            409));
                        return write(given, "refused", each.sentence(), false);
                    }
        }
        carryOut(given);
    });
}

// --- here ------------------------------------------------------------------------------------------------------------

void OrderDesk::carryOut(const std::shared_ptr<Given>& given) {
    const model::ClusterView view = m_service.view();
    const model::Order& order = given->order;
    if (const auto first = order.group.empty() ? std::nullopt : m_underWay.of(order.group, view, m_now());
        first && rowOf(order.kind).moves) {
        QJsonObject body = toJson(model::OrderAnswer{
            .accepted = false, .text = first->sentence() + ": wait for its end (`dyad watch`)", .node = view.node});
        body["request_id"] = QString::fromStdString(given->requestId);
        body["under_way"] = toJson(*first);
        write(given, "refused", first->sentence(), false);
        return given->settled(jsonResponse(body, 409));
    }
    m_service.order(order, [this, self = QPointer<OrderDesk>(this), given, view](const model::OrderAnswer& answer) {
        if (!self) return;
        if (answer.accepted && rowOf(given->order.kind).moves)
            m_underWay.begin({.group = given->order.group,
                              .what = sentenceOf(given->order),
                              .who = given->call.caller.name,
                              .address = given->call.caller.address,
                              .node = view.node,
                              .sinceWallClockMs = given->wallClockMs},
                             view, m_now());
        settle(given, answer, true);
    });
}

void OrderDesk::settle(const std::shared_ptr<Given>& given, model::OrderAnswer answer, bool toldByEngine) {
    answer.node = given->ownName;
    write(given, answer.accepted ? "accepted" : "refused", answer.text, toldByEngine);
    given->settled(answerResponse(answer, given->requestId));
}

void OrderDesk::settleError(const std::shared_ptr<Given>& given, unsigned status, const Error& error,
                            const char* result) {
    write(given, result, error.text(), false);
    given->settled(errorResponse(status, error));
}

void OrderDesk::write(const std::shared_ptr<Given>& given, const char* result, const std::string& text,
                      bool toldByEngine) {
    m_service.audit({.wallClockMs = given->wallClockMs,
                     .who = given->call.caller.name,
                     .address = given->call.caller.address,
                     .viaNode = given->call.caller.node,
                     .what = toText(given->order.kind),
                     .subject = subjectOf(given->order),
                     .result = result,
                     .text = text,
                     .requestId = given->requestId,
                     .toldByEngine = toldByEngine});
}

// --- alarms ----------------------------------------------------------------------------------------------------------

void OrderDesk::acknowledge(const Call& call, const std::string& alarm) {
    Settled settled;
    if (remembered(call, settled)) return;
    const model::ClusterView view = m_service.view();
    model::OrderAnswer here = m_service.acknowledge(alarm, call.caller.name);
    here.node = view.node;
    model::AuditEntry entry{.wallClockMs = view.wallClockMs,
                            .who = call.caller.name,
                            .address = call.caller.address,
                            .viaNode = call.caller.node,
                            .what = "acknowledge",
                            .subject = alarm,
                            .result = here.accepted ? "accepted" : "refused",
                            .text = here.text,
                            .requestId = requestIdOf(call)};
    const std::string requestId = entry.requestId;
    if (!m_peer || !call.caller.node.empty()) {
        m_service.audit(entry);
        return settled(answerResponse(here, requestId));
    }
    // Both nodes may see the same trouble; it is acknowledged once for both.
    PeerQuestion question = questionFor(call);
    if (question.idempotencyKey.isEmpty()) question.idempotencyKey = QByteArray::fromStdString(requestId);
    m_peer->ask(question, [this, self = QPointer<OrderDesk>(this), here, entry, requestId, settled,
                           peer = m_peer->peerName()](const PeerAnswer& answer) mutable {
        if (!self) return;
        model::OrderAnswer told = here;
        const Result<QJsonObject> object = objectFromBytes(answer.body, "the peer's answer");
        const Result<model::OrderAnswer> there =
            object.ok() ? orderAnswerFromJson(object.value()) : Result<model::OrderAnswer>(object.error());
        if (there.ok() && there.value().accepted && !told.accepted)
            told = there.value();
        else if (there.ok() && there.value().accepted)
            told.text += ", and on " + peer;
        else if (!answer.answered())
            told.text += "; " + peer + " can't be asked: " + answer.error.cameBack;
        entry.text = told.text;
        entry.result = told.accepted ? "accepted" : "refused";
        m_service.audit(entry);
        settled(answerResponse(told, requestId));
    });
}

// --- what is under way -----------------------------------------------------------------------------------------------

void OrderDesk::observe() { static_cast<void>(m_underWay.list(m_service.view(), m_now())); }

void OrderDesk::underWay(const Call& call) {
    QJsonArray orders;
    for (const OrderUnderWay& order : m_underWay.list(m_service.view(), m_now()))
        orders.append(toJson(order));
    call.answer(QJsonObject{{"orders", orders}});
}

QJsonObject toJson(const OrderUnderWay& order) {
    return {{"group", QString::fromStdString(order.group)}, {"what", QString::fromStdString(order.what)},
            {"who", QString::fromStdString(order.who)},     {"address", QString::fromStdString(order.address)},
            {"node", QString::fromStdString(order.node)},   {"since_wall_ms", qint64{order.sinceWallClockMs}}};
}

Result<std::vector<OrderUnderWay>> ordersUnderWayFromJson(const QJsonObject& object) {
    std::optional<Error> error;
    ObjectReader read(object, QString(), error);
    std::vector<OrderUnderWay> orders;
    read.each("orders", [&](ObjectReader& inner) {
        OrderUnderWay order;
        order.group = inner.text("group");
        order.what = inner.text("what");
        order.who = inner.text("who");
        order.address = inner.text("address");
        order.node = inner.text("node");
        order.sinceWallClockMs = inner.integer("since_wall_ms");
        orders.push_back(order);
    });
    if (error) return *error;
    return orders;
}

} // namespace dyad::control
