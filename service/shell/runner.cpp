// SPDX-License-Identifier: Apache-2.0
#include "shell/runner.h"

#include "base/check.h"
#include "base/overloaded.h"

#include <algorithm>

namespace dyad::shell {

namespace {

// A pulse that comes later than this tells of a process that stood still (suspend, SIGSTOP, a paused virtual machine).
Duration freezeThreshold(const engine::Timeouts& timeouts) { return timeouts.leaseTerm() / 2; }
constexpr std::chrono::milliseconds pulseInterval(100);

} // namespace

Runner::Runner(engine::Engine& engine, const Outside& outside, QObject* parent)
    : QObject(parent), m_engine(engine), m_outside(outside) {
    m_deadline.setSingleShot(true);
    m_deadline.setTimerType(Qt::PreciseTimer);
    connect(&m_deadline, &QTimer::timeout, this, [this] { post(engine::TimePassed{}); });
    connect(&m_pulse, &QTimer::timeout, this, [this] { noticeFreeze(); });
    connectPorts();
}

void Runner::connectPorts() {
    m_outside.reservations.onAnswer = [this](const model::ReservationAnswer& answer) { post(answer); };
    m_outside.reservations.onNotice = [this](const model::LunNotice& notice) { post(notice); };
    m_outside.resources.onAnswer = [this](const model::ResourceAnswer& answer) { post(answer); };
    m_outside.resources.onNotice = [this](const model::ResourceNotice& notice) { post(notice); };
    m_outside.heart.onChange = [this](const ports::HeartReport& report) {
        m_outside.alarms.clear("heart.died");
        post(engine::HeartChanged{report.links, report.peer});
    };
    m_outside.heart.onDied = [this](const std::string& why) {
        m_outside.alarms.raise({.id = "heart.died",
                                .severity = model::Severity::Critical,
                                .text = "the heart of this node died: " + why,
                                .remedy = "it is started again; look for the reason in the system log",
                                .since = m_outside.clock.now()});
        // Nobody listens: what was last heard is no news of the peer any more. An owner now looks for challenges.
        ports::HeartReport deaf = m_outside.heart.report();
        for (model::LinkReport& link : deaf.links)
            link.liveness = model::Liveness::Unknown;
        post(engine::HeartChanged{deaf.links, deaf.peer});
    };
    if (m_outside.gateways)
        m_outside.gateways->onChange = [this](bool reachable) { post(engine::GatewayChanged{reachable}); };
}

void Runner::start(model::BootDigest boot) {
    m_lastPulse = m_outside.clock.nowWithSuspend();
    m_pulse.start(pulseInterval);
    m_queue.push_front(engine::Started{boot, m_outside.heart.previousStatus(), m_outside.standing.kept()});
    const ports::HeartReport report = m_outside.heart.report();
    m_queue.push_back(engine::HeartChanged{report.links, report.peer});
    drain();
}

void Runner::post(engine::Event event) {
    DYAD_CHECK(m_queue.size() < maxQueued, "the queue of events ran over");
    m_queue.push_back(std::move(event));
    // Not at once: the sockets that are readable now are read first, so that no silence is judged with its end unread.
    if (m_drainScheduled) return;
    m_drainScheduled = true;
    QMetaObject::invokeMethod(
        this, [this] { drain(); }, Qt::QueuedConnection);
}

void Runner::order(engine::OrderGiven order, ports::ServicePort::Answered answered) {
    m_lastRequest = m_lastRequest.next();
    order.request = m_lastRequest;
    m_orders[order.request] = std::move(answered);
    post(std::move(order));
}

void Runner::drain() {
    m_drainScheduled = false;
    if (m_draining || !m_pulse.isActive()) return; // not started yet: events wait
    m_draining = true;
    m_changed = false;
    noticeFreeze();
    // Time passes last.
    std::stable_partition(m_queue.begin(), m_queue.end(), [](const engine::Event& event) {
        return !std::holds_alternative<engine::TimePassed>(event);
    });
    while (!m_queue.empty()) {
        const engine::Event event = std::move(m_queue.front());
        m_queue.pop_front();
        step(event);
    }
    m_draining = false;
    armDeadline();
    if (m_changed && onChanged) onChanged();
}

void Runner::step(const engine::Event& event) {
    const Instant now = m_outside.clock.now();
    if (m_outside.flight) m_outside.flight->event(now, event);
    // A copy: an action may end at once and post the next event, but only the next step may touch the engine's list.
    const std::vector<engine::Action> actions = m_engine.step(now, event);
    if (m_outside.flight) m_outside.flight->actions(actions, m_engine);
    for (const engine::Action& action : actions)
        run(action);
    m_changed = m_changed || !actions.empty() || !std::holds_alternative<engine::TimePassed>(event);
}

void Runner::run(const engine::Action& action) {
    std::visit(Overloaded{
                   [&](const engine::PublishStatus& publish) { m_outside.heart.publish(publish.status); },
                   [&](const model::ReservationRequest& request) { m_outside.reservations.send(request); },
                   [&](const engine::CloseGate& close) { m_outside.reservations.closeGate(close.lun); },
                   [&](const model::ResourceRequest& request) { m_outside.resources.send(request); },
                   [&](const engine::Explain& explain) { write(explain); },
                   [&](const engine::RaiseAlarm& raise) {
                       m_outside.alarms.raise({.id = raise.id,
                                               .severity = raise.severity,
                                               .text = raise.text,
                                               .remedy = raise.remedy,
                                               .since = m_outside.clock.now(),
                                               .sinceWallClockMs = m_outside.clock.wallClockMs()});
                   },
                   [&](const engine::ClearAlarm& clear) { m_outside.alarms.clear(clear.id); },
                   [&](const engine::AnswerOrder& answer) {
                       const auto order = m_orders.extract(answer.request);
                       if (order) order.mapped()({answer.accepted, answer.text});
                   },
                   [&](const engine::KeepStandingOrders& keep) { m_outside.standing.save(keep.orders); },
                   [&](const engine::SelfFence& fence) { m_outside.fence.selfFence(fence.reason); },
                   [&](const engine::ShutdownFinished&) {
                       if (onShutdownFinished) onShutdownFinished();
                   },
               },
               action);
}

void Runner::write(const engine::Explain& explain) {
    model::JournalEntry entry;
    entry.at = m_outside.clock.now();
    entry.wallClockMs = m_outside.clock.wallClockMs();
    entry.severity = explain.severity;
    entry.kind = explain.kind;
    entry.text = explain.text;
    if (explain.group) {
        const model::GroupSetup& group = m_engine.configuration().groups[explain.group->value];
        entry.group = group.name;
        if (explain.resource) entry.resource = group.resources[explain.resource->value].name;
    }
    m_outside.journal.write(std::move(entry));
}

void Runner::armDeadline() {
    const std::optional<Instant> deadline = m_engine.nextDeadline();
    if (!deadline) {
        m_deadline.stop();
        return;
    }
    const Duration left = std::max(*deadline - m_outside.clock.now(), Duration(0));
    m_deadline.start(std::chrono::ceil<std::chrono::milliseconds>(left));
}

void Runner::noticeFreeze() {
    const Instant now = m_outside.clock.nowWithSuspend();
    const Duration gap = now - m_lastPulse;
    m_lastPulse = now;
    if (gap < freezeThreshold(m_engine.timeouts())) return;
    m_queue.push_front(engine::WasFrozen{gap});
    if (!m_draining) drain();
}

} // namespace dyad::shell
