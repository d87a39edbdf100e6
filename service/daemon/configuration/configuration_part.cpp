// SPDX-License-Identifier: Apache-2.0
#include "daemon/configuration/configuration_part.h"

#include "agents/ocf_metadata.h"
#include "agents/unit_look.h"
#include "control/server/routes/configuration_routes.h"
#include "daemon/configuration/pair_situation.h"
#include "daemon/configuration/restart_in_place.h"
#include "engine/timeouts.h"

#include <algorithm>
#include <cstdio>

namespace dyad::daemon {

namespace {

constexpr std::chrono::milliseconds heartLookInterval(20);
constexpr Duration heartPatience = 10s; // for the new heart to hear the peer; then the service restarts anyway
constexpr Duration journalPatience = 500ms;

config::LiveSetup liveSetup(const Options& options, model::NodeId self) {
    return {.self = self,
            .keyFile = options.keyFile,
            .tlsDirectory = options.tlsDirectory,
            .tokens = options.tokens,
            .programDirectory = options.programDirectory,
            .runDirectory = options.runDirectory,
            .askAgent = [](const model::OcfSettings& each) {
                return agents::readOcfMetadata(each.provider, each.agent);
            },
            .askUnit = [](const std::string& unit) { return agents::askUnit(unit); }};
}

} // namespace

ConfigurationPart::ConfigurationPart(const Setup& setup)
    : m_setup(setup),
      m_keeper({.configurationFile = setup.options.configuration,
                .stateDirectory = setup.options.stateDirectory,
                .self = setup.self,
                .running = setup.engine.configuration(),
                .live = liveSetup(setup.options, setup.self),
                .peer = setup.peer,
                .alarms = setup.alarms,
                .journal = setup.journal,
                .clock = setup.clock,
                .situation = [&engine = setup.engine] { return situationOf(engine); },
                .prepareRestart = [this](const model::Configuration& to, bool heart,
                                         std::function<void()> then) { prepareRestart(to, heart, std::move(then)); },
                .restart =
                    [this] {
                        m_setup.journal.drain(journalPatience);
                        restartInPlace(m_setup.options.programDirectory + "/dyadd");
                    }}),
      m_sync({.configuration = setup.engine.configuration(),
              .self = setup.self,
              .stateDirectory = setup.options.stateDirectory,
              .peer = setup.peer,
              .alarms = setup.alarms,
              .journal = setup.journal,
              .clock = setup.clock,
              .activeHere =
                  [&engine = setup.engine](model::GroupId group) {
                      return engine.state().groups[group.value].role == model::Role::Active;
                  },
              .peerServed = [&engine = setup.engine] { return situationOf(engine).peerServed; }}) {
    setup.server.addRoutes(control::configurationRoutes(m_keeper));
    setup.server.addRoutes(m_sync.routes());
    QObject::connect(&m_heartTimer, &QTimer::timeout, [this] { awaitHeart(); });
}

// The heart first, while this service still defends what it owns: it must not be replaced while nobody looks after the
// array.
void ConfigurationPart::prepareRestart(const model::Configuration& to, bool heart, std::function<void()> then) {
    letGoOfLuns(m_setup.engine.configuration(), to, m_setup.options.runDirectory);
    if (!heart) return then();
    m_then = std::move(then);
    const engine::Timeouts timeouts = engine::timeoutsOf(to.profile);
    m_heartUntil = m_setup.clock.now() + heartPatience;
    m_setup.heart.changeSettings(heart::settingsOf(to, m_setup.self, m_setup.boot, m_setup.options.keyFile,
                                                   timeouts.heartbeat, timeouts.suspect, timeouts.lost));
    m_heartTimer.start(heartLookInterval);
}

void ConfigurationPart::awaitHeart() {
    const ports::HeartReport report = m_setup.heart.report();
    const bool heard = std::any_of(report.links.begin(), report.links.end(), [](const model::LinkReport& link) {
        return link.liveness == model::Liveness::Alive;
    });
    if (!(m_setup.heart.joined() && heard) && m_setup.clock.now() < m_heartUntil) return;
    m_heartTimer.stop();
    std::exchange(m_then, nullptr)();
}

void finishInterruptedApply(const Options& options) {
    const config::RevisionStore store(options.stateDirectory + "/config", options.configuration);
    const Result<bool> finished = store.finishInstall();
    if (!finished)
        std::fprintf(stderr, "dyadd: warning: %s\n", finished.error().text().c_str());
    else if (finished.value())
        std::fprintf(stderr, "dyadd: %s was completed with the revision that both nodes had agreed on\n",
                     options.configuration.c_str());
}

} // namespace dyad::daemon
