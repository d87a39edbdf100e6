// SPDX-License-Identifier: Apache-2.0
// A mail server for tests, on a loopback port of its own: it takes what it is told to take, and remembers it.
#pragma once

#include <QFile>
#include <QSslCertificate>
#include <QSslKey>
#include <QSslSocket>
#include <QTcpServer>

#include <vector>

namespace dyad::test {

struct ReceivedMail {
    QByteArray from;
    std::vector<QByteArray> to;
    QByteArray login; // what AUTH PLAIN said, decoded; its parts are divided by NUL
    QByteArray message;
    bool encrypted = false;
};

class MailSink : public QTcpServer {
public:
    bool silent = false; // takes the connection, says nothing
    bool refusesRecipients = false;
    bool offersTls = false; // STARTTLS, with the certificate below
    bool tlsAtOnce = false; // as smtps:// expects
    std::vector<ReceivedMail> mails;

    // PEM files
    void setCertificate(const QString& certificate, const QString& key) {
        QFile first(certificate);
        QFile second(key);
        if (!first.open(QIODevice::ReadOnly) || !second.open(QIODevice::ReadOnly)) qFatal("no certificate");
        m_certificate = QSslCertificate(first.readAll());
        m_key = QSslKey(second.readAll(), QSsl::Ec);
    }

protected:
    void incomingConnection(qintptr descriptor) override {
        auto* const socket = new QSslSocket(this);
        socket->setSocketDescriptor(descriptor);
        socket->setLocalCertificate(m_certificate);
        socket->setPrivateKey(m_key);
        auto* const talk = new Talk;
        connect(socket, &QObject::destroyed, [talk] { delete talk; });
        connect(socket, &QSslSocket::disconnected, socket, &QObject::deleteLater);
        connect(socket, &QSslSocket::readyRead, this, [this, socket, talk] { hear(*socket, *talk); });
        if (tlsAtOnce) {
            connect(socket, &QSslSocket::encrypted, this, [socket] { socket->write("220 sink\r\n"); });
            socket->startServerEncryption();
        } else if (!silent) {
            socket->write("220 sink\r\n");
        }
    }

private:
    struct Talk {
        ReceivedMail mail;
        bool data = false;
        bool secretFollows = false;
    };

    void hear(QSslSocket& socket, Talk& talk) {
        while (socket.canReadLine()) {
            const QByteArray line = socket.readLine();
            if (talk.data)
                takeLine(socket, talk, line);
            else
                obey(socket, talk, line.trimmed());
        }
    }

    void takeLine(QSslSocket& socket, Talk& talk, const QByteArray& line) {
        if (line != ".\r\n") {
            talk.mail.message += line.startsWith("..") ? line.mid(1) : line;
            return;
        }
        talk.data = false;
        talk.mail.encrypted = socket.isEncrypted();
        mails.push_back(std::exchange(talk.mail, {}));
        socket.write("250 taken\r\n");
    }

    static void takeLogin(QSslSocket& socket, Talk& talk, const QByteArray& secret) {
        talk.mail.login = QByteArray::fromBase64(secret);
        socket.write("235 welcome\r\n");
    }

    void obey(QSslSocket& socket, Talk& talk, const QByteArray& line) {
        if (std::exchange(talk.secretFollows, false)) return takeLogin(socket, talk, line);
        const QByteArray verb = line.left(4).toUpper();
        if (verb == "EHLO") {
            socket.write("250-sink\r\n");
            if (offersTls && !socket.isEncrypted()) socket.write("250-STARTTLS\r\n");
            socket.write("250 AUTH PLAIN\r\n");
        } else if (verb == "STAR" && offersTls) {
            socket.write("220 go on\r\n");
            socket.flush();
            socket.startServerEncryption();
        } else if (verb == "AUTH") {
            const QByteArray secret = line.mid(line.lastIndexOf(' ') + 1);
            if (secret.toUpper() != "PLAIN") return takeLogin(socket, talk, secret);
            talk.secretFollows = true;
            socket.write("334 \r\n");
        } else if (verb == "MAIL") {
            talk.mail.from = line;
            socket.write("250 yes\r\n");
        } else if (verb == "RCPT") {
            if (!refusesRecipients) talk.mail.to.push_back(line);
            socket.write(refusesRecipients ? "550 nobody of that name\r\n" : "250 yes\r\n");
        } else if (verb == "DATA") {
            talk.data = true;
            socket.write("354 go on\r\n");
        } else if (verb == "QUIT") {
            socket.write("221 bye\r\n");
            socket.disconnectFromHost();
        } else {
            socket.write("500 what?\r\n");
        }
    }

    QSslCertificate m_certificate;
    QSslKey m_key;
};

} // namespace dyad::test
