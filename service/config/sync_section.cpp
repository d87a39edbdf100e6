// SPDX-License-Identifier: Apache-2.0
// [[sync]]: files that must be equal on both nodes.
#include "config/sections.h"

#include <algorithm>
#include <set>

namespace dyad::config {

namespace {

// Copied over, these would take a node out of the pair, or give away what only one may have.
constexpr std::string_view neverSynced[] = {"/", "/dev", "/proc", "/sys", "/run", "/var/lib/dyad", "/etc/dyad", "/boot"};

bool within(std::string_view path, std::string_view folder) {
    return path == folder || folder == "/" || (path.starts_with(folder) && path[folder.size()] == '/');
}

} // namespace

void readSyncs(TableReader& root, Draft& draft) {
    std::set<std::string> names;
    std::size_t number = 0;
    for (const toml::table* table : root.tables("sync", model::maxSyncs)) {
        TableReader reader(*table, "sync number " + std::to_string(++number), draft.problems);
        model::SyncSetup sync;
        sync.name = readName(reader, "nginx");
        if (!sync.name.empty()) {
            reader.setSubject("sync " + inQuotes(sync.name));
            if (!names.insert(sync.name).second) reader.wrong("name", "is used twice", "give every set a name of its own");
        }
        const std::optional<std::vector<Word>> paths = reader.words("paths");
        if (!paths && !reader.has("paths")) reader.missing("paths", "paths = [\"/etc/nginx\"]");
        if (paths && (paths->empty() || paths->size() > model::maxSyncPaths))
            reader.wrong("paths", "must name 1 to " + std::to_string(model::maxSyncPaths) + " files or folders",
                         "write paths = [\"/etc/nginx\"]");
        for (const Word& path : paths.value_or(std::vector<Word>())) {
            if (!checkPath(reader, "paths", path.text)) continue;
            const bool forbidden =
                path.text == "/" || std::any_of(std::begin(neverSynced) + 1, std::end(neverSynced),
                                                [&](std::string_view each) { return within(path.text, each); });
            const bool above = std::any_of(std::begin(neverSynced) + 1, std::end(neverSynced),
                                           [&](std::string_view each) { return within(each, path.text); });
            if (forbidden || above) {
                draft.problems.error(path.at, "paths", path.text,
                                     reader.subject() + ": " + inQuotes(path.text) +
                                         " holds what belongs to this node alone, or to the service itself",
                                     "name the folder of one program: \"/etc/nginx\"");
                continue;
            }
            sync.paths.push_back(path.text);
        }
        if (reader.has("after")) {
            if (const auto command = readCommand(reader, "after", false)) sync.after = *command;
        }
        sync.group = model::GroupId(0);
        if (const auto group = reader.text("group")) {
            std::vector<std::string> known;
            bool found = false;
            for (std::size_t i = 0; i < draft.configuration.groups.size(); ++i) {
                known.push_back(draft.configuration.groups[i].name);
                if (known.back() != *group) continue;
                sync.group = model::GroupId(static_cast<std::uint32_t>(i));
                found = true;
            }
            if (!found) reader.wrong("group", "is no group", suggestion(*group, known));
        }
        reader.finish();
        draft.configuration.syncs.push_back(std::move(sync));
    }
}

} // namespace dyad::config
