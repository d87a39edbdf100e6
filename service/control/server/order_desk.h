// SPDX-License-Identifier: Apache-2.0
// What becomes of an order before and after the service decides on it: a repeat is recognised, a second operator is told
// about the first, an order for the other node is passed on to it (once: what was passed on is never passed on again),
// and all of it is written down.
#pragma once

#include "control/protocol/order_table.h"
#include "control/protocol/peer_channel.h"
#include "control/server/order_memory.h"
#include "control/server/orders_under_way.h"
#include "control/server/route.h"
#include "ports/outside.h"

#include <QObject>

#include <functional>

namespace dyad::control {

class OrderDesk : public QObject {
    Q_OBJECT
public:
    using Now = std::function<Instant()>; // monotonic

    // `service` outlives the desk.
    OrderDesk(ports::ServicePort& service, Now now, QObject* parent = nullptr)
        : QObject(parent), m_service(service), m_now(std::move(now)) {}
    void setPeer(PeerChannel* peer) { m_peer = peer; } // outlives the desk; none: nothing is passed on

    // Answers the call: 202 accepted, 409 refused, 503 the node that must do it can't be asked, 504 it was asked and has
    // not answered, 422 the Idempotency-Key stands for another order.
    void give(const Call& call, const model::Order& order);
    // What give() would do now, without doing it.
    void preview(const Call& call, const model::Order& order);
    // Here and at the peer, wherever the alarm stands.
    void acknowledge(const Call& call, const std::string& alarm);
    void underWay(const Call& call);
    // The view has changed: what is over is forgotten.
    void observe();

private:
    struct Given; // an order on its way through the desk
    using Settled = std::function<void(const Response&)>;
    enum class Where { Here, Peer };

    [[nodiscard]] Where whereTo(const model::Order& order, const model::ClusterView& view, const Caller& caller) const;
    [[nodiscard]] bool remembered(const Call& call, Settled& settled);
    [[nodiscard]] std::string requestIdOf(const Call& call);
    void passOn(const std::shared_ptr<Given>& given);
    void askPeerWhatItKnows(const std::shared_ptr<Given>& given);
    void carryOut(const std::shared_ptr<Given>& given);
    void settle(const std::shared_ptr<Given>& given, model::OrderAnswer answer, bool toldByEngine);
    void settleError(const std::shared_ptr<Given>& given, unsigned status, const Error& error, const char* result);
    void write(const std::shared_ptr<Given>& given, const char* result, const std::string& text, bool toldByEngine);
    [[nodiscard]] PeerQuestion questionFor(const Call& call) const;

    ports::ServicePort& m_service;
    Now m_now;
    PeerChannel* m_peer = nullptr;
    OrderMemory m_memory;
    OrdersUnderWay m_underWay;
    std::uint64_t m_lastRequest = 0;
};

[[nodiscard]] QJsonObject toJson(const OrderUnderWay& order);
[[nodiscard]] Result<std::vector<OrderUnderWay>> ordersUnderWayFromJson(const QJsonObject& object);

} // namespace dyad::control
