// SPDX-License-Identifier: Apache-2.0
// One TLS connection: handshake, requests one after the other, perhaps an event stream at the end. Each state has one
// deadline, and a deadline that passes ends the connection.
#pragma once

#include "control/server/event_stream.h"
#include "control/server/http.h"
#include "control/server/router.h"

#include <QHostAddress>
#include <QObject>
#include <QSslSocket>
#include <QTimer>

#include <memory>

namespace dyad::control {

class Connection : public QObject {
    Q_OBJECT
public:
    struct Shared {
        ports::ServicePort& service;
        Router& router;
        const Bounds& bounds;
        Counters& counters;
        std::function<QByteArray()> viewLine;
    };

    // Takes the socket over and starts the handshake as server.
    Connection(std::unique_ptr<QSslSocket> socket, Shared& shared, QObject* parent);
    ~Connection() override;

    [[nodiscard]] QHostAddress peer() const { return m_peer; }
    [[nodiscard]] bool trusted() const { return !m_token.isEmpty(); } // has shown a good token
    [[nodiscard]] const QByteArray& token() const { return m_token; } // its digest
    // Something is being sent that goes on by itself, on the word of a token shown at its beginning.
    [[nodiscard]] bool goesOn() const { return m_state == State::Streaming || m_state == State::Sending; }
    [[nodiscard]] EventStream* stream() { return m_stream.get(); }
    void pumpStream();
    void drop(); // closes at once

Q_SIGNALS:
    void ended(); // once; the connection may be deleted later, not from within

private:
    void encrypted();
    void readable();
    void serve(const Request& request);
    void answer(const Response& response, const QByteArray& token);
    void pumpSource();
    void answered();
    void refuse(unsigned status, const QString& trouble, const char* remedy);
    void outputTaken();
    void deadlinePassed();
    void arm(Duration duration);
    [[nodiscard]] std::size_t waiting() const;

    enum class State { Handshake, Reading, Answering, Sending, Streaming, Lingering, Ended };

    Shared& m_shared;
    std::unique_ptr<QSslSocket> m_socket;
    QHostAddress m_peer;
    State m_state = State::Handshake;
    QTimer m_deadline;
    RequestReader m_reader;
    QByteArray m_input;
    QByteArray m_token;
    bool m_parsing = false;
    unsigned m_version = 11; // of the request that is being answered
    bool m_keepAlive = true;
    bool m_head = false;
    std::shared_ptr<QIODevice> m_source;
    qint64 m_sourceLeft = 0;
    std::unique_ptr<EventStream> m_stream;
};

} // namespace dyad::control
