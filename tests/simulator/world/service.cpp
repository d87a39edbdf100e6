// SPDX-License-Identifier: Apache-2.0
#include "world/service.h"

#include "base/overloaded.h"
#include "world/world.h"

#include <algorithm>

namespace dyad::simulator {

using model::ReservationRequest;

namespace {

// As the programs have them.
constexpr Duration pulseInterval = 100ms;    // shell/runner
constexpr Duration gatewayKnownAfter = 10ms; // network/gateway_watch

} // namespace

Service::Service(World& world, std::uint8_t node) : m_world(world), m_node(node) {
    for (const model::LinkSetup& link : world.configuration().links)
        m_settings.links.push_back({link.name, {}, {}, 0, 0});
    m_luns.resize(world.configuration().luns.size());
}

void Service::start() {
    if (m_engine || !m_world.host(m_node).powered()) return;
    ++m_life;
    m_world.wakeHearts();
    m_engine = std::make_unique<engine::Engine>(m_world.configuration(), model::bothNodes[m_node]);
    m_roles.assign(m_world.configuration().groups.size(), model::Role::Standby);
    m_queue.clear();
    m_drainPlanned = m_boardPlanned = false;
    m_armed.reset();
    m_status.reset();
    m_lastReport = {};
    m_pulseFrom = m_lastPulse = m_world.now();
    for (LunEnd& end : m_luns)
        end = LunEnd();

    Host& host = m_world.host(m_node);
    engine::Started started{host.boot(), {}, host.kept};
    if (host.heart().runs()) {
        if (const auto previous = host.heart().lastOrder()) started.previous = wire::toModel(*previous);
        host.heart().serviceCame();
    }
    for (std::uint16_t i = 0; i < m_luns.size(); ++i)
        if (host.lun(i).runs())
            lunConnects(i, m_life);
        else
            m_world.plan(lunStarts, {.life = m_life, .target = i, .node = m_node, .what = Happens::LunConnects});
    m_queue.emplace_back(std::move(started));
    if (host.heart().runs()) {
        heart::Report report = host.heart().report(m_settings);
        m_lastReport = {std::move(report.links), std::move(report.peer)};
    }
    m_queue.emplace_back(m_lastReport);
    m_drainPlanned = true;
    m_world.hostChanged(m_node);
    drain(m_life);
    if (!m_world.configuration().gateways.empty() && m_engine)
        m_world.plan(gatewayKnownAfter, {.life = m_life, .node = m_node, .what = Happens::GatewayTold});
}

void Service::crash() {
    if (!m_engine) return;
    m_world.wakeHearts();
    ++m_life;
    ++m_deadline;
    m_engine.reset();
    m_queue.clear();
    Host& host = m_world.host(m_node);
    host.resources().serviceWent();
    host.heart().serviceWent();
    m_world.serviceWent(m_node);
}

void Service::planDrain() {
    if (m_drainPlanned) return;
    m_drainPlanned = true;
    m_world.plan(World::hop, {.life = m_life, .node = m_node, .what = Happens::ServiceDrains});
}

void Service::post(engine::Event event) {
    if (!m_engine) return;
    m_queue.push_back(std::move(event));
    planDrain();
}

void Service::drain(std::uint32_t life) {
    if (life != m_life || !m_engine) return;
    m_drainPlanned = false;
    m_lastPulse = m_world.now();
    // Time passes last. What is posted meanwhile belongs to the next turn.
    m_taken.swap(m_queue);
    bool timePassed = false;
    for (const engine::Event& event : m_taken) {
        if (std::holds_alternative<engine::TimePassed>(event)) {
            timePassed = true;
            continue;
        }
        step(event);
        if (life != m_life) break;
    }
    if (life == m_life && timePassed) step(engine::TimePassed{});
    m_taken.clear();
    if (life == m_life && m_engine) armDeadline();
}

void Service::resume(Duration since) {
    if (!m_engine) return;
    const Duration beforeThat = since - (since - m_pulseFrom) % pulseInterval;
    const Duration gap = m_world.now() - std::max(m_lastPulse, beforeThat);
    m_lastPulse = m_world.now();
    if (gap < m_engine->timeouts().leaseTerm() / 2) return;
    m_queue.insert(m_queue.begin(), engine::WasFrozen{gap});
    drain(m_life);
}

void Service::step(const engine::Event& event) {
    ++m_world.counts().steps;
    m_world.stepped(m_node, event);
    const std::uint32_t life = m_life;
    const std::vector<engine::Action>& actions = m_engine->step(m_world.host(m_node).local(), event);
    m_world.digest().add((std::uint64_t{m_node} << 56) ^ (std::uint64_t{event.index()} << 48) ^
                         static_cast<std::uint64_t>(m_world.now().count()));
    for (std::size_t g = 0; g < m_roles.size(); ++g) {
        const engine::GroupRecord& group = m_engine->state().groups[g];
        if (group.role == m_roles[g]) continue;
        const model::Role before = m_roles[g];
        m_roles[g] = group.role;
        m_world.roleChanged(m_node, static_cast<std::uint32_t>(g), before, group.role, group.takeover);
    }
    for (const engine::Action& action : actions) {
        run(action);
        if (life != m_life) return; // it ended itself, and its actions with it
    }
}

void Service::explain(const engine::Explain& line) {
    if (!m_world.telling()) return;
    const auto& groups = m_world.configuration().groups;
    std::string text = std::string(nameOfNode(m_node)) + " ";
    if (line.group) text += "[" + groups[line.group->value].name + "] ";
    m_world.tell(text + line.text);
}

void Service::run(const engine::Action& action) {
    Digest& digest = m_world.digest();
    digest.add(action.index());
    std::visit(Overloaded{
                   [&](const engine::PublishStatus& publish) {
                       m_world.wakeHearts();
                       m_status = publish.status;
                       const wire::PlainStatus plain = wire::toPlain(publish.status);
                       for (std::size_t i = 0; i < plain.groupCount; ++i)
                           digest.add((std::uint64_t{plain.groups[i].epoch} << 16) ^
                                      (std::uint64_t{plain.groups[i].role} << 8) ^ plain.groups[i].flags);
                       m_world.host(m_node).heart().order(plain);
                   },
                   [&](const ReservationRequest& request) { send(request); },
                   [&](const engine::CloseGate& close) { closeGate(static_cast<std::uint16_t>(close.lun.value)); },
                   [&](const model::ResourceRequest& request) {
                       digest.add((std::uint64_t{request.group.value} << 40) ^
                                  (std::uint64_t{request.resource.value} << 32) ^
                                  (static_cast<std::uint64_t>(request.verb) << 24) ^ request.epoch.value);
                       if (request.verb == model::ResourceVerb::Start)
                           m_world.startAsked(m_node, request.group.value, request.resource.value);
                       m_world.host(m_node).resources().carryOut(request);
                   },
                   [&](const engine::Explain& line) { explain(line); },
                   [&](const engine::RaiseAlarm& alarm) {
                       m_world.alarm(m_node, alarm.id, true);
                       if (m_world.telling()) m_world.tell(std::string(nameOfNode(m_node)) + " ALARM " + alarm.text);
                   },
                   [&](const engine::ClearAlarm& alarm) { m_world.alarm(m_node, alarm.id, false); },
                   [&](const engine::AnswerOrder& answer) {
                       digest.add(answer.accepted ? 1 : 2);
                       m_world.orderAnswered(m_node, answer.request.value);
                       if (m_world.telling())
                           m_world.tell(std::string(nameOfNode(m_node)) + " answers the operator: " +
                                        (answer.accepted ? "accepted, " : "refused, ") + answer.text);
                   },
                   [&](const engine::KeepStandingOrders& keep) { m_world.host(m_node).kept = keep.orders; },
                   [&](const engine::SelfFence&) {
                       ++m_world.counts().selfFences;
                       m_world.selfFence(m_node);
                   },
                   [&](const engine::ShutdownFinished&) { m_world.shutdownFinished(m_node); },
               },
               action);
}

void Service::armDeadline() {
    const std::optional<Instant> deadline = m_engine->nextDeadline();
    if (deadline == m_armed) return;
    m_armed = deadline;
    ++m_deadline;
    if (!deadline) return;
    // Whole milliseconds, rounded up, as the timer takes them.
    const Duration left = std::max(*deadline - m_world.host(m_node).local(), Duration(0));
    const Duration whole = std::chrono::ceil<std::chrono::milliseconds>(left);
    m_world.plan(whole, {.life = m_deadline, .node = m_node, .what = Happens::ServiceDeadline});
}

void Service::deadline(std::uint32_t deadline) {
    if (deadline != m_deadline || !m_engine) return;
    m_armed.reset();
    m_queue.emplace_back(engine::TimePassed{});
    if (m_drainPlanned) return;
    m_drainPlanned = true;
    // Whatever is readable in this very instant is read first.
    m_world.plan(Duration(0), {.life = m_life, .node = m_node, .what = Happens::ServiceDrains});
}

// --- the operator and the public network ----------------------------------------------------------------------------

std::uint64_t Service::order(model::OrderKind kind, std::uint32_t group, bool aboutPeer, model::ReservationKey key) {
    engine::OrderGiven order;
    order.request = model::RequestId(++m_orders);
    order.kind = kind;
    order.group = model::GroupId(group);
    order.resource = model::ResourceId(1);
    order.key = key;
    order.aboutPeer = aboutPeer;
    order.who = "operator";
    post(std::move(order));
    return m_orders;
}

void Service::shutDown() { post(engine::ShutdownRequested{"the operator stops it"}); }

void Service::gateway(bool reachable) { post(engine::GatewayChanged{reachable}); }

} // namespace dyad::simulator
