// SPDX-License-Identifier: Apache-2.0
// A TLS connection that sends exactly the bytes it is given: for requests that no well-behaved client makes.
#pragma once

#include <QSslConfiguration>
#include <QSslSocket>
#include <QTest>

#include <cstdint>

namespace dyad::test {

inline constexpr int guardMs = 30000; // against a deadlock only

class RawClient {
public:
    explicit RawClient(std::uint16_t port, QSsl::SslProtocol protocol = QSsl::TlsV1_3OrLater) {
        QSslConfiguration tls = QSslConfiguration::defaultConfiguration();
        tls.setProtocol(protocol);
        tls.setPeerVerifyMode(QSslSocket::VerifyNone);
        m_socket.setSslConfiguration(tls);
        m_socket.connectToHostEncrypted(QStringLiteral("127.0.0.1"), port);
    }

    [[nodiscard]] bool encrypted() {
        return QTest::qWaitFor([this] { return m_socket.isEncrypted() || closed(); }, guardMs) &&
               m_socket.isEncrypted();
    }
    void send(const QByteArray& bytes) {
        m_socket.write(bytes);
        m_socket.flush();
    }
    [[nodiscard]] bool closed() const { return m_socket.state() == QAbstractSocket::UnconnectedState; }
    [[nodiscard]] bool waitClosed() {
        return QTest::qWaitFor(
            [this] {
                take();
                return closed();
            },
            guardMs);
    }
    // Waits until `text` has arrived.
    [[nodiscard]] bool waitFor(const QByteArray& text) {
        return QTest::qWaitFor(
                   [this, &text] {
                       take();
                       return m_received.contains(text) || closed();
                   },
                   guardMs) &&
               m_received.contains(text);
    }
    [[nodiscard]] const QByteArray& received() {
        take();
        return m_received;
    }
    void forget() { m_received.clear(); }
    [[nodiscard]] QSslSocket& socket() { return m_socket; }

private:
    void take() { m_received += m_socket.readAll(); }

    QSslSocket m_socket;
    QByteArray m_received;
};

} // namespace dyad::test
