// SPDX-License-Identifier: Apache-2.0
#include "recorder/flight/as_scenario.h"

#include "base/overloaded.h"
#include "engine/timeouts.h"
#include "recorder/flight/replay.h"
#include "recorder/flight/words.h"

#include <algorithm>
#include <cstdio>
#include <map>

namespace dyad::recorder {

using model::Liveness;

namespace {

// What the scenario calls things; it knows two hosts and three kinds of resources by the beginnings of their names.
const char* hostWord(model::NodeId node) { return node == model::NodeId::First ? "alpha" : "beta"; }

std::string resourceWord(const model::ResourceSetup& resource) {
    std::string word;
    for (const char c : resource.name)
        if (c > ' ' && c != ',' && c != '/' && c != '#') word += c;
    const bool filesystem = std::holds_alternative<model::FilesystemSettings>(resource.settings);
    const bool address = std::holds_alternative<model::AddressSettings>(resource.settings);
    const bool looksLikeOne = word.rfind("data", 0) == 0 || word.rfind("ip", 0) == 0;
    if (filesystem && word.rfind("data", 0) != 0) return "data-" + word;
    if (address && word.rfind("ip", 0) != 0) return "ip-" + word;
    if (!filesystem && !address && looksLikeOne) return "run-" + word;
    return word;
}

class Writer {
public:
    Writer(const Recording& recording, const Run& run)
        : m_configuration(run.header.configuration), m_self(run.header.self), m_peer(model::otherNode(m_self)),
          m_replay(recording, run), m_settled(engine::timeoutsOf(m_configuration.profile).startupWait() * 2 + 10s) {}

    std::string write() {
        while (m_replay.next() && m_lines.size() < maxScenarioCommands) {
            if (!m_begin) m_begin = m_replay.event().at;
            m_now = m_replay.event().at;
            take(m_replay.event().event);
            noteOwners();
            for (const std::string& alarm : m_replay.engine().state().alarms)
                if (alarm.rfind("link.one-way:", 0) == 0)
                    remark("link " + alarm.substr(alarm.find(':') + 1) + " worked one way for a while");
        }
        closeSilences();
        return text();
    }

private:
    void at(Instant when, const std::string& command) { m_lines.emplace(std::max(when, *m_begin), command); }
    void remark(const std::string& what) {
        if (std::find(m_remarks.begin(), m_remarks.end(), what) == m_remarks.end()) m_remarks.push_back(what);
    }

    void take(const engine::Event& event) {
        const std::string self = hostWord(m_self);
        std::visit(Overloaded{
                       [&](const engine::HeartChanged& heart) { hear(heart); },
                       [&](const engine::GatewayChanged& gateway) {
                           if (gateway.reachable != m_gateway)
                               at(m_now, "gateway " + self + (gateway.reachable ? " back" : " lost"));
                           m_gateway = gateway.reachable;
                       },
                       [&](const model::LunNotice& notice) { path(notice); },
                       [&](const model::ResourceNotice& notice) {
                           if (notice.kind != model::ResourceNotice::Kind::Progress)
                               at(m_now, (notice.kind == model::ResourceNotice::Kind::Died ? "die " : "sick ") + self +
                                             " " + resource(notice.group, notice.resource));
                       },
                       [&](const model::ResourceAnswer& answer) { trouble(answer); },
                       [&](const engine::OrderGiven& order) { give(order); },
                       [&](const engine::ShutdownRequested&) { at(m_now, "shutdown " + self); },
                       [&](const engine::WasFrozen& frozen) {
                           at(m_now - frozen.gap, "freeze " + self + " " + ms(frozen.gap));
                       },
                       [](const auto&) {},
                   },
                   event);
    }

    void path(const model::LunNotice& notice) {
        if (notice.kind == model::LunNotice::Kind::Fenced) return; // follows from what the other host does
        const bool up = notice.kind == model::LunNotice::Kind::PathUp;
        const bool before = m_paths.emplace(notice.lun, true).first->second;
        m_paths[notice.lun] = up;
        if (up == before) return;
        const std::string lun = lunWord(notice.lun);
        if (lun.empty()) return;
        at(m_now, "path " + std::string(hostWord(m_self)) + (up ? " up " : " down ") + lun);
    }

