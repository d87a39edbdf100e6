// SPDX-License-Identifier: Apache-2.0
#include "world/resources.h"

#include "world/world.h"

namespace dyad::simulator {

using model::ResourceOutcome;
using model::ResourceRequest;
using model::ResourceVerb;

namespace {

constexpr Duration addressTakes = 1ms;
constexpr Duration killTakes = 5ms;
constexpr Duration probeTakes = 1ms;
constexpr Duration mountWatch = 500ms; // how often the filesystem agent looks at its mount

} // namespace

Resources::Resources(World& world, std::uint8_t node, std::uint64_t seed)
    : m_world(world), m_node(node), m_dice(seed, 0x3000u + node) {
    const auto& groups = world.configuration().groups;
    for (std::uint32_t g = 0; g < groups.size(); ++g) {
        std::vector<Resource> resources;
        for (const model::ResourceSetup& setup : groups[g].resources) {
            Resource resource;
            if (const auto* filesystem = std::get_if<model::FilesystemSettings>(&setup.settings)) {
                resource.type = ResourceType::Filesystem;
                resource.lun = static_cast<std::uint16_t>(filesystem->lun.value);
            } else if (std::holds_alternative<model::AddressSettings>(setup.settings)) {
                resource.type = ResourceType::Address;
            }
            resources.push_back(resource);
        }
        m_groups.push_back(std::move(resources));
        m_databases.emplace_back(world, node, g);
    }
}

void Resources::set(std::uint16_t target, bool there) {
    Resource& resource = of(target);
    if (resource.there == there) return;
    resource.there = there;
    if (!there) resource.shutItselfDown = false;
    if (resource.type == ResourceType::Process && !there) m_databases[target / 16].close();
    m_world.resourceMoved(m_node, target / 16u, target % 16u);
}

void Resources::vanish() {
    for (std::uint32_t g = 0; g < m_groups.size(); ++g)
        for (std::uint32_t r = 0; r < m_groups[g].size(); ++r) {
            set(targetOf(g, r), false);
            Resource& resource = m_groups[g][r];
            resource.supervised = resource.pending = false;
            ++resource.turn;
        }
}

void Resources::serviceWent() {
    for (auto& group : m_groups)
        for (Resource& each : group) {
            each.supervised = each.pending = false;
            ++each.turn;
        }
}

void Resources::lunWent(std::uint16_t lun) {
    for (std::size_t g = 0; g < m_groups.size(); ++g)
        for (const Resource& each : m_groups[g])
            if (each.type == ResourceType::Filesystem && each.lun == lun) m_databases[g].lunWent();
}

bool Resources::mayWrite(std::uint32_t group) const {
    for (const Resource& each : m_groups[group])
        if (each.type == ResourceType::Filesystem && (!each.there || each.shutItselfDown)) return false;
    for (const model::LunId lun : m_world.configuration().groups[group].luns)
        if (!m_world.host(m_node).lun(lun.value).runs()) return false;
    return true;
}

Duration Resources::takes(const Resource& resource, const ResourceRequest& request) {
    const Duration base = request.verb == ResourceVerb::Probe      ? probeTakes
                          : resource.type == ResourceType::Address ? addressTakes
                          : request.verb == ResourceVerb::Kill     ? killTakes
                                                               : std::chrono::microseconds(m_world.options().startUs);
    Duration takes = base / 2 + m_dice.upTo(base);
    // About the time-out: sometimes in time and sometimes not.
    if (resource.manner[static_cast<std::size_t>(request.verb)] == ResourceManner::Slow)
        takes +=
            m_dice.upTo(2 * (request.verb == ResourceVerb::Kill ? m_world.timeouts().killDeadline() : startTimeout));
    return takes;
}

void Resources::carryOut(const ResourceRequest& request) {
    const std::uint16_t target = targetOf(request.group.value, request.resource.value);
    Resource& resource = of(target);
    ++resource.turn;
    resource.pending = true;
    resource.request = request;
    const Duration after = takes(resource, request); // drawn in any case: no fault shifts the dice of others
    if (request.verb == ResourceVerb::Start) {
        if (resource.type != ResourceType::Filesystem) set(target, true); // half started
    }
    if (resource.manner[static_cast<std::size_t>(request.verb)] == ResourceManner::Hangs) {
        m_world.bentResource(m_node, target);
        return;
    }
    m_world.plan(after, {.life = resource.turn, .target = target, .node = m_node, .what = Happens::ResourceAnswers});
}

void Resources::answer(std::uint16_t target, std::uint32_t turn) {
    Resource& resource = of(target);
    if (resource.turn != turn || !resource.pending) return;
    finish(target);
}

void Resources::start(std::uint16_t target, ResourceOutcome& outcome, std::string& detail) {
    Resource& resource = of(target);
    const std::uint32_t group = target / 16u;
    outcome = ResourceOutcome::Running;
    switch (resource.type) {
    case ResourceType::Filesystem:
        if (!m_world.host(m_node).lun(resource.lun).gateOpen()) {
            outcome = ResourceOutcome::Failed;
            detail = "the LUN is latched shut";
            return;
        }
        resource.shutItselfDown = false;
        break;
    case ResourceType::Process:
        if (!m_world.configuration().groups[group].luns.empty() && !mayWrite(group)) {
            outcome = ResourceOutcome::Failed;
            detail = "the data directory is not there";
            set(target, false);
            return;
        }
        break;
    case ResourceType::Address: break;
    }
    set(target, true);
    if (resource.type == ResourceType::Process) m_databases[group].open();
}

// Whoever takes a filesystem away by force kills what uses it; in order it is busy as long as something does.
void Resources::stop(std::uint16_t target, ResourceOutcome& outcome, std::string& detail) {
    Resource& resource = of(target);
    const std::uint32_t group = target / 16u;
    outcome = ResourceOutcome::Stopped;
    if (resource.type == ResourceType::Filesystem) {
        for (std::uint32_t r = 0; r < m_groups[group].size(); ++r) {
            Resource& user = m_groups[group][r];
            if (user.type != ResourceType::Process || !user.there) continue;
            if (resource.request.verb == ResourceVerb::Stop) {
                outcome = ResourceOutcome::Failed;
                detail = "device busy (16)";
                return;
            }
            set(targetOf(group, r), false);
            ended(targetOf(group, r), user.turn);
        }
    }
    set(target, false);
}

void Resources::finish(std::uint16_t target) {
    Resource& resource = of(target);
    const ResourceRequest& request = resource.request;
    model::ResourceAnswer answer{
        request.operation, request.epoch, request.group, request.resource, request.verb, {}, {}};
    const ResourceManner manner = resource.manner[static_cast<std::size_t>(request.verb)];
    const bool fails = manner == ResourceManner::Fails;
    const bool lies = manner == ResourceManner::Lies;
    if (fails || lies) m_world.bentResource(m_node, target);
    switch (request.verb) {
    case ResourceVerb::Start:
        if (fails) {
            answer.outcome = ResourceOutcome::Failed;
            answer.detail = "exit status 1";
            set(target, false);
        } else if (lies) {
            answer.outcome = ResourceOutcome::Running;
            set(target, false);
        } else {
            start(target, answer.outcome, answer.detail);
        }
        break;
    case ResourceVerb::Stop:
    case ResourceVerb::Kill:
        if (fails) {
            answer.outcome = ResourceOutcome::Failed;
            answer.detail = "exit status 1";
        } else if (lies) {
            answer.outcome = ResourceOutcome::Stopped;
        } else {
            stop(target, answer.outcome, answer.detail);
        }
        break;
    case ResourceVerb::Probe:
        answer.outcome = fails                     ? ResourceOutcome::CouldNotRun
                         : resource.shutItselfDown ? ResourceOutcome::Failed
                         : resource.there != lies  ? ResourceOutcome::Running
                                                   : ResourceOutcome::Stopped;
        break;
    }
    resource.pending = false;
    resource.supervised = answer.outcome == ResourceOutcome::Running;
    m_world.host(m_node).service().post(std::move(answer));
}

void Resources::ended(std::uint16_t target, std::uint32_t turn) {
    Resource& resource = of(target);
    if (resource.turn != turn || !resource.supervised) return;
    resource.supervised = false;
    m_world.host(m_node).service().post(model::ResourceNotice{
        model::GroupId(target / 16u), model::ResourceId(target % 16u), model::ResourceNotice::Kind::Died, "ended"});
}

void Resources::die(std::uint16_t target, bool unhealthy) {
    Resource& resource = of(target);
    if (!resource.there) return;
    if (!unhealthy) {
        set(target, false);
        m_world.plan(resource.type == ResourceType::Filesystem ? m_dice.upTo(mountWatch) : World::hop,
                     {.life = resource.turn, .target = target, .node = m_node, .what = Happens::ResourceEnds});
        return;
    }
    if (resource.supervised)
        m_world.host(m_node).service().post(
            model::ResourceNotice{model::GroupId(target / 16u), model::ResourceId(target % 16u),
                                  model::ResourceNotice::Kind::Unhealthy, "the health check failed 3 times"});
}

void Resources::inputOutputError(std::uint16_t group) {
    for (std::uint32_t r = 0; r < m_groups[group].size(); ++r) {
        Resource& each = m_groups[group][r];
        const std::uint16_t target = targetOf(group, r);
        if (each.type == ResourceType::Filesystem && each.there) {
            each.shutItselfDown = true;
            m_world.plan(m_dice.upTo(mountWatch),
                         {.life = each.turn, .target = target, .node = m_node, .what = Happens::ResourceEnds});
        }
        if (each.type == ResourceType::Process && each.there) {
            set(target, false);
            m_world.plan(World::hop,
                         {.life = each.turn, .target = target, .node = m_node, .what = Happens::ResourceEnds});
        }
    }
}

void Resources::setManner(std::uint16_t target, ResourceVerb verb, ResourceManner manner) {
    if (target / 16u >= m_groups.size() || target % 16u >= m_groups[target / 16u].size()) return;
    Resource& resource = of(target);
    auto& now = resource.manner[static_cast<std::size_t>(verb)];
    const bool hung = now == ResourceManner::Hangs && manner == ResourceManner::Well;
    now = manner;
    // What hung goes on.
    if (hung && resource.pending && resource.request.verb == verb)
        m_world.plan(m_dice.upTo(killTakes),
                     {.life = resource.turn, .target = target, .node = m_node, .what = Happens::ResourceAnswers});
}

void Resources::setRight() {
    for (std::uint32_t g = 0; g < m_groups.size(); ++g)
        for (std::uint32_t r = 0; r < m_groups[g].size(); ++r) {
            Resource& each = m_groups[g][r];
            if (each.pending) continue;
            if (each.there && !each.supervised && m_world.host(m_node).service().runs()) set(targetOf(g, r), false);
            if (!each.there && each.supervised) ended(targetOf(g, r), each.turn);
        }
}

} // namespace dyad::simulator
