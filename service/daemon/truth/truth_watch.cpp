// SPDX-License-Identifier: Apache-2.0
#include "daemon/truth/truth_watch.h"

#include "control/truth/contradictions.h"

#include <QPointer>

#include <cstdio>
#include <mutex>
#include <thread>

#include <csignal>

namespace dyad::daemon {

namespace {

bool atRest(model::ResourceState state) {
    return state == model::ResourceState::Running || state == model::ResourceState::Stopped;
}

} // namespace

// Shared with the thread that looks; a look that hangs is left to itself.
struct TruthWatch::Owner {
    std::mutex mutex;
    QPointer<QObject> object;
};

TruthWatch::TruthWatch(LookSettings settings, model::NodeId self, const ports::ServicePort& service,
                       const ports::HeartPort& heart, ports::AlarmPort& alarms)
    : m_settings(std::move(settings)), m_self(self), m_service(service), m_heart(heart), m_alarms(alarms),
      m_owner(std::make_shared<Owner>()) {
    m_owner->object = this;
    m_next.setSingleShot(true);
    m_deadline.setSingleShot(true);
    connect(&m_next, &QTimer::timeout, this, [this] { beginRound(); });
    connect(&m_deadline, &QTimer::timeout, this, [this] {
        const auto askers = std::exchange(m_askers, {});
        for (const auto& answered : askers)
            answered(Error{"look at this node", "", "no end after " + dyad::toText(truthPatience),
                           "something on this host hangs: look at its system log"});
    });
}

TruthWatch::~TruthWatch() {
    const std::lock_guard lock(m_owner->mutex);
    m_owner->object.clear();
}

model::NodeTruth TruthWatch::believed() const {
    const model::ClusterView view = m_service.view();
    const ports::HeartReport heart = m_heart.report();
    const model::Configuration& configuration = m_settings.configuration;
    model::NodeTruth truth;
    truth.node = view.node;
    truth.peer = configuration.nodes[model::indexOf(model::otherNode(m_self))].name;
    truth.version = DYAD_VERSION;
    truth.wallMs = view.wallClockMs;
    truth.configurationDigest = model::hexadecimal(configuration.digest);
    for (const model::NodeView& node : view.nodes)
        if (!node.self) truth.peerAlive = node.liveness == model::Liveness::Alive && node.serviceAlive;
    if (truth.peerAlive) truth.peerDigest = model::hexadecimal(heart.peer.status.configurationDigest);
    truth.worstLatenessMs = std::chrono::duration_cast<std::chrono::milliseconds>(heart.worstLateness).count();
    for (const model::LunView& lun : view.luns) {
        model::TruthLun seen{lun.name, lun.group, lun.pathUp, lun.gateOpen, lun.known, lun.snapshot, lun.holderName};
        seen.readAgoMs = std::chrono::duration_cast<std::chrono::milliseconds>(view.at - lun.readAt).count();
        truth.luns.push_back(std::move(seen));
    }
    for (std::size_t g = 0; g < view.groups.size() && g < configuration.groups.size(); ++g) {
        const model::GroupView& group = view.groups[g];
        const model::GroupSetup& setup = configuration.groups[g];
        truth.groups.push_back({group.name, group.ownRole, group.epoch});
        for (std::size_t r = 0; r < group.resources.size() && r < setup.resources.size(); ++r) {
            const model::ResourceSetup& resource = setup.resources[r];
            const bool claimed = group.resources[r].state != model::ResourceState::Stopped;
            const bool settled = atRest(group.resources[r].state);
            if (const auto* filesystem = std::get_if<model::FilesystemSettings>(&resource.settings)) {
                truth.mounts.push_back(
                    {group.name, resource.name, filesystem->mountPoint, claimed, false, settled, "", ""});
                const std::string& lun = configuration.luns[filesystem->lun.value].name;
                for (model::TruthLun& each : truth.luns)
                    if (each.name == lun) each.configuredMount = filesystem->mountPoint;
            } else if (const auto* address = std::get_if<model::AddressSettings>(&resource.settings)) {
                model::TruthAddress seen;
                seen.group = group.name;
                seen.resource = resource.name;
                seen.address = address->address;
                seen.claimed = claimed;
                seen.settled = settled;
                seen.wireInterface = address->interface;
                truth.addresses.push_back(std::move(seen));
            } else if (std::holds_alternative<model::ProcessSettings>(resource.settings) ||
                       std::holds_alternative<model::PostgresqlSettings>(resource.settings) ||
                       std::holds_alternative<model::MariadbSettings>(resource.settings)) {
                truth.processes.push_back({group.name, resource.name, 0, claimed, settled, false});
            }
        }
    }
    return truth;
}

void TruthWatch::look(std::function<void(Result<model::NodeTruth>)> answered) {
    if (m_askers.size() >= maxTruthAskers)
        return answered(Error{"look at this node", "", "too many ask at once", "ask again in a second"});
    m_askers.push_back(std::move(answered));
    beginRound();
}

void TruthWatch::beginRound() {
    m_next.start(wholeMilliseconds(truthInterval));
    if (m_running) return; // whoever asked meanwhile gets the answer of this round
    m_running = true;
    m_activeAtPeer = activeAtPeer();
    m_deadline.start(wholeMilliseconds(truthPatience));
    std::thread([owner = m_owner, this, settings = m_settings, truth = believed()]() mutable {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, nullptr); // they are the event loop's
        model::NodeTruth seen = daemon::look(settings, std::move(truth));
        const std::lock_guard lock(owner->mutex);
        if (owner->object)
            QMetaObject::invokeMethod(
                owner->object.data(), [this, seen = std::move(seen)]() mutable { endRound(std::move(seen)); },
                Qt::QueuedConnection);
    }).detach();
}

