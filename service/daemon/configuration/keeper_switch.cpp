// SPDX-License-Identifier: Apache-2.0
// From a revision that was taken to the service that runs it.
#include "config/load.h"
#include "daemon/configuration/keeper.h"

namespace dyad::daemon {

namespace {

constexpr std::chrono::milliseconds turnInterval(100);
constexpr Duration settledAfter = 1s;    // nothing about the pair has changed for so long; and the answers are out
constexpr Duration turnPatience = 30s;   // then an alarm says what is waited for
constexpr std::chrono::milliseconds installAgain(10000);
constexpr const char* switchAlarm = "config.switch";

} // namespace

void Keeper::switchTo() {
    const std::uint64_t digest = m_core.state().current().revision.digest;
    m_disk.run([this, digest, file = m_setup.configurationFile,
                state = config::KeptState{m_core.state(), digest}]() -> std::function<void()> {
        Result<void> done = m_store.install(digest);
        Result<std::string> text = m_store.text(digest);
        if (done) done = m_store.save(state);
        m_store.forgetOthers(state.apply);
        return [this, digest, done, file, text] {
            if (!done || !text) {
                const Error error = done ? text.error() : done.error();
                m_setup.alarms.raise({.id = switchAlarm,
                                      .severity = model::Severity::Warning,
                                      .text = "the new configuration can't be put into place: " + error.text(),
                                      .remedy = "it is tried again; look at the disk",
                                      .since = m_setup.clock.now(),
                                      .sinceWallClockMs = m_setup.clock.wallClockMs()});
                QTimer::singleShot(installAgain, this, &Keeper::switchTo);
                return;
            }
            m_installed = digest;
            if (m_core.state().current().revision.digest != digest) return; // another one has been taken meanwhile
            m_setup.alarms.clear(switchAlarm);
            m_wanted.reset();
            m_turn.stop();
            if (digest == m_setup.running.digest) return; // back to what runs anyway
            config::Loaded loaded = config::loadText(text.value(), file);
            if (!loaded.configuration) return; // it was checked before it was taken
            m_wanted = std::move(loaded.configuration);
            m_wantedSince = m_setup.clock.now();
            m_situationSince = m_wantedSince;
            m_turn.start(turnInterval);
        };
    });
}

void Keeper::considerTurn() {
    if (!m_wanted || m_restarting) return;
    const Instant now = m_setup.clock.now();
    const PairSituation pair = m_setup.situation();
    // A peer that has gone over to slower time-outs already is heard and lost by turns until this node follows it.
    PairSituation lasting = pair;
    lasting.peerHeard = lasting.peerServed = lasting.peerLost = false;
    if (!(lasting == m_lastSituation)) {
        m_lastSituation = lasting;
        m_situationSince = now;
    }
    if (pair.peerLost && !m_lost) m_lostSince = now;
    m_lost = pair.peerLost;
    const config::ChangePlan plan = planFor(*m_wanted);
    config::SwitchPicture picture;
    picture.self = m_setup.self;
    picture.ownHere = pair.ownHere;
    picture.ownThere = pair.ownThere;
    picture.ownerFirst = plan.ownerFirst;
    picture.wanted = m_wanted->digest;
    picture.peerRuns = pair.peerRuns;
    picture.peerHeard = pair.peerHeard;
    picture.peerServed = pair.peerServed;
    picture.peerLost = pair.peerLost;
    picture.alone = m_alone;
    const Instant since = pair.peerLost ? std::max(m_lostSince, m_wantedSince) : std::max(m_situationSince, m_wantedSince);
    picture.settled = now - since > settledAfter;
    picture.patienceOver = now - m_wantedSince > turnPatience;
    const config::SwitchTurn turn = config::whoseTurn(picture);
    std::string why;
    if (turn == config::SwitchTurn::Stuck)
        why = m_setup.peer.peerName() + " has not come back with it";
    else if (turn == config::SwitchTurn::Now && !plan.mayGo())
        why = plan.impossible.empty() ? "group " + plan.mustStop.front().group + " has started meanwhile, and " +
                                            plan.mustStop.front().why
                                      : plan.impossible.front();
    if (!why.empty())
        return m_setup.alarms.raise(
            {.id = switchAlarm,
             .severity = model::Severity::Warning,
             .text = "a new configuration is taken, but this node still runs the old one: " + why,
             .remedy = "look at the other node and at `dyad config history`; `dyad config rollback` takes it back",
             .since = m_wantedSince,
             .sinceWallClockMs = m_setup.clock.wallClockMs()});
    m_setup.alarms.clear(switchAlarm);
    if (turn == config::SwitchTurn::Now) goThrough();
}

void Keeper::goThrough() {
    m_restarting = true;
    m_turn.stop();
    const bool heart = planFor(*m_wanted).reach == config::Reach::Heart;
    write(model::Severity::Information,
          "the service restarts in place with revision " +
              std::to_string(m_core.state().current().revision.number) +
              " of the configuration; what runs goes on" + (heart ? "; the heart is replaced first" : ""));
    m_setup.prepareRestart(*m_wanted, heart, [this] {
        m_setup.restart();
        // Still here: it could not be started.
        m_restarting = false;
        m_setup.alarms.raise({.id = switchAlarm,
                              .severity = model::Severity::Warning,
                              .text = "the service can't restart itself; it runs on with the old configuration",
                              .remedy = "restart dyadd by hand: what runs is adopted",
                              .since = m_setup.clock.now(),
                              .sinceWallClockMs = m_setup.clock.wallClockMs()});
    });
}

} // namespace dyad::daemon
