// SPDX-License-Identifier: Apache-2.0
// Well when a server greets as its protocol wants it: SMTP (RFC 5321, 4.2) and FTP (RFC 959, 5.4) begin with a line
// "220".
#pragma once

#include <QTcpSocket>

#include "agents/probe.h"
#include "agents/timer.h"

namespace dyad::agents {

class GreetingProbeRunner final : public ProbeRunner {
public:
    explicit GreetingProbeRunner(model::GreetingProbe settings);
    ~GreetingProbeRunner() override;
    void run(Duration timeout, Done done) override;

private:
    void drop();
    void read();
    void finish(ProbeResult::Verdict verdict, const std::string& detail);

    model::GreetingProbe m_settings;
    Done m_done;
    QTcpSocket* m_socket = nullptr; // of the run under way
    Timer m_deadline;
    QObject m_context; // receives what is queued: with this object it is gone
};

} // namespace dyad::agents
