// SPDX-License-Identifier: Apache-2.0
#include "control/server/server.h"

#include "control/protocol/json.h"
#include "control/protocol/object_reader.h"
#include "control/server/journal_end.h"
#include "control/server/listener.h"
#include "control/server/routes/journal_routes.h"
#include "control/server/routes/order_routes.h"
#include "control/server/routes/view_routes.h"

#include <algorithm>
#include <chrono>

namespace dyad::control {
namespace {

constexpr int listenBacklog = 32;                     // handshakes of TCP that the kernel keeps for us
constexpr std::chrono::milliseconds acceptPause{500}; // after accept() failed: no descriptors left
constexpr Duration wrongTokensToldEvery = 10min;      // over all addresses: a guesser doesn't fill the journal

Instant steadyNow() {
    return Instant::fromNanoseconds(std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
}

} // namespace

Server::Server(ports::ServicePort& service, ServerSettings settings, QObject* parent)
    : QObject(parent), m_service(service), m_settings(std::move(settings)),
      m_router(m_settings.bounds, m_counters, steadyNow), m_desk(service, steadyNow),
      m_lastSequence(lastSequenceOf(service)),
      m_handshakes(m_settings.bounds.handshakeBurst, m_settings.bounds.handshakeRefill),
      m_shared(sharedWithConnections()) {
    m_router.setTokens(std::move(m_settings.tokens));
    if (m_settings.peer) m_router.setPeerToken(m_settings.peerToken, m_settings.peer->peerName());
    m_router.onTooManyWrongTokens = [this](const std::string& address) { tellOfWrongTokens(address); };
    m_desk.setPeer(m_settings.peer);
    const auto lastSequence = [this] { return m_lastSequence; };
    m_router.add(viewRoutes(service, m_counters, lastSequence, m_settings.version));
    m_router.add(journalRoutes(service, m_settings.bounds, m_counters, lastSequence));
    m_router.add(orderRoutes(service, m_desk));
    connect(&m_bindRetry, &QTimer::timeout, this, &Server::bind);
    m_keepAlive.setInterval(wholeMilliseconds(m_settings.bounds.keepAlive));
    connect(&m_keepAlive, &QTimer::timeout, this, &Server::keepAlive);
    m_viewRefresh.setInterval(wholeMilliseconds(m_settings.bounds.viewRefresh));
    connect(&m_viewRefresh, &QTimer::timeout, this, [this] {
        if (m_counters.eventStreams > 0) sendView();
    });
    m_viewTimer.setSingleShot(true);
    connect(&m_viewTimer, &QTimer::timeout, this, [this] {
        if (m_viewPending) sendView();
    });

    m_previousOnJournal = m_service.onJournal;
    m_previousOnViewChanged = m_service.onViewChanged;
    m_service.onJournal = [this](const model::JournalEntry& entry) {
        if (m_previousOnJournal) m_previousOnJournal(entry);
        entryWritten(entry);
    };
    m_service.onViewChanged = [this] {
        if (m_previousOnViewChanged) m_previousOnViewChanged();
        viewChanged();
    };
}

Server::~Server() {
    m_service.onJournal = m_previousOnJournal;
    m_service.onViewChanged = m_previousOnViewChanged;
    for (Connection* connection : m_connections) {
        connection->disconnect(this);
        delete connection;
    }
}

Result<void> Server::start() {
    for (const std::string& text : m_settings.addresses) {
        QHostAddress address;
        if (!address.setAddress(QString::fromStdString(text)))
            return Error{"listen for the control protocol on", text, "this is no numeric address",
                         "Write an IPv4 or IPv6 address"};
        auto listener = std::make_unique<Listener>(address, m_settings.port);
        listener->setListenBacklogSize(listenBacklog);
        listener->onConnection = [this](qintptr descriptor) { accept(descriptor); };
        // Qt stops accepting when accept() fails, as it does while the process has no descriptors left.
        connect(listener.get(), &QTcpServer::acceptError, this, [server = listener.get()] {
            QTimer::singleShot(acceptPause, server, [server] { server->resumeAccepting(); });
        });
        m_listeners.push_back(std::move(listener));
    }
    m_keepAlive.start();
    m_viewRefresh.start();
    m_bindRetry.start(wholeMilliseconds(m_settings.bounds.bindRetry));
    bind();
    return {};
}

void Server::bind() {
    bool all = true;
    for (const auto& listener : m_listeners) {
        if (listener->bind()) continue;
        all = false;
        if (listener->told || !onTrouble) continue;
        listener->told = true;
        onTrouble(Error{
            "listen for the control protocol on",
            listener->address().toString().toStdString() + " port " + std::to_string(listener->wantedPort()),
            listener->errorString().toStdString(),
            "It is tried again; look whether the host has this address and whether another program holds the port"});
    }
    if (all) m_bindRetry.stop();
}

std::vector<std::uint16_t> Server::ports() const {
    std::vector<std::uint16_t> ports;
    for (const auto& listener : m_listeners)
        if (listener->isListening()) ports.push_back(listener->serverPort());
    return ports;
}

// --- connections ---------------------------------------------------------------------------------------------------

void Server::accept(qintptr descriptor) {
    auto socket = std::make_unique<QSslSocket>();
    if (!socket->setSocketDescriptor(descriptor)) return; // gone already
    if (!makeRoomFor(socket->peerAddress())) {
        ++m_counters.turnedAway;
        socket->abort();
        return;
    }
    // A handshake is the dearest thing that a stranger can ask for; beyond its budget an address is hung up on.
    if (!m_handshakes.take(socket->peerAddress(), steadyNow())) {
        ++m_counters.turnedAway;
        socket->abort();
        return;
    }
    socket->setSslConfiguration(m_settings.tls);
    auto* connection = new Connection(std::move(socket), m_shared, this);
    m_connections.push_back(connection);
    m_counters.connections = m_connections.size();
    connect(connection, &Connection::ended, this, [this, connection] { ended(connection); });
}

// Where a bound is reached, the oldest connection that has shown no token gives way: a stranger who opens many only
// takes them from itself, and an operator gets in.
bool Server::makeRoomFor(const QHostAddress& peer) {
    const auto fromPeer = [&](const Connection* connection) { return connection->peer() == peer; };
    const bool addressFull =
        static_cast<std::size_t>(std::count_if(m_connections.begin(), m_connections.end(), fromPeer)) >=
        m_settings.bounds.connectionsPerAddress;
    if (!addressFull && m_connections.size() < m_settings.bounds.connections) return true;
    const auto victim = std::find_if(m_connections.begin(), m_connections.end(), [&](const Connection* connection) {
        return !connection->trusted() && (!addressFull || fromPeer(connection));
    });
    if (victim == m_connections.end()) return false;
    ++m_counters.turnedAway;
    (*victim)->drop();
    return true;
}

void Server::ended(Connection* connection) {
    std::erase(m_connections, connection);
    m_counters.connections = m_connections.size();
    connection->deleteLater();
}

void Server::setTokens(TokenTable tokens) {
    m_router.setTokens(std::move(tokens));
    const std::vector<Connection*> connections = m_connections;
    for (Connection* connection : connections)
        if (connection->goesOn() && !m_router.knows(connection->token())) connection->drop();
}

void Server::tellOfWrongTokens(const std::string& address) {
    const Instant now = steadyNow();
    if (m_toldOfWrongTokens != Instant() && now - m_toldOfWrongTokens < wrongTokensToldEvery) return;
    m_toldOfWrongTokens = now;
    m_service.audit({.wallClockMs = m_service.view().wallClockMs,
                     .who = "somebody",
                     .address = address,
                     .viaNode = "",
                     .what = "wrong tokens",
                     .subject = "control server",
                     .result = "refused",
                     .text = "too many wrong tokens come from there; further ones are answered 429 (told every 10 min)",
                     .requestId = ""});
}

// --- event streams -------------------------------------------------------------------------------------------------

Connection::Shared Server::sharedWithConnections() {
    return {m_service, m_router, m_settings.bounds, m_counters, [this] { return viewLine(); }};
}

QByteArray Server::viewLine() {
    if (!m_viewLine.isEmpty()) return m_viewLine;
    const QByteArray line = toLine(toJson(m_service.view()));
    if (m_broadcasting) m_viewLine = line;
    return line;
}

void Server::entryWritten(const model::JournalEntry& entry) {
    m_lastSequence = entry.sequence;
    const std::vector<Connection*> connections = m_connections; // one of them may end meanwhile
    for (Connection* connection : connections) {
        if (!connection->stream()) continue;
        connection->stream()->entryWritten(entry);
        connection->pumpStream();
    }
}

void Server::viewChanged() {
    m_viewPending = true;
    if (!m_viewTimer.isActive()) sendView();
}

void Server::sendView() {
    m_viewPending = false;
    m_broadcasting = true;
    m_desk.observe();
    m_viewTimer.start(wholeMilliseconds(m_settings.bounds.stateInterval));
    const std::vector<Connection*> connections = m_connections;
    for (Connection* connection : connections) {
        if (!connection->stream()) continue;
        connection->stream()->viewChanged();
        connection->pumpStream();
    }
    m_broadcasting = false;
    m_viewLine.clear();
}

void Server::keepAlive() {
    const std::vector<Connection*> connections = m_connections;
    for (Connection* connection : connections)
        if (connection->stream()) connection->stream()->keepAlive();
}

} // namespace dyad::control