    void trouble(const model::ResourceAnswer& answer) {
        const bool failed =
            answer.outcome == model::ResourceOutcome::Failed || answer.outcome == model::ResourceOutcome::CouldNotRun;
        if (failed && answer.verb != model::ResourceVerb::Probe)
            remark(std::string(toText(answer.verb)) + " of " + resource(answer.group, answer.resource) +
                   " failed: " + answer.detail + " (add `fail` before it, and `mend`, where it matters)");
    }

    void give(const engine::OrderGiven& order) {
        const std::string self = hostWord(m_self);
        switch (order.kind) {
        case model::OrderKind::MaintenanceOn: return at(m_now, "order " + self + " maintenance on");
        case model::OrderKind::MaintenanceOff: return at(m_now, "order " + self + " maintenance off");
        case model::OrderKind::RestartResource:
            return at(m_now, "order " + self + " restart " + resource(order.group, order.resource));
        case model::OrderKind::ReleaseClaim:
            return remark("a stranger's key was removed by an order: scenarios have no strangers");
        default:
            at(m_now, "order " + self + " " + toText(order.kind) + " " + groupName(order.group, m_configuration));
        }
    }

    void hear(const engine::HeartChanged& heart) {
        const std::string peer = hostWord(m_peer);
        std::optional<Instant> heardAgain;
        for (std::size_t i = 0; i < heart.links.size() && i < m_configuration.links.size(); ++i) {
            const model::LinkReport& link = heart.links[i];
            const bool silent = link.liveness == Liveness::Suspect || link.liveness == Liveness::Lost;
            if (silent && link.everHeard) m_silent.emplace(i, link.lastHeard);
            if (link.liveness == Liveness::Alive && m_silent.count(i) != 0) heardAgain = m_now;
        }
        const bool allSilent = m_silent.size() == m_configuration.links.size() && !m_configuration.links.empty();
        if (allSilent && !m_dark) {
            m_dark = true;
            m_darkSince = m_silent.begin()->second;
            for (const auto& [link, since] : m_silent)
                m_darkSince = std::max(m_darkSince, since);
        }
        if (heardAgain) lightAgain(heart, *heardAgain);
        if (heart.peer.everHeard) hearPeer(heart.peer, peer);
        m_heardOnce = m_heardOnce || heart.peer.everHeard;
    }

    // Silence on every link that ends: a new boot tells of a host that was off, the same boot of cables or a
    // standstill.
    void lightAgain(const engine::HeartChanged& heart, Instant when) {
        const std::string peer = hostWord(m_peer);
        if (m_dark && heart.peer.boot != m_boot && m_boot.value != 0) {
            at(m_darkSince, "poweroff " + peer);
            at(when, "poweron " + peer);
        } else if (m_dark) {
            at(m_darkSince, "cut all");
            at(when, "heal");
            remark("the silence on every link was a cut or a standstill of the peer: this host's recording can't tell, "
                   "it is written as a cut");
        } else {
            for (const auto& [link, since] : m_silent)
                at(since, "cut " + m_configuration.links[link].name);
            at(when, "heal");
        }
        m_silent.clear();
        m_dark = false;
    }

    void hearPeer(const model::PeerReport& report, const std::string& peer) {
        const model::NodeStatus& status = report.status;
        if (m_heardOnce && report.boot == m_boot) {
            if (status.leaving && !m_status.leaving) at(m_now, "shutdown " + peer);
            if (!status.serviceAlive && m_status.serviceAlive && !status.leaving && !m_status.leaving)
                at(m_now, "kill-service " + peer);
            if (status.serviceAlive && !m_status.serviceAlive) at(m_now, "start-service " + peer);
            if (status.maintenance != m_status.maintenance)
                at(m_now, "order " + peer + " maintenance " + (status.maintenance ? "on" : "off"));
        }
        if (status.configurationDigest != m_configuration.digest && status.serviceAlive)
            remark("the two hosts ran different configuration files: add `drift " + peer + "`");
        m_boot = report.boot;
        m_status = status;
    }

    void closeSilences() {
        if (m_silent.empty()) return;
        if (m_dark) {
            at(m_darkSince, std::string("poweroff ") + hostWord(m_peer));
            remark("the silence on every link lasts to the end of the recording: it is written as a power-off of the "
                   "peer, and may have been a cut");
            return;
        }
        for (const auto& [link, since] : m_silent)
            at(since, "cut " + m_configuration.links[link].name);
    }

