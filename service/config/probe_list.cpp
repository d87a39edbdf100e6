// SPDX-License-Identifier: Apache-2.0
// probe = { ... } for one, [[group.resource.probe]] for several.
#include "config/sections.h"

#include <set>

namespace dyad::config {

void readProbes(TableReader& reader, Draft& draft, model::ResourceSetup& resource) {
    if (!reader.has("probe")) return;
    std::vector<const toml::table*> tables;
    const bool single = reader.isTable("probe");
    if (single)
        tables.push_back(reader.table("probe"));
    else
        tables = reader.tables("probe", model::maxProbes);
    std::set<std::string> names{"health"}; // of a process's own
    for (const toml::table* table : tables) {
        const std::string number = std::to_string(resource.probes.size() + 1);
        TableReader inner(*table, reader.subject() + ", probe" + (single ? "" : " number " + number), draft.problems);
        model::HealthCheck check;
        if (inner.has("name")) check.name = readName(inner, "page");
        if (check.name.empty()) check.name = "probe" + number;
        if (!names.insert(check.name).second)
            inner.wrong("name", "is the name of another probe of this resource",
                        "give every probe a name of its own; \"health\" is the agent's");
        check = readCheck(inner, "probe", std::move(check), true, draft);
        inner.finish();
        resource.probes.push_back(std::move(check));
    }
}

} // namespace dyad::config
