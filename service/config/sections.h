// SPDX-License-Identifier: Apache-2.0
// One reader per section of the file. Each fills its part of the draft and reports what it finds wrong; none stops
// early.
#pragma once

#include "config/table_reader.h"
#include "model/configuration.h"
#include "model/status.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dyad::config {

inline constexpr std::size_t maxLuns = 64;
inline constexpr std::size_t maxGateways = 8;
inline constexpr std::size_t maxNameLength = 63; // a node's name may be its host name (RFC 1123 section 2.1)

// What the model doesn't keep: where things stand, for the checks that look at several sections at once.
struct ResourceDraft {
    Place at;
    Place subjectAt;                        // of mount, data, address or host
    Place lunAt;                            // of a filesystem's lun
    std::optional<std::vector<Word>> after; // as written; nullopt: the written order counts
    std::optional<std::vector<Word>> addresses; // of an alias, as written
};

struct GroupDraft {
    Place at;
    std::vector<ResourceDraft> resources; // by ResourceId
};

struct LunDraft {
    Place at;
    bool sound = false; // its url was understood
};

struct Draft {
    explicit Draft(std::string file) : problems(std::move(file)) {}

    model::Configuration configuration;
    Problems problems;
    Place linkAt;                                     // of the links that the first node has
    std::vector<LunDraft> luns;                       // by LunId
    std::vector<GroupDraft> groups;                   // by GroupId
    std::map<std::string, std::string> addressOwners; // canonical address → whose it is, in words

    // False, with a problem reported, where the address already belongs to something else.
    bool ownAddress(const std::string& address, const std::string& owner, Place at, std::string_view key);
};

void readCluster(TableReader& root, Draft& draft);
void readNodes(TableReader& root, Draft& draft);
// [[link]]: what a link of the nodes has beside its addresses.
void readLinkOptions(TableReader& root, Draft& draft);
void readNetwork(TableReader& root, Draft& draft);
void readControl(TableReader& root, Draft& draft);
void readLuns(TableReader& root, Draft& draft);
void readGroups(TableReader& root, Draft& draft);
void readSyncs(TableReader& root, Draft& draft);
void readNotify(TableReader& root, Draft& draft);
void readHooks(TableReader& root, Draft& draft);
// The keys that belong to the resource's type. `mayFinish` is false where the type is unknown: its keys can't be
// judged.
void readResourceSettings(TableReader& reader, Draft& draft, const std::string& type, model::ResourceSetup& resource,
                          ResourceDraft& places, bool& mayFinish);
// Of the types "postgresql" and "mariadb" (database_settings.cpp).
void readPostgresql(TableReader& reader, Draft& draft, model::ResourceSetup& resource, ResourceDraft& places);
void readMariadb(TableReader& reader, Draft& draft, model::ResourceSetup& resource, ResourceDraft& places);
void readAlias(TableReader& reader, Draft& draft, model::ResourceSetup& resource, ResourceDraft& places);
// The names of the groups' addresses become what they stand for.
void resolveAliases(Draft& draft);
// systemd:UNIT has no keys of its own; see systemd_settings.cpp.
void readSystemd(TableReader& reader, const std::string& type, model::ResourceSetup& resource);
// A unit that two resources would start and stop.
void checkUnits(Draft& draft);
void readAddress(TableReader& reader, Draft& draft, model::ResourceSetup& resource, ResourceDraft& places);
// The keys of a pool; see pool_section.cpp.
void readPool(TableReader& reader, Draft& draft, model::ResourceSetup& resource, ResourceDraft& places);
// A probe of tcp = "address:port", script = [..] or sql = "connection" (with query); `key` is the table that holds it.
[[nodiscard]] std::optional<model::Probe> readProbe(TableReader& reader, std::string_view key, bool required,
                                                    Draft& draft);
// Overwrites what the file says of interval, time-out, failures and, where one is written, the probe.
[[nodiscard]] model::HealthCheck readHealth(TableReader& reader, model::HealthCheck otherwise, bool probeRequired,
                                            Draft& draft);

// The keys of one check's table, which is called `key`: its probe, interval, time-out, failures and of.
[[nodiscard]] model::HealthCheck readCheck(TableReader& inner, const char* key, model::HealthCheck otherwise,
                                           bool probeRequired, Draft& draft);
// Those of a probe that asks a DNS server, or a disk; nothing where the table has none, or it was reported.
[[nodiscard]] std::optional<model::Probe> readDnsProbe(TableReader& reader);
[[nodiscard]] std::optional<model::Probe> readDiskProbe(TableReader& reader);
// probe = { ... } or [[group.resource.probe]]: what a resource of any type is asked beside its own checks.
void readProbes(TableReader& reader, Draft& draft, model::ResourceSetup& resource);

// Whether the resource `from` waits, directly or through others, for `target`.
[[nodiscard]] bool waitsFor(const model::GroupSetup& group, std::size_t from, std::size_t target);

// `after` as written, or the chain of the written order, as ids; see resource_order.cpp.
void resolveOrder(Draft& draft);
// Where pools listen: on an address of their group, each on a place of its own.
void checkPools(Draft& draft);
// Whether heartbeats fit the serial lines.
void checkSerialLines(Draft& draft);
// Everything that can only be judged with the whole file at hand.
void checkConsistency(Draft& draft);

// A name of a node, link, LUN, group or resource: letters, digits, '-', '_', '.', beginning with a letter or digit.
[[nodiscard]] bool isName(std::string_view text);
// Of a host or zone (RFC 1123 section 2.1), in lower case and without the last dot; empty where it is none.
[[nodiscard]] std::string hostName(std::string_view text);
// The required key "name": reported where absent or not a name; then empty.
[[nodiscard]] std::string readName(TableReader& reader, std::string_view example);
// Absolute, without "//", "/./", "/../" or a slash at the end; reported where it isn't.
[[nodiscard]] bool checkPath(TableReader& reader, std::string_view key, const std::string& path);
// The key "user"; a wrong one is reported, then and where there is none `otherwise`.
[[nodiscard]] std::string readUser(TableReader& reader, const std::string& otherwise);
// A command: at least the absolute path of a program. nullopt where absent or reported.
[[nodiscard]] std::optional<std::vector<std::string>> readCommand(TableReader& reader, std::string_view key,
                                                                  bool required);

} // namespace dyad::config
