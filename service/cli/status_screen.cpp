// SPDX-License-Identifier: Apache-2.0
#include "cli/status_screen.h"

#include "cli/words.h"
#include "control/client/headline.h"

#include <algorithm>

namespace dyad::cli {
namespace {

using control::Condition;
using model::ClusterView;
using model::GroupView;
using model::Liveness;
using model::ResourceState;
using model::Role;

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char each) { return static_cast<char>(std::toupper(each)); });
    return text;
}

Tone toneOf(Liveness liveness) {
    switch (liveness) {
    case Liveness::Alive: return Tone::Good;
    case Liveness::Suspect: return Tone::Warning;
    case Liveness::Lost: return Tone::Bad;
    case Liveness::Unknown: return Tone::Faint;
    }
    return Tone::Plain;
}

Tone toneOf(Role role) {
    switch (role) {
    case Role::Active: return Tone::Good;
    case Role::Claiming:
    case Role::Starting:
    case Role::Stopping: return Tone::Busy;
    case Role::Maintenance: return Tone::Warning;
    case Role::Lost:
    case Role::Failed: return Tone::Bad;
    case Role::Standby: return Tone::Faint;
    }
    return Tone::Plain;
}

Tone toneOf(ResourceState state) {
    switch (state) {
    case ResourceState::Running: return Tone::Good;
    case ResourceState::Starting:
    case ResourceState::Stopping: return Tone::Busy;
    case ResourceState::Failed: return Tone::Bad;
    case ResourceState::Stopped:
    case ResourceState::Unknown: return Tone::Faint;
    }
    return Tone::Plain;
}

Tone toneOf(model::Severity severity) {
    switch (severity) {
    case model::Severity::Information: return Tone::Plain;
    case model::Severity::Warning: return Tone::Warning;
    case model::Severity::Critical: return Tone::Bad;
    }
    return Tone::Plain;
}

// Bad news in capitals: it must be found without colours.
std::string word(const Paint& paint, Tone tone, const char* text) {
    return paint.text(tone, tone == Tone::Bad ? upper(text) : std::string(text));
}

std::string heading(const Paint& paint, const char* text) { return "\n" + paint.text(Tone::Strong, text) + "\n"; }

class Screen {
public:
    Screen(const ClusterView& view, const Paint& paint) : m_view(view), m_paint(paint) {}

    std::string text() const { return headlines() + where() + groups() + nodes() + links() + luns() + alarms(); }

private:
    std::string headlines() const {
        std::string text;
        for (const control::Sentence& sentence : control::headlinesOf(m_view)) {
            const Tone tone = cli::toneOf(sentence.condition);
            text += m_paint.symbol(tone) + " " +
                    m_paint.text(tone, std::string(control::toText(sentence.condition)) + ":") + " " +
                    m_paint.text(Tone::Strong, sentence.text) + "\n";
            if (!sentence.next.empty()) text += "  " + std::string(m_paint.arrow()) + " " + sentence.next + "\n";
        }
        if (!m_view.alarms.empty())
            text += "  " + std::to_string(m_view.alarms.size()) +
                    (m_view.alarms.size() == 1 ? " alarm stands" : " alarms stand") + ", see below.\n";
        return text;
    }

    std::string where() const {
        return m_paint.text(Tone::Faint, "  cluster " + m_view.cluster + ", profile " + m_view.profile + ", as " +
                                             m_view.node + " sees it at " + localTime(m_view.wallClockMs)) +
               "\n";
    }

    // --- groups -----------------------------------------------------------------------------------------------------

    std::string groups() const {
        std::string text = heading(m_paint, "GROUPS");
        for (const GroupView& group : m_view.groups)
            text += one(group);
        if (m_view.groups.empty()) text += "  none\n";
        return text;
    }

    std::string one(const GroupView& group) const {
        const Condition condition = control::headlineOf(m_view, group).condition;
        std::string state = m_paint.text(Tone::Good, "active on " + group.activeNode);
        if (group.activeNode.empty() && group.disabled)
            state = word(m_paint, Tone::Warning, "disabled");
        else if (group.activeNode.empty())
            state = condition == Condition::Moving ? m_paint.text(Tone::Busy, "active nowhere yet")
                                                   : word(m_paint, Tone::Bad, "active nowhere");
        else if (group.activeNode == group.preferredNode)
            state += m_paint.text(Tone::Faint, " (its preferred node)");
        if (group.frozen) state += ", " + word(m_paint, Tone::Warning, "frozen");
        std::string text =
            "  " + m_paint.symbol(cli::toneOf(condition)) + " " + m_paint.text(Tone::Strong, group.name) + "  " + state;
        for (const model::NodeView& node : m_view.nodes) {
            if (node.name == group.activeNode) continue;
            const Role role = control::roleOn(m_view, group, node.name);
            const bool stale = !node.self && !group.peerRoleFresh;
            text += ", " + (stale ? m_paint.text(Tone::Faint, "unknown") : word(m_paint, toneOf(role), toText(role))) +
                    " on " + node.name;
        }
        if (!group.preferredNode.empty() && group.preferredNode != group.activeNode)
            text += m_paint.text(Tone::Faint, "; it prefers " + group.preferredNode);
        text += "\n";
        if (!group.activeNode.empty() && !group.preferredNode.empty() && group.activeNode != group.preferredNode &&
            condition == Condition::Well)
            text += "    to bring it back: dyad switchback " + group.name + "\n";
        text += "    " + m_view.node + ": " + toText(group.ownRole) + " since " + localTime(wallOf(group.since)) +
                " (" + age(m_view.at - group.since) + ")" + (group.why.empty() ? "" : "; why: " + group.why) + "\n";
        return text + resources(group);
    }

