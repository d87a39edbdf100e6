// SPDX-License-Identifier: Apache-2.0
#include "world/host.h"

#include "base/overloaded.h"
#include "world/world.h"

#include <algorithm>

namespace dyad::world {

using model::NodeId;
using model::ResourceOutcome;
using model::ResourceVerb;

Host::Host(World& world, NodeId node) : m_world(world), m_node(node), m_sessions(world.configuration().luns.size()) {
    for (const model::GroupSetup& group : world.configuration().groups) {
        std::vector<VirtualResource> resources;
        for (const model::ResourceSetup& setup : group.resources) {
            VirtualResource resource;
            const bool address = std::holds_alternative<model::AddressSettings>(setup.settings);
            const bool filesystem = std::holds_alternative<model::FilesystemSettings>(setup.settings);
            resource.startTakes = address ? 1ms : filesystem ? 5ms : 50ms;
            resource.stopTakes = address ? 1ms : filesystem ? 5ms : 30ms;
            resource.killTakes = address ? 1ms : filesystem ? 10ms : 3ms;
            resources.push_back(resource);
        }
        m_resources.push_back(std::move(resources));
    }
}

// --- life
// -------------------------------------------------------------------------------------------------------------

void Host::later(Duration distance, bool ofService, std::function<void()> what) {
    m_world.clock().after(distance, [this, ofService, boot = m_boots, service = m_services, what = std::move(what)] {
        const auto stillMeant = [this, ofService, boot, service] {
            return m_powered && boot == m_boots && (!ofService || (m_engine && service == m_services));
        };
        if (!stillMeant()) return;
        if (!m_frozen) return what();
        m_keptBack.push_back([stillMeant, what] {
            if (stillMeant()) what();
        });
    });
}

void Host::powerOn() {
    if (m_powered) return;
    m_powered = true;
    m_frozen = false;
    ++m_boots;
    const model::BootDigest boot(std::uint64_t{0xa0000} + (m_node == NodeId::Second ? 0x10000u : 0u) + m_boots);
    m_heart.emplace(m_world.configuration().links.size(), engine::timeoutsOf(m_world.configuration().profile), boot,
                    m_world.clock().now());
    m_armedJudgement.reset();
    for (VirtualSession& session : m_sessions)
        session = {.path = session.path};
    for (std::size_t i = 0; i < m_sessions.size(); ++i)
        m_world.array().newLogin(m_node, model::LunId(static_cast<std::uint32_t>(i)));
    for (auto& group : m_resources)
        for (VirtualResource& each : group)
            each.running = each.supervised = each.killHung = false;
    beat();
    judge();
    startService();
}

void Host::powerOff() {
    m_powered = false;
    m_frozen = false;
    m_engine.reset();
    m_heart.reset();
    m_keptBack.clear();
    m_alarms.clear();
    for (VirtualSession& session : m_sessions)
        session.gateOpen = false;
    for (auto& group : m_resources)
        for (VirtualResource& each : group)
            each.running = each.supervised = each.killHung = false;
}

void Host::startService() {
    if (!m_powered || m_engine) return;
    ++m_services;
    m_engine = std::make_unique<engine::Engine>(m_world.configurationOf(m_node), m_node);
    m_armedDeadline.reset();
    engine::Started started;
    started.boot = m_heart->beat().boot;
    if (m_heart->said) started.previous = m_heart->status;
    started.kept = m_kept;
    give(started);
    later(0ms, true, [this] { tellHeart(); });
    for (std::size_t i = 0; i < m_sessions.size(); ++i) {
        const model::LunNotice::Kind kind =
            m_sessions[i].path ? model::LunNotice::Kind::PathUp : model::LunNotice::Kind::PathDown;
        later(0ms, true, [this, i, kind] {
            give(model::LunNotice{model::LunId(static_cast<std::uint32_t>(i)), kind, "login"});
        });
    }
    if (!m_world.configuration().gateways.empty())
        later(10ms, true, [this] { give(engine::GatewayChanged{m_gateway}); });
}

void Host::killService() {
    if (!m_engine) return;
    m_engine.reset();
    m_alarms.clear();
    for (auto& group : m_resources)
        for (VirtualResource& each : group) {
            each.supervised = false;
            ++each.turn;
        }
    m_heart->status.serviceAlive = false;
    sendBeat();
}

void Host::freeze(Duration how) {
    if (!m_powered || m_frozen) return;
    m_frozen = true;
    m_world.clock().after(how, [this, how, boot = m_boots] {
        if (m_powered && m_boots == boot) thaw(how);
    });
}

void Host::thaw(Duration stoodStill) {
    m_frozen = false;
    m_heart->forgive(stoodStill, m_world.clock().now());
    // The shell looks at the clock before anything else.
    if (m_engine) give(engine::WasFrozen{stoodStill});
    std::vector<std::function<void()>> kept;
    kept.swap(m_keptBack);
    for (const auto& each : kept)
        each();
    reservationsChanged();
}

// --- engine
// -----------------------------------------------------------------------------------------------------------

void Host::give(const engine::Event& event) {
    if (!m_engine) return;
    m_world.watcher().stepped(m_node);
    const std::uint64_t service = m_services;
    const std::vector<engine::Action> actions = m_engine->step(m_world.clock().now(), event);
    if (m_world.onStep) m_world.onStep(m_node, event, *m_engine, actions);
    for (const engine::Action& action : actions) {
        if (!m_engine || service != m_services) return; // it ended itself
        run(action);
    }
    armDeadline();
}

void Host::armDeadline() {
    const auto deadline = m_engine ? m_engine->nextDeadline() : std::nullopt;
    if (!deadline || (m_armedDeadline && *m_armedDeadline <= *deadline && *m_armedDeadline > m_world.clock().now()))
        return;
    m_armedDeadline = deadline;
    later(std::max(Duration(0), *deadline - m_world.clock().now()), true, [this] {
        m_armedDeadline.reset();
        if (m_engine->nextDeadline() && *m_engine->nextDeadline() <= m_world.clock().now())
            give(engine::TimePassed{});
        else
            armDeadline();
    });
}

void Host::run(const engine::Action& action) {
    const auto groupName = [this](std::optional<model::GroupId> id) {
        return id ? m_world.configuration().groups[id->value].name : std::string();
    };
    std::visit(
        Overloaded{
            [&](const engine::PublishStatus& publish) {
                m_heart->status = publish.status;
                m_heart->said = true;
                sendBeat();
            },
            [&](const model::ReservationRequest& request) { carryOut(request); },
            [&](const engine::CloseGate& gate) { m_sessions[gate.lun.value].gateOpen = false; },
            [&](const model::ResourceRequest& request) { carryOut(request); },
            [&](const engine::Explain& line) { m_world.tell(m_node, groupName(line.group), line.kind, line.text); },
            [&](const engine::RaiseAlarm& alarm) {
                m_alarms.push_back(alarm.id);
                m_world.tell(m_node, "", "ALARM", alarm.id + ": " + alarm.text);
            },
            [&](const engine::ClearAlarm& alarm) {
                std::erase(m_alarms, alarm.id);
                m_world.tell(m_node, "", "alarm over", alarm.id);
            },
            [](const engine::AnswerOrder&) {}, // the journal line of the order says the same
            [&](const engine::KeepStandingOrders& keep) { m_kept = keep.orders; },
            [&](const engine::SelfFence&) {
                m_world.tell(m_node, "", "RESET", "the host resets itself");
                powerOff();
            },
            [&](const engine::ShutdownFinished&) {
                m_world.tell(m_node, "", "DOWN", "the service has ended in order");
                m_heart->status.serviceAlive = false;
                sendBeat();
                m_engine.reset();
                m_alarms.clear();
            },
        },
        action);
}

void Host::order(const engine::OrderGiven& order) {
    later(0ms, true, [this, order] { give(order); });
}

void Host::shutDown() {
    later(0ms, true, [this] { give(engine::ShutdownRequested{"the operator stops it"}); });
}

// --- heart
// ------------------------------------------------------------------------------------------------------------

void Host::beat() {
    sendBeat();
    later(engine::timeoutsOf(m_world.configuration().profile).heartbeat, false, [this] { beat(); });
}

void Host::sendBeat() {
    if (m_powered && !m_frozen) m_world.send(m_node, m_heart->beat());
}

void Host::hear(std::size_t link, const Heartbeat& heartbeat) {
    later(0ms, false, [this, link, heartbeat] {
        if (m_heart->heard(link, heartbeat, m_world.clock().now())) tellHeart();
        armJudgement();
    });
}

void Host::judge() {
    if (m_heart->timePassed(m_world.clock().now())) tellHeart();
    armJudgement();
}

void Host::armJudgement() {
    const auto next = m_heart->nextJudgement();
    if (!next || m_armedJudgement) return;
    m_armedJudgement = next;
    later(std::max(Duration(0), *next - m_world.clock().now()), false, [this] {
        m_armedJudgement.reset();
        judge();
    });
}

void Host::tellHeart() {
    if (m_engine) give(engine::HeartChanged{m_heart->links(), m_heart->peer()});
}

// --- array
// ------------------------------------------------------------------------------------------------------------

void Host::carryOut(const model::ReservationRequest& request) {
    ++m_requestsSent;
    m_world.watcher().arrayAsked(m_node);
    const Instant sent = m_world.clock().now();
    model::ReservationAnswer noPath;
    noPath.operation = request.operation;
    noPath.epoch = request.epoch;
    noPath.group = request.group;
    noPath.lun = request.lun;
    noPath.command = request.command;
    noPath.outcome = model::ReservationOutcome::NoPath;
    noPath.readFrom = sent;
    noPath.detail = "no session with the array";
    VirtualSession& session = m_sessions[request.lun.value];
    if (!session.path) return later(0ms, true, [this, noPath] { give(noPath); });
    if (request.command == model::ReservationCommand::Release) session.gateOpen = false;
    later(World::arrayDelay, false, [this, request, sent, noPath] {
        VirtualSession& now = m_sessions[request.lun.value];
        if (!now.path) return later(0ms, true, [this, noPath] { give(noPath); });
        const model::ReservationAnswer answer = m_world.array().carryOut(request, m_node, sent);
        if (request.command == model::ReservationCommand::Claim) {
            now.gateOpen = answer.outcome == model::ReservationOutcome::Good;
            now.claim = request.key;
        }
        m_world.reservationsChanged();
        later(World::arrayDelay, true, [this, answer] { give(answer); });
    });
}

// What writes notices a lost reservation with its next write.
void Host::reservationsChanged() {
    for (std::size_t i = 0; i < m_sessions.size(); ++i) {
        const model::LunId lun(static_cast<std::uint32_t>(i));
        if (m_powered && m_sessions[i].gateOpen && m_sessions[i].path && !m_world.array().takesWritesOf(m_node, lun))
            later(2ms, false, [this, lun] { fenced(lun); });
    }
}

void Host::fenced(model::LunId lun) {
    VirtualSession& session = m_sessions[lun.value];
    if (!session.gateOpen || !session.path || m_world.array().takesWritesOf(m_node, lun)) return;
    session.gateOpen = false;
    give(model::LunNotice{lun, model::LunNotice::Kind::Fenced, "a write was refused: RESERVATION CONFLICT"});
}

void Host::setPath(model::LunId lun, bool up, bool tell) {
    VirtualSession& session = m_sessions[lun.value];
    if (session.path == up) return;
    session.path = up;
    if (!m_powered) return;
    if (up) {
        m_world.array().newLogin(m_node, lun);
        // Held I/O goes on only after the session has proven that the claim still stands.
        if (session.gateOpen && session.claim) m_world.array().prove(m_node, lun, *session.claim);
        reservationsChanged();
    }
    if (!tell) return;
    const auto kind = up ? model::LunNotice::Kind::PathUp : model::LunNotice::Kind::PathDown;
    later(1ms, true, [this, lun, kind, up] {
        give(model::LunNotice{lun, kind, up ? "logged in" : "the session broke"});
    });
}

void Host::arrayRestarted() {
    for (std::size_t i = 0; i < m_sessions.size(); ++i) {
        const model::LunId lun(static_cast<std::uint32_t>(i));
        if (!m_sessions[i].path) continue;
        setPath(lun, false);
        later(50ms, false, [this, lun] { setPath(lun, true); });
    }
}

void Host::setGateway(bool reachable) {
    if (m_gateway == reachable) return;
    m_gateway = reachable;
    later(10ms, true, [this] { give(engine::GatewayChanged{m_gateway}); });
}

// --- resources
// --------------------------------------------------------------------------------------------------------

void Host::carryOut(const model::ResourceRequest& request) {
    if (request.verb == ResourceVerb::Start) m_world.watcher().startRequested(m_node, request);
    VirtualResource& resource = m_resources[request.group.value][request.resource.value];
    ++resource.turn;
    if (request.verb == ResourceVerb::Start) resource.running = true;
    if (resource.manner(request.verb) == Manner::Hangs) {
        resource.killHung = resource.killHung || request.verb == ResourceVerb::Kill;
        return;
    }
    later(resource.takes(request.verb), true, [this, request, turn = resource.turn] {
        if (m_resources[request.group.value][request.resource.value].turn == turn) finish(request);
    });
}

void Host::finish(const model::ResourceRequest& request) {
    VirtualResource& resource = m_resources[request.group.value][request.resource.value];
    model::ResourceAnswer answer{
        request.operation, request.epoch, request.group, request.resource, request.verb, {}, {}};
    const model::GroupSetup& group = m_world.configuration().groups[request.group.value];
    const bool filesystem =
        std::holds_alternative<model::FilesystemSettings>(group.resources[request.resource.value].settings);
    const bool shut = filesystem && std::any_of(group.luns.begin(), group.luns.end(),
                                                [&](model::LunId lun) { return !session(lun).gateOpen; });
    const bool fails = resource.manner(request.verb) == Manner::Fails;
    switch (request.verb) {
    case ResourceVerb::Start:
        resource.running = !fails && !shut;
        answer.outcome = fails || shut ? ResourceOutcome::Failed : ResourceOutcome::Running;
        answer.detail = shut    ? "mount: input/output error (5), the data path is latched shut"
                        : fails ? "exit status 1"
                                : "";
        break;
    case ResourceVerb::Stop:
    case ResourceVerb::Kill:
        if (!fails) resource.running = resource.killHung = false;
        answer.outcome = fails ? ResourceOutcome::Failed : ResourceOutcome::Stopped;
        answer.detail = fails ? "exit status 1" : "";
        break;
    case ResourceVerb::Probe:
        answer.outcome = fails              ? ResourceOutcome::CouldNotRun
                         : resource.running ? ResourceOutcome::Running
                                            : ResourceOutcome::Stopped;
        break;
    }
    resource.supervised = resource.running;
    give(answer);
}

void Host::resourceDies(model::GroupId group, model::ResourceId id, bool unhealthy) {
    VirtualResource& resource = m_resources[group.value][id.value];
    if (!resource.running) return;
    if (!unhealthy) resource.running = false;
    const auto kind = unhealthy ? model::ResourceNotice::Kind::Unhealthy : model::ResourceNotice::Kind::Died;
    if (resource.supervised)
        later(0ms, true, [this, group, id, kind, unhealthy] {
            give(model::ResourceNotice{group, id, kind,
                                       unhealthy ? "the health check failed 3 times" : "ended with signal 9"});
        });
}

} // namespace dyad::world
