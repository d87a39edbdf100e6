// SPDX-License-Identifier: Apache-2.0
// The control server (design: HTTPS with JSON, and server-sent events). Runs on the caller's event loop; nothing
// blocks.
#pragma once

#include "base/result.h"
#include "control/server/bounds.h"
#include "control/server/connection.h"
#include "control/server/counters.h"
#include "control/server/order_desk.h"
#include "control/server/router.h"
#include "control/server/tokens.h"
#include "ports/outside.h"

#include <QElapsedTimer>
#include <QObject>
#include <QSslConfiguration>
#include <QTimer>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace dyad::control {

class Listener;

struct ServerSettings {
    std::vector<std::string> addresses; // numeric IPv4 or IPv6, "fe80::1%eth1" with its zone
    std::uint16_t port = 0;             // 0: any free one (tests)
    QSslConfiguration tls;              // loadServerTls()
    TokenTable tokens;                  // loadTokens()
    Bounds bounds;
    std::string version;         // of this program
    PeerChannel* peer = nullptr; // outlives the server; none: no order is passed on
    QByteArray peerToken;        // that the peer shows; empty: it is nobody special
};

class Server : public QObject {
    Q_OBJECT
public:
    // `service` outlives the server. Its two callbacks are taken over; what was set there before is still called.
    Server(ports::ServicePort& service, ServerSettings settings, QObject* parent = nullptr);
    ~Server() override;

    // Fails for an address that isn't numeric. An address that the host doesn't have yet is tried again from time to
    // time, and told once by `trouble`.
    [[nodiscard]] Result<void> start();

    std::function<void(const Error&)> onTrouble; // for the log

    // Further paths; their ports outlive the server.
    void addRoutes(Routes routes) { m_router.add(std::move(routes)); }
    [[nodiscard]] const Routes& routes() const { return m_router.routes(); }
    // From now on. What goes on by the word of a token that is no longer there ends at once.
    void setTokens(TokenTable tokens);
    [[nodiscard]] std::vector<std::uint16_t> ports() const; // of the addresses that are bound now
    [[nodiscard]] const Counters& counters() const { return m_counters; }

private:
    void bind();
    void accept(qintptr descriptor);
    [[nodiscard]] bool makeRoomFor(const QHostAddress& peer);
    void ended(Connection* connection);
    void entryWritten(const model::JournalEntry& entry);
    void viewChanged();
    void sendView();
    void keepAlive();
    [[nodiscard]] QByteArray viewLine();
    [[nodiscard]] Connection::Shared sharedWithConnections();

    void tellOfWrongTokens(const std::string& address);

    ports::ServicePort& m_service;
    ServerSettings m_settings;
    Counters m_counters;
    Router m_router;
    OrderDesk m_desk;
    std::uint64_t m_lastSequence; // the newest entry of the journal; 0: none
    AddressBudget m_handshakes;
    Instant m_toldOfWrongTokens;
    Connection::Shared m_shared;
    std::vector<std::unique_ptr<Listener>> m_listeners;
    std::vector<Connection*> m_connections; // oldest first; children of this object
    QTimer m_bindRetry;
    QTimer m_keepAlive;
    QTimer m_viewTimer; // runs for `stateInterval` after each view that was sent
    bool m_viewPending = false;
    QTimer m_viewRefresh;
    bool m_broadcasting = false;
    QByteArray m_viewLine; // of the broadcast under way, made once for all streams
    std::function<void(const model::JournalEntry&)> m_previousOnJournal;
    std::function<void()> m_previousOnViewChanged;
};

} // namespace dyad::control
