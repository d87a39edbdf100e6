// SPDX-License-Identifier: Apache-2.0
#include "control/server/metrics.h"

#include <algorithm>

namespace dyad::control {
namespace {

// Label values escape backslash, quote and line end.
QByteArray escaped(const std::string& value) {
    QByteArray text;
    for (const char each : value) {
        if (each == '\\' || each == '"') text += '\\';
        if (each == '\n')
            text += "\\n";
        else
            text += each;
    }
    return text;
}

class Page {
public:
    void family(const char* name, const char* type, const char* help) {
        m_name = name;
        m_text += QByteArray("# HELP ") + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
    }
    void sample(std::initializer_list<std::pair<const char*, std::string>> labels, double value) {
        m_text += m_name;
        const char* before = "{";
        for (const auto& [name, text] : labels) {
            m_text += QByteArray(before) + name + "=\"" + escaped(text) + "\"";
            before = ",";
        }
        if (labels.size() != 0) m_text += '}';
        m_text += ' ' + QByteArray::number(value, 'g', 17) + '\n';
    }
    void single(const char* name, const char* type, const char* help, double value) {
        family(name, type, help);
        sample({}, value);
    }
    [[nodiscard]] QByteArray text() const { return m_text; }

private:
    const char* m_name = "";
    QByteArray m_text;
};

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

void nodesAndLinks(Page& page, const model::ClusterView& view) {
    page.family("dyad_node_alive", "gauge", "1 where the node is alive, as this node sees it");
    for (const model::NodeView& node : view.nodes)
        page.sample({{"node", node.name}}, node.liveness == model::Liveness::Alive ? 1 : 0);
    page.family("dyad_node_maintenance", "gauge", "1 while the node is in maintenance");
    for (const model::NodeView& node : view.nodes)
        page.sample({{"node", node.name}}, node.maintenance ? 1 : 0);

    page.family("dyad_link_alive", "gauge", "1 where heartbeats arrive on the link");
    for (const model::LinkView& link : view.links)
        page.sample({{"link", link.name}}, link.report.liveness == model::Liveness::Alive ? 1 : 0);
    page.family("dyad_link_round_trip_seconds", "gauge", "Smoothed round trip of heartbeats");
    for (const model::LinkView& link : view.links)
        page.sample({{"link", link.name}}, seconds(link.report.roundTrip));
    page.family("dyad_link_loss_ratio", "gauge", "Part of the last 100 expected heartbeats that did not arrive");
    for (const model::LinkView& link : view.links)
        page.sample({{"link", link.name}}, link.report.lossRatio);
    page.family("dyad_link_heartbeats_received_total", "counter", "Valid heartbeats");
    for (const model::LinkView& link : view.links)
        page.sample({{"link", link.name}}, static_cast<double>(link.report.received));
    page.family("dyad_link_heartbeats_rejected_total", "counter", "Datagrams that were no valid heartbeat");
    for (const model::LinkView& link : view.links)
        page.sample({{"link", link.name}}, static_cast<double>(link.report.rejected));
}

void groupsAndLuns(Page& page, const model::ClusterView& view) {
    page.family("dyad_group_active", "gauge", "1 where this node is active in the group");
    for (const model::GroupView& group : view.groups)
        page.sample({{"group", group.name}}, group.ownRole == model::Role::Active ? 1 : 0);
    page.family("dyad_group_role", "gauge", "1 with the present role of this node in the group as a label");
    for (const model::GroupView& group : view.groups)
        page.sample({{"group", group.name}, {"role", toText(group.ownRole)}}, 1);
    page.family("dyad_group_epoch", "gauge", "Claims of the group so far, over both nodes");
    for (const model::GroupView& group : view.groups)
        page.sample({{"group", group.name}}, group.epoch);
    page.family("dyad_resource_running", "gauge", "1 where the resource runs on this node");
    for (const model::GroupView& group : view.groups)
        for (const model::ResourceView& resource : group.resources)
            page.sample({{"group", group.name}, {"resource", resource.name}},
                        resource.state == model::ResourceState::Running ? 1 : 0);
    page.family("dyad_resource_restarts", "gauge", "Restarts within the window of the recovery ladder");
    for (const model::GroupView& group : view.groups)
        for (const model::ResourceView& resource : group.resources)
            page.sample({{"group", group.name}, {"resource", resource.name}}, resource.restarts);

    page.family("dyad_lun_path_up", "gauge", "1 while this node has a session with the array for the LUN");
    for (const model::LunView& lun : view.luns)
        page.sample({{"lun", lun.name}}, lun.pathUp ? 1 : 0);
    page.family("dyad_lun_registrants", "gauge", "Reservation keys registered on the LUN, as last read");
    for (const model::LunView& lun : view.luns)
        page.sample({{"lun", lun.name}}, static_cast<double>(lun.snapshot.registrants.size()));
}

} // namespace

QByteArray metricsText(const model::ClusterView& view, const Counters& counters, std::uint64_t lastSequence) {
    Page page;
    page.family("dyad_info", "gauge", "Names of the cluster and of the node that speaks");
    page.sample({{"cluster", view.cluster}, {"node", view.node}, {"profile", view.profile}}, 1);
    nodesAndLinks(page, view);
    groupsAndLuns(page, view);

    page.family("dyad_alarms", "gauge", "Alarms that stand, by severity");
    for (const model::Severity severity :
         {model::Severity::Information, model::Severity::Warning, model::Severity::Critical})
        page.sample({{"severity", toText(severity)}},
                    static_cast<double>(
                        std::count_if(view.alarms.begin(), view.alarms.end(),
                                      [&](const model::AlarmView& alarm) { return alarm.severity == severity; })));
    page.single("dyad_journal_entries_total", "counter", "Sequence of the newest journal entry",
                static_cast<double>(lastSequence));

    page.single("dyad_control_requests_total", "counter", "Requests to the control server",
                static_cast<double>(counters.requests));
    page.single("dyad_control_refused_tokens_total", "counter", "Requests refused for their token",
                static_cast<double>(counters.refusedTokens));
    page.single("dyad_control_limited_total", "counter", "Wrong tokens answered 429, beyond the budget of their address",
                static_cast<double>(counters.limited));
    page.single("dyad_control_bad_requests_total", "counter", "Requests that were no HTTP, too long or too slow",
                static_cast<double>(counters.badRequests));
    page.single("dyad_control_turned_away_total", "counter", "Connections closed because a bound was reached",
                static_cast<double>(counters.turnedAway));
    page.single("dyad_control_slow_readers_dropped_total", "counter",
                "Connections closed because output waited too long", static_cast<double>(counters.droppedSlowReaders));
    page.single("dyad_control_connections", "gauge", "Connections now", static_cast<double>(counters.connections));
    page.single("dyad_control_event_streams", "gauge", "Event streams now", static_cast<double>(counters.eventStreams));
    return page.text();
}

} // namespace dyad::control