void TruthWatch::endRound(model::NodeTruth seen) {
    m_running = false;
    m_deadline.stop();
    // What the service came to believe meanwhile is no contradiction.
    const model::NodeTruth now = believed();
    for (std::size_t i = 0; i < seen.mounts.size(); ++i)
        seen.mounts[i].settled =
            seen.mounts[i].settled && now.mounts[i].settled && now.mounts[i].claimed == seen.mounts[i].claimed;
    for (std::size_t i = 0; i < seen.addresses.size(); ++i)
        seen.addresses[i].settled = seen.addresses[i].settled && now.addresses[i].settled &&
                                    now.addresses[i].claimed == seen.addresses[i].claimed;
    for (std::size_t i = 0; i < seen.processes.size(); ++i)
        seen.processes[i].settled = seen.processes[i].settled && now.processes[i].settled &&
                                    now.processes[i].claimed == seen.processes[i].claimed;
    judge(seen);
    const auto askers = std::exchange(m_askers, {});
    for (const auto& answered : askers)
        answered(seen);
}

std::set<std::string> TruthWatch::activeAtPeer() const {
    std::set<std::string> groups;
    for (const model::GroupView& group : m_service.view().groups)
        if (group.peerRoleFresh && group.peerRole == model::Role::Active) groups.insert(group.name);
    return groups;
}

std::vector<model::Contradiction> TruthWatch::unseenAddresses(const model::NodeTruth& seen) const {
    std::vector<model::Contradiction> found;
    const std::set<std::string> active = activeAtPeer();
    for (const model::TruthAddress& address : seen.addresses) {
        const bool wasLookedAt = address.trouble.empty() && !address.wireInterface.empty();
        if (!wasLookedAt || !address.settled || address.claimed || !address.interface.empty() || !address.answers.empty())
            continue;
        if (!active.contains(address.group) || !m_activeAtPeer.contains(address.group)) continue;
        found.push_back({"address.unseen:" + address.group + "/" + address.resource, seen.node,
                         model::Severity::Warning,
                         "group " + address.group + " is active on " + seen.peer + ", but nobody answers for its address " +
                             address.address + " on the network of " + seen.node + " (" + address.wireInterface +
                             "): clients there don't reach it",
                         "on " + seen.peer + ": `ip address`, and the cable, the switch port and its filters"});
    }
    return found;
}

void TruthWatch::judge(const model::NodeTruth& seen) {
    std::set<std::string> standing;
    bool fresh = false;
    std::vector<model::Contradiction> found = control::contradictionsOf(seen);
    for (model::Contradiction& each : unseenAddresses(seen))
        found.push_back(std::move(each));
    for (const model::Contradiction& each : found) {
        standing.insert(each.id);
        if (!m_seenOnce.contains(each.id)) {
            fresh = true;
            continue;
        }
        if (m_raised.insert(each.id).second)
            m_alarms.raise({.id = each.id, .severity = each.severity, .text = each.text, .remedy = each.remedy});
    }
    for (auto raised = m_raised.begin(); raised != m_raised.end();) {
        if (!standing.contains(*raised)) {
            m_alarms.clear(*raised);
            raised = m_raised.erase(raised);
        } else {
            ++raised;
        }
    }
    m_seenOnce = std::move(standing);
    if (fresh) m_next.start(wholeMilliseconds(truthSecondLook));
}

} // namespace dyad::daemon
