// SPDX-License-Identifier: Apache-2.0
#include "agents/pool_agent.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>

#include "agents/forwarding.h"
#include "platform/linux/monotonic_clock.h"
#include "platform/linux/system_error.h"

namespace dyad::agents {

using model::ResourceOutcome;
using Kind = model::ResourceNotice::Kind;
using State = ServerHealth::State;

namespace {

constexpr Duration lookDelay = 200ms;  // after the kernel told of a change: one look for all that came with it
constexpr Duration lookInterval = 10s; // and without being told
constexpr Duration retryInterval = 1s; // of rules that could not be loaded
constexpr unsigned maxFailedLoads = 3; // in a row; then the resource has failed

} // namespace

PoolPlan planPool(const model::PoolSettings& settings, const std::string& group, const std::string& name,
                  const std::string& runDirectory) {
    PoolPlan plan;
    plan.settings = settings;
    plan.group = group;
    plan.name = name;
    plan.rulesFile = runDirectory + "/" + group + "." + name + ".nft";
    return plan;
}

PoolAgent::PoolAgent(PoolPlan plan, ports::AlarmPort& alarms)
    : m_plan(std::move(plan)), m_family(poolFamily(m_plan.settings)), m_table(poolTable(m_plan.group, m_plan.name)),
      m_alarm("pool.servers:" + m_plan.group + "/" + m_plan.name), m_alarms(alarms),
      m_checks(m_plan.settings, m_plan.group + "/" + m_plan.name),
      m_nft(m_plan.program, m_plan.group + "/" + m_plan.name), m_lookSoon([this] { look(); }),
      m_lookTimer([this] { look(); }), m_retry([this] { refresh(); }) {
    m_checks.onFirstRound = [this] {
        m_known = true;
        refresh();
    };
    m_checks.onChange = [this] { refresh(); };
}

// --- what the service asks for

void PoolAgent::start(bool /*takeover*/, ports::AgentDone done) {
    if (m_doing != Doing::Nothing) return done({ResourceOutcome::Failed, "another start or stop is under way"});
    if (m_running) return done({ResourceOutcome::Running, "runs already"});
    m_doing = Doing::Starting;
    m_done = std::move(done);
    m_rules.clear(); // whatever a dead service has left is replaced
    const Result<bool> forwards = needForwarding(m_family == "ip6", m_plan.sysctls);
    if (!forwards) return finish(ResourceOutcome::Failed, forwards.error().text());
    if (forwards.value())
        notice(Kind::Progress, "net.ipv4.ip_forward was off on this host; it is switched on, and stays on");
    m_checks.begin();
}

void PoolAgent::stop(ports::AgentDone done) { remove(std::move(done), false); }

void PoolAgent::kill(ports::AgentDone done) { remove(std::move(done), true); }

void PoolAgent::remove(ports::AgentDone done, bool byForce) {
    if (m_done) finish(ResourceOutcome::Failed, byForce ? "overtaken by a forced stop" : "overtaken by a stop");
    quiet();
    m_doing = Doing::Removing;
    m_done = std::move(done);
    m_nft.run({"delete", "table", m_family, m_table}, [this, byForce](const NftEnd& end) { removed(end, byForce); });
}

void PoolAgent::removed(const NftEnd& end, bool byForce) {
    m_alarms.clear(m_alarm);
    ::unlink(m_plan.rulesFile.c_str());
    if (end.well || end.absent) return finish(ResourceOutcome::Stopped, "its rules are removed");
    if (!byForce) return finish(ResourceOutcome::Failed, "its rules could not be removed: " + end.text);
    finish(ResourceOutcome::Stopped, "its rules are still there, and reach nothing without the address: " + end.text);
}

void PoolAgent::probe(ports::AgentDone done) {
    if (m_doing != Doing::Nothing) return done({ResourceOutcome::CouldNotRun, "a start or stop is under way"});
    if (m_running) return done({ResourceOutcome::Running, words()});
    m_nft.run(listing(), [this, done](const NftEnd& end) {
        if (end.absent) return done({ResourceOutcome::Stopped, "it has no rules in the kernel"});
        if (!end.well) return done({ResourceOutcome::CouldNotRun, end.text});
        // They serve as they are until the first round of checks is over; then they are written anew.
        m_running = true;
        if (const Result<bool> forwards = needForwarding(m_family == "ip6", m_plan.sysctls); !forwards)
            notice(Kind::Progress, forwards.error().text());
        m_checks.begin(servingIn(end.text, m_plan.settings));
        watch();
        done({ResourceOutcome::Running, "its rules are in the kernel; the servers are being checked"});
    });
}

// Nothing is checked, looked at or changed any more.
void PoolAgent::quiet() {
    m_checks.end();
    m_watch.stop();
    m_lookSoon.stop();
    m_lookTimer.stop();
    m_retry.stop();
    m_running = m_known = m_loading = m_changedMeanwhile = m_toldUnhealthy = m_toldBlind = false;
    m_failedLoads = 0;
    m_rules.clear();
    m_listing.clear();
}

// --- from checks to rules

std::vector<ServerDuty> PoolAgent::duties() const {
    std::vector<ServerDuty> duties;
    for (std::size_t i = 0; i < m_plan.settings.servers.size(); ++i)
        duties.push_back(m_checks.health()[i].state() == State::Out ? ServerDuty::Out
                         : m_plan.settings.servers[i].maintenance   ? ServerDuty::Resting
                                                                    : ServerDuty::Serves);
    return duties;
}

bool PoolAgent::empty() const {
    const std::vector<ServerDuty> all = duties();
    return std::find(all.begin(), all.end(), ServerDuty::Serves) == all.end();
}

void PoolAgent::refresh() {
    if (!m_known) return;
    if (m_loading) {
        m_changedMeanwhile = true;
        return;
    }
    m_retry.stop();
    const bool starting = m_doing == Doing::Starting;
    if (starting && m_plan.settings.failWhenEmpty && empty()) return finish(ResourceOutcome::Failed, words());
    const std::string rules = poolRules(m_plan.settings, m_table, duties());
    if (rules == m_rules) return settled();
    if (const Result<void> written = writeRules(rules); !written) return notLoaded(written.error().text());
    m_loading = true;
    m_nft.run({"-f", m_plan.rulesFile}, [this, rules](const NftEnd& end) { loaded(end, rules); });
}

Result<void> PoolAgent::writeRules(const std::string& rules) const {
    const platform::FileDescriptor file(
        ::open(m_plan.rulesFile.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.valid() || ::write(file.get(), rules.data(), rules.size()) != static_cast<ssize_t>(rules.size()))
        return platform::systemError("write its rules to", m_plan.rulesFile, errno, "look at the run directory");
    return {};
}

void PoolAgent::loaded(const NftEnd& end, const std::string& rules) {
    m_loading = false;
    if (!end.well) return notLoaded(end.text);
    m_rules = rules;
    m_listing.clear();
    if (std::exchange(m_changedMeanwhile, false)) return refresh();
    readBack();
}

void PoolAgent::notLoaded(const std::string& why) {
    m_changedMeanwhile = false;
    const std::string text = "its rules could not be loaded: " + why;
    if (m_doing == Doing::Starting) return finish(ResourceOutcome::Failed, text);
    m_retry.start(retryInterval);
    notice(++m_failedLoads == maxFailedLoads ? Kind::Unhealthy : Kind::Progress, text);
}

// How the kernel shows them is what later looks are compared with.
void PoolAgent::readBack() {
    m_nft.run(listing(), [this](const NftEnd& end) {
        if (!end.well) {
            m_rules.clear();
            return notLoaded(end.text);
        }
        m_listing = end.text;
        m_failedLoads = 0;
        settled();
    });
}

void PoolAgent::settled() {
    if (m_doing == Doing::Starting) {
        m_running = true;
        watch();
        finish(ResourceOutcome::Running, words());
        if (!m_running) return; // who heard it has stopped it
    }
    tell();
}

void PoolAgent::tell() {
    const bool none = empty();
    const std::string text = words();
    bool allWell = !none;
    for (std::size_t i = 0; i < m_plan.settings.servers.size(); ++i)
        allWell = allWell && m_checks.health()[i].state() != State::Out && m_checks.trouble(i).empty();
    const std::string subject = "pool " + m_plan.name + " of group " + m_plan.group + ": ";
    if (allWell)
        m_alarms.clear(m_alarm);
    else
        m_alarms.raise({.id = m_alarm,
                        .severity = none ? model::Severity::Critical : model::Severity::Warning,
                        .text = subject + text + (none ? "; clients are refused" : ""),
                        .remedy = "look at the servers that are named",
                        .since = platform::monotonicNow(),
                        .sinceWallClockMs = platform::wallClockMs()});
    notice(Kind::Progress, text);
    if (!none) m_toldUnhealthy = false;
    if (none && m_plan.settings.failWhenEmpty && !std::exchange(m_toldUnhealthy, true))
        notice(Kind::Unhealthy, "no server serves: " + text);
}

std::string PoolAgent::words() const {
    std::vector<ServerStanding> standings;
    for (std::size_t i = 0; i < m_plan.settings.servers.size(); ++i) {
        const ServerHealth& health = m_checks.health()[i];
        standings.push_back({health.state(), m_plan.settings.servers[i].maintenance, health.sinceWallClockMs(),
                             health.reason(), m_checks.trouble(i)});
    }
    return poolWords(m_plan.settings.servers, standings);
}

model::ResourceChecks PoolAgent::checks() const {
    model::ResourceChecks all;
    for (std::size_t i = 0; i < m_plan.settings.servers.size(); ++i) {
        const model::PoolServer& server = m_plan.settings.servers[i];
        const ServerHealth& health = m_checks.health()[i];
        const bool six = server.address.find(':') != std::string::npos;
        const std::string& trouble = m_checks.trouble(i);
        all.servers.push_back(
            {.name = server.name,
             .address = (six ? "[" + server.address + "]" : server.address) + ":" + std::to_string(server.port),
             .state = health.state() == State::In    ? "in"
                      : health.state() == State::Out ? "out"
                                                     : "unknown",
             .maintenance = server.maintenance,
             .counts = m_checks.counts(i),
             .detail = (trouble.empty() ? health.reason() : trouble).substr(0, model::maxCheckDetail)});
    }
    return all;
}

// --- whether the rules are still what they were

std::vector<std::string> PoolAgent::listing() const { return {"-s", "list", "table", m_family, m_table}; }

void PoolAgent::watch() {
    const Result<void> heard = m_watch.start([this] {
        if (!m_lookSoon.running()) m_lookSoon.start(lookDelay);
    });
    if (!heard) notice(Kind::Progress, heard.error().text() + "; they are looked at every " + toText(lookInterval));
    m_lookTimer.start(lookInterval);
}

void PoolAgent::look() {
    m_lookTimer.start(lookInterval);
    if (m_loading || m_nft.busy()) return m_lookSoon.start(lookDelay);
    if (m_listing.empty()) return; // they will be loaded, as soon as it is known what they should be
    m_nft.run(listing(), [this](const NftEnd& end) { looked(end); });
}

void PoolAgent::looked(const NftEnd& end) {
    if (!end.well && !end.absent) {
        if (!std::exchange(m_toldBlind, true)) notice(Kind::Progress, "its rules could not be looked at: " + end.text);
        return;
    }
    m_toldBlind = false;
    if (end.well && end.text == m_listing) return;
    notice(Kind::Progress, std::string("its rules were ") + (end.absent ? "removed" : "changed") +
                               " by somebody else; they are put right");
    m_rules.clear();
    refresh();
}

// --- small things

void PoolAgent::finish(ResourceOutcome outcome, const std::string& detail) {
    if (outcome == ResourceOutcome::Failed && m_doing == Doing::Starting) quiet();
    m_doing = Doing::Nothing;
    const ports::AgentDone done = std::exchange(m_done, nullptr);
    if (done) done({outcome, detail});
}

void PoolAgent::notice(Kind kind, const std::string& detail) {
    if (onNotice) onNotice({kind, detail});
}

} // namespace dyad::agents
