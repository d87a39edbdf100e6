// SPDX-License-Identifier: Apache-2.0
// What can only be judged with the whole file at hand: who uses which LUN, mount point and address.
#include "config/sections.h"

#include <algorithm>
#include <functional>

namespace dyad::config {

namespace {

constexpr std::uint32_t unknownLun = UINT32_MAX;

std::string describe(const model::GroupSetup& group, const model::ResourceSetup& resource) {
    return "resource " + inQuotes(resource.name) + " of group " + inQuotes(group.name);
}

bool usesLun(const model::GroupSetup& group) {
    return std::any_of(group.resources.begin(), group.resources.end(), [](const model::ResourceSetup& resource) {
        return std::holds_alternative<model::FilesystemSettings>(resource.settings);
    });
}

bool isBelow(const std::string& path, const std::string& folder) {
    return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

void eachFilesystem(Draft& draft,
                    const std::function<void(model::GroupSetup&, const model::ResourceSetup&,
                                             const model::FilesystemSettings&, const ResourceDraft&)>& visit) {
    for (std::size_t g = 0; g < draft.configuration.groups.size(); ++g) {
        model::GroupSetup& group = draft.configuration.groups[g];
        for (std::size_t r = 0; r < group.resources.size(); ++r)
            if (const auto* settings = std::get_if<model::FilesystemSettings>(&group.resources[r].settings))
                visit(group, group.resources[r], *settings, draft.groups[g].resources[r]);
    }
}

void assignLuns(Draft& draft) {
    std::map<std::uint32_t, std::string> users;
    eachFilesystem(
        draft, [&](model::GroupSetup& group, const auto& resource, const auto& settings, const ResourceDraft& places) {
            if (settings.lun.value == unknownLun) return;
            const std::string& name = draft.configuration.luns[settings.lun.value].name;
            const auto [user, isFirst] = users.emplace(settings.lun.value, describe(group, resource));
            if (isFirst) {
                group.luns.push_back(settings.lun);
                return;
            }
            draft.problems.error(places.lunAt, "lun", name,
                                 describe(group, resource) + ": lun " + inQuotes(name) + " already belongs to " +
                                     user->second,
                                 "give every filesystem a LUN of its own: a LUN is claimed as a whole");
        });
    for (std::size_t g = 0; g < draft.configuration.groups.size(); ++g) {
        model::GroupSetup& group = draft.configuration.groups[g];
        std::sort(group.luns.begin(), group.luns.end()); // the order of the [[lun]] blocks: the first is the arbiter
        if (group.luns.size() > model::maxLunsPerGroup)
            draft.problems.error(draft.groups[g].at, "group", group.name,
                                 "group " + inQuotes(group.name) + " has " + std::to_string(group.luns.size()) +
                                     " LUNs",
                                 "use at most " + std::to_string(model::maxLunsPerGroup));
    }
    if (!draft.problems.none()) return; // a LUN may be unused only because the resource that means it is misspelt
    for (std::size_t lun = 0; lun < draft.luns.size(); ++lun)
        if (!users.contains(static_cast<std::uint32_t>(lun)))
            draft.problems.warning(draft.luns[lun].at, "lun", draft.configuration.luns[lun].name,
                                   "lun " + inQuotes(draft.configuration.luns[lun].name) + " is used by no group",
                                   "name it in a resource of type filesystem or remove it");
}

void checkMounts(Draft& draft) {
    std::vector<std::pair<std::string, std::string>> mounts; // mount point, whose
    eachFilesystem(
        draft, [&](model::GroupSetup& group, const auto& resource, const auto& settings, const ResourceDraft& places) {
            if (settings.mountPoint.empty()) return;
            const std::string subject = describe(group, resource);
            for (const auto& [other, owner] : mounts) {
                const char* how = settings.mountPoint == other          ? " is the mount point of "
                                  : isBelow(settings.mountPoint, other) ? " lies below the mount point of "
                                  : isBelow(other, settings.mountPoint) ? " lies above the mount point of "
                                                                        : nullptr;
                if (how)
                    draft.problems.error(places.subjectAt, "mount", settings.mountPoint,
                                         subject + ": mount = " + inQuotes(settings.mountPoint) + how + owner,
                                         "give every filesystem a folder of its own, beside the others");
            }
            mounts.emplace_back(settings.mountPoint, subject);
        });
}

// What both kinds of database have.
struct DatabaseOf {
    const std::string& dataDirectory;
    std::uint16_t port;
    std::string passwordFile; // empty: none
};

std::optional<DatabaseOf> databaseOf(const model::ResourceSetup& resource) {
    if (const auto* postgresql = std::get_if<model::PostgresqlSettings>(&resource.settings))
        return DatabaseOf{postgresql->dataDirectory, postgresql->port, {}};
    if (const auto* mariadb = std::get_if<model::MariadbSettings>(&resource.settings))
        return DatabaseOf{mariadb->dataDirectory, mariadb->port, mariadb->passwordFile};
    return {};
}

// A database must lie on what moves with it, and start behind it.
void checkDatabases(Draft& draft) {
    for (std::size_t g = 0; g < draft.configuration.groups.size(); ++g) {
        const model::GroupSetup& group = draft.configuration.groups[g];
        for (std::size_t r = 0; r < group.resources.size(); ++r) {
            const std::optional<DatabaseOf> database = databaseOf(group.resources[r]);
            if (!database || database->dataDirectory.empty()) continue;
            const std::string subject = describe(group, group.resources[r]);
            const Place at = draft.groups[g].resources[r].subjectAt;
            bool onFilesystem = false;
            for (std::size_t f = 0; f < group.resources.size(); ++f) {
                const auto* filesystem = std::get_if<model::FilesystemSettings>(&group.resources[f].settings);
                if (!filesystem || filesystem->mountPoint.empty()) continue;
                if (isBelow(database->passwordFile, filesystem->mountPoint))
                    draft.problems.error(at, "password_file", database->passwordFile,
                                         subject + ": password_file = " + inQuotes(database->passwordFile) +
                                             " is on the array: a check would wait for a disk that doesn't answer",
                                         "put it below /etc/dyad on both nodes");
                if (database->dataDirectory != filesystem->mountPoint &&
                    !isBelow(database->dataDirectory, filesystem->mountPoint))
                    continue;
                onFilesystem = true;
                if (!waitsFor(group, r, f))
                    draft.problems.error(at, "after", database->dataDirectory,
                                         subject + " lies on " + inQuotes(group.resources[f].name) +
                                             ", but doesn't start after it",
                                         "write it below that resource or add it to after");
            }
            if (onFilesystem) continue;
            const std::string text =
                subject + ": data = " + inQuotes(database->dataDirectory) +
                " is on no filesystem of the group: after a takeover the other node would serve other data";
            const std::string remedy = "put it below the mount point of a filesystem of the group";
            if (!usesLun(group))
                draft.problems.warning(at, "data", database->dataDirectory, text, remedy);
            else
                draft.problems.error(at, "data", database->dataDirectory, text, remedy);
        }
    }
}

// A port that two databases of one node could both want.
void checkPorts(Draft& draft) {
    std::map<std::uint16_t, std::string> users;
    for (std::size_t g = 0; g < draft.configuration.groups.size(); ++g) {
        const model::GroupSetup& group = draft.configuration.groups[g];
        for (std::size_t r = 0; r < group.resources.size(); ++r) {
            const std::optional<DatabaseOf> database = databaseOf(group.resources[r]);
            if (!database) continue;
            const auto [user, isFirst] = users.emplace(database->port, describe(group, group.resources[r]));
            if (!isFirst)
                draft.problems.error(draft.groups[g].resources[r].at, "port", std::to_string(database->port),
                                     describe(group, group.resources[r]) + ": port " + std::to_string(database->port) +
                                         " already belongs to " + user->second,
                                     "give one of them another port: both may run on one node");
        }
    }
}

// A server takes the socket of another one away when it starts.
void checkSockets(Draft& draft) {
    std::map<std::string, std::string> users;
    for (std::size_t g = 0; g < draft.configuration.groups.size(); ++g) {
        const model::GroupSetup& group = draft.configuration.groups[g];
        for (std::size_t r = 0; r < group.resources.size(); ++r) {
            const auto* database = std::get_if<model::MariadbSettings>(&group.resources[r].settings);
            if (!database) continue;
            const auto [user, isFirst] = users.emplace(database->socket, describe(group, group.resources[r]));
            if (!isFirst)
                draft.problems.error(draft.groups[g].resources[r].at, "socket", database->socket,
                                     describe(group, group.resources[r]) + ": socket " + inQuotes(database->socket) +
                                         " already belongs to " + user->second,
                                     "give one of them another socket: both may run on one node");
        }
    }
}

void warnOfGroupsWithoutLun(Draft& draft) {
    for (std::size_t g = 0; g < draft.configuration.groups.size(); ++g) {
        const model::GroupSetup& group = draft.configuration.groups[g];
        if (usesLun(group) || group.resources.empty()) continue;
        draft.problems.warning(
            draft.groups[g].at, "group", group.name,
            "group " + inQuotes(group.name) +
                " has no LUN, so there is no array to ask who owns it: if every link fails while both nodes live, both "
                "may run it at "
                "the same time, with the same addresses",
            draft.configuration.gateways.empty()
                ? "never keep data in it, use links that fail independently, and name a gateway in [network] gateways"
                : "never keep data in it, and use links that fail independently");
    }
}

} // namespace

bool Draft::ownAddress(const std::string& address, const std::string& owner, Place at, std::string_view key) {
    const auto [there, isNew] = addressOwners.emplace(address, owner);
    if (isNew) return true;
    problems.error(at, key, address, owner + ": the address " + address + " already belongs to " + there->second,
                   "give each of them an address of its own");
    return false;
}

void checkConsistency(Draft& draft) {
    assignLuns(draft);
    checkMounts(draft);
    checkDatabases(draft);
    checkPorts(draft);
    checkSockets(draft);
    checkPools(draft);
    checkSerialLines(draft);
    warnOfGroupsWithoutLun(draft);
}

} // namespace dyad::config
