// SPDX-License-Identifier: Apache-2.0
#include "agents/server_checks.h"

#include "platform/linux/monotonic_clock.h"

namespace dyad::agents {

ServerChecks::ServerChecks(const model::PoolSettings& settings, const std::string& label)
    : m_settings(settings), m_label(label), m_records(settings.servers.size()) {
    end();
}

void ServerChecks::begin(const std::vector<bool>& in) {
    end();
    for (std::size_t i = 0; i < in.size(); ++i)
        if (in[i]) m_health[i].takenOverAsIn(platform::wallClockMs());
    m_awaited = m_settings.servers.size();
    for (std::size_t i = 0; i < m_settings.servers.size(); ++i) {
        m_servers[i]->probe = makeProbe(m_settings.servers[i].probe, m_label);
        m_servers[i]->next = std::make_unique<Timer>([this, i] { ask(i); });
        ask(i);
    }
}

void ServerChecks::end() {
    m_awaited = 0;
    m_servers.clear(); // cancels what runs
    m_health.clear();
    for (std::size_t i = 0; i < m_settings.servers.size(); ++i) {
        m_servers.push_back(std::make_unique<Server>());
        m_health.emplace_back(m_settings.failures, m_settings.successes);
    }
}

void ServerChecks::ask(std::size_t server) {
    m_servers[server]->probe->run(m_settings.timeout,
                                  [this, server](const ProbeResult& result) { answered(server, result); });
}

void ServerChecks::answered(std::size_t server, const ProbeResult& result) {
    Server& each = *m_servers[server];
    m_records[server].note(result, Duration(0), platform::wallClockMs());
    const bool unable = result.verdict == ProbeResult::Verdict::CouldNotRun;
    const bool couldBefore = each.trouble.empty();
    each.trouble = unable ? result.detail : "";
    const bool changed = m_health[server].note(result, platform::wallClockMs()) || unable == couldBefore;
    const bool first = !std::exchange(each.asked, true);
    // The first pause spreads the checks over the interval, so that not all of them begin at the same time for ever.
    const std::size_t count = m_servers.size();
    each.next->start(first ? m_settings.interval * static_cast<int>(server + 1) / static_cast<int>(count)
                           : m_settings.interval);
    // Nothing after this: whoever hears it may end the checks.
    if (first) {
        if (--m_awaited == 0 && onFirstRound) onFirstRound();
    } else if (changed && m_awaited == 0 && onChange) {
        onChange();
    }
}

} // namespace dyad::agents
