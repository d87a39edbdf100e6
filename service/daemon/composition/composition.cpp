// SPDX-License-Identifier: Apache-2.0
#include "daemon/composition/composition.h"

#include "agents/factory.h"
#include "alarms/alarm_board.h"
#include "alarms/system_log.h"
#include "config/digest.h"
#include "control/server/routes/notify_routes.h"
#include "control/server/routes/truth_routes.h"
#include "daemon/configuration/configuration_part.h"
#include "daemon/control/control_part.h"
#include "daemon/failback_clock.h"
#include "daemon/heart_adapter.h"
#include "daemon/history_part.h"
#include "daemon/hooks/hook_part.h"
#include "daemon/instance_lock.h"
#include "daemon/notify/notify_part.h"
#include "daemon/service.h"
#include "daemon/standing_orders_file.h"
#include "daemon/truth/truth_watch.h"
#include "engine/engine.h"
#include "network/address_agent.h"
#include "network/alias/alias_agent.h"
#include "network/public_watch.h"
#include "platform/linux/monotonic_clock.h"
#include "recorder/flight/flight_recorder.h"
#include "recorder/journal.h"
#include "shell/agent_switchboard.h"
#include "shell/runner.h"
#include "storage/filesystem_agent.h"
#include "storage/lun_client.h"

#include <filesystem>
#include <fstream>

namespace dyad::daemon {

namespace {

constexpr Duration lastHooksTime = 5s;

class SystemClock : public ports::Clock {
public:
    [[nodiscard]] Instant now() const override { return platform::monotonicNow(); }
    [[nodiscard]] Instant nowWithSuspend() const override { return platform::monotonicWithSuspend(); }
    [[nodiscard]] std::int64_t wallClockMs() const override { return platform::wallClockMs(); }
};

Result<model::BootDigest> readBootDigest(const std::string& file) {
    std::ifstream stream(file);
    std::string id;
    if (!std::getline(stream, id) || id.size() < 16)
        return Error{"read the boot id", file, "no id in it", "name the right file with --boot-id-file"};
    return model::BootDigest(config::digestOf(id));
}

} // namespace

struct Composition::Parts {
    Options options;
    model::NodeId self = model::NodeId::First;
    InstanceLock lock;
    model::BootDigest boot;
    SystemClock clock;
    alarms::SystemLog log = alarms::SystemLog::standardError();
    std::unique_ptr<recorder::Journal> journal;
    std::unique_ptr<HookPart> hooks;
    std::unique_ptr<alarms::AlarmBoard> alarms;
    std::unique_ptr<NotifyPart> notify;
    std::unique_ptr<SelfFence> fence;
    std::unique_ptr<StandingOrdersFile> standing;
    std::optional<recorder::FlightRecorder> flight;
    std::unique_ptr<engine::Engine> engine;
    std::unique_ptr<storage::LunClient> luns;
    std::unique_ptr<HeartAdapter> heart;
    std::unique_ptr<network::PublicWatch> publicNetwork;
    shell::AgentSwitchboard agents;
    std::unique_ptr<shell::Runner> runner;
    std::unique_ptr<FailbackClock> failbackClock;
    std::unique_ptr<Service> service;
    std::unique_ptr<ControlPart> control;
    std::unique_ptr<HistoryPart> history;
    std::unique_ptr<TruthWatch> truth;
    std::unique_ptr<ConfigurationPart> configurationPart;

