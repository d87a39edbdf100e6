// SPDX-License-Identifier: Apache-2.0
// A pool: checks its servers and keeps the kernel's rules as they say. What runs is the table in the kernel: it goes on
// without this service, with the servers that were in last.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agents/nft_command.h"
#include "agents/pool_rules.h"
#include "agents/pool_words.h"
#include "agents/ruleset_watch.h"
#include "agents/server_checks.h"
#include "agents/timer.h"
#include "base/result.h"
#include "ports/agent.h"
#include "ports/outside.h"

namespace dyad::agents {

struct PoolPlan {
    model::PoolSettings settings;
    std::string group;
    std::string name;
    std::string rulesFile; // where the rules are written for nft(8) to read
    std::string program = "/usr/sbin/nft";
    std::string sysctls = "/proc/sys/net";
};

[[nodiscard]] PoolPlan planPool(const model::PoolSettings& settings, const std::string& group, const std::string& name,
                                const std::string& runDirectory);

class PoolAgent final : public ports::Agent {
public:
    // `alarms` must outlive the agent: it is told while servers are out.
    PoolAgent(PoolPlan plan, ports::AlarmPort& alarms);

    void start(bool takeover, ports::AgentDone done) override;
    void stop(ports::AgentDone done) override;
    // Stopped also where the rules could not be removed: without the address nothing reaches them, and the next start
    // replaces them. Not worth the reset of a host.
    void kill(ports::AgentDone done) override;
    void probe(ports::AgentDone done) override;
    [[nodiscard]] model::ResourceChecks checks() const override;

private:
    enum class Doing { Nothing, Starting, Removing };

    void remove(ports::AgentDone done, bool byForce);
    void removed(const NftEnd& end, bool byForce);
    void quiet();
    void refresh();
    void loaded(const NftEnd& end, const std::string& rules);
    void notLoaded(const std::string& why);
    void readBack();
    void settled();
    void watch();
    void look();
    void looked(const NftEnd& end);
    void tell();
    [[nodiscard]] bool empty() const;
    [[nodiscard]] std::vector<ServerDuty> duties() const;
    [[nodiscard]] std::string words() const;
    [[nodiscard]] std::vector<std::string> listing() const;
    [[nodiscard]] Result<void> writeRules(const std::string& rules) const;
    void finish(model::ResourceOutcome outcome, const std::string& detail);
    void notice(model::ResourceNotice::Kind kind, const std::string& detail);

    PoolPlan m_plan;
    std::string m_family;
    std::string m_table;
    std::string m_alarm;
    ports::AlarmPort& m_alarms;
    Doing m_doing = Doing::Nothing;
    ports::AgentDone m_done;
    bool m_running = false;
    bool m_known = false;   // the first round of checks is over
    bool m_loading = false; // rules are on their way to the kernel
    bool m_changedMeanwhile = false;
    bool m_toldUnhealthy = false;
    bool m_toldBlind = false;
    unsigned m_failedLoads = 0; // in a row
    std::string m_rules;        // as they were loaded last; empty: not known
    std::string m_listing;      // as the kernel showed them then; empty: not known
    ServerChecks m_checks;
    NftCommand m_nft;
    RulesetWatch m_watch;
    Timer m_lookSoon;
    Timer m_lookTimer;
    Timer m_retry;
};

} // namespace dyad::agents
