// SPDX-License-Identifier: Apache-2.0
// One listening address. Hands over bare descriptors, so that a connection is counted before its TLS handshake.
#pragma once

#include "base/result.h"

#include <QHostAddress>
#include <QTcpServer>
#include <QTimer>

#include <chrono>
#include <functional>

namespace dyad::control {

class Listener : public QTcpServer {
    Q_OBJECT
public:
    Listener(QHostAddress address, quint16 port) : m_address(std::move(address)), m_port(port) {}

    std::function<void(qintptr)> onConnection;

    [[nodiscard]] bool bind() { return isListening() || listen(m_address, m_port); }
    [[nodiscard]] const QHostAddress& address() const { return m_address; }
    [[nodiscard]] quint16 wantedPort() const { return m_port; }
    bool told = false; // that it can't be bound

protected:
    void incomingConnection(qintptr descriptor) override {
        // Qt accepts as long as somebody knocks, and a flood would keep it from ever coming back to the event loop. With
        // no room for pending connections it stops at the next one.
        if (++m_accepted % inARow == 0) {
            setMaxPendingConnections(0);
            QTimer::singleShot(breath, this, [this] {
                setMaxPendingConnections(usualPending);
                resumeAccepting();
            });
        }
        onConnection(descriptor);
    }

private:
    static constexpr unsigned inARow = 16;
    static constexpr std::chrono::milliseconds breath{5};
    static constexpr int usualPending = 30; // none is ever pending: each is handed over at once

    QHostAddress m_address;
    quint16 m_port;
    unsigned m_accepted = 0;
};

} // namespace dyad::control
