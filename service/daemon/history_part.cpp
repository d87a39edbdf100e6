// SPDX-License-Identifier: Apache-2.0
#include "daemon/history_part.h"

#include "control/protocol/history_json.h"
#include "control/protocol/object_reader.h"
#include "control/server/routes/history_routes.h"
#include "daemon/view_builder.h"
#include "recorder/history/prediction.h"

#include <algorithm>

namespace dyad::daemon {

namespace {

constexpr const char* alarm = "recorder.history";
constexpr auto firstQuestion = std::chrono::seconds(20); // once the pair has come together
constexpr auto laterQuestions = std::chrono::minutes(5);
constexpr std::size_t tailEntries = 4096;

recorder::IncidentContext contextOf(const model::Configuration& configuration, model::NodeId self) {
    recorder::IncidentContext context;
    context.node = configuration.nodes[model::indexOf(self)].name;
    context.peer = configuration.nodes[model::indexOf(model::otherNode(self))].name;
    for (const model::GroupSetup& group : configuration.groups)
        if (group.prefer) context.preferred[group.name] = configuration.nodes[model::indexOf(*group.prefer)].name;
    return context;
}

} // namespace

HistoryPart::HistoryPart(const Setup& setup) : m_service(setup.service), m_peer(setup.peer) {
    recorder::HistorySettings settings;
    settings.file = setup.options.stateDirectory + "/history.db";
    settings.boot = model::hexadecimal(setup.boot.value);
    settings.context = contextOf(setup.configuration, setup.self);
    const std::string node = settings.context.node;
    m_history = std::make_unique<recorder::History>(std::move(settings), setup.clock);
    m_history->onTrouble = [&alarms = setup.alarms](const std::string& trouble) {
        if (trouble.empty()) return alarms.clear(alarm);
        alarms.raise({.id = alarm,
                      .severity = model::Severity::Warning,
                      .text = "the history is not kept: " + trouble,
                      .remedy = "make room in the state folder, or repair its disk; the journal goes on without it"});
    };
    m_history->onSetAside = [&journal = setup.journal, &clock = setup.clock](const std::string& words) {
        journal.write({.at = clock.now(),
                       .wallClockMs = clock.wallClockMs(),
                       .severity = model::Severity::Warning,
                       .kind = "history_set_aside",
                       .text = words});
    };
    const std::uint64_t last = setup.journal.lastSequence();
    m_history->begin(setup.journal.after(last > tailEntries ? last - tailEntries : 0, tailEntries), last);
    setup.service.onEntry = [this](const model::JournalEntry& entry) { m_history->entryWritten(entry); };
    setup.service.onAudit = [this](const model::AuditEntry& entry) { m_history->auditWritten(entry); };
    setup.service.onPredict = [this](const model::Order& order) { return predict(order); };
    setup.server.addRoutes(control::historyRoutes(
        *m_history, node,
        [&journal = setup.journal, &clock = setup.clock, groups = setup.configuration.groups](const std::string& group,
                                                                                              const std::string& who) {
            if (std::none_of(groups.begin(), groups.end(), [&](const auto& each) { return each.name == group; }))
                return false;
            journal.write({.at = clock.now(),
                           .wallClockMs = clock.wallClockMs(),
                           .kind = recorder::drillKind,
                           .group = group,
                           .text = "a drill of group " + group + " is begun by " + who +
                                   ": the next order for it is an exercise"});
            return true;
        }));

    m_ask.setSingleShot(true);
    QObject::connect(&m_ask, &QTimer::timeout, &m_ask, [this] { askPeer(); });
    m_ask.start(firstQuestion);
}

HistoryPart::~HistoryPart() {
    m_service.onEntry = {};
    m_service.onAudit = {};
    m_service.onPredict = {};
}

// Half of the steps of a move are taken by the peer, and only it knows what they took.
void HistoryPart::askPeer() {
    m_peer.ask({.target = "/v1/durations"}, [this](const control::PeerAnswer& answer) {
        m_ask.start(laterQuestions);
        if (answer.status != 200) return;
        const Result<QJsonObject> object = control::objectFromBytes(answer.body, "the peer's durations");
        if (!object) return;
        Result<std::vector<model::StepDuration>> durations = control::durationsFromJson(object.value());
        if (durations) m_peerDurations = std::move(durations).value();
    });
}

std::vector<model::PredictedStep> HistoryPart::predict(const model::Order& order) const {
    if (order.kind != model::OrderKind::Switchover && order.kind != model::OrderKind::Switchback) return {};
    std::vector<model::StepDuration> known = m_history->knownDurations();
    known.insert(known.end(), m_peerDurations.begin(), m_peerDurations.end());
    return recorder::predictMove(known, order.group);
}

} // namespace dyad::daemon
