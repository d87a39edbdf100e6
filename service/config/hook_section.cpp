// SPDX-License-Identifier: Apache-2.0
// [[hook]]: commands that are run when something happens to a group.
#include "config/sections.h"

#include <algorithm>
#include <array>
#include <set>

namespace dyad::config {

namespace {

using model::HookEvent;

constexpr std::array<std::pair<const char*, HookEvent>, 10> hookEvents{{
    {"before_start", HookEvent::BeforeStart},
    {"after_start", HookEvent::AfterStart},
    {"before_stop", HookEvent::BeforeStop},
    {"after_stop", HookEvent::AfterStop},
    {"before_takeover", HookEvent::BeforeTakeover},
    {"after_takeover", HookEvent::AfterTakeover},
    {"before_switchback", HookEvent::BeforeSwitchback},
    {"after_switchback", HookEvent::AfterSwitchback},
    {"failed", HookEvent::Failed},
    {"lost", HookEvent::Lost},
}};

void readEvents(TableReader& reader, Draft& draft, model::HookSetup& hook) {
    const std::optional<std::vector<Word>> words = reader.words("on");
    if (!words) {
        if (!reader.has("on")) reader.missing("on", "on = [\"after_takeover\"]");
        return;
    }
    if (words->empty()) reader.wrong("on", "names no event", "write on = [\"after_takeover\"]");
    for (const Word& word : *words) {
        std::vector<std::string> known;
        for (const auto& [name, event] : hookEvents) {
            known.emplace_back(name);
            if (word.text == name && std::find(hook.events.begin(), hook.events.end(), event) == hook.events.end())
                hook.events.push_back(event);
        }
        if (std::find(known.begin(), known.end(), word.text) == known.end())
            draft.problems.error(word.at, "on", word.text,
                                 reader.subject() + ": " + inQuotes(word.text) + " is no event",
                                 suggestion(word.text, known));
    }
}

} // namespace

void readHooks(TableReader& root, Draft& draft) {
    std::set<std::string> names;
    std::size_t number = 0;
    for (const toml::table* table : root.tables("hook", model::maxHooks)) {
        TableReader reader(*table, "hook number " + std::to_string(++number), draft.problems);
        model::HookSetup hook;
        hook.name = readName(reader, "tell");
        if (!hook.name.empty()) {
            reader.setSubject("hook " + inQuotes(hook.name));
            if (!names.insert(hook.name).second)
                reader.wrong("name", "is used twice", "give every hook a name of its own");
        }
        readEvents(reader, draft, hook);
        hook.command = readCommand(reader, "command", true).value_or(std::vector<std::string>{});
        hook.timeout = reader.seconds("timeout_s", 100ms, 1h, hook.timeout);
        if (const auto group = reader.text("group")) {
            std::vector<std::string> known;
            for (std::size_t i = 0; i < draft.configuration.groups.size(); ++i) {
                known.push_back(draft.configuration.groups[i].name);
                if (known.back() == *group) hook.group = model::GroupId(static_cast<std::uint32_t>(i));
            }
            if (!hook.group) reader.wrong("group", "is no group", suggestion(*group, known));
        }
        reader.finish();
        draft.configuration.hooks.push_back(std::move(hook));
    }
}

} // namespace dyad::config
