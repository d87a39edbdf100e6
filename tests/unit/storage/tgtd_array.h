// SPDX-License-Identifier: Apache-2.0
// A stock tgtd on loopback, with a control port of its own and one file-backed LUN. Ends with the object.
#pragma once

#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>

#include <arpa/inet.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace dyad::test {

inline constexpr int guardMs = 30000; // deadlock guard, never a measure

inline quint16 freePort() {
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    ::bind(probe, reinterpret_cast<const sockaddr*>(&address), length);
    ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &length);
    ::close(probe);
    return ntohs(address.sin_port);
}

class TgtdArray {
public:
    explicit TgtdArray(qint64 bytes = 256 * 1024 * 1024) {
        QFile image(imagePath());
        if (!image.open(QIODevice::WriteOnly) || !image.resize(bytes)) qFatal("no room for the array's image");
        m_port = freePort();
        m_control = 10000 + static_cast<int>(::getpid() % 20000);
        while (QFile::exists(socketPath()))
            ++m_control;
        start();
    }
    ~TgtdArray() { stop(); }
    TgtdArray(const TgtdArray&) = delete;
    TgtdArray& operator=(const TgtdArray&) = delete;

    void start() {
        m_daemon.start("/usr/sbin/tgtd", {"-f", "-C", QString::number(m_control), "--iscsi",
                                          "portal=127.0.0.1:" + QString::number(m_port)});
        if (!m_daemon.waitForStarted(guardMs)) qFatal("tgtd does not start");
        QElapsedTimer guard;
        guard.start();
        while (!admin({"--op", "show", "--mode", "sys"})) {
            if (guard.elapsed() > guardMs) qFatal("tgtd does not answer");
            QTest::qWait(5);
        }
        must({"--lld", "iscsi", "--op", "new", "--mode", "target", "--tid", "1", "-T", target()});
        must({"--lld", "iscsi", "--op", "new", "--mode", "logicalunit", "--tid", "1", "--lun", "1", "-b", imagePath()});
        if (!m_user.isEmpty()) {
            must({"--lld", "iscsi", "--op", "new", "--mode", "account", "--user", m_user, "--password", m_password});
            must({"--lld", "iscsi", "--op", "bind", "--mode", "account", "--tid", "1", "--user", m_user});
        }
        must({"--lld", "iscsi", "--op", "bind", "--mode", "target", "--tid", "1", "-I", "ALL"});
    }
    // A power failure of the array: no word to anybody; registrations are forgotten.
    void stop() {
        m_daemon.kill();
        m_daemon.waitForFinished(guardMs);
        QFile::remove(socketPath());
        QFile::remove(socketPath() + ".lock");
    }
    void restart() {
        stop();
        start();
    }
    void requireChap(const QString& user, const QString& password) {
        m_user = user;
        m_password = password;
        restart();
    }
    [[nodiscard]] qint64 pid() const { return m_daemon.processId(); }
    [[nodiscard]] std::string portal() const { return "127.0.0.1:" + std::to_string(m_port); }
    [[nodiscard]] QString target() const { return QStringLiteral("iqn.2026-11.example:array"); }
    [[nodiscard]] QString imagePath() const { return m_folder.filePath("image"); }

private:
    [[nodiscard]] QString socketPath() const { return QString("/run/tgtd/socket.%1").arg(m_control); }
    bool admin(const QStringList& arguments) const {
        QProcess tool;
        tool.start("/usr/sbin/tgtadm", QStringList{"-C", QString::number(m_control)} + arguments);
        return tool.waitForFinished(guardMs) && tool.exitCode() == 0;
    }
    void must(const QStringList& arguments) const {
        if (!admin(arguments)) qFatal("tgtadm %s failed", qPrintable(arguments.join(' ')));
    }

    QTemporaryDir m_folder;
    QProcess m_daemon;
    quint16 m_port = 0;
    int m_control = 0;
    QString m_user;
    QString m_password;
};

} // namespace dyad::test
