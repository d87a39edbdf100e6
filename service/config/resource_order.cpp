// SPDX-License-Identifier: Apache-2.0
// What must run before what, within one group.
//   `after` written:        just that
//   an address, raise first: nothing; and nothing waits for it unasked, so that clients are refused at once and try
//   again an address, raise last: everything that doesn't itself wait for it; nothing waits for it unasked anything
//   else:          the resource written before it (of those that others wait for unasked)
#include "config/sections.h"

#include <algorithm>

namespace dyad::config {

namespace {

constexpr std::size_t none = static_cast<std::size_t>(-1);

const model::AddressSettings* asAddress(const model::ResourceSetup& resource) {
    return std::get_if<model::AddressSettings>(&resource.settings);
}

// Each resource is looked at once.
bool waitsThrough(const model::GroupSetup& group, std::size_t from, std::size_t target, std::vector<bool>& seen) {
    if (seen[from]) return false;
    seen[from] = true;
    for (const model::ResourceId id : group.resources[from].after)
        if (id.value == target || waitsThrough(group, id.value, target, seen)) return true;
    return false;
}

void resolveWritten(model::GroupSetup& group, const GroupDraft& places, Problems& problems) {
    std::vector<std::string> names;
    for (const model::ResourceSetup& resource : group.resources)
        names.push_back(resource.name);
    std::size_t previous = none;
    for (std::size_t i = 0; i < group.resources.size(); ++i) {
        model::ResourceSetup& resource = group.resources[i];
        const auto& written = places.resources[i].after;
        const std::string subject = "resource " + inQuotes(resource.name) + " of group " + inQuotes(group.name);
        if (written) {
            for (const Word& word : *written) {
                const auto found = std::find(names.begin(), names.end(), word.text);
                const model::ResourceId id(static_cast<std::uint32_t>(found - names.begin()));
                if (found == names.end()) {
                    std::vector<std::string> others;
                    for (const std::string& name : names)
                        if (name != resource.name && !name.empty()) others.push_back(name);
                    problems.error(word.at, "after", word.text,
                                   subject + ": after names " + inQuotes(word.text) +
                                       ", which is no resource of this group",
                                   suggestion(word.text, others));
                } else if (id.value == i) {
                    problems.error(word.at, "after", word.text, subject + ": after names the resource itself",
                                   "remove it");
                } else if (std::find(resource.after.begin(), resource.after.end(), id) == resource.after.end()) {
                    resource.after.push_back(id);
                }
            }
        } else if (!asAddress(resource) && previous != none) {
            resource.after.emplace_back(static_cast<std::uint32_t>(previous));
        }
        if (!asAddress(resource)) previous = i;
    }
}

void resolveLast(model::GroupSetup& group, const GroupDraft& places) {
    for (std::size_t i = 0; i < group.resources.size(); ++i) {
        const model::AddressSettings* address = asAddress(group.resources[i]);
        if (!address || !address->raiseLast || places.resources[i].after) continue;
        std::vector<model::ResourceId> after;
        for (std::size_t other = 0; other < group.resources.size(); ++other)
            if (!asAddress(group.resources[other]) && !waitsFor(group, other, i))
                after.emplace_back(static_cast<std::uint32_t>(other));
        group.resources[i].after = std::move(after);
    }
}

void reportCircles(const model::GroupSetup& group, const GroupDraft& places, Problems& problems) {
    std::vector<bool> told(group.resources.size());
    for (std::size_t i = 0; i < group.resources.size(); ++i) {
        if (told[i] || !waitsFor(group, i, i)) continue;
        std::string circle;
        for (std::size_t other = i; other < group.resources.size(); ++other) {
            const bool same = other == i || (waitsFor(group, i, other) && waitsFor(group, other, i));
            if (!same) continue;
            told[other] = true;
            circle += (circle.empty() ? "" : ", ") + inQuotes(group.resources[other].name);
        }
        const auto& written = places.resources[i].after;
        const Place at = written && !written->empty() ? written->front().at : places.resources[i].at;
        problems.error(at, "after", group.resources[i].name,
                       "group " + inQuotes(group.name) + ": the resources " + circle +
                           " wait for each other in a circle: none could start",
                       "take one of them out of the other's after");
    }
}

} // namespace

bool waitsFor(const model::GroupSetup& group, std::size_t from, std::size_t target) {
    std::vector<bool> seen(group.resources.size());
    return waitsThrough(group, from, target, seen);
}

void resolveOrder(Draft& draft) {
    for (std::size_t g = 0; g < draft.configuration.groups.size(); ++g) {
        resolveWritten(draft.configuration.groups[g], draft.groups[g], draft.problems);
        resolveLast(draft.configuration.groups[g], draft.groups[g]);
        reportCircles(draft.configuration.groups[g], draft.groups[g], draft.problems);
    }
}

} // namespace dyad::config
