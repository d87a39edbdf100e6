// SPDX-License-Identifier: Apache-2.0
// Asks every server of a pool again and again how it is, each on its own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agents/check_record.h"
#include "agents/probe.h"
#include "agents/server_health.h"
#include "agents/timer.h"

namespace dyad::agents {

class ServerChecks {
public:
    std::function<void()> onFirstRound; // once after begin(): every server was asked, which takes one time-out at most
    std::function<void()> onChange;     // after that: a server's state has changed

    // `label` is the mark that processes of a script probe carry.
    ServerChecks(const model::PoolSettings& settings, const std::string& label);

    // Every state is unknown but of those that are `in` by the rules of a service before.
    void begin(const std::vector<bool>& in = {});
    void end();

    // By server, in the order of the file.
    [[nodiscard]] const std::vector<ServerHealth>& health() const { return m_health; }
    // Since this object was made; not forgotten by begin() and end().
    [[nodiscard]] const model::CheckCounts& counts(std::size_t server) const { return m_records[server].counts(); }
    // What kept the server's check from being run; empty where it could be run.
    [[nodiscard]] const std::string& trouble(std::size_t server) const { return m_servers[server]->trouble; }

private:
    struct Server {
        std::unique_ptr<ProbeRunner> probe;
        std::unique_ptr<Timer> next;
        bool asked = false; // answered once, whatever it said
        std::string trouble;
    };

    void ask(std::size_t server);
    void answered(std::size_t server, const ProbeResult& result);

    const model::PoolSettings& m_settings;
    std::string m_label;
    std::vector<std::unique_ptr<Server>> m_servers;
    std::vector<ServerHealth> m_health;
    std::vector<CheckRecord> m_records;
    std::size_t m_awaited = 0; // of the first round
};

} // namespace dyad::agents
