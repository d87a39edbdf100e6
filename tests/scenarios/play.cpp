// SPDX-License-Identifier: Apache-2.0
#include "scenario.h"
#include "tell.h"
#include "world/world.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <regex>

namespace dyad::scenarios {

using model::NodeId;
using world::Manner;
using world::World;

namespace {

// A reservation key of no node of this cluster.
constexpr model::ReservationKey foreignKey{0x0bad'1000'0000'0100};
constexpr std::uint64_t deadBoot = 0xdead0;

class Play {
public:
    explicit Play(const Scenario& scenario) : m_scenario(scenario), m_world(scenario.configuration) {}

    Result<std::vector<std::string>> run() {
        m_world.onStep = [this](NodeId node, const engine::Event&, const engine::Engine&,
                                const std::vector<engine::Action>& actions) {
            for (const engine::Action& action : actions)
                tell(m_scenario.configuration, action,
                     [&](const ToldLine& told) { line(name(node), told.group, told.kind, readable(told.text)); });
        };
        for (const Planted& each : m_scenario.planted)
            if (!plant(each)) return Error{"plant a key", each.lun, "no such LUN or node", ""};
        for (const NodeId node : model::bothNodes) {
            const bool off =
                std::find(m_scenario.off.begin(), m_scenario.off.end(), name(node)) != m_scenario.off.end();
            const bool drifts =
                std::find(m_scenario.drift.begin(), m_scenario.drift.end(), name(node)) != m_scenario.drift.end();
            if (drifts) m_world.alterConfiguration(node);
            if (!off) m_world.clock().after(0ms, [this, node] { m_world.host(node).powerOn(); });
        }
        for (const Command& command : m_scenario.commands)
            m_world.clock().at(instant(command.atMs), [this, &command] { carryOut(command); });
        m_world.runUntil(instant(m_scenario.endMs));
        if (!m_world.watcher().broken().empty()) m_trace.push_back("BROKEN " + m_world.watcher().broken().front());
        if (m_error) return *m_error;
        tellEnd();
        return std::move(m_trace);
    }

private:
    static Instant instant(double ms) {
        return world::Clock::origin + std::chrono::microseconds(static_cast<long>(ms * 1000));
    }
    const std::string& name(NodeId node) const { return m_scenario.configuration.nodes[model::indexOf(node)].name; }

    // Times to the millisecond; keys by their owner, because the rest of them is noise.
    std::string readable(const std::string& text) const {
        static const std::regex key(
            "0x[0-9a-f]{16} \\(node ([0-9]+), boot ([0-9a-f]{5}), epoch ([0-9]+), login [0-9]+\\)");
        static const std::regex generation("generation [0-9]+, ");
        std::string out;
        auto from = text.cbegin();
        for (std::smatch match; std::regex_search(from, text.cend(), match, key); from = match.suffix().first) {
            const std::string node = match[1] == "1" ? "alpha" : match[1] == "2" ? "beta" : "a stranger";
            const bool foreign = match.str().rfind("0x5d2a", 0) != 0;
            out += std::string(match.prefix().first, match.prefix().second) +
                   (foreign ? "a foreign key" : node + "'s key of epoch " + match[3].str());
        }
        out += std::string(from, text.cend());
        return std::regex_replace(out, generation, "");
    }

    void line(const std::string& who, const std::string& group, const std::string& kind, const std::string& text) {
        if (m_world.clock().sinceOriginMs() < m_scenario.traceFromMs) return;
        char head[96];
        std::snprintf(head, sizeof head, "%8.0f %-6s %-5s %-19s ", m_world.clock().sinceOriginMs(), who.c_str(),
                      group.c_str(), kind.c_str());
        m_trace.push_back(head + text);
    }

    bool plant(const Planted& each) {
        const auto& luns = m_scenario.configuration.luns;
        const auto found =
            std::find_if(luns.begin(), luns.end(), [&](const model::LunSetup& lun) { return lun.name == each.lun; });
        const std::optional<NodeId> node = nodeOf(each.whose);
        if (found == luns.end() || (!node && each.whose != "foreign")) return false;
        const auto key = node ? model::ReservationKey::make(m_scenario.configuration.clusterId, *node,
                                                            model::BootDigest(deadBoot), model::Epoch(7))
                              : foreignKey;
        m_world.array().plant(model::LunId(static_cast<std::uint32_t>(found - luns.begin())), key);
        return true;
    }

    std::optional<NodeId> nodeOf(const std::string& word) const {
        for (const NodeId node : model::bothNodes)
            if (name(node) == word) return node;
        return {};
    }

    std::optional<model::GroupId> groupOf(const std::string& word) const {
        for (std::size_t i = 0; i < m_scenario.configuration.groups.size(); ++i)
            if (m_scenario.configuration.groups[i].name == word) return model::GroupId(static_cast<std::uint32_t>(i));
        return {};
    }

    // "db", or "erp/db" where several groups have one.
    std::optional<std::pair<model::GroupId, model::ResourceId>> resourceOf(const std::string& word) const {
        const std::size_t slash = word.find('/');
        for (std::size_t i = 0; i < m_scenario.configuration.groups.size(); ++i) {
            const model::GroupSetup& group = m_scenario.configuration.groups[i];
            if (slash != std::string::npos && group.name != word.substr(0, slash)) continue;
            for (std::size_t r = 0; r < group.resources.size(); ++r)
                if (group.resources[r].name == word.substr(slash == std::string::npos ? 0 : slash + 1))
                    return std::pair(model::GroupId(static_cast<std::uint32_t>(i)),
                                     model::ResourceId(static_cast<std::uint32_t>(r)));
        }
        return {};
    }

    void carryOut(const Command& command) {
        std::string told;
        for (const std::string& word : command.words)
            told += (told.empty() ? "" : " ") + word;
        line(">>", "", told, "");
        while (!m_trace.empty() && m_trace.back().back() == ' ')
            m_trace.back().pop_back();
        if (!obey(command.words))
            m_error = Error{"play the scenario", "line " + std::to_string(command.line), "not understood: " + told, ""};
    }

    bool obey(const std::vector<std::string>& words) {
        const auto word = [&](std::size_t i) { return i < words.size() ? words[i] : std::string(); };
        const std::string& verb = words[0];
        if (verb == "heal") return m_world.healLinks(), true;
        if (verb == "cut") return cut(word(1), word(2));
        if (verb == "array") return array(word(1), word(2));
        const std::optional<NodeId> node = nodeOf(word(1));
        if (!node) return false;
        world::Host& host = m_world.host(*node);
        if (verb == "poweroff") return host.powerOff(), true;
        if (verb == "poweron") return host.powerOn(), true;
        if (verb == "kill-service") return host.killService(), true;
        if (verb == "start-service") return host.startService(), true;
        if (verb == "shutdown") return host.shutDown(), true;
        if (verb == "freeze") return host.freeze(std::chrono::milliseconds(std::atol(word(2).c_str()))), true;
        if (verb == "gateway") return host.setGateway(word(2) == "back"), word(2) == "back" || word(2) == "lost";
        if (verb == "path") return path(host, word(2), word(3));
        if (verb == "order") return order(host, word(2), word(3));
        return spoil(host, verb, words);
    }

    bool cut(const std::string& which, const std::string& direction) {
        bool found = false;
        for (std::size_t i = 0; i < m_scenario.configuration.links.size(); ++i) {
            if (which != "all" && which != m_scenario.configuration.links[i].name) continue;
            found = true;
            if (direction != "beta->alpha") m_world.cut(i, NodeId::First, true);
            if (direction != "alpha->beta") m_world.cut(i, NodeId::Second, true);
        }
        return found && (direction.empty() || direction == "alpha->beta" || direction == "beta->alpha");
    }

    bool array(const std::string& what, const std::string& lun) {
        if (what == "restart") return m_world.restartArray(), true;
        for (std::size_t i = 0; i < m_scenario.configuration.luns.size(); ++i) {
            if (m_scenario.configuration.luns[i].name != lun) continue;
            m_world.array().refuse(model::LunId(static_cast<std::uint32_t>(i)), what == "refuse");
            return what == "refuse" || what == "obey";
        }
        return false;
    }

    bool path(world::Host& host, const std::string& state, const std::string& lun) {
        for (std::size_t i = 0; i < m_scenario.configuration.luns.size(); ++i)
            if (lun.empty() || lun == m_scenario.configuration.luns[i].name)
                host.setPath(model::LunId(static_cast<std::uint32_t>(i)), state == "up");
        return state == "up" || state == "down";
    }

    bool order(world::Host& host, const std::string& what, const std::string& about) {
        engine::OrderGiven given;
        given.request = model::RequestId(++m_orders);
        given.who = "operator";
        if (what == "maintenance") {
            given.kind = about == "on" ? model::OrderKind::MaintenanceOn : model::OrderKind::MaintenanceOff;
            host.order(given);
            return about == "on" || about == "off";
        }
        const auto* kind = std::find_if(model::orderKinds.begin(), model::orderKinds.end(),
                                        [&](model::OrderKind each) { return what == toText(each); });
        if (kind == model::orderKinds.end() || *kind == model::OrderKind::ReleaseClaim) return false;
        given.kind = *kind;
        if (given.kind == model::OrderKind::RestartResource) {
            const auto resource = resourceOf(about);
            if (!resource) return false;
            std::tie(given.group, given.resource) = *resource;
        } else {
            const auto group = groupOf(about);
            if (!group) return false;
            given.group = *group;
        }
        host.order(given);
        return true;
    }

    bool spoil(world::Host& host, const std::string& verb, const std::vector<std::string>& words) {
        const auto at = words.size() > 2 ? resourceOf(words[2]) : std::nullopt;
        if (!at) return false;
        world::VirtualResource& resource = host.resource(at->first, at->second);
        if (verb == "die" || verb == "sick") return host.resourceDies(at->first, at->second, verb == "sick"), true;
        if (verb == "mend") {
            resource.start = resource.stop = resource.kill = resource.probe = Manner::Well;
            return true;
        }
        if (words.size() < 4) return false;
        if (verb == "slow") {
            const auto takes = std::chrono::milliseconds(words.size() > 4 ? std::atol(words[4].c_str()) : 0);
            (words[3] == "start"  ? resource.startTakes
             : words[3] == "stop" ? resource.stopTakes
                                  : resource.killTakes) = takes;
            return true;
        }
        Manner* manner = words[3] == "start"   ? &resource.start
                         : words[3] == "stop"  ? &resource.stop
                         : words[3] == "kill"  ? &resource.kill
                         : words[3] == "probe" ? &resource.probe
                                               : nullptr;
        if (!manner || (verb != "fail" && verb != "hang")) return false;
        *manner = verb == "fail" ? Manner::Fails : Manner::Hangs;
        return true;
    }

    void tellEnd() {
        m_trace.emplace_back("at the end");
        for (const NodeId node : model::bothNodes)
            m_trace.push_back("  " + name(node) + ": " + stateOf(node));
        for (std::size_t i = 0; i < m_scenario.configuration.luns.size(); ++i)
            m_trace.push_back("  " + m_scenario.configuration.luns[i].name + ": " +
                              readable(toText(m_world.array().snapshot(model::LunId(static_cast<std::uint32_t>(i))))));
    }

    std::string stateOf(NodeId node) {
        const world::Host& host = m_world.host(node);
        if (!host.powered()) return "off";
        std::string text = host.engine() ? "" : "no service, ";
        for (std::size_t i = 0; i < m_scenario.configuration.groups.size(); ++i) {
            const model::GroupId group(static_cast<std::uint32_t>(i));
            const model::GroupSetup& setup = m_scenario.configuration.groups[i];
            if (host.engine())
                text += std::string(i ? "; " : "") + setup.name + " " + toText(host.engine()->state().groups[i].role) +
                        ", ";
            std::string running;
            for (std::size_t r = 0; r < setup.resources.size(); ++r)
                if (host.resources(group)[r].running) running += " " + setup.resources[r].name;
            text += running.empty() ? "nothing runs" : "runs" + running;
        }
        std::string alarms;
        for (const std::string& each : host.alarms())
            alarms += " " + each;
        return text + (alarms.empty() ? "" : "; alarms" + alarms) + "; asked the array " +
               std::to_string(host.requestsSent()) + " times";
    }

    const Scenario& m_scenario;
    World m_world;
    std::vector<std::string> m_trace;
    std::optional<Error> m_error;
    std::uint64_t m_orders = 0;
};

} // namespace

Result<std::vector<std::string>> play(const Scenario& scenario) { return Play(scenario).run(); }

} // namespace dyad::scenarios
