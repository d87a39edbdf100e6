// SPDX-License-Identifier: Apache-2.0
#include "engine/judgement/group_plan.h"

#include <algorithm>

namespace dyad::engine {

using model::ResourceId;
using model::ResourceState;

namespace {

const model::AddressSettings* addressOf(const model::ResourceSetup& setup) {
    return std::get_if<model::AddressSettings>(&setup.settings);
}
bool isFilesystem(const model::ResourceSetup& setup) {
    return std::holds_alternative<model::FilesystemSettings>(setup.settings);
}
bool isDown(const ResourceRecord& resource) { return resource.state == ResourceState::Stopped; }

bool standsOn(const model::ResourceSetup& upper, ResourceId lower) {
    return std::find(upper.after.begin(), upper.after.end(), lower) != upper.after.end();
}

} // namespace

bool mayStart(StepContext& step, const GroupRecord& group, ResourceId resource) {
    const auto& after = step.setup(group, resource).after;
    const bool grounded = std::all_of(after.begin(), after.end(), [&](ResourceId each) {
        const ResourceRecord& below = group.resources[each.value];
        return below.state == ResourceState::Running && !below.mustStop;
    });
    const std::vector<Instant>& failures = group.resources[resource.value].failures;
    return grounded && (failures.empty() || step.due(failures.back() + restartDelay(step, group, resource)));
}

Duration restartDelay(const StepContext& step, const GroupRecord& group, ResourceId resource) {
    const std::size_t failures = group.resources[resource.value].failures.size();
    return step.setup(group, resource).ladder.delayBefore(static_cast<unsigned>(failures));
}

bool mayStop(const StepContext& step, const GroupRecord& group, ResourceId resource) {
    const auto& setups = step.setup(group).resources;
    const model::AddressSettings* address = addressOf(setups[resource.value]);
    const bool goesLast = group.role == model::Role::Stopping && address && !address->raiseLast;
    for (std::size_t i = 0; i < setups.size(); ++i) {
        if (i == resource.value || isDown(group.resources[i])) continue;
        if (standsOn(setups[i], resource)) return false;
        if (goesLast && !addressOf(setups[i]) && !isFilesystem(setups[i])) return false;
    }
    return true;
}

bool mayKill(const StepContext& step, const GroupRecord& group, ResourceId resource) {
    const auto& setups = step.setup(group).resources;
    if (!isFilesystem(setups[resource.value])) return true;
    for (std::size_t i = 0; i < setups.size(); ++i) {
        if (i == resource.value || isDown(group.resources[i])) continue;
        if (!isFilesystem(setups[i]) || standsOn(setups[i], resource)) return false;
    }
    return true;
}

bool everythingRuns(const GroupRecord& group) {
    return std::all_of(group.resources.begin(), group.resources.end(), [](const ResourceRecord& each) {
        return each.state == ResourceState::Running && !each.mustStop;
    });
}

bool everythingStopped(const GroupRecord& group) {
    return std::all_of(group.resources.begin(), group.resources.end(), isDown);
}

std::vector<ResourceId> killOrder(const StepContext& step, const GroupRecord& group) {
    const auto& setups = step.setup(group).resources;
    const auto rank = [&](ResourceId id) {
        return addressOf(setups[id.value]) ? 0 : isFilesystem(setups[id.value]) ? 2 : 1;
    };
    std::vector<ResourceId> order;
    for (std::size_t i = setups.size(); i-- > 0;)
        order.emplace_back(static_cast<std::uint32_t>(i));
    std::stable_sort(order.begin(), order.end(), [&](ResourceId a, ResourceId b) { return rank(a) < rank(b); });
    return order;
}

void markDown(const StepContext& step, GroupRecord& group, ResourceId resource) {
    if (group.resources[resource.value].mustStop) return;
    group.resources[resource.value].mustStop = true;
    const auto& setups = step.setup(group).resources;
    for (std::size_t i = 0; i < setups.size(); ++i)
        if (standsOn(setups[i], resource)) markDown(step, group, ResourceId(static_cast<std::uint32_t>(i)));
}

} // namespace dyad::engine
