// SPDX-License-Identifier: Apache-2.0
// A receiver of webhooks for tests, on a loopback port of its own: one request per connection, remembered as it came.
#pragma once

#include <QTcpServer>
#include <QTcpSocket>

#include <vector>

namespace dyad::test {

class WebhookSink : public QTcpServer {
public:
    struct Call {
        QByteArray head; // request line and headers
        QByteArray body;
        [[nodiscard]] QByteArray header(const QByteArray& name) const {
            for (const QByteArray& line : head.split('\n'))
                if (line.toLower().startsWith(name.toLower() + ':')) return line.mid(name.size() + 1).trimmed();
            return {};
        }
    };
    QByteArray answer = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    std::vector<Call> calls;

    WebhookSink() {
        connect(this, &QTcpServer::newConnection, this, [this] {
            QTcpSocket* const socket = nextPendingConnection();
            connect(socket, &QTcpSocket::disconnected, socket, &QObject::deleteLater);
            connect(socket, &QTcpSocket::readyRead, this, [this, socket] { look(*socket); });
        });
    }

private:
    void look(QTcpSocket& socket) {
        const QByteArray seen = socket.peek(1 << 20);
        const qsizetype headEnd = seen.indexOf("\r\n\r\n");
        if (headEnd < 0) return;
        Call call{seen.left(headEnd), seen.mid(headEnd + 4)};
        if (call.body.size() < call.header("Content-Length").toLongLong()) return;
        socket.readAll();
        calls.push_back(std::move(call));
        socket.write(answer);
        socket.disconnectFromHost();
    }
};

} // namespace dyad::test
