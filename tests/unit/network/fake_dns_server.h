// SPDX-License-Identifier: Apache-2.0
// A DNS server on loopback that does what a test tells it: UDP and TCP on one port, on the test's own event loop.
#pragma once

#include <QHostAddress>
#include <QMessageAuthenticationCode>
#include <QTcpServer>
#include <QTcpSocket>
#include <QUdpSocket>
#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include "dns/dns_message.h"
#include "model/configuration.h"
#include "network/alias/tsig.h"

namespace dyad::network {

inline const TsigKey testKey{"erp-key", "hmac-sha256", DnsBytes(32, 0x5a)};
inline const char* const testKeyText = "key \"erp-key\" {\n\talgorithm hmac-sha256;\n"
                                       "\tsecret \"WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=\";\n};\n";

class FakeDnsServer {
public:
    // What to answer; empty: nothing. `stream`: it came by TCP.
    std::function<std::vector<DnsBytes>(const DnsBytes& request, bool stream)> answer;
    std::vector<DnsMessage> seen;

    [[nodiscard]] bool listen() {
        for (int attempt = 0; attempt < 50; ++attempt) { // one number for both kinds
            m_datagrams = std::make_unique<QUdpSocket>();
            m_streams = std::make_unique<QTcpServer>();
            if (m_datagrams->bind(QHostAddress::LocalHost) &&
                m_streams->listen(QHostAddress::LocalHost, m_datagrams->localPort()))
                break;
        }
        if (!m_streams->isListening()) return false;
        QObject::connect(m_datagrams.get(), &QUdpSocket::readyRead, m_datagrams.get(), [this] {
            while (m_datagrams->hasPendingDatagrams()) {
                QByteArray bytes(65536, '\0');
                QHostAddress from;
                quint16 port = 0;
                bytes.resize(m_datagrams->readDatagram(bytes.data(), bytes.size(), &from, &port));
                for (const DnsBytes& each : take({bytes.begin(), bytes.end()}, false))
                    m_datagrams->writeDatagram(asText(each), static_cast<qint64>(each.size()), from, port);
            }
        });
        QObject::connect(m_streams.get(), &QTcpServer::newConnection, m_streams.get(), [this] {
            QTcpSocket* socket = m_streams->nextPendingConnection();
            QObject::connect(socket, &QTcpSocket::disconnected, socket, &QObject::deleteLater);
            QObject::connect(socket, &QTcpSocket::readyRead, socket, [this, socket] {
                const QByteArray bytes = socket->peek(65536);
                if (bytes.size() < 2) return;
                const auto size = static_cast<quint8>(bytes[0]) << 8 | static_cast<quint8>(bytes[1]);
                if (bytes.size() < size + 2) return;
                socket->readAll();
                for (const DnsBytes& each : take({bytes.begin() + 2, bytes.begin() + 2 + size}, true)) {
                    DnsBytes framed;
                    appendDnsNumber(framed, each.size(), 2);
                    framed.insert(framed.end(), each.begin(), each.end());
                    socket->write(asText(framed), static_cast<qint64>(framed.size()));
                }
                socket->disconnectFromHost();
            });
        });
        return true;
    }

    [[nodiscard]] model::DnsServer place() const { return {"127.0.0.1", m_datagrams->localPort()}; }
    [[nodiscard]] std::size_t updates() const {
        return static_cast<std::size_t>(std::count_if(
            seen.begin(), seen.end(), [](const DnsMessage& each) { return each.opcode == dnsOpcodeUpdate; }));
    }

