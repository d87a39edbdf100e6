// SPDX-License-Identifier: Apache-2.0
#include "agents/dns_probe.h"

#include <algorithm>
#include <sys/random.h>

namespace dyad::agents {

using Verdict = ProbeResult::Verdict;

namespace {

// Those of the wanted type, whosever they are: a name may be another's second name, and the server then tells both.
std::vector<IpAddress> addressesOf(const dns::DnsMessage& message, bool six) {
    std::vector<IpAddress> found;
    const std::size_t size = six ? 16 : 4;
    for (const dns::DnsRecord& record : message.answers) {
        if (record.type != (six ? dns::dnsTypeAaaa : dns::dnsTypeA) || record.klass != dns::dnsClassIn ||
            record.data.size() != size)
            continue;
        IpAddress address{six, {}};
        std::copy(record.data.begin(), record.data.end(), address.bytes.begin());
        found.push_back(address);
    }
    return found;
}

} // namespace

DnsProbeRunner::DnsProbeRunner(model::DnsProbe settings)
    : m_settings(std::move(settings)), m_deadline([this] {
          finish({Verdict::Failed, "no answer in time"});
      }),
      m_soon([this] { finish(m_result); }) {}

void DnsProbeRunner::run(Duration timeout, Done done) {
    m_done = std::move(done);
    m_soon.stop();
    m_deadline.start(timeout);
    begin(timeout);
}

void DnsProbeRunner::begin(Duration timeout) {
    std::uint16_t id = 0;
    dns::DnsBytes name;
    m_result = {Verdict::CouldNotRun, ""};
    if (!dns::appendDnsName(name, m_settings.name))
        m_result.detail = m_settings.name + " is no name that can be asked for";
    else if (::getrandom(&id, sizeof id, 0) != static_cast<ssize_t>(sizeof id))
        m_result.detail = "the kernel gave no random number";
    if (!m_result.detail.empty()) return m_soon.start(Duration(0));
    const dns::DnsQuestion question{m_settings.name, m_settings.six ? dns::dnsTypeAaaa : dns::dnsTypeA};
    m_exchange = std::make_unique<dns::DnsExchange>(model::DnsServer{m_settings.server, m_settings.port},
                                                    dns::dnsQuery(id, question), question, timeout);
    m_exchange->start([this](const Result<dns::DnsReply>& reply) {
        if (reply) return finish(judge(reply.value().message));
        finish({m_exchange->couldNotAsk() ? Verdict::CouldNotRun : Verdict::Failed, reply.error().cameBack});
    });
}

ProbeResult DnsProbeRunner::judge(const dns::DnsMessage& message) const {
    const std::string said = dns::dnsErrorWord(message.code);
    if (!m_settings.code) return {Verdict::Well, "answers " + said};
    if (message.code != *m_settings.code)
        return {Verdict::Failed, "answers " + said + " instead of " + dns::dnsErrorWord(*m_settings.code)};
    if (message.code != dns::dnsNoError) return {Verdict::Well, "answers " + said};
    const std::vector<IpAddress> found = addressesOf(message, m_settings.six);
    if (found.empty()) return {Verdict::Failed, std::string("has no ") + (m_settings.six ? "AAAA" : "A") + " record"};
    if (m_settings.address.empty()) return {Verdict::Well, found.front().text()};
    const Result<IpAddress> wanted = parseIpAddress(m_settings.address);
    if (!wanted) return {Verdict::CouldNotRun, wanted.error().text()};
    if (std::find(found.begin(), found.end(), wanted.value()) != found.end())
        return {Verdict::Well, m_settings.address};
    return {Verdict::Failed, found.front().text() + " instead of " + m_settings.address};
}

void DnsProbeRunner::finish(ProbeResult result) {
    m_deadline.stop();
    m_soon.stop();
    m_exchange.reset();
    result.detail = m_settings.name + " at " + dns::toText(model::DnsServer{m_settings.server, m_settings.port}) +
                    ": " + result.detail;
    const Done done = std::exchange(m_done, nullptr);
    done(result);
}

} // namespace dyad::agents
