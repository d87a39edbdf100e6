// SPDX-License-Identifier: Apache-2.0
#include "control/protocol/json.h"
#include "control/protocol/object_reader.h"

#include <array>

namespace dyad::control {
namespace {

model::JournalEntry entryFrom(ObjectReader& read) {
    model::JournalEntry entry;
    entry.sequence = read.count("sequence");
    entry.at = read.instant("at_ns");
    entry.wallClockMs = read.integer("wall_ms");
    entry.severity = read.word<model::Severity>("severity", model::allSeverities);
    entry.kind = read.text("kind");
    entry.group = read.text("group");
    entry.resource = read.text("resource");
    entry.text = read.text("text");
    return entry;
}

} // namespace

QJsonObject toJson(const model::JournalEntry& entry) {
    return {{"sequence", static_cast<qint64>(entry.sequence)},
            {"at_ns", qint64{entry.at.nanoseconds()}},
            {"wall_ms", qint64{entry.wallClockMs}},
            {"severity", toText(entry.severity)},
            {"kind", QString::fromStdString(entry.kind)},
            {"group", QString::fromStdString(entry.group)},
            {"resource", QString::fromStdString(entry.resource)},
            {"text", QString::fromStdString(entry.text)}};
}

Result<model::JournalEntry> journalEntryFromJson(const QJsonObject& object) {
    std::optional<Error> error;
    ObjectReader read(object, QStringLiteral("entry"), error);
    model::JournalEntry entry = entryFrom(read);
    if (error) return *error;
    return entry;
}

QJsonObject toJson(const JournalPage& page) {
    QJsonArray entries;
    for (const model::JournalEntry& entry : page.entries)
        entries.append(toJson(entry));
    return {{"entries", entries}, {"last_sequence", static_cast<qint64>(page.lastSequence)}};
}

Result<JournalPage> journalPageFromJson(const QJsonObject& object) {
    std::optional<Error> error;
    ObjectReader read(object, QStringLiteral("journal"), error);
    JournalPage page;
    read.each("entries", [&](ObjectReader& inner) { page.entries.push_back(entryFrom(inner)); });
    page.lastSequence = read.count("last_sequence");
    if (error) return *error;
    return page;
}

} // namespace dyad::control
