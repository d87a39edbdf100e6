// SPDX-License-Identifier: Apache-2.0
#include "cli/why_text.h"

#include "cli/words.h"
#include "engine/journal_kinds.h"
#include "recorder/history/evidence.h"

#include <QJsonArray>

#include <cstdio>

namespace dyad::cli {

namespace {

using recorder::MergedIncident;
using recorder::NodeTale;
using recorder::Story;

constexpr std::size_t wrapAt = 100;

std::string seconds(Duration duration) {
    char text[32];
    if (duration < 500us && duration > -500us) duration = Duration{0}; // no "-0.000"
    std::snprintf(text, sizeof text, "%+.3f s", std::chrono::duration<double>(duration).count());
    return text;
}

std::string wrapped(const std::string& words, const std::string& indent) {
    std::string text, line;
    std::size_t begin = 0;
    while (begin < words.size()) {
        const std::size_t end = std::min(words.find(' ', begin), words.size());
        const std::string word = words.substr(begin, end - begin);
        if (!line.empty() && widthOf(line) + 1 + widthOf(word) > wrapAt) {
            text += indent + line + "\n";
            line.clear();
        }
        line += (line.empty() ? "" : " ") + word;
        begin = end + 1;
    }
    return text + indent + line + "\n";
}

// Alarms repeat what other lines say; they are in the journal (and in --json).
bool isToldElsewhere(const model::JournalEntry& entry) {
    namespace kind = engine::kind;
    if (entry.kind == kind::groupActive || entry.kind == kind::resourceStarting) return true;
    if (entry.kind != kind::alarmRaised && entry.kind != kind::alarmCleared) return false;
    const std::string id = recorder::alarmIdIn(entry);
    return id.starts_with("link.lost:") || id == "peer.lost" || id == "peer.service";
}

QString shown(const std::string& words) { return QString::fromStdString(words); }
double ms(Duration duration) { return milliseconds(duration); }

std::string gapText(const recorder::ClientGap& gap) {
    return "about " + toText(gap.length) +
           (gap.uncertainty > Duration{0} && gap.exact ? " (±" + toText(gap.uncertainty) + ")" : "") +
           (gap.exact ? "" : ", by the wall clocks of both nodes") + ": an estimate, " + gap.from;
}

} // namespace

std::string storyText(const Story& story, const Paint& paint) {
    const model::Incident& primary = story.incident.primary;
    std::string text = paint.text(Tone::Strong, story.incident.name()) + "  " + localTime(story.beganWallMs) + "  " +
                       toText(primary.kind) + (primary.group.empty() ? "" : " of group " + primary.group) + ", " +
                       toText(primary.outcome) + "\n";
    text += wrapped(primary.headline, "  ");
    for (const auto& [node, incident] : story.incident.others)
        text += wrapped("as " + node + " tells it: " + incident.headline, "  ");

    text += "\n" + paint.text(Tone::Strong, "What was seen, and by whom") + "\n";
    Table lines;
    for (const recorder::StoryLine& line : story.lines) {
        if (isToldElsewhere(line.entry)) continue;
        const Tone tone = line.entry.severity == model::Severity::Critical  ? Tone::Bad
                          : line.entry.severity == model::Severity::Warning ? Tone::Warning
                                                                            : Tone::Plain;
        const std::string& group = line.entry.group;
        lines.row({(line.exact ? " " : "~") + seconds(line.after), line.node,
                   (group.empty() || group == primary.group ? "" : group + ": ") + paint.text(tone, line.entry.text)});
    }
    text += lines.text("  ");

    if (!story.rules.empty()) {
        text += "\n" + paint.text(Tone::Strong, "Which rule fired") + "\n";
        for (const recorder::StoryRule& rule : story.rules)
            text += wrapped(rule.node + ", " + rule.name + ": " + rule.text, "  ");
    }
    if (!story.steps.empty()) {
        text += "\n" + paint.text(Tone::Strong, "What each step took") + "\n";
        Table steps;
        for (const recorder::StoryStep& step : story.steps)
            steps.row({" " + seconds(step.after), step.node, step.name, toText(step.took)});
        text += steps.text("  ");
    }
    if (story.gap || !story.clients.empty()) {
        text += "\n" + paint.text(Tone::Strong, "What the clients felt") + "\n";
        text += wrapped(story.gap ? gapText(*story.gap) : story.clients, "  ");
    }
    if (!story.prevention.empty()) {
        text += "\n" + paint.text(Tone::Strong, "What would have prevented it") + "\n";
        for (const std::string& advice : story.prevention)
            text += wrapped(advice, "  ");
    }
    text += "\n";
    if (story.uncertainty > Duration{0})
        text +=
            wrapped("The clocks of both nodes are brought together to within " + toText(story.uncertainty) + ".", "  ");
    for (const std::string& note : story.notes)
        text += paint.text(Tone::Warning, wrapped(note, "  "));
    return text;
}

QJsonObject storyJson(const Story& story) {
    const model::Incident& primary = story.incident.primary;
    QJsonArray lines, steps, rules, prevention, notes, others;
    for (const recorder::StoryLine& line : story.lines)
        lines.append(QJsonObject{{"after_ms", ms(line.after)},
                                 {"exact", line.exact},
                                 {"node", shown(line.node)},
                                 {"severity", toText(line.entry.severity)},
                                 {"kind", shown(line.entry.kind)},
                                 {"group", shown(line.entry.group)},
                                 {"resource", shown(line.entry.resource)},
                                 {"text", shown(line.entry.text)}});
    for (const recorder::StoryStep& step : story.steps)
        steps.append(QJsonObject{{"node", shown(step.node)},
                                 {"name", shown(step.name)},
                                 {"after_ms", ms(step.after)},
                                 {"took_ms", ms(step.took)}});
    for (const recorder::StoryRule& rule : story.rules)
        rules.append(QJsonObject{{"node", shown(rule.node)}, {"name", shown(rule.name)}, {"text", shown(rule.text)}});
    for (const std::string& advice : story.prevention)
        prevention.append(shown(advice));
    for (const std::string& note : story.notes)
        notes.append(shown(note));
    for (const auto& [node, incident] : story.incident.others)
        others.append(shown(node + "-" + std::to_string(incident.id)));
    QJsonObject object{{"incident", shown(story.incident.name())},
                       {"same_as", others},
                       {"kind", toText(primary.kind)},
                       {"outcome", toText(primary.outcome)},
                       {"group", shown(primary.group)},
                       {"headline", shown(primary.headline)},
                       {"rule", shown(primary.rule)},
                       {"began_wall_ms", static_cast<qint64>(story.beganWallMs)},
                       {"took_ms", ms(story.incident.ended - story.incident.began)},
                       {"lines", lines},
                       {"rules", rules},
                       {"steps", steps},
                       {"clients", shown(story.gap ? gapText(*story.gap) : story.clients)},
                       {"prevention", prevention},
                       {"clock_uncertainty_ms", ms(story.uncertainty)},
                       {"notes", notes}};
    object.insert(QStringLiteral("client_gap_ms"), story.gap ? QJsonValue(ms(story.gap->length)) : QJsonValue());
    return object;
}

std::string incidentListText(const std::vector<MergedIncident>& incidents, const std::vector<NodeTale>& tales,
                             const Paint& paint) {
    Table table;
    for (const MergedIncident& each : incidents) {
        const bool bad = each.primary.outcome == model::IncidentOutcome::Failed;
        table.row({each.name(), localTime(each.primary.beganWallMs), toText(each.primary.kind),
                   paint.text(bad ? Tone::Bad : Tone::Plain, toText(each.primary.outcome)), each.primary.headline});
    }
    std::string text = incidents.empty() ? "Nothing has happened that is remembered.\n" : table.text("");
    for (const NodeTale& tale : tales)
        if (!tale.answered)
            text += paint.text(Tone::Warning,
                               tale.node + " did not answer (" + tale.trouble + "): what only it knows is missing") +
                    "\n";
    return text;
}

QJsonObject incidentListJson(const std::vector<MergedIncident>& incidents, const std::vector<NodeTale>& tales) {
    QJsonArray list, silent;
    for (const MergedIncident& each : incidents)
        list.append(QJsonObject{{"incident", shown(each.name())},
                                {"kind", toText(each.primary.kind)},
                                {"outcome", toText(each.primary.outcome)},
                                {"group", shown(each.primary.group)},
                                {"rule", shown(each.primary.rule)},
                                {"headline", shown(each.primary.headline)},
                                {"began_wall_ms", static_cast<qint64>(each.primary.beganWallMs)},
                                {"took_ms", ms(each.ended - each.began)}});
    for (const NodeTale& tale : tales)
        if (!tale.answered) silent.append(shown(tale.node));
    return {{"incidents", list}, {"did_not_answer", silent}};
}

} // namespace dyad::cli
