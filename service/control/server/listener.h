// SPDX-License-Identifier: Apache-2.0
// One listening address. Hands over bare descriptors, so that a connection is counted before its TLS handshake.
#pragma once

#include "base/result.h"

#include <QHostAddress>
#include <QTcpServer>

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
    void incomingConnection(qintptr descriptor) override { onConnection(descriptor); }

private:
    QHostAddress m_address;
    quint16 m_port;
};

} // namespace dyad::control