    // An answer's bytes: the request's id and question, these addresses.
    static DnsBytes reply(const DnsBytes& request, std::uint8_t code, const std::vector<IpAddress>& addresses = {},
                          std::uint32_t ttl = 60) {
        const DnsMessage asked = readDnsMessage(request).value();
        DnsBytes bytes(request.begin(), request.begin() + 2);
        appendDnsNumber(bytes, 0x8400U | static_cast<unsigned>(asked.opcode) << 11 | code, 2);
        const DnsQuestion& question = asked.questions.front();
        std::vector<IpAddress> ours;
        for (const IpAddress& each : addresses)
            if (question.type == (each.six ? dnsTypeAaaa : dnsTypeA)) ours.push_back(each);
        for (const std::size_t count : {std::size_t(1), ours.size(), std::size_t(0), std::size_t(0)})
            appendDnsNumber(bytes, count, 2);
        (void)appendDnsName(bytes, question.name);
        appendDnsNumber(bytes, question.type, 2);
        appendDnsNumber(bytes, question.klass, 2);
        for (const IpAddress& each : ours) {
            (void)appendDnsName(bytes, question.name);
            appendDnsNumber(bytes, question.type, 2);
            appendDnsNumber(bytes, dnsClassIn, 2);
            appendDnsNumber(bytes, ttl, 4);
            appendDnsNumber(bytes, each.used().size(), 2);
            bytes.insert(bytes.end(), each.used().begin(), each.used().end());
        }
        return bytes;
    }

    // The answer to an update, with a signature that fits the request's; `error` is its TSIG error.
    static DnsBytes signedReply(const DnsBytes& request, std::uint8_t code, std::uint16_t error = 0,
                                const DnsBytes& other = {}, const TsigKey& key = testKey) {
        const DnsMessage asked = readDnsMessage(request).value();
        DnsBytes bytes = reply(request, code);
        const DnsBytes bare = bytes;
        TsigRecord tsig = *asked.tsig;
        DnsBytes input;
        appendDnsNumber(input, tsig.mac.size(), 2);
        input.insert(input.end(), tsig.mac.begin(), tsig.mac.end());
        input.insert(input.end(), bare.begin(), bare.end());
        DnsBytes variables;
        (void)appendDnsName(variables, tsig.keyName);
        appendDnsNumber(variables, dnsClassAny, 2);
        appendDnsNumber(variables, 0, 4);
        (void)appendDnsName(variables, tsig.algorithm);
        appendDnsNumber(variables, tsig.time, 6);
        appendDnsNumber(variables, tsig.fudge, 2);
        appendDnsNumber(variables, error, 2);
        appendDnsNumber(variables, other.size(), 2);
        variables.insert(variables.end(), other.begin(), other.end());
        input.insert(input.end(), variables.begin(), variables.end());
        const QByteArray mac = QMessageAuthenticationCode::hash(
            {asText(input), static_cast<qsizetype>(input.size())},
            {asText(key.secret), static_cast<qsizetype>(key.secret.size())}, QCryptographicHash::Sha256);
        DnsBytes data;
        (void)appendDnsName(data, tsig.algorithm);
        appendDnsNumber(data, tsig.time, 6);
        appendDnsNumber(data, tsig.fudge, 2);
        appendDnsNumber(data, static_cast<std::size_t>(mac.size()), 2);
        data.insert(data.end(), mac.begin(), mac.end());
        appendDnsNumber(data, asked.id, 2);
        appendDnsNumber(data, error, 2);
        appendDnsNumber(data, other.size(), 2);
        data.insert(data.end(), other.begin(), other.end());
        (void)appendDnsName(bytes, tsig.keyName);
        appendDnsNumber(bytes, dnsTypeTsig, 2);
        appendDnsNumber(bytes, dnsClassAny, 2);
        appendDnsNumber(bytes, 0, 4);
        appendDnsNumber(bytes, data.size(), 2);
        bytes.insert(bytes.end(), data.begin(), data.end());
        bytes[11] = 1;
        return bytes;
    }

private:
    static const char* asText(const DnsBytes& bytes) { return reinterpret_cast<const char*>(bytes.data()); }
    std::vector<DnsBytes> take(const DnsBytes& request, bool stream) {
        if (Result<DnsMessage> message = readDnsMessage(request)) seen.push_back(std::move(message).value());
        return answer ? answer(request, stream) : std::vector<DnsBytes>{};
    }

    std::unique_ptr<QUdpSocket> m_datagrams;
    std::unique_ptr<QTcpServer> m_streams;
};

} // namespace dyad::network