    // Who runs a group when the first thing happens is the scenario's preferred host.
    void noteOwners() {
        if (!m_lines.empty() && m_now > m_lines.begin()->first && !m_owners.empty()) return;
        const auto& groups = m_replay.engine().state().groups;
        for (std::size_t g = 0; g < groups.size(); ++g) {
            if (engine::owns(groups[g].role)) m_owners[g] = m_self;
            if (g < m_status.groups.size() && engine::owns(m_status.groups[g].role)) m_owners[g] = m_peer;
        }
    }

    [[nodiscard]] std::string ms(Duration duration) const {
        return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
    }
    [[nodiscard]] std::string resource(model::GroupId group, model::ResourceId id) const {
        if (group.value >= m_configuration.groups.size()) return "?";
        const auto& setup = m_configuration.groups[group.value];
        const std::string word = id.value < setup.resources.size() ? resourceWord(setup.resources[id.value]) : "?";
        return m_configuration.groups.size() > 1 ? setup.name + "/" + word : word;
    }
    // As the scenario numbers the LUNs of a group.
    [[nodiscard]] std::string lunWord(model::LunId lun) const {
        for (const model::GroupSetup& group : m_configuration.groups)
            for (std::size_t i = 0; i < group.luns.size(); ++i)
                if (group.luns[i] == lun)
                    return group.name + (group.luns.size() > 1 ? "-" + std::to_string(i + 1) : "-lun");
        return {};
    }

    std::string text() const {
        const model::Configuration& configuration = m_configuration;
        std::string text = "# Made of a flight recording of " + configuration.nodes[model::indexOf(m_self)].name +
                           " (here " + hostWord(m_self) + "): say here what it shows, and what must come of it.\n";
        for (const std::string& remark : m_remarks)
            text += "# Not carried over: " + remark + "\n";
        const char* profiles[] = {"fast", "standard", "relaxed"};
        text += std::string("profile ") + profiles[static_cast<std::size_t>(configuration.profile)] + "\nlinks";
        for (const model::LinkSetup& link : configuration.links)
            text += " " + link.name;
        text += "\n";
        if (!configuration.gateways.empty()) text += "gateway\n";
        for (std::size_t g = 0; g < configuration.groups.size(); ++g)
            text += groupLine(g);
        const Duration shift = m_settled;
        text += "trace from " + ms(shift) + "\n";
        for (const auto& [when, command] : m_lines)
            text += "at " + ms(when - *m_begin + shift) + " " + command + "\n";
        const Instant last = m_lines.empty() ? m_now : std::max(m_now, m_lines.rbegin()->first);
        text += "end " + ms(last - m_begin.value_or(m_now) + shift) + "\n----\n";
        return text;
    }

    [[nodiscard]] std::string groupLine(std::size_t index) const {
        const model::GroupSetup& group = m_configuration.groups[index];
        std::string line = "group " + group.name + " luns=" + std::to_string(group.luns.size()) + " resources=";
        for (std::size_t r = 0; r < group.resources.size(); ++r)
            line += (r > 0 ? "," : "") + resourceWord(group.resources[r]);
        const auto owner = m_owners.find(index);
        if (owner != m_owners.end() || group.prefer)
            line += std::string(" prefer=") + hostWord(owner != m_owners.end() ? owner->second : *group.prefer);
        if (group.failback == model::Failback::Auto) line += " failback=auto";
        if (!group.resources.empty()) {
            const model::ResourceSetup& first = group.resources.front();
            line += " restarts=" + std::to_string(first.ladder.restarts) +
                    " backoff=" + ms(first.ladder.backoff) + " start-timeout=" + ms(first.startTimeout) +
                    " stop-timeout=" + ms(first.stopTimeout);
        }
        return line + "\n";
    }

    const model::Configuration& m_configuration;
    const model::NodeId m_self;
    const model::NodeId m_peer;
    Replay m_replay;
    const Duration m_settled;
    std::optional<Instant> m_begin;
    Instant m_now;
    std::multimap<Instant, std::string> m_lines;
    std::vector<std::string> m_remarks;
    std::map<std::size_t, Instant> m_silent; // by link: last heard
    bool m_dark = false;                     // on every link
    Instant m_darkSince;
    bool m_gateway = true;
    std::map<model::LunId, bool> m_paths;
    bool m_heardOnce = false;
    model::BootDigest m_boot;
    model::NodeStatus m_status;
    std::map<std::size_t, model::NodeId> m_owners;
};

} // namespace

std::string asScenario(const Recording& recording, const Run& run) { return Writer(recording, run).write(); }

} // namespace dyad::recorder