    std::string resources(const GroupView& group) const {
        const bool elsewhere = !group.activeNode.empty() && group.activeNode != m_view.node;
        const bool quiet =
            std::all_of(group.resources.begin(), group.resources.end(), [](const model::ResourceView& resource) {
                return resource.state == ResourceState::Stopped && resource.detail.empty() && resource.restarts == 0;
            });
        if (elsewhere && quiet)
            return "    its " + std::to_string(group.resources.size()) + " resources are stopped here; those on " +
                   group.activeNode + ": dyad status --node " + group.activeNode + "\n";
        Table table;
        for (const model::ResourceView& resource : group.resources) {
            const Tone tone = toneOf(resource.state);
            std::string trouble = resource.detail;
            if (resource.restarts > 0)
                trouble += std::string(trouble.empty() ? "" : "; ") + "restarted " + std::to_string(resource.restarts) +
                           (resource.restarts == 1 ? " time" : " times");
            table.row({m_paint.symbol(tone) + " " + resource.name, resource.type,
                       word(m_paint, tone, toText(resource.state)), trouble});
            for (const model::ProbeView& probe : resource.checks.probes)
                if (probe.asked && !probe.last.empty()) table.row(rowOf(probe));
        }
        return table.text("    ");
    }

    std::vector<std::string> rowOf(const model::ProbeView& probe) const {
        const model::CheckResult& last = probe.last.back();
        const Tone tone = last.verdict == model::CheckVerdict::Well     ? Tone::Good
                          : last.verdict == model::CheckVerdict::Failed ? Tone::Bad
                                                                        : Tone::Warning;
        std::string more = probe.counts.well == 0 ? std::string("never well yet")
                                                  : toText(probe.mean) + " " + std::string(m_paint.plusMinus()) + " " +
                                                        toText(probe.deviation);
        if (probe.failing > 0)
            more += ", " + std::to_string(probe.failing) + " of the last " + std::to_string(probe.of) +
                    " failed, the limit is " + std::to_string(probe.limit);
        if (last.verdict != model::CheckVerdict::Well) more += "; " + last.detail;
        return {"  " + m_paint.symbol(tone) + " probe " + probe.name, probe.what,
                word(m_paint, tone, toText(last.verdict)), more};
    }

    // --- nodes and links --------------------------------------------------------------------------------------------

    std::string nodes() const {
        Table table;
        for (const model::NodeView& node : m_view.nodes) {
            Tone tone = toneOf(node.liveness);
            if (tone == Tone::Good && (node.maintenance || node.leaving || !node.serviceAlive)) tone = Tone::Warning;
            std::string more;
            if (node.maintenance) more += "in MAINTENANCE ";
            if (node.leaving) more += "shutting down ";
            if (node.self) more += m_paint.text(Tone::Faint, "(this view)");
            std::string service =
                node.serviceAlive ? "service runs" : m_paint.text(Tone::Warning, "service NOT RUNNING");
            if (node.liveness == Liveness::Lost || node.liveness == Liveness::Unknown) service = "service unknown";
            table.row({m_paint.symbol(tone) + " " + node.name,
                       word(m_paint, toneOf(node.liveness), toText(node.liveness)), service, more});
        }
        return heading(m_paint, "NODES") + table.text("  ");
    }

    std::string links() const {
        Table table;
        for (const model::LinkView& link : m_view.links) {
            const model::LinkReport& report = link.report;
            const bool oneWay = report.liveness == Liveness::Alive && !report.peerHearsUs;
            const Tone tone = oneWay ? Tone::Warning : toneOf(report.liveness);
            std::string more;
            if (oneWay)
                more = m_paint.text(Tone::Warning, "ONE-WAY: the peer doesn't hear us");
            else if (report.liveness != Liveness::Alive)
                more = report.everHeard ? "last heartbeat " + age(m_view.at - report.lastHeard) + " ago"
                                        : "no heartbeat yet";
            if (report.rejected > 0)
                more += (more.empty() ? "" : ", ") + std::to_string(report.rejected) + " datagrams rejected";
            table.row(
                {m_paint.symbol(tone) + " " + link.name,
                 link.ownAddress + " " + std::string(m_paint.bothWays()) + " " + link.peerAddress,
                 word(m_paint, tone, toText(report.liveness)),
                 "round trip " + (report.everHeard && report.liveness != Liveness::Lost ? toText(report.roundTrip)
                                                                                        : std::string(m_paint.dash())),
                 "loss " + percent(report.lossRatio), more});
        }
        return heading(m_paint, "LINKS") + (m_view.links.empty() ? "  none\n" : table.text("  "));
    }

