// SPDX-License-Identifier: Apache-2.0
#include "recorder/history/evidence.h"

#include "engine/journal_kinds.h"

#include <cstdlib>

namespace dyad::recorder {

namespace kind = engine::kind;

std::optional<RoleChange> roleChangeIn(const model::JournalEntry& entry) {
    if (entry.kind != kind::roleChanged) return {};
    const std::string_view text = entry.text;
    for (const engine::Transition& row : engine::transitions()) {
        const std::string head = std::string(model::toText(row.from)) + " → " + model::toText(row.to) + ": " + row.text;
        if (!text.starts_with(head)) continue;
        std::string_view rest = text.substr(head.size());
        if (rest.empty()) return RoleChange{&row, ""};
        if (!rest.starts_with(" (") || !rest.ends_with(")")) continue;
        return RoleChange{&row, std::string(rest.substr(2, rest.size() - 3))};
    }
    return {};
}

std::string ruleName(const engine::Transition& row) {
    return std::string(model::toText(row.from)) + ": " + engine::toText(row.trigger);
}

const engine::Transition* ruleNamed(std::string_view name) {
    for (const engine::Transition& row : engine::transitions())
        if (name == ruleName(row)) return &row;
    return nullptr;
}

std::optional<Duration> durationFrom(std::string_view text) {
    const std::string copy(text.substr(0, 32));
    char* end = nullptr;
    const double number = std::strtod(copy.c_str(), &end);
    if (end == copy.c_str() || number < 0 || number > 1e6) return {};
    const std::string_view unit = std::string_view(end);
    if (unit.starts_with(" ms")) return Duration(static_cast<std::int64_t>(number * 1e6));
    if (unit.starts_with(" s")) return Duration(static_cast<std::int64_t>(number * 1e9));
    return {};
}

std::optional<Duration> silenceIn(const model::JournalEntry& entry) {
    constexpr std::string_view mark = "last heartbeat ";
    if (entry.kind != kind::peerSuspect && entry.kind != kind::peerLost) return {};
    const auto at = entry.text.find(mark);
    if (at == std::string::npos) return {};
    return durationFrom(std::string_view(entry.text).substr(at + mark.size()));
}

std::optional<LinkChange> linkChangeIn(const model::JournalEntry& entry) {
    constexpr std::string_view head = "link ";
    const auto verb = entry.text.rfind(" is ");
    if (entry.kind != kind::linkChanged || !entry.text.starts_with(head) || verb == std::string::npos) return {};
    return LinkChange{entry.text.substr(head.size(), verb - head.size()), entry.text.substr(verb + 4)};
}

std::string alarmIdIn(const model::JournalEntry& entry) {
    if (entry.kind != kind::alarmRaised && entry.kind != kind::alarmCleared) return {};
    return entry.text.substr(0, std::min(entry.text.find(": "), entry.text.size()));
}

} // namespace dyad::recorder
