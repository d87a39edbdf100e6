// SPDX-License-Identifier: Apache-2.0
#include "control/server/connection.h"

#include <QPointer>

#include <algorithm>

namespace dyad::control {

Connection::Connection(std::unique_ptr<QSslSocket> socket, Shared& shared, QObject* parent)
    : QObject(parent), m_shared(shared), m_socket(std::move(socket)), m_peer(m_socket->peerAddress()),
      m_reader(shared.bounds, [&shared](const Request& head) { return shared.router.bodyLimit(head); }) {
    m_deadline.setSingleShot(true);
    connect(&m_deadline, &QTimer::timeout, this, &Connection::deadlinePassed);
    connect(m_socket.get(), &QSslSocket::encrypted, this, &Connection::encrypted);
    connect(m_socket.get(), &QSslSocket::readyRead, this, &Connection::readable);
    connect(m_socket.get(), &QSslSocket::encryptedBytesWritten, this, &Connection::outputTaken);
    connect(m_socket.get(), &QSslSocket::disconnected, this, &Connection::drop);
    // A failed handshake or a reset; both are the peer's affair.
    connect(m_socket.get(), &QSslSocket::errorOccurred, this, &Connection::drop);
    m_socket->setReadBufferSize(static_cast<qint64>(m_shared.bounds.readBufferBytes));
    m_socket->setSocketOption(QAbstractSocket::LowDelayOption, 1);
    arm(m_shared.bounds.handshake);
    m_socket->startServerEncryption();
}

Connection::~Connection() {
    m_socket->disconnect(this);
    if (m_stream) --m_shared.counters.eventStreams;
}

void Connection::arm(Duration duration) { m_deadline.start(std::chrono::ceil<std::chrono::milliseconds>(duration)); }

std::size_t Connection::waiting() const {
    return static_cast<std::size_t>(m_socket->bytesToWrite() + m_socket->encryptedBytesToWrite());
}

void Connection::encrypted() {
    m_state = State::Reading;
    arm(m_shared.bounds.request);
    readable();
}

void Connection::readable() {
    if (m_state == State::Streaming || m_state == State::Sending || m_state == State::Lingering) {
        m_socket->readAll(); // nothing more is listened to; unread bytes would hide the peer's farewell
        return;
    }
    if (m_parsing) return; // an answer given from within serve() comes by here
    m_parsing = true;
    // One request at a time; a reader that doesn't take its answers isn't given more of them.
    while (m_state == State::Reading && waiting() < m_shared.bounds.outputBytes) {
        if (static_cast<std::size_t>(m_input.size()) < m_shared.bounds.readBufferBytes)
            m_input += m_socket->read(static_cast<qint64>(m_shared.bounds.readBufferBytes) - m_input.size());
        if (m_input.isEmpty()) break;
        const RequestReader::Progress progress = m_reader.feed(m_input);
        if (progress == RequestReader::Progress::Bad) {
            refuse(m_reader.status(), m_reader.trouble(), "Send a shorter, well-formed HTTP/1.1 request");
        } else if (progress == RequestReader::Progress::Complete) {
            serve(m_reader.take());
        } else if (m_socket->bytesAvailable() == 0) {
            break;
        }
    }
    m_parsing = false;
}

void Connection::serve(const Request& request) {
    m_state = State::Answering;
    m_version = request.version == 10 ? 10 : 11;
    m_keepAlive = request.keepAlive;
    m_head = request.method == "HEAD";
    arm(m_shared.bounds.order);
    // The service may answer an order after this connection is gone.
    m_shared.router.handle(request, m_peer,
                           [self = QPointer<Connection>(this)](const Response& response, const QByteArray& token) {
                               if (self) self->answer(response, token);
                           });
}

void Connection::answer(const Response& response, const QByteArray& token) {
    if (m_state != State::Answering) return; // its deadline was over before
    if (!token.isEmpty()) m_token = token;
    m_keepAlive = m_keepAlive && !response.close;
    m_socket->write(toBytes(response, m_version, m_keepAlive, m_head));
    if (response.stream && !m_head) {
        m_state = State::Streaming;
        m_deadline.stop();
        ++m_shared.counters.eventStreams;
        m_stream = std::make_unique<EventStream>(
            m_shared.service, m_shared.bounds, *response.stream,
            EventStream::Sink{[this] { return waiting(); },
                              [this](const QByteArray& bytes) { m_socket->write(bytes); }});
        pumpStream();
    } else if (response.source && !m_head) {
        m_state = State::Sending;
        m_source = response.source;
        m_sourceLeft = response.sourceBytes;
        arm(m_shared.bounds.stalled);
        pumpSource();
    } else {
        m_keepAlive = m_keepAlive && !response.stream;
        answered();
    }
}

// A piece of the source at a time, as the reader takes it.
void Connection::pumpSource() {
    constexpr qint64 piece = 64 * 1024;
    while (m_sourceLeft > 0 && waiting() < m_shared.bounds.outputBytes) {
        const QByteArray bytes = m_source->read(std::min(piece, m_sourceLeft));
        if (bytes.isEmpty()) return drop(); // shorter than was promised: only a broken connection tells that
        m_sourceLeft -= bytes.size();
        m_socket->write(bytes);
    }
    if (m_sourceLeft > 0) return;
    m_source.reset();
    answered();
}

// The whole answer is given to the socket.
void Connection::answered() {
    if (m_keepAlive) {
        m_state = State::Reading;
        arm(m_shared.bounds.request);
        // Pipelined requests may wait already; not from within the caller's stack.
        if (!m_parsing) QMetaObject::invokeMethod(this, &Connection::readable, Qt::QueuedConnection);
    } else {
        m_state = State::Lingering;
        arm(m_shared.bounds.stalled);
        m_socket->disconnectFromHost(); // once all is written
    }
}

void Connection::refuse(unsigned status, const QString& trouble, const char* remedy) {
    ++m_shared.counters.badRequests;
    m_input.clear();
    m_state = State::Lingering;
    m_socket->write(
        toBytes(errorResponse(status, {"read the request", "", trouble.toStdString(), remedy}), 11, false, false));
    // The peer may still be sending. Closing now would reset the connection and take the answer from it.
    arm(m_shared.bounds.linger);
}

void Connection::pumpStream() {
    if (!m_stream) return;
    m_stream->pump(m_shared.viewLine);
    if (waiting() >= m_shared.bounds.outputBytes && !m_deadline.isActive()) arm(m_shared.bounds.stalled);
}

void Connection::outputTaken() {
    if (m_state == State::Streaming) {
        if (waiting() < m_shared.bounds.outputBytes) m_deadline.stop();
        pumpStream();
    } else if (m_state == State::Sending) {
        arm(m_shared.bounds.stalled);
        pumpSource();
    } else if (m_state == State::Reading) {
        // The clock of the next request runs once the reader has the last answer.
        arm(waiting() > 0 ? m_shared.bounds.stalled : m_shared.bounds.request);
        if (!m_input.isEmpty() || m_socket->bytesAvailable() > 0) readable();
    } else if (m_state == State::Lingering && waiting() > 0) {
        arm(m_shared.bounds.stalled);
    }
}

void Connection::deadlinePassed() {
    switch (m_state) {
    case State::Handshake: ++m_shared.counters.badRequests; break;
    case State::Reading:
        if (m_reader.started())
            return refuse(408, QStringLiteral("it was not complete in time"), "Send the whole request at once");
        break;
    case State::Answering:
        m_keepAlive = false;
        return answer(errorResponse(504, {"wait for the service", "", "it has not answered in time",
                                          "Look at `dyad status` before trying again"}),
                      {});
    case State::Sending:
    case State::Streaming: ++m_shared.counters.droppedSlowReaders; break;
    case State::Lingering:
    case State::Ended: break;
    }
    drop();
}

void Connection::drop() {
    if (m_state == State::Ended) return;
    m_state = State::Ended;
    m_deadline.stop();
    m_socket->disconnect(this);
    m_socket->abort();
    Q_EMIT ended();
}

} // namespace dyad::control
