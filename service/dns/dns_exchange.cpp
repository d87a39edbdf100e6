// SPDX-License-Identifier: Apache-2.0
#include "dns/dns_exchange.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <netdb.h>
#include <sys/socket.h>

#include "base/errno_text.h"

namespace dyad::dns {

namespace {

constexpr int maxDnsReadsPerCall = 16; // a server that never stops must not keep the event loop

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;
};

// Numeric: nothing is resolved, nothing is waited for.
SocketAddress socketAddress(const model::DnsServer& server) {
    SocketAddress address;
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_DGRAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(server.address.c_str(), std::to_string(server.port).c_str(), &hints, &found) != 0) return address;
    std::copy_n(reinterpret_cast<const char*>(found->ai_addr), found->ai_addrlen,
                reinterpret_cast<char*>(&address.storage));
    address.length = found->ai_addrlen;
    ::freeaddrinfo(found);
    return address;
}

} // namespace

std::string toText(const model::DnsServer& server) {
    const bool six = server.address.find(':') != std::string::npos;
    return (six ? "[" + server.address + "]" : server.address) + ":" + std::to_string(server.port);
}

DnsExchange::DnsExchange(model::DnsServer server, DnsBytes request, DnsQuestion about, Duration patience)
    : m_server(std::move(server)), m_request(std::move(request)), m_about(std::move(about)), m_patience(patience) {
    m_timer.setSingleShot(true);
    QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] { outOfTime(); });
}

void DnsExchange::start(Done done) {
    m_done = std::move(done);
    // From the event loop, so that whoever asks needn't expect the answer within its own call.
    QTimer::singleShot(0, &m_timer, [this] { open(false); });
}

// It may be the one that calls.
void DnsExchange::dropNotifier() {
    if (!m_ready) return;
    m_ready->setEnabled(false);
    m_ready.release()->deleteLater();
}

