// SPDX-License-Identifier: Apache-2.0
// type = "systemd:UNIT"
#include "config/sections.h"

#include <algorithm>
#include <array>

namespace dyad::config {

namespace {

constexpr std::size_t maxUnitLength = 255; // as systemd.unit(5) has it
constexpr std::string_view unitPrefix = "systemd:";
// The kinds of unit that somebody starts and stops.
constexpr std::array<std::string_view, 6> unitKinds{".service", ".socket", ".target", ".timer", ".path", ".mount"};

std::string wrongWith(std::string_view unit) {
    const bool plain = std::all_of(unit.begin(), unit.end(), [](unsigned char each) {
        return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') || (each >= '0' && each <= '9') ||
               std::string_view(":-_.\\@").find(static_cast<char>(each)) != std::string_view::npos;
    });
    if (unit.empty() || unit.size() > maxUnitLength || !plain) return "does not name a unit of systemd";
    const auto kind = std::find_if(unitKinds.begin(), unitKinds.end(), [&](std::string_view each) {
        return unit.size() > each.size() && unit.ends_with(each);
    });
    if (kind == unitKinds.end()) return "names a unit without its suffix";
    const std::string_view stem = unit.substr(0, unit.size() - kind->size());
    if (stem.ends_with('@')) return "names a template, not an instance of it";
    if (stem == "dyadd") return "is the service itself";
    return "";
}

} // namespace

void readSystemd(TableReader& reader, const std::string& type, model::ResourceSetup& resource) {
    const std::string unit = type.substr(unitPrefix.size());
    const std::string trouble = wrongWith(unit);
    if (!trouble.empty())
        reader.wrong("type", trouble,
                     "write it as `systemctl list-units` shows it, such as \"systemd:nginx.service\" or "
                     "\"systemd:getty@tty1.service\"");
    resource.settings = model::SystemdSettings{trouble.empty() ? unit : ""};
}

void checkUnits(Draft& draft) {
    std::map<std::string, std::string> owners;
    for (std::size_t g = 0; g < draft.configuration.groups.size(); ++g) {
        const model::GroupSetup& group = draft.configuration.groups[g];
        for (std::size_t r = 0; r < group.resources.size(); ++r) {
            const auto* settings = std::get_if<model::SystemdSettings>(&group.resources[r].settings);
            if (!settings || settings->unit.empty()) continue;
            const std::string subject =
                "resource " + inQuotes(group.resources[r].name) + " of group " + inQuotes(group.name);
            const auto [owner, first] = owners.emplace(settings->unit, subject);
            if (!first)
                draft.problems.error(
                    draft.groups[g].resources[r].at, "type", group.resources[r].type,
                    subject + ": the unit " + settings->unit + " belongs to " + owner->second + " already",
                    "name each unit once; an instance of a template (name@2.service) is a unit of its own");
        }
    }
}

} // namespace dyad::config
