// SPDX-License-Identifier: Apache-2.0
#include "agents/greeting_probe.h"

#include <QHostAddress>
#include <QNetworkProxy>
#include <utility>

#include "agents/captured_command.h"

namespace dyad::agents {

using Verdict = ProbeResult::Verdict;

namespace {
constexpr qint64 maxGreeting = 1024; // of a line; both standards allow 512
constexpr const char* welcome = "220";
} // namespace

GreetingProbeRunner::GreetingProbeRunner(model::GreetingProbe settings)
    : m_settings(std::move(settings)), m_deadline([this] { finish(Verdict::Failed, "no greeting in time"); }) {}

GreetingProbeRunner::~GreetingProbeRunner() { drop(); }

void GreetingProbeRunner::drop() {
    if (!m_socket) return;
    QTcpSocket* const socket = std::exchange(m_socket, nullptr);
    QObject::disconnect(socket, nullptr, &m_context, nullptr);
    socket->disconnectFromHost(); // what was written goes out first; we may be in one of its signals
    socket->deleteLater();
}

void GreetingProbeRunner::run(Duration timeout, Done done) {
    drop(); // an earlier run that nobody waits for any more
    m_done = std::move(done);
    auto* const socket = m_socket = new QTcpSocket;
    socket->setProxy(QNetworkProxy::NoProxy);
    socket->setReadBufferSize(maxGreeting);
    QObject::connect(socket, &QTcpSocket::readyRead, &m_context, [this] { read(); });
    QObject::connect(
        socket, &QTcpSocket::errorOccurred, &m_context,
        [this, socket] {
            if (m_socket == socket) finish(Verdict::Failed, socket->errorString().toStdString());
        },
        Qt::QueuedConnection);
    m_deadline.start(timeout);
    socket->connectToHost(QHostAddress(QString::fromStdString(m_settings.address)), m_settings.port);
}

void GreetingProbeRunner::read() {
    if (!m_socket->canReadLine() && m_socket->bytesAvailable() < maxGreeting) return;
    const QByteArray line = m_socket->readLine(maxGreeting);
    const std::string said = lastLines(line.toStdString(), 1);
    if (!line.startsWith(welcome)) return finish(Verdict::Failed, "it said: " + said);
    m_socket->write("QUIT\r\n"); // so that its log stays clean
    m_socket->flush();
    finish(Verdict::Well, said);
}

void GreetingProbeRunner::finish(Verdict verdict, const std::string& detail) {
    m_deadline.stop();
    drop();
    const Done done = std::exchange(m_done, nullptr);
    const char* protocol = m_settings.protocol == model::GreetingProbe::Protocol::Smtp ? "SMTP" : "FTP";
    done({verdict, std::string(protocol) + " at " + m_settings.address + " port " + std::to_string(m_settings.port) +
                       ": " + detail});
}

} // namespace dyad::agents