void DnsExchange::open(bool stream) {
    dropNotifier();
    m_stream = stream;
    const SocketAddress to = socketAddress(m_server);
    const auto* address = reinterpret_cast<const sockaddr*>(&to.storage);
    const int kind = (stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
    m_socket.reset(to.length == 0 ? -1 : ::socket(to.storage.ss_family, kind, 0));
    m_couldNotAsk = !m_socket.valid();
    if (m_couldNotAsk) return finish(trouble(to.length == 0 ? "that is no address" : errnoText(errno)));
    // The kernel chooses another port each time, and lets nothing in but from this server.
    if (::connect(m_socket.get(), address, to.length) != 0 && errno != EINPROGRESS)
        return finish(trouble(errnoText(errno), "look at the route to it"));
    const auto when = stream ? QSocketNotifier::Write : QSocketNotifier::Read;
    m_ready = std::make_unique<QSocketNotifier>(m_socket.get(), when);
    QObject::connect(m_ready.get(), &QSocketNotifier::activated, &m_timer, [this] {
        if (!m_stream) return readDatagrams();
        if (m_ready->type() == QSocketNotifier::Write) return streamOpened();
        readStream();
    });
    m_timer.start(wholeMilliseconds(stream ? m_patience : m_patience / 2));
    if (!stream) send();
}

void DnsExchange::send() {
    if (::send(m_socket.get(), m_request.data(), m_request.size(), MSG_NOSIGNAL) >= 0) return;
    finish(trouble(errnoText(errno), "look at the route to it, and whether it runs"));
}

void DnsExchange::readDatagrams() {
    for (int reads = 0; reads < maxDnsReadsPerCall; ++reads) {
        DnsBytes bytes(maxDnsMessage);
        const ssize_t count = ::recv(m_socket.get(), bytes.data(), bytes.size(), 0);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (count < 0) return finish(trouble(errnoText(errno), "look whether it runs and listens there"));
        bytes.resize(static_cast<std::size_t>(count));
        if (!take(std::move(bytes))) return;
    }
}

void DnsExchange::streamOpened() {
    int failed = 0;
    socklen_t length = sizeof failed;
    ::getsockopt(m_socket.get(), SOL_SOCKET, SO_ERROR, &failed, &length);
    if (failed != 0) return finish(trouble("by TCP: " + errnoText(failed), "open port 53 for TCP as well"));
    DnsBytes framed;
    appendDnsNumber(framed, m_request.size(), 2);
    framed.insert(framed.end(), m_request.begin(), m_request.end());
    // A fresh connection takes far more than the few hundred bytes at once.
    const ssize_t sent = ::send(m_socket.get(), framed.data(), framed.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(framed.size())) return finish(trouble("by TCP: " + errnoText(errno)));
    m_received.clear();
    dropNotifier();
    m_ready = std::make_unique<QSocketNotifier>(m_socket.get(), QSocketNotifier::Read);
    QObject::connect(m_ready.get(), &QSocketNotifier::activated, &m_timer, [this] { readStream(); });
}

void DnsExchange::readStream() {
    std::array<std::uint8_t, 4096> piece{};
    for (int reads = 0; reads < maxDnsReadsPerCall; ++reads) {
        const ssize_t count = ::recv(m_socket.get(), piece.data(), piece.size(), 0);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (count <= 0)
            return finish(trouble(count == 0 ? "it hung up in the middle of its answer" : errnoText(errno)));
        m_received.insert(m_received.end(), piece.begin(), piece.begin() + count);
        if (m_received.size() < 2) continue;
        const std::size_t size = static_cast<std::size_t>(m_received[0]) << 8 | m_received[1];
        if (size > maxDnsMessage)
            return finish(trouble("its answer of " + std::to_string(size) + " bytes is too long"));
        if (m_received.size() < size + 2) continue;
        (void)take({m_received.begin() + 2, m_received.begin() + 2 + static_cast<std::ptrdiff_t>(size)});
        return;
    }
}

// Null: it is the answer.
const char* DnsExchange::whyStray(const DnsMessage& message) const {
    const auto id = static_cast<std::uint16_t>(m_request[0] << 8 | m_request[1]);
    const auto opcode = static_cast<std::uint8_t>(m_request[2] >> 3 & 0xf);
    if (!message.response) return "a question instead of an answer";
    if (message.id != id) return "an answer with another id";
    if (message.opcode != opcode) return "an answer to something of another kind";
    // The question may be missing from the answer to an update, and from a refusal.
    const bool mayMiss = opcode == dnsOpcodeUpdate || message.code != dnsNoError;
    if (message.questions.empty() ? !mayMiss : message.questions != std::vector{m_about})
        return "an answer to another question";
    return nullptr;
}

// True: it was somebody else's, and more may be read. Else this may be destroyed by now.
bool DnsExchange::take(DnsBytes bytes) {
    Result<DnsMessage> message = readDnsMessage(bytes);
    const char* stray = message ? whyStray(message.value()) : nullptr;
    if (message && stray == nullptr) {
        if (message.value().truncated && !m_stream)
            open(true);
        else
            finish(DnsReply{std::move(bytes), std::move(message).value()});
        return false;
    }
    m_lastStray = message ? stray : "something unreadable (" + message.error().text() + ")";
    if (!m_stream && ++m_strays < maxStrayDnsMessages) return true;
    finish(trouble("it sent " + m_lastStray, "look who answers in the DNS server's place"));
    return false;
}

void DnsExchange::outOfTime() {
    if (!m_stream && !std::exchange(m_askedAgain, true)) {
        m_timer.start(wholeMilliseconds(m_patience - m_patience / 2));
        return send();
    }
    std::string text = "no answer within " + dyad::toText(m_patience);
    if (m_strays > 0) text += "; " + std::to_string(m_strays) + " others were passed over, the last: " + m_lastStray;
    finish(trouble(std::move(text), m_strays > 0 ? "look who answers in the DNS server's place"
                                                 : "look whether it runs, and at the way to it"));
}

Error DnsExchange::trouble(std::string cameBack, std::string remedy) const {
    return Error{"ask the DNS server", dns::toText(m_server), std::move(cameBack), std::move(remedy)};
}

void DnsExchange::finish(const Result<DnsReply>& result) {
    m_timer.stop();
    dropNotifier();
    m_socket.reset();
    const Done done = std::exchange(m_done, nullptr);
    if (done) done(result);
}

} // namespace dyad::dns
