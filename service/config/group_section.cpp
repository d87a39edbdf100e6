// SPDX-License-Identifier: Apache-2.0
// [[group]] and [[group.resource]], and the small words that every section uses.
#include "config/sections.h"

#include <algorithm>
#include <filesystem>
#include <set>

namespace dyad::config {

namespace {

constexpr Duration longestTimeout = std::chrono::hours(24);
constexpr unsigned maxRestarts = 1000;

std::string inSeconds(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

// Failures that never stand together in the window would be answered by restarts for ever.
void warnOfShortWindow(TableReader& reader, Draft& draft, const model::ResourceSetup& resource) {
    const model::RestartLadder& ladder = resource.ladder;
    Duration waits{0};
    for (unsigned restart = 1; restart <= ladder.restarts; ++restart)
        waits += ladder.delayBefore(restart);
    std::string because;
    if (reader.has("restart_window_s") && ladder.restarts > 0 && ladder.window < resource.startTimeout)
        because = "is shorter than start_timeout_s = " + inSeconds(resource.startTimeout) +
                  ": starts that fail so late never count together, and the group would not move";
    else if (ladder.window <= waits)
        because = "is no longer than the waits between restarts = " + std::to_string(ladder.restarts) +
                  " (" + inSeconds(waits) + " s in all): its failures never count together, and the group would not move";
    if (because.empty()) return;
    const std::string value = inSeconds(ladder.window);
    draft.problems.warning(reader.place("restart_window_s"), "restart_window_s", value,
                           reader.subject() + ": restart_window_s = " + value + " " + because,
                           "make restart_window_s longer than restarts times start_timeout_s and their waits");
}

void readResource(const toml::table& table, std::size_t number, const std::string& group, std::set<std::string>& names,
                  Draft& draft, model::ResourceSetup& resource, ResourceDraft& places) {
    TableReader reader(table, "resource number " + std::to_string(number) + " of " + group, draft.problems);
    places.at = places.subjectAt = reader.place();
    resource.name = readName(reader, "data");
    if (!resource.name.empty()) {
        reader.setSubject("resource " + inQuotes(resource.name) + " of " + group);
        if (!names.insert(resource.name).second)
            reader.wrong("name", "is used twice in this group", "give every resource of a group a name of its own");
    }
    places.after = reader.words("after");
    resource.startTimeout = reader.seconds("start_timeout_s", 100ms, longestTimeout, resource.startTimeout);
    resource.stopTimeout = reader.seconds("stop_timeout_s", 100ms, longestTimeout, resource.stopTimeout);
    resource.ladder.restarts =
        static_cast<unsigned>(reader.number("restarts", 0, maxRestarts, resource.ladder.restarts));
    resource.ladder.window = reader.seconds("restart_window_s", 1s, longestTimeout * 30, resource.ladder.window);
    resource.ladder.backoff =
        reader.seconds("restart_backoff_s", 0s, model::RestartLadder::longestBackoff, resource.ladder.backoff);
    warnOfShortWindow(reader, draft, resource);
    bool mayFinish = true;
    if (const auto type = reader.requiredText("type", "type = \"filesystem\"")) {
        resource.type = *type;
        readResourceSettings(reader, draft, *type, resource, places, mayFinish);
    } else {
        mayFinish = false;
        resource.settings = model::CommandSettings{}; // of no type: it means no LUN
    }
    readProbes(reader, draft, resource);
    if (mayFinish) reader.finish();
}

} // namespace

namespace {

// "02:00-04:00"
std::optional<model::DailyWindow> readWindow(TableReader& reader) {
    const std::optional<std::string> text = reader.text("failback_window");
    if (!text) return {};
    unsigned hours[2] = {};
    unsigned minutes[2] = {};
    int read = 0;
    const int found = std::sscanf(text->c_str(), "%2u:%2u-%2u:%2u%n", &hours[0], &minutes[0], &hours[1], &minutes[1], &read);
    const bool sound = found == 4 && static_cast<std::size_t>(read) == text->size() && hours[0] < 24 && hours[1] < 24 &&
                       minutes[0] < 60 && minutes[1] < 60;
    const model::DailyWindow window{static_cast<std::uint16_t>(hours[0] * 60 + minutes[0]),
                                    static_cast<std::uint16_t>(hours[1] * 60 + minutes[1])};
    if (sound && window.fromMinute != window.toMinute) return window;
    reader.wrong("failback_window", "is no window of a day",
                 "write the local time it begins and ends: failback_window = \"02:00-04:00\"");
    return {};
}

} // namespace

void readGroups(TableReader& root, Draft& draft) {
    std::set<std::string> groupNames;
    std::size_t number = 0;
    const std::vector<const toml::table*> tables = root.tables("group", model::maxGroups);
    if (tables.empty() && !root.has("group"))
        draft.problems.error(root.place(), "group", "", "there is no group: nothing would ever be started",
                             "write a [[group]] block with the service that the pair is to keep running");
    for (const toml::table* table : tables) {
        TableReader reader(*table, "group number " + std::to_string(++number), draft.problems);
        model::GroupSetup group;
        GroupDraft places;
        places.at = reader.place();
        group.name = readName(reader, "erp");
        if (!group.name.empty()) {
            reader.setSubject("group " + inQuotes(group.name));
            if (!groupNames.insert(group.name).second)
                reader.wrong("name", "is used twice", "give every group a name of its own");
        }
        if (const auto prefer = reader.text("prefer")) {
            const auto& nodes = draft.configuration.nodes;
            if (*prefer == nodes[0].name)
                group.prefer = model::NodeId::First;
            else if (*prefer == nodes[1].name)
                group.prefer = model::NodeId::Second;
            else if (!nodes[0].name.empty() && !nodes[1].name.empty())
                reader.wrong("prefer", "is no node", suggestion(*prefer, {nodes[0].name, nodes[1].name}));
        }
        group.failback = reader.choice<model::Failback>(
            "failback",
            {{"manual", model::Failback::Manual}, {"auto", model::Failback::Auto}, {"never", model::Failback::Never}},
            model::Failback::Manual);
        if (group.failback == model::Failback::Auto && !group.prefer && !reader.has("prefer"))
            reader.wrong("failback", "has no node to go back to",
                         "add prefer = \"...\" with the node that the group belongs on");

        group.failbackAfter = reader.seconds("failback_after_s", 0s, 24h, group.failbackAfter);
        group.failbackWindow = readWindow(reader);
        for (const char* key : {"failback_after_s", "failback_window"})
            if (reader.has(key) && group.failback != model::Failback::Auto)
                reader.wrong(key, "says nothing", "write failback = \"auto\" beside it, or remove it");

        std::set<std::string> resourceNames;
        for (const toml::table* each : reader.tables("resource", model::maxResourcesPerGroup)) {
            model::ResourceSetup resource;
            ResourceDraft resourcePlaces;
            readResource(*each, group.resources.size() + 1, reader.subject(), resourceNames, draft, resource,
                         resourcePlaces);
            group.resources.push_back(std::move(resource));
            places.resources.push_back(std::move(resourcePlaces));
        }
        if (group.resources.empty() && !reader.has("resource"))
            draft.problems.error(reader.place(), "resource", "", reader.subject() + " has no resources",
                                 "write a [[group.resource]] block for each thing that moves with it");
        reader.finish();
        draft.configuration.groups.push_back(std::move(group));
        draft.groups.push_back(std::move(places));
    }
}

bool isName(std::string_view text) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    return !text.empty() && text.size() <= maxNameLength && plain(text.front()) &&
           std::all_of(text.begin(), text.end(), [&](char c) { return plain(c) || c == '-' || c == '_' || c == '.'; });
}

std::string readName(TableReader& reader, std::string_view example) {
    const std::optional<std::string> name = reader.requiredText("name", "name = \"" + std::string(example) + "\"");
    if (!name) return "";
    if (isName(*name)) return *name;
    reader.wrong("name", "is not a name",
                 "use letters, digits, '-', '_' and '.', beginning with a letter or digit, at most " +
                     std::to_string(maxNameLength) + " of them");
    return "";
}

bool checkPath(TableReader& reader, std::string_view key, const std::string& path) {
    if (path.front() != '/') {
        reader.wrong(key, "is not an absolute path", "begin it with /");
        return false;
    }
    std::string normal = std::filesystem::path(path).lexically_normal().string();
    if (normal.size() > 1 && normal.back() == '/') normal.pop_back();
    if (normal == path) return true;
    reader.wrong(key, "is not the plain form of this path", "write it as " + inQuotes(normal));
    return false;
}

std::optional<std::vector<std::string>> readCommand(TableReader& reader, std::string_view key, bool required) {
    const std::optional<std::vector<Word>> words = reader.words(key);
    if (!words) {
        if (required && !reader.has(key))
            reader.missing(key, std::string(key) + " = [\"/usr/bin/program\", \"argument\"]");
        return std::nullopt;
    }
    if (words->empty()) {
        reader.wrong(key, "names no program", "write " + std::string(key) + " = [\"/usr/bin/program\", \"argument\"]");
        return std::nullopt;
    }
    if (words->front().text.front() != '/') {
        reader.wrong(key, "begins with " + inQuotes(words->front().text) + ", which is not an absolute path",
                     "write the program with its whole path: nothing is searched for in PATH");
        return std::nullopt;
    }
    std::vector<std::string> command;
    for (const Word& word : *words)
        command.push_back(word.text);
    return command;
}

} // namespace dyad::config
