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
    void sample(std::initializer_list<std::pair<const char*, std::string>> labels, double value,
                const char* suffix = "") {
        m_text += m_name;
        m_text += suffix;
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

// Calls `tell(group, resource)` for each.
template <typename Tell>
void eachResource(const model::ClusterView& view, Tell tell) {
    for (const model::GroupView& group : view.groups)
        for (const model::ResourceView& resource : group.resources)
            tell(group.name, resource);
}

void probes(Page& page, const model::ClusterView& view) {
    const auto each = [&](const char* name, const char* type, const char* help, auto tell) {
        page.family(name, type, help);
        eachResource(view, [&](const std::string& group, const model::ResourceView& resource) {
            for (const model::ProbeView& probe : resource.checks.probes)
                tell(group, resource.name, probe);
        });
    };
    using Name = const std::string&;
    using Probe = const model::ProbeView&;
    each("dyad_probe_results_total", "counter", "Answers of the probe since the service started, by result",
         [&](Name group, Name resource, Probe probe) {
             const auto tell = [&](const char* result, std::uint64_t count) {
                 page.sample({{"group", group}, {"resource", resource}, {"probe", probe.name}, {"result", result}},
                             static_cast<double>(count));
             };
             tell("well", probe.counts.well);
             tell("failed", probe.counts.failed);
             tell("could_not_run", probe.counts.couldNotRun);
         });
    each("dyad_probe_duration_seconds", "summary", "Time to the answer, of those that were well",
         [&](Name group, Name resource, Probe probe) {
             page.sample({{"group", group}, {"resource", resource}, {"probe", probe.name}}, seconds(probe.total),
                         "_sum");
             page.sample({{"group", group}, {"resource", resource}, {"probe", probe.name}},
                         static_cast<double>(probe.counts.well), "_count");
         });
    each("dyad_probe_mean_duration_seconds", "gauge", "Smoothed time to a good answer",
         [&](Name group, Name resource, Probe probe) {
             page.sample({{"group", group}, {"resource", resource}, {"probe", probe.name}}, seconds(probe.mean));
         });
    each("dyad_probe_jitter_seconds", "gauge", "Smoothed deviation from that time",
         [&](Name group, Name resource, Probe probe) {
             page.sample({{"group", group}, {"resource", resource}, {"probe", probe.name}}, seconds(probe.deviation));
         });
    each("dyad_probe_failing", "gauge", "Failures that count now, towards the probe's limit",
         [&](Name group, Name resource, Probe probe) {
             page.sample({{"group", group}, {"resource", resource}, {"probe", probe.name}}, probe.failing);
         });
    each("dyad_probe_failures_limit", "gauge", "How many failures make the resource fail",
         [&](Name group, Name resource, Probe probe) {
             page.sample({{"group", group}, {"resource", resource}, {"probe", probe.name}}, probe.limit);
         });
}

// Nothing is told of a server that nobody checks here: its pool runs on the other node.
void poolServers(Page& page, const model::ClusterView& view) {
    const auto each = [&](const char* name, const char* type, const char* help, auto value) {
        page.family(name, type, help);
        eachResource(view, [&](const std::string& group, const model::ResourceView& resource) {
            if (resource.state != model::ResourceState::Running) return;
            for (const model::PoolServerView& server : resource.checks.servers)
                page.sample({{"group", group}, {"resource", resource.name}, {"server", server.name}}, value(server));
        });
    };
    using Server = const model::PoolServerView&;
    each("dyad_pool_server_up", "gauge", "1 where the server is well by its checks",
         [](Server server) { return server.state == "in" ? 1.0 : 0.0; });
    each("dyad_pool_server_maintenance", "gauge", "1 where the server gets no new connections by configuration",
         [](Server server) { return server.maintenance ? 1.0 : 0.0; });
    each("dyad_pool_server_checks_total", "counter", "Checks of the server since the service started",
         [](Server server) {
             return static_cast<double>(server.counts.well + server.counts.failed + server.counts.couldNotRun);
         });
    each("dyad_pool_server_check_failures_total", "counter", "Checks that the server has failed",
         [](Server server) { return static_cast<double>(server.counts.failed); });
}

void alarmChannels(Page& page, const std::vector<ports::ChannelState>& channels) {
    const auto each = [&](const char* name, const char* type, const char* help, auto value) {
        page.family(name, type, help);
        for (const ports::ChannelState& channel : channels)
            page.sample({{"channel", channel.name}, {"type", channel.type}}, value(channel));
    };
    using Channel = const ports::ChannelState&;
    each("dyad_alarm_channel_delivered_total", "counter", "Notices delivered since the service started",
         [](Channel channel) { return static_cast<double>(channel.delivered); });
    each("dyad_alarm_channel_failed_total", "counter", "Tries to deliver a notice that have failed",
         [](Channel channel) { return static_cast<double>(channel.failed); });
    each("dyad_alarm_channel_queued", "gauge", "Notices that wait for their delivery",
         [](Channel channel) { return static_cast<double>(channel.waiting); });
    each("dyad_alarm_channel_last_success_timestamp_seconds", "gauge",
         "When a notice was delivered last, since 1970; 0: not since the service started",
         [](Channel channel) { return static_cast<double>(channel.deliveredWallClockMs) / 1000; });
}

} // namespace

QByteArray metricsText(const model::ClusterView& view, const Counters& counters, std::uint64_t lastSequence,
                       const std::vector<ports::ChannelState>& channels) {
    Page page;
    page.family("dyad_info", "gauge", "Names of the cluster and of the node that speaks");
    page.sample({{"cluster", view.cluster}, {"node", view.node}, {"profile", view.profile}}, 1);
    nodesAndLinks(page, view);
    groupsAndLuns(page, view);

    probes(page, view);
    poolServers(page, view);
    alarmChannels(page, channels);

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