    Result<void> build(model::Configuration configuration);
    void openFlightRecorder(const model::Configuration& configuration);
    void recallStandingOrders();
    Result<std::unique_ptr<ports::Agent>> makeAgent(const model::Configuration& configuration, const std::string& group,
                                                    const model::ResourceSetup& resource);
    Result<void> buildAgents(const model::Configuration& configuration);
    Result<void> buildControl(const model::Configuration& configuration);
};

Result<void> Composition::Parts::build(model::Configuration configuration) {
    std::error_code failed;
    for (const std::string& folder : {options.runDirectory, options.stateDirectory}) {
        std::filesystem::create_directories(folder, failed);
        if (failed) return Error{"make the folder", folder, failed.message(), "make it, or name another one"};
    }
    Result<InstanceLock> alone = InstanceLock::take(options.runDirectory + "/dyadd.lock");
    if (!alone) return alone.error();
    lock = std::move(alone.value());
    Result<model::BootDigest> digest = readBootDigest(options.bootIdFile);
    if (!digest) return digest.error();
    boot = digest.value();

    journal = std::make_unique<recorder::Journal>(
        recorder::JournalSettings{.file = options.stateDirectory + "/events.jsonl"}, clock);
    hooks = std::make_unique<HookPart>(configuration, self, *journal, clock);
    alarms = std::make_unique<alarms::AlarmBoard>(*journal, clock, log);
    notify = std::make_unique<NotifyPart>(NotifyPart::Setup{options, configuration, self, *alarms, *journal, clock});
    fence = std::make_unique<SelfFence>(options.selfFence, *alarms, clock);
    engine = std::make_unique<engine::Engine>(configuration, self);
    openFlightRecorder(configuration);
    recallStandingOrders();

    const engine::Timeouts& timeouts = engine->timeouts();
    heart = std::make_unique<HeartAdapter>(
        HeartAdapterSetup{.program = options.programDirectory + "/dyad-heart",
                          .runDirectory = options.runDirectory,
                          .settings = heart::settingsOf(configuration, self, boot, options.keyFile, timeouts.heartbeat,
                                                        timeouts.suspect, timeouts.lost)});
    luns =
        std::make_unique<storage::LunClient>(storage::LunClientSetup{.program = options.programDirectory + "/dyad-lun",
                                                                     .runDirectory = options.runDirectory,
                                                                     .configuration = configuration,
                                                                     .node = self});
    Result<std::unique_ptr<network::PublicWatch>> watch = network::PublicWatch::make(configuration, {}, *alarms);
    if (!watch) return watch.error();
    publicNetwork = std::move(watch.value());
    if (Result<void> made = buildAgents(configuration); !made) return made;

    runner =
        std::make_unique<shell::Runner>(*engine, shell::Outside{clock, *luns, agents, *heart, *hooks, *alarms, *fence, *standing,
                                                                publicNetwork.get(), flight ? &*flight : nullptr});
    failbackClock = std::make_unique<FailbackClock>(configuration, localMinuteOfDay,
                                                    [this](engine::FailbackWindow window) { runner->post(window); });
    service = std::make_unique<Service>(*engine, *runner, *heart, *luns, agents, *alarms, *journal, clock);
    service->onChannels = [this] { return notify->channels(); };
    return buildControl(configuration);
}

// A service that can't be recorded is still a service.
void Composition::Parts::openFlightRecorder(const model::Configuration& configuration) {
    const std::string file = options.stateDirectory + "/flight.ring";
    Result<recorder::FlightRecorder> opened = recorder::FlightRecorder::open(
        file, {DYAD_VERSION, self, boot, clock.now(), clock.wallClockMs(), configuration});
    if (!opened) {
        Error error = opened.error();
        const std::string remedy = std::exchange(error.remedy, {});
        alarms->raise({.id = "recorder.flight",
                       .severity = model::Severity::Warning,
                       .text = "nothing is recorded for a replay: " + error.text(),
                       .remedy = remedy,
                       .since = clock.now(),
                       .sinceWallClockMs = clock.wallClockMs()});
        return;
    }
    flight = std::move(opened.value());
    if (!flight->setAside().empty())
        log.write(model::Severity::Warning,
                  "the recording " + file + " could not be gone on with; it is kept as " + flight->setAside().string());
}

// A service that has forgotten them says so, and starts: the group matters more.
void Composition::Parts::recallStandingOrders() {
    standing = std::make_unique<StandingOrdersFile>(options.stateDirectory + "/orders");
    Result<model::StandingOrders> kept = standing->load();
    if (kept) return standing->setKept(std::move(kept.value()));
    Error error = kept.error();
    const std::string remedy = std::exchange(error.remedy, {});
    alarms->raise({.id = "orders.forgotten",
                   .severity = model::Severity::Warning,
                   .text = "maintenance, frozen and disabled groups of before are forgotten: " + error.text(),
                   .remedy = remedy,
                   .since = clock.now(),
                   .sinceWallClockMs = clock.wallClockMs()});
}

// Each room makes the agents of its own resources.
Result<std::unique_ptr<ports::Agent>> Composition::Parts::makeAgent(const model::Configuration& configuration,
                                                                    const std::string& group,
                                                                    const model::ResourceSetup& resource) {
    if (const auto* filesystem = std::get_if<model::FilesystemSettings>(&resource.settings))
        return storage::makeFilesystemAgent(*filesystem, configuration.luns[filesystem->lun.value], *luns,
                                            options.runDirectory);
    if (const auto* address = std::get_if<model::AddressSettings>(&resource.settings))
        return network::makeAddressAgent(*address);
    if (const auto* alias = std::get_if<model::AliasSettings>(&resource.settings))
        return network::makeAliasAgent(*alias, group, resource.name, options.runDirectory, *alarms);
    if (const auto* pool = std::get_if<model::PoolSettings>(&resource.settings))
        return agents::makePoolAgent(*pool, group, resource.name, options.runDirectory, *alarms);
    return agents::makeAgent(resource, group, options.runDirectory, options.stateDirectory);
}

Result<void> Composition::Parts::buildAgents(const model::Configuration& configuration) {
    if (const Result<bool> tidied = network::removeForgottenAliases(configuration); !tidied)
        log.write(model::Severity::Warning, tidied.error().text());
    for (std::size_t g = 0; g < configuration.groups.size(); ++g) {
        const model::GroupSetup& group = configuration.groups[g];
        for (std::size_t r = 0; r < group.resources.size(); ++r) {
            const model::ResourceSetup& resource = group.resources[r];
            Result<std::unique_ptr<ports::Agent>> agent = makeAgent(configuration, group.name, resource);
            if (!agent) return agent.error();
            agents.add(model::GroupId(static_cast<std::uint32_t>(g)), model::ResourceId(static_cast<std::uint32_t>(r)),
                       agents::withProbes(std::move(agent.value()), resource.probes, group.name + "/" + resource.name));
        }
    }
    return {};
}

Result<void> Composition::Parts::buildControl(const model::Configuration& configuration) {
    Result<std::unique_ptr<ControlPart>> made = ControlPart::make(
        {options, configuration, self, *service, *heart, *alarms,
         [this](model::Severity severity, const std::string& text) { log.write(severity, text); }});
    if (!made) return made.error();
    control = std::move(made.value());
    if (flight) service->setRecordingFile(options.stateDirectory + "/flight.ring");
    history = std::make_unique<HistoryPart>(HistoryPart::Setup{options, configuration, self, boot, *service, *journal,
                                                               *alarms, clock, control->server(), control->peer()});
    truth = std::make_unique<TruthWatch>(LookSettings{configuration, options.configuration, options.runDirectory}, self,
                                         *service, *heart, *alarms);
    control->server().addRoutes(control::truthRoutes(*truth));
    control->server().addRoutes(control::notifyRoutes(*notify));
    truth->start();
    configurationPart = std::make_unique<ConfigurationPart>(
        ConfigurationPart::Setup{options, configuration, self, boot, *engine, *heart, *journal, *alarms, clock,
                                 control->server(), control->peer()});
    return {};
}

Composition::Composition(std::unique_ptr<Parts> parts) : m_parts(std::move(parts)) {}
Composition::~Composition() = default;

Result<std::unique_ptr<Composition>> Composition::make(const Options& options, model::Configuration configuration,
                                                       model::NodeId self) {
    auto parts = std::make_unique<Parts>();
    parts->options = options;
    parts->self = self;
    if (Result<void> built = parts->build(std::move(configuration)); !built) return built.error();
    return std::unique_ptr<Composition>(new Composition(std::move(parts)));
}

Result<void> Composition::start() {
    m_parts->heart->start();
    if (Result<void> started = m_parts->luns->start(); !started) return started;
    if (m_parts->publicNetwork) m_parts->publicNetwork->start();
    if (Result<void> listening = m_parts->control->start(); !listening) return listening;
    m_parts->runner->start(m_parts->boot);
    m_parts->failbackClock->start();
    if (Result<void> kept = m_parts->configurationPart->start(); !kept)
        m_parts->log.write(model::Severity::Warning, kept.error().text());
    return {};
}

void Composition::shutDown(const std::string& why, std::function<void()> finished) {
    // What is to be told of the last stop still is, for a moment.
    m_parts->runner->onShutdownFinished = [this, finished = std::move(finished)] {
        m_parts->hooks->whenIdle(lastHooksTime, finished);
    };
    m_parts->runner->post(engine::ShutdownRequested{why});
}

} // namespace dyad::daemon
