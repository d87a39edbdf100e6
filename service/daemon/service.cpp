// SPDX-License-Identifier: Apache-2.0
#include "daemon/service.h"

#include "daemon/view_builder.h"
#include "engine/journal_kinds.h"
#include "platform/linux/tcp_connections.h"

#include <algorithm>

namespace dyad::daemon {

Service::Service(const engine::Engine& engine, shell::Runner& runner, const ports::HeartPort& heart,
                 const ports::ReservationPort& reservations, const ports::ResourcePort& resources,
                 alarms::AlarmBoard& alarms, recorder::Journal& journal, const ports::Clock& clock)
    : m_engine(engine), m_runner(runner), m_heart(heart), m_reservations(reservations), m_resources(resources),
      m_alarms(alarms), m_journal(journal), m_clock(clock) {
    journal.onEntry = [this](const model::JournalEntry& entry) {
        if (onJournal) onJournal(entry);
        if (onEntry) onEntry(entry);
    };
    const auto changed = [this] {
        if (onViewChanged) onViewChanged();
    };
    runner.onChanged = changed;
    alarms.onChange = changed;
}

model::ClusterView Service::view() const {
    return buildView(m_engine, m_heart.report(), m_reservations, m_resources, m_alarms.list(), m_clock);
}

std::vector<model::JournalEntry> Service::journalAfter(std::uint64_t sequence, std::size_t limit) const {
    return m_journal.after(sequence, limit);
}

namespace {

std::optional<model::ResourceId> resourceCalled(const model::GroupSetup& group, const std::string& name) {
    for (std::size_t i = 0; i < group.resources.size(); ++i)
        if (group.resources[i].name == name) return model::ResourceId(static_cast<std::uint32_t>(i));
    return {};
}

} // namespace

Result<engine::OrderGiven> Service::translated(const model::Order& order) const {
    engine::OrderGiven given;
    given.kind = order.kind;
    given.who = order.who;
    const model::Configuration& configuration = m_engine.configuration();
    if (!order.node.empty()) {
        for (const model::NodeId node : model::bothNodes) {
            if (configuration.nodes[model::indexOf(node)].name != order.node) continue;
            given.aboutPeer = node != m_engine.self();
            return given;
        }
        return Error{"find the node", order.node, "the configuration has no such node",
                     "The nodes are " + configuration.nodes[0].name + " and " + configuration.nodes[1].name};
    }
    if (!order.key.empty()) {
        const std::optional<model::ReservationKey> key = model::keyFromText(order.key);
        if (!key)
            return Error{"read the reservation key", order.key.substr(0, 40), "it is not 16 hexadecimal digits",
                         "`dyad keys` shows the holder's"};
        given.key = *key;
    }
    std::string names;
    for (std::size_t i = 0; i < configuration.groups.size(); ++i) {
        if (configuration.groups[i].name == order.group) {
            given.group = model::GroupId(static_cast<std::uint32_t>(i));
            if (order.kind != model::OrderKind::RestartResource) return given;
            const std::optional<model::ResourceId> resource = resourceCalled(configuration.groups[i], order.resource);
            if (!resource)
                return Error{"find the resource", order.group + "/" + order.resource, "the group has no such resource",
                             "`dyad status` lists the resources of each group"};
            given.resource = *resource;
            return given;
        }
        names += (names.empty() ? "" : ", ") + configuration.groups[i].name;
    }
    return Error{"find the group", order.group, "the configuration has no such group", "The groups are: " + names};
}

void Service::order(const model::Order& order, Answered answered) {
    const Result<engine::OrderGiven> given = translated(order);
    if (!given) return answered({.accepted = false, .text = given.error().text()});
    m_runner.order(given.value(), std::move(answered));
}

model::OrderAnswer Service::judge(const model::Order& order) const {
    const Result<engine::OrderGiven> given = translated(order);
    if (!given) return {.accepted = false, .text = given.error().text()};
    engine::Engine copy = m_engine;
    for (const engine::Action& action : copy.step(m_clock.now(), given.value()))
        if (const auto* answer = std::get_if<engine::AnswerOrder>(&action); answer && answer->request == given.value().request)
            return {.accepted = answer->accepted, .text = answer->text};
    return {.accepted = false, .text = "the service gives no answer to this order now"};
}

std::vector<model::PredictedStep> Service::predict(const model::Order& order) const {
    return onPredict ? onPredict(order) : std::vector<model::PredictedStep>();
}

std::vector<ports::ChannelState> Service::channels() const {
    return onChannels ? onChannels() : std::vector<ports::ChannelState>();
}

std::optional<std::size_t> Service::clientsOf(const std::string& group) const {
    std::vector<std::string> addresses;
    for (const engine::GroupRecord& record : m_engine.state().groups) {
        const model::GroupSetup& setup = m_engine.configuration().groups[record.id.value];
        if (setup.name != group) continue;
        if (record.role != model::Role::Active) return std::nullopt; // its clients are elsewhere
        for (const model::ResourceSetup& resource : setup.resources)
            if (const auto* address = std::get_if<model::AddressSettings>(&resource.settings))
                addresses.push_back(address->address);
    }
    if (addresses.empty()) return std::nullopt;
    const Result<std::size_t> count = platform::establishedTo(addresses);
    if (!count) return std::nullopt;
    return count.value();
}

model::OrderAnswer Service::acknowledge(const std::string& alarm, const std::string& who) {
    const std::string node = m_engine.configuration().nodes[model::indexOf(m_engine.self())].name;
    if (!m_alarms.acknowledge(alarm, who))
        return {.accepted = false,
                .text = "no alarm \"" + alarm + "\" stands on " + node + "; `dyad alarms` lists those that do"};
    return {.accepted = true, .text = "alarm " + alarm + " is acknowledged on " + node};
}

void Service::audit(const model::AuditEntry& entry) {
    if (!entry.toldByEngine) {
        const std::string group = entry.subject.substr(0, entry.subject.find('/'));
        const auto& groups = m_engine.configuration().groups;
        const bool known = std::any_of(groups.begin(), groups.end(),
                                       [&](const model::GroupSetup& each) { return each.name == group; });
        m_journal.write({.at = m_clock.now(),
                         .wallClockMs = m_clock.wallClockMs(),
                         .kind = engine::kind::order,
                         .group = known ? group : "",
                         .text = entry.what + " of " + entry.subject + " by " + entry.who +
                                 (entry.address.empty() ? "" : " from " + entry.address) + ": " + entry.result + ", " +
                                 entry.text});
    }
    if (onAudit) onAudit(entry);
}

} // namespace dyad::daemon
