// SPDX-License-Identifier: Apache-2.0
// Well when an ICMP echo request is answered (RFC 792, RFC 4443 section 4). Needs CAP_NET_RAW.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "agents/descriptor_watch.h"
#include "agents/probe.h"
#include "agents/timer.h"
#include "platform/linux/file_descriptor.h"

namespace dyad::agents {

class PingProbeRunner final : public ProbeRunner {
public:
    explicit PingProbeRunner(model::PingProbe settings);
    void run(Duration timeout, Done done) override;

private:
    static constexpr std::size_t tokenBytes = 16; // of the payload: no other's answer is taken for ours

    ProbeResult begin();
    void readAnswers();
    void finish(ProbeResult::Verdict verdict, const std::string& detail);

    model::PingProbe m_settings;
    Done m_done;
    ProbeResult m_result;
    bool m_six = false;
    std::array<std::uint8_t, tokenBytes> m_token{};
    platform::FileDescriptor m_socket;
    std::unique_ptr<DescriptorWatch> m_watch;
    Timer m_deadline;
    Timer m_soon;
};

} // namespace dyad::agents
