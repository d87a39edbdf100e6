// SPDX-License-Identifier: Apache-2.0
// One message to a DNS server and its answer: by UDP, asked again once, and by TCP where the answer says that it was
// cut. What doesn't belong to the request (another id, another question, rubbish) is passed over, as somebody else's.
#pragma once

#include <QSocketNotifier>
#include <QTimer>
#include <functional>
#include <memory>
#include <string>

#include "base/time.h"
#include "dns/dns_message.h"
#include "model/configuration.h"
#include "platform/linux/file_descriptor.h"

namespace dyad::dns {

inline constexpr unsigned maxStrayDnsMessages = 64; // then it is given up: somebody floods

// "10.77.2.9:53", "[fd00::9]:53"
[[nodiscard]] std::string toText(const model::DnsServer& server);

struct DnsReply {
    DnsBytes bytes;
    DnsMessage message;
};

class DnsExchange {
public:
    using Done = std::function<void(const Result<DnsReply>&)>;

    // `request` is the message; `about` its question (of an update: its zone).
    DnsExchange(model::DnsServer server, DnsBytes request, DnsQuestion about, Duration patience);

    // `done` is called once, from the event loop, within `patience` (twice that where TCP is needed); never after this
    // was destroyed. It may destroy this.
    void start(Done done);
    // Nothing could be asked: this host gave no socket. True only after `done`, where it is an error.
    [[nodiscard]] bool couldNotAsk() const { return m_couldNotAsk; }

private:
    void open(bool stream);
    void send();
    void readDatagrams();
    void streamOpened();
    void readStream();
    [[nodiscard]] bool take(DnsBytes bytes);
    void dropNotifier();
    [[nodiscard]] const char* whyStray(const DnsMessage& message) const;
    void outOfTime();
    void finish(const Result<DnsReply>& result);
    [[nodiscard]] Error trouble(std::string cameBack, std::string remedy = {}) const;

    model::DnsServer m_server;
    DnsBytes m_request;
    DnsQuestion m_about;
    Duration m_patience;
    Done m_done;
    bool m_stream = false;
    bool m_askedAgain = false;
    bool m_couldNotAsk = false;
    unsigned m_strays = 0;
    std::string m_lastStray;
    DnsBytes m_received; // of the stream
    platform::FileDescriptor m_socket;
    std::unique_ptr<QSocketNotifier> m_ready;
    QTimer m_timer;
};

} // namespace dyad::dns
