// SPDX-License-Identifier: Apache-2.0
// Any text as dyad.toml: problems with their places, or a configuration whose ids all point at something.
#include "fuzz.h"

#include "config/load.h"
#include "model/status.h"

using namespace dyad;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const config::Loaded loaded = config::loadText(fuzz::textOf({data, size}), "dyad.toml");
    fuzz::promise(loaded.configuration.has_value() == loaded.problems.empty(), "a configuration or problems");
    fuzz::promise(loaded.problems.size() <= config::maxProblems + 1, "problems are bounded");
    for (const config::Problem& problem : loaded.problems)
        fuzz::promise(!problem.text.empty() && !config::toText(problem).empty(), "a problem has words");
    if (!loaded.configuration) return 0;
    const model::Configuration& configuration = *loaded.configuration;
    fuzz::promise(configuration.clusterId != 0 && configuration.digest != 0, "neither is ever 0");
    fuzz::promise(!configuration.links.empty() && configuration.links.size() <= model::maxLinks, "links");
    fuzz::promise(configuration.groups.size() <= model::maxGroups, "groups");
    for (const model::GroupSetup& group : configuration.groups) {
        fuzz::promise(group.luns.size() <= model::maxLunsPerGroup, "LUNs of a group");
        fuzz::promise(group.resources.size() <= model::maxResourcesPerGroup, "resources of a group");
        for (const model::LunId lun : group.luns)
            fuzz::promise(lun.value < configuration.luns.size(), "a LUN that is there");
        for (const model::ResourceSetup& resource : group.resources)
            for (const model::ResourceId id : resource.after)
                fuzz::promise(id.value < group.resources.size(), "a resource that is there");
    }
    return 0;
}
