// SPDX-License-Identifier: Apache-2.0
#include "daemon/configuration/keeper.h"

#include "config/digest.h"

#include <fstream>
#include <sstream>

namespace dyad::daemon {

using namespace config::apply_event;

namespace {

constexpr std::chrono::milliseconds lookInterval(2000);
constexpr const char* driftAlarm = "config.drift";
constexpr const char* diskAlarm = "config.disk";

std::string readWhole(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

} // namespace

Keeper::Keeper(KeeperSetup setup, QObject* parent)
    : QObject(parent), m_setup(std::move(setup)),
      m_store(m_setup.stateDirectory + "/config", m_setup.configurationFile) {
    m_look.setInterval(lookInterval);
    connect(&m_look, &QTimer::timeout, this, &Keeper::lookAround);
    connect(&m_turn, &QTimer::timeout, this, &Keeper::considerTurn);
}

Result<void> Keeper::start() {
    Result<config::KeptState> kept = m_store.load();
    config::KeptState state;
    if (kept)
        state = kept.value();
    else
        write(model::Severity::Warning, kept.error().text());
    m_core = config::ApplyCore(state.apply);
    m_runningText = readWhole(m_setup.configurationFile);
    const std::uint64_t found = m_setup.running.digest;
    // The file was read a moment ago; one that is exchanged just now is for the next start.
    if (config::digestOf(m_runningText) != found) m_runningText.clear();
    if (!m_runningText.empty())
        if (Result<void> text = m_store.keepText(found, m_runningText); !text) return text;
    // What was decided could not be written to the file (a full disk): it is still decided.
    const bool pending = !state.apply.history.empty() && found == state.installed &&
                         found != state.apply.current().revision.digest;
    m_installed = found;
    post(Restarted{pending ? state.apply.current().revision.digest : found,
                   m_setup.running.nodes[model::indexOf(m_setup.self)].name, m_setup.clock.wallClockMs()});
    if (pending) switchTo();
    m_look.start();
    return {};
}

// --- the core and its disk ------------------------------------------------------------------------------------------

void Keeper::post(config::ApplyEvent event) {
    if (m_waiting.size() >= maxWaiting) return;
    m_waiting.push_back(std::move(event));
    pump();
}

void Keeper::pump() {
    while (!m_saving && !m_waiting.empty()) {
        const config::ApplyEvent event = std::move(m_waiting.front());
        m_waiting.pop_front();
        config::ApplyCore before = m_core;
        std::vector<config::ApplyAction> actions = m_core.step(event);
        if (m_core.state() == before.state() && m_installed != 0 && !std::holds_alternative<Restarted>(event)) {
            for (const config::ApplyAction& action : actions)
                carryOut(action);
            continue;
        }
        m_saving = true;
        m_disk.run([this, event, before = std::move(before), actions = std::move(actions),
                    state = config::KeptState{m_core.state(), m_installed}]() -> std::function<void()> {
            const Result<void> saved = m_store.save(state);
            return [this, event, before, actions, saved] {
                m_saving = false;
                if (saved) {
                    m_setup.alarms.clear(diskAlarm);
                    for (const config::ApplyAction& action : actions)
                        carryOut(action);
                } else {
                    m_core = before;
                    couldNotSave(event, saved.error());
                }
                pump();
            };
        });
    }
}

// Nothing is promised that is not on disk.
void Keeper::couldNotSave(const config::ApplyEvent& event, const Error& error) {
    m_setup.alarms.raise({.id = diskAlarm,
                          .severity = model::Severity::Warning,
                          .text = "the configuration's bookkeeping can't be written: " + error.text(),
                          .remedy = "look at the disk of the state folder",
                          .since = m_setup.clock.now(),
                          .sinceWallClockMs = m_setup.clock.wallClockMs()});
    if (const auto* ordered = std::get_if<Ordered>(&event)) {
        answer(ordered->request, false, error.text());
    } else if (const auto* asked = std::get_if<PrepareAsked>(&event)) {
        carryOut(config::apply_action::AnswerPrepare{asked->staged.attempt, false, error.text()});
    } else if (const auto* answered = std::get_if<PrepareAnswered>(&event)) {
        carryOut(config::apply_action::Abort{answered->attempt});
        for (const auto& [request, each] : std::exchange(m_orders, {}))
            each.done({false, "nothing was changed: " + error.text(), {}, each.report.reports});
    }
}

void Keeper::carryOut(const config::ApplyAction& action) {
    using namespace config::apply_action;
    if (const auto* prepare = std::get_if<Prepare>(&action)) {
        sendPrepare(*prepare);
    } else if (const auto* commit = std::get_if<Commit>(&action)) {
        model::StagedRevision said{commit->attempt, {}, 0, true};
        said.record.revision = commit->revision;
        askPeer("POST", "/v1/config/commit", bodyWith(said, false), 5s, [](const control::PeerAnswer&) {});
    } else if (const auto* abort = std::get_if<Abort>(&action)) {
        model::StagedRevision said{abort->attempt, {}, 0, true};
        said.record.revision = {1, 1};
        askPeer("POST", "/v1/config/abort", bodyWith(said, false), 5s, [](const control::PeerAnswer&) {});
    } else if (const auto* prepared = std::get_if<AnswerPrepare>(&action)) {
        if (auto waiting = m_prepares.extract(prepared->attempt))
            waiting.mapped()({prepared->prepared, prepared->why});
    } else if (const auto* ask = std::get_if<Ask>(&action)) {
        fetchPicture(false, [this, number = ask->number](std::optional<model::ConfigurationPicture> picture) {
            if (!picture) return;
            m_told = true;
            post(PeerTold{number, std::move(*picture)});
        });
    } else if (std::holds_alternative<Fetch>(action)) {
        fetch();
    } else if (const auto* told = std::get_if<Answer>(&action)) {
        answer(told->request, told->accepted, told->text);
    } else if (std::holds_alternative<Switch>(action)) {
        switchTo();
    } else if (const auto* drift = std::get_if<Drift>(&action)) {
        if (drift->why.empty())
            m_setup.alarms.clear(driftAlarm);
        else
            m_setup.alarms.raise({.id = driftAlarm,
                                  .severity = model::Severity::Warning,
                                  .text = "the configurations of the two nodes have drifted apart: " + drift->why,
                                  .remedy = "see the difference with `dyad config diff`, and settle it with `dyad "
                                            "config apply FILE` on either node",
                                  .since = m_setup.clock.now(),
                                  .sinceWallClockMs = m_setup.clock.wallClockMs()});
    }
}

void Keeper::answer(std::uint64_t request, bool accepted, const std::string& text) {
    auto order = m_orders.extract(request);
    if (!order) return;
    model::ApplyReport report = std::move(order.mapped().report);
    report.accepted = accepted;
    report.text = text;
    if (accepted) report.revision = m_core.state().current().revision;
    write(accepted ? model::Severity::Information : model::Severity::Warning, "config apply: " + text);
    order.mapped().done(report);
}

void Keeper::write(model::Severity severity, const std::string& text) {
    model::JournalEntry entry;
    entry.at = m_setup.clock.now();
    entry.wallClockMs = m_setup.clock.wallClockMs();
    entry.severity = severity;
    entry.kind = "configuration";
    entry.text = text;
    m_setup.journal.write(std::move(entry));
}

// --- what the control server asks -----------------------------------------------------------------------------------

model::ConfigurationPicture Keeper::picture() const {
    model::ConfigurationPicture picture;
    picture.node = m_setup.running.nodes[model::indexOf(m_setup.self)].name;
    picture.history = m_core.state().history;
    picture.staged = m_core.state().staged;
    picture.runningDigest = m_setup.running.digest;
    return picture;
}

void Keeper::text(std::uint64_t revision, std::function<void(Result<std::string>)> done) {
    const auto& history = m_core.state().history;
    std::uint64_t digest = 0;
    for (const model::RevisionRecord& each : history)
        if (revision == 0 || each.revision.number == revision) digest = each.revision.digest; // the latest of a number
    if (digest == 0)
        return done(Error{"read revision " + std::to_string(revision), picture().node, "it isn't kept",
                          "`dyad config history` lists the last ten"});
    m_disk.run([this, digest, done = std::move(done)]() -> std::function<void()> {
        return [done, text = m_store.text(digest)] { done(text); };
    });
}

void Keeper::checkThen(std::string text, CheckDone then) {
    m_checker.run([text = std::move(text), file = m_setup.configurationFile, live = m_setup.live,
                   running = m_runningText, then = std::move(then)]() mutable -> std::function<void()> {
        return [then, checked = checkText(std::move(text), file, live, running)] { then(checked); };
    });
}

config::ChangePlan Keeper::planFor(const model::Configuration& to) const {
    return config::planChange(m_setup.running, to, m_setup.situation().groups);
}

model::ConfigurationReport Keeper::reportOf(const CheckedText& checked) const {
    model::ConfigurationReport report;
    report.node = m_setup.running.nodes[model::indexOf(m_setup.self)].name;
    report.digest = checked.digest;
    report.findings = checked.findings;
    report.plan.restarts = "nothing";
    if (!checked.configuration) return report;
    const config::ChangePlan plan = planFor(*checked.configuration);
    report.plan.restarts = config::toText(plan.reach);
    report.plan.impossible = plan.impossible;
    report.plan.effects = plan.effects;
    for (const config::Blocker& each : plan.mustStop)
        report.plan.mustStop.push_back({each.group, each.node, each.why});
    return report;
}

void Keeper::check(std::string text, std::function<void(model::ConfigurationReport)> done) {
    checkThen(std::move(text), [this, done](const CheckedText& checked) { done(reportOf(checked)); });
}

} // namespace dyad::daemon
