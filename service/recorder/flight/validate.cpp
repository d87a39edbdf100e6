// SPDX-License-Identifier: Apache-2.0
#include "recorder/flight/validate.h"

#include <algorithm>
#include <set>

namespace dyad::recorder {

namespace {

Result<void> wrong(const char* what, const std::string& where) {
    return Error{what, where, "doesn't fit together", ""};
}

// Something of `after` can be started until all are: no resource waits for itself.
bool canStart(const std::vector<model::ResourceSetup>& resources) {
    std::set<std::uint32_t> started;
    for (bool more = true; more;) {
        more = false;
        for (std::uint32_t i = 0; i < resources.size(); ++i) {
            if (started.count(i) != 0) continue;
            const auto& after = resources[i].after;
            if (!std::all_of(after.begin(), after.end(),
                             [&](model::ResourceId id) { return started.count(id.value) != 0; }))
                continue;
            started.insert(i);
            more = true;
        }
    }
    return started.size() == resources.size();
}

} // namespace

Result<void> validate(const model::Configuration& configuration) {
    if (configuration.links.size() > model::maxLinks || configuration.groups.size() > model::maxGroups)
        return wrong("configuration", "links or groups");
    for (const model::GroupSetup& group : configuration.groups) {
        if (group.luns.size() > model::maxLunsPerGroup || group.resources.size() > model::maxResourcesPerGroup)
            return wrong("configuration", "group " + group.name);
        for (const model::LunId lun : group.luns)
            if (lun.value >= configuration.luns.size()) return wrong("configuration", "LUNs of " + group.name);
        for (const model::ResourceSetup& resource : group.resources) {
            const auto* filesystem = std::get_if<model::FilesystemSettings>(&resource.settings);
            if (filesystem && filesystem->lun.value >= configuration.luns.size() && !group.luns.empty())
                return wrong("configuration", "resource " + resource.name);
        }
        if (!canStart(group.resources)) return wrong("configuration", "order of the resources of " + group.name);
    }
    return {};
}

Result<void> validate(const engine::State& state, const model::Configuration& configuration) {
    if (state.links.size() != configuration.links.size() || state.oneWaySince.size() != configuration.links.size() ||
        state.groups.size() != configuration.groups.size())
        return wrong("state", "links or groups");
    for (std::size_t g = 0; g < state.groups.size(); ++g) {
        const engine::GroupRecord& record = state.groups[g];
        const model::GroupSetup& setup = configuration.groups[g];
        const bool sameLuns = std::equal(record.luns.begin(), record.luns.end(), setup.luns.begin(), setup.luns.end(),
                                         [](const engine::LunRecord& lun, model::LunId id) { return lun.id == id; });
        if (record.id.value != g || !sameLuns || record.resources.size() != setup.resources.size())
            return wrong("state", "group " + setup.name);
    }
    return {};
}

} // namespace dyad::recorder