    // --- array ------------------------------------------------------------------------------------------------------

    std::string luns() const {
        if (m_view.luns.empty()) return heading(m_paint, "LUNS") + "  none\n";
        std::string text = heading(m_paint, "LUNS");
        for (const model::LunView& lun : m_view.luns)
            text += one(lun);
        return text;
    }

    std::string one(const model::LunView& lun) const {
        const bool ours = lun.holderName == "nobody" || control::nodeNamed(m_view, lun.holderName);
        Tone tone = lun.known ? Tone::Good : Tone::Faint;
        if (lun.known && lun.snapshot.registrants.size() > 1) tone = Tone::Warning; // somebody challenges the holder
        if (!lun.pathUp || (lun.known && !ours)) tone = Tone::Bad;
        std::string text = "  " + m_paint.symbol(tone) + " " + m_paint.text(Tone::Strong, lun.name);
        if (!lun.group.empty()) text += " of " + lun.group;
        text +=
            ": " + (lun.known ? "held by " + (ours ? lun.holderName : word(m_paint, Tone::Bad, lun.holderName.c_str()))
                              : std::string("holder not read yet"));
        text += lun.pathUp ? "; path up" : "; " + m_paint.text(Tone::Bad, "NO PATH from " + m_view.node);
        if (lun.pathUp)
            text += lun.gateOpen ? ", " + m_view.node + " may write" : ", " + m_view.node + " doesn't write";
        text += "\n";
        if (!lun.detail.empty()) text += "    " + lun.detail + "\n";
        if (!lun.known) return text;
        Table table;
        for (const model::ReservationKey key : lun.snapshot.registrants) {
            char number[24];
            std::snprintf(number, sizeof number, "0x%016llx", static_cast<unsigned long long>(key.value));
            char boot[16];
            std::snprintf(boot, sizeof boot, "boot %05x", key.boot());
            const bool holder = lun.snapshot.holder && *lun.snapshot.holder == key;
            table.row({std::string("key ") + number, nameOf(key, lun), boot, "epoch " + std::to_string(key.epoch()),
                       "login " + std::to_string(key.login()),
                       holder ? m_paint.text(Tone::Strong, "HOLDER") + ", " + typeText(lun.snapshot.type)
                              : std::string("challenger or leftover")});
        }
        if (lun.snapshot.registrants.empty()) table.row({"no key is registered"});
        text += table.text("    ");
        if (m_view.at - lun.readAt > staleAfter)
            text += "    " + m_paint.text(Tone::Faint, "read " + age(m_view.at - lun.readAt) + " ago") + "\n";
        return text;
    }

    static std::string typeText(model::ReservationType type) {
        if (type == model::ReservationType::WriteExclusive) return "write exclusive";
        if (type == model::ReservationType::WriteExclusiveRegistrantsOnly) return "write exclusive, registrants only";
        return "reservation type " + std::to_string(static_cast<int>(type));
    }

    // The key says the node's number; it counts as ours only with the cluster id of a holder that has one of our names.
    std::string nameOf(model::ReservationKey key, const model::LunView& lun) const {
        const bool holderIsOurs = control::nodeNamed(m_view, lun.holderName) != nullptr;
        if (holderIsOurs && lun.snapshot.holder && lun.snapshot.holder->cluster() != key.cluster())
            return "foreign key";
        const std::size_t index = key.nodeNumber();
        if (index == 0 || index > m_view.nodes.size()) return "foreign key";
        return m_view.nodes[index - 1].name;
    }

    std::string alarms() const {
        std::string text = heading(m_paint, "ALARMS");
        if (m_view.alarms.empty()) return text + "  none\n";
        for (const model::AlarmView& alarm : m_view.alarms) {
            const Tone tone = toneOf(alarm.severity);
            text += "  " + m_paint.symbol(tone) + " " + word(m_paint, tone, toText(alarm.severity)) + ": " +
                    alarm.text + " (since " + localTime(alarm.sinceWallClockMs) + ", " + age(m_view.at - alarm.since) +
                    ")\n";
            if (!alarm.remedy.empty()) text += "    " + std::string(m_paint.arrow()) + " " + alarm.remedy + "\n";
        }
        return text;
    }

    std::int64_t wallOf(Instant instant) const {
        return m_view.wallClockMs - std::chrono::duration_cast<std::chrono::milliseconds>(m_view.at - instant).count();
    }

    static constexpr Duration staleAfter = 10s; // a standby reads the keys now and then only

    const ClusterView& m_view;
    const Paint& m_paint;
};

} // namespace

std::string statusScreen(const ClusterView& view, const Paint& paint) { return Screen(view, paint).text(); }

} // namespace dyad::cli
