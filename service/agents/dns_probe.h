// SPDX-License-Identifier: Apache-2.0
// Well when a DNS server answers a question as it is expected to.
#pragma once

#include <memory>

#include "agents/probe.h"
#include "agents/timer.h"
#include "dns/dns_exchange.h"

namespace dyad::agents {

class DnsProbeRunner final : public ProbeRunner {
public:
    explicit DnsProbeRunner(model::DnsProbe settings);
    void run(Duration timeout, Done done) override;

private:
    void begin(Duration timeout);
    [[nodiscard]] ProbeResult judge(const dns::DnsMessage& message) const;
    void finish(ProbeResult result);

    model::DnsProbe m_settings;
    Done m_done;
    ProbeResult m_result;
    std::unique_ptr<dns::DnsExchange> m_exchange;
    Timer m_deadline; // the exchange may take longer where it goes on by TCP
    Timer m_soon;
};

} // namespace dyad::agents
