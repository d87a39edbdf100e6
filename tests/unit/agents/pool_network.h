// SPDX-License-Identifier: Apache-2.0
// A client, a node and its servers, each in a network namespace that lives only as a descriptor of this process, so
// that nothing can be left behind. The thread of the test lives in the node's and visits the others.
#pragma once

#include <QProcess>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTest>
#include <algorithm>
#include <fcntl.h>
#include <memory>
#include <sched.h>
#include <string>
#include <unistd.h>
#include <vector>

#include "platform/linux/file_descriptor.h"

namespace dyad::agents {

inline constexpr int networkGuardMs = 30000;

class NetworkSpace {
public:
    // Makes a namespace and enters it.
    [[nodiscard]] bool make() {
        if (::unshare(CLONE_NEWNET) != 0) return false;
        m_namespace.reset(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
        return m_namespace.valid() && run("ip link set lo up");
    }
    [[nodiscard]] bool enter() const { return ::setns(m_namespace.get(), CLONE_NEWNET) == 0; }
    [[nodiscard]] std::string path() const {
        return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(m_namespace.get());
    }
    // In the namespace that this thread is in.
    static bool run(const std::string& command, QByteArray* output = nullptr) {
        QProcess process;
        process.start("/bin/sh", {"-c", QString::fromStdString(command)});
        if (!process.waitForFinished(networkGuardMs) || process.exitCode() != 0) {
            qWarning("%s: %s", command.c_str(), process.readAllStandardError().constData());
            return false;
        }
        if (output != nullptr) *output = process.readAllStandardOutput();
        return true;
    }

private:
    platform::FileDescriptor m_namespace;
};

struct PoolNetwork {
    NetworkSpace node;
    NetworkSpace client;
    NetworkSpace servers;

    // The thread is in the node's namespace afterwards.
    [[nodiscard]] bool make() {
        if (!client.make()) return false;
        const auto up = [](const std::string& name, const std::string& lines) {
            std::string command = "ip link set " + name + " up";
            for (std::size_t at = 0; at < lines.size();) {
                const std::size_t end = lines.find(' ', at);
                const std::string address = lines.substr(at, end - at);
                command += " && ip addr add " + address + " dev " + name +
                           (address.find(':') == std::string::npos ? "" : " nodad");
                at = end == std::string::npos ? lines.size() : end + 1;
            }
            return NetworkSpace::run(command);
        };
        if (!servers.make() || !node.make()) return false;
        return NetworkSpace::run("ip link add eth0 type veth peer name eth0 netns " + client.path()) &&
               NetworkSpace::run("ip link add eth1 type veth peer name eth0 netns " + servers.path()) &&
               up("eth0", "10.77.0.1/24 10.77.0.100/24 fd77::1/64 fd77::100/64") &&
               up("eth1", "10.77.5.1/24 fd77:5::1/64") && client.enter() &&
               up("eth0", "10.77.0.50/24 10.77.0.51/24 10.77.0.52/24 10.77.0.53/24 10.77.0.54/24 10.77.0.55/24 "
                          "fd77::50/64") &&
               servers.enter() &&
               up("eth0", "10.77.5.11/24 10.77.5.12/24 10.77.5.13/24 fd77:5::11/64 fd77:5::12/64 fd77:5::13/64") &&
               NetworkSpace::run("ip route add default via 10.77.5.1 && ip route add default via fd77:5::1") &&
               node.enter();
    }
};

// Says its name to whoever connects, and answers every line with its name.
class NamedServer {
public:
    NamedServer(const PoolNetwork& network, std::string name, std::string address)
        : m_network(network), m_name(std::move(name)), m_address(std::move(address)) {
        QObject::connect(&m_listener, &QTcpServer::newConnection, &m_listener, [this] {
            while (QTcpSocket* socket = m_listener.nextPendingConnection()) {
                socket->setParent(&m_connections); // a listener that is closed takes none with it
                m_seen.push_back(socket->peerAddress().toString().toStdString());
                socket->write((m_name + "\n").c_str());
                QObject::connect(socket, &QTcpSocket::readyRead, socket, [this, socket] {
                    socket->readAll();
                    socket->write((m_name + "\n").c_str());
                });
            }
        });
    }
    [[nodiscard]] bool open(const NetworkSpace& where) {
        const bool there = where.enter();
        const bool listens = m_listener.listen(QHostAddress(QString::fromStdString(m_address)), 8080);
        return m_network.node.enter() && there && listens;
    }
    [[nodiscard]] bool open() { return open(m_network.servers); }
    // Nobody new is taken; who is connected stays so.
    void close() { m_listener.close(); }
    [[nodiscard]] const std::string& address() const { return m_address; }
    // Whether somebody has connected from this address.
    [[nodiscard]] bool sees(const std::string& client) const {
        return std::find(m_seen.begin(), m_seen.end(), client) != m_seen.end();
    }

private:
    const PoolNetwork& m_network;
    std::string m_name;
    std::string m_address;
    QObject m_connections;
    QTcpServer m_listener;
    std::vector<std::string> m_seen;
};

// One connection through the pool.
class Visitor {
public:
    Visitor(const PoolNetwork& network, const NetworkSpace& from, const std::string& to, const std::string& own = "") {
        if (!from.enter()) return;
        if (!own.empty()) m_socket.bind(QHostAddress(QString::fromStdString(own)));
        m_socket.connectToHost(QHostAddress(QString::fromStdString(to)), 80);
        m_sound = network.node.enter();
    }
    // The name of the server that took it; empty where it was refused or reset, and "?" where nothing came at all.
    std::string server() { return line(); }
    // The name of the server that has it now.
    std::string askAgain() {
        m_socket.write("?\n");
        return line();
    }

private:
    std::string line() {
        const bool came = QTest::qWaitFor(
            [this] { return m_socket.canReadLine() || m_socket.error() != QAbstractSocket::UnknownSocketError; },
            networkGuardMs);
        if (!m_sound || !came) return "?";
        return m_socket.readLine().trimmed().toStdString();
    }

    QTcpSocket m_socket;
    bool m_sound = false;
};

} // namespace dyad::agents
