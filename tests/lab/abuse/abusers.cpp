// SPDX-License-Identifier: Apache-2.0
#include "lab/abuse/abusers.h"

#include "lab/abuse/rough_client.h"
#include "lab/namespaces.h"

#include <array>
#include <chrono>
#include <csignal>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

namespace dyad::lab {

struct Abusers::Target {
    std::string address;
    std::uint16_t port = 0;
    std::string token;
    std::atomic<bool> stop{false};
};

namespace {

void brokenTls(const RoughTarget& target, AbuseCounts& counts) {
    const std::array<std::string, 4> openings{
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(300, '\xff'), // a hello of nonsense
        std::string(16000, '\x80'), "GET /v1/state HTTP/1.1\r\nHost: a\r\n\r\n", std::string("\x16\x03", 2)};
    for (std::size_t i = 0; !target.stopped(); ++i) {
        RoughClient client(target);
        if (!client.connected()) continue;
        ++counts.connections;
        client.sendPlain(openings[i % openings.size()]);
        client.waitForEndPlain();
        ++counts.requests;
    }
}

void idle(const RoughTarget& target, AbuseCounts& counts) {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = std::min<rlim_t>(files.rlim_max, Abusers::idleConnections + 1000);
    setrlimit(RLIMIT_NOFILE, &files);
    std::vector<pollfd> sockets;
    while (!target.stopped()) {
        // As many as there may be, some more each round; what was closed is opened again.
        for (int burst = 0; burst < 200 && sockets.size() < Abusers::idleConnections; ++burst) {
            const int socket = connectSlowly(target);
            if (socket < 0) break;
            sockets.push_back({socket, POLLIN | POLLOUT, 0});
        }
        poll(sockets.data(), sockets.size(), 20);
        for (std::size_t i = 0; i < sockets.size();) {
            pollfd& each = sockets[i];
            if (each.revents & (POLLIN | POLLHUP | POLLERR)) {
                ::close(each.fd);
                each = sockets.back();
                sockets.pop_back();
                continue;
            }
            if (each.revents & POLLOUT) { // it is in: from now on only its end is of interest
                ++counts.connections;
                each.events = POLLIN;
            }
            ++i;
        }
    }
    for (const pollfd& each : sockets)
        ::close(each.fd);
}

void hugeBody(const RoughTarget& target, AbuseCounts& counts) {
    const std::string piece(64 * 1024, ' ');
    constexpr std::uint64_t gigabyte = 1'000'000'000;
    for (std::uint64_t i = 0; !target.stopped(); ++i) {
        RoughClient client(target);
        if (!client.handshake()) continue;
        ++counts.connections;
        // With a token and without one; to a place that takes small bodies, and to one that takes the largest.
        client.send("POST " + std::string(i % 2 ? "/v1/nodes/alpha/maintenance" : "/v1/config/check") +
                    " HTTP/1.1\r\nHost: a\r\n" + (i % 3 ? "Authorization: Bearer " + target.token + "\r\n" : "") +
                    "Content-Length: " + std::to_string(gigabyte) + "\r\n\r\n");
        std::uint64_t sent = 0;
        while (sent < gigabyte && !target.stopped() && client.send(piece))
            sent += piece.size();
        counts.megabytes += sent / 1'000'000;
        ++counts.requests;
    }
}

void slowReader(const RoughTarget& target, AbuseCounts& counts) {
    std::vector<std::unique_ptr<RoughClient>> readers;
    while (!target.stopped()) {
        auto client = std::make_unique<RoughClient>(target);
        if (client->handshake()) {
            ++counts.connections;
            const std::string token = "Authorization: Bearer " + target.token + "\r\n\r\n";
            if (readers.size() % 2 == 0)
                client->send("GET /v1/events?after=0 HTTP/1.1\r\nHost: a\r\n" + token);
            else
                for (int i = 0; i < 200; ++i) // and not one answer is read
                    if (!client->send("GET /v1/journal?after=0 HTTP/1.1\r\nHost: a\r\n" + token)) break;
            ++counts.requests;
            readers.push_back(std::move(client));
        }
        if (readers.size() >= 24) readers.erase(readers.begin(), readers.begin() + 8);
        target.pause(std::chrono::milliseconds(20));
    }
}

// Requests one after the other on a kept connection, each read to its answer.
void ask(const RoughTarget& target, AbuseCounts& counts, const std::vector<std::string>& requests) {
    while (!target.stopped()) {
        RoughClient client(target);
        if (!client.handshake()) continue;
        ++counts.connections;
        for (std::size_t i = 0; !target.stopped(); ++i) {
            if (!client.send(requests[i % requests.size()]) || !client.readSome()) break;
            ++counts.requests;
        }
    }
}

std::string request(const std::string& line, const std::string& token, const std::string& body) {
    return line + " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + token +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

void malformedJson(const RoughTarget& target, AbuseCounts& counts) {
    std::vector<std::string> requests;
    for (const std::string& body :
         {std::string("{\"on\":"), std::string("[[[[[[[[[[[["), std::string("{\"on\": \"yes\"}"), std::string("\xff\xfe{"),
          std::string(4000, '['), "{\"on\":1e999}" + std::string(3000, ' ')})
        requests.push_back(request("POST /v1/nodes/alpha/maintenance", target.token, body));
    ask(target, counts, requests);
}

void wrongTokens(const RoughTarget& target, AbuseCounts& counts) {
    std::vector<std::string> requests;
    for (int i = 0; i < 50; ++i)
        requests.push_back(request("GET /v1/state", "guess" + std::to_string(i), ""));
    ask(target, counts, requests);
}

} // namespace

const char* toText(Abuse abuse) {
    switch (abuse) {
    case Abuse::BrokenTls: return "broken TLS";
    case Abuse::IdleConnections: return "10,000 idle connections";
    case Abuse::HugeBody: return "1 GB bodies";
    case Abuse::SlowReader: return "slow readers";
    case Abuse::MalformedJson: return "malformed JSON";
    case Abuse::WrongTokens: return "wrong tokens";
    }
    return "?";
}

struct AbuseRun {
    void (*run)(const RoughTarget&, AbuseCounts&);
};

Abusers::Abusers(std::string address, std::uint16_t port, std::string token, const std::vector<Abuse>& kinds)
    : m_target(std::make_unique<Target>()) {
    std::signal(SIGPIPE, SIG_IGN); // OpenSSL writes to whoever has hung up
    m_target->address = std::move(address);
    m_target->port = port;
    m_target->token = std::move(token);
    for (std::size_t i = 0; i < std::size(allAbuses); ++i)
        m_counts.push_back(std::make_unique<AbuseCounts>());
    static constexpr AbuseRun runs[] = {{brokenTls}, {idle}, {hugeBody}, {slowReader}, {malformedJson}, {wrongTokens}};
    for (const Abuse kind : kinds)
        m_threads.emplace_back([this, kind] {
            // A thread of its own changes its namespace and priority without anybody else noticing.
            if (!enterNetwork("client")) return;
            setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 19);
            const RoughTarget target{m_target->address, m_target->port, m_target->token, m_target->stop};
            runs[static_cast<std::size_t>(kind)].run(target, *m_counts[static_cast<std::size_t>(kind)]);
        });
}

Abusers::~Abusers() {
    m_target->stop = true;
    for (std::thread& thread : m_threads)
        thread.join();
}

} // namespace dyad::lab
