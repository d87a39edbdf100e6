// SPDX-License-Identifier: Apache-2.0
// Asks and orders, at whichever node answers. Shared by the command line and the monitor. Nothing blocks; every
// call's function is called exactly once, later, as long as the Client lives.
#pragma once

#include "base/time.h"
#include "control/client/errors.h"
#include "control/client/pinned_network.h"
#include "control/protocol/json.h"

#include <QPointer>
#include <QTimer>
#include <QUrl>

#include <vector>

namespace dyad::control {

struct ClientSettings {
    std::vector<QUrl> urls; // "https://10.77.1.1:7410", the best first; may belong to both nodes
    QByteArray token;
    QSslCertificate pin;
    Duration tryNext = 400ms; // no answer yet: the next URL is tried beside it
    Duration answer = 5s;     // no answer by then: Unreachable
};

class Client : public QObject {
    Q_OBJECT
public:
    explicit Client(ClientSettings settings, QObject* parent = nullptr);

    // Asks the URLs in their order, each a little after the one before, and takes the first view that comes. The node
    // that gave it is the one that the calls below speak to. A refusal is final; of several other failures the first
    // URL's is told, because that is the one that should have worked.
    void fetchState(WhenReplied<model::ClusterView> replied);
    // To the node found by fetchState (found first where that wasn't done yet). An order is sent once, never repeated.
    void fetchJournal(std::uint64_t after, std::size_t limit, WhenReplied<JournalPage> replied);
    void order(const model::Order& order, WhenReplied<model::OrderAnswer> replied);
    // What the order would do; the object is described in resources/openapi.json as "OrderPreview".
    void preview(const model::Order& order, WhenReplied<QJsonObject> replied);
    // Any other POST that is answered as an order is; `target` is path and query, percent-encoded.
    void post(const QString& target, const QByteArray& body, WhenReplied<model::OrderAnswer> replied);

    [[nodiscard]] const QUrl& current() const { return m_current; } // empty: none found yet

private:
    struct Search;
    void tryNext(const std::shared_ptr<Search>& search);
    void whenFound(std::function<void()> then, std::function<void(const Failure&)> otherwise);
    template <typename Value>
    void ask(QNetworkReply* reply, Result<Value> (*parse)(const QJsonObject&), WhenReplied<Value> replied);

    ClientSettings m_settings;
    PinnedNetwork m_network;
    QUrl m_current;
};

} // namespace dyad::control
