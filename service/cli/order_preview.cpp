// SPDX-License-Identifier: Apache-2.0
#include "cli/order_preview.h"

#include "cli/words.h"

#include <QJsonArray>

#include <cstdio>

namespace dyad::cli {
namespace {

std::string seconds(double value) {
    char text[32];
    std::snprintf(text, sizeof text, value < 10 ? "%.2f s" : "%.0f s", value);
    return text;
}

} // namespace

std::string previewText(const QJsonObject& preview, const Paint& paint) {
    const auto text = [&](const char* field) { return preview[QLatin1String(field)].toString().toStdString(); };
    std::string out = paint.text(Tone::Strong, "What will happen: ") + text("effect") + " (carried out by " +
                      text("node") + ").\n";
    if (preview["allowed"].toBool()) {
        out += paint.text(Tone::Strong, "In its way: ") + "nothing; " + text("text") + ".\n";
    } else {
        out += paint.text(Tone::Bad, "In its way: ") + text("text") + ".\n";
    }
    if (!text("caveat").empty()) out += paint.text(Tone::Warning, "But: ") + text("caveat") + ".\n";
    if (preview["clients"].isDouble()) {
        const auto count = preview["clients"].toInteger();
        out += paint.text(Tone::Strong, "Clients connected now: ") + std::to_string(count) +
               (count > 0 ? "; their connections end, and they must connect again" : "") + ".\n";
    }
    const QJsonArray steps = preview["steps"].toArray();
    if (!steps.isEmpty()) {
        out += paint.text(Tone::Strong, "How long it takes, as it did before: ") + seconds(preview["seconds"].toDouble()) +
               "\n";
        Table table;
        for (const QJsonValue& each : steps) {
            const QJsonObject step = each.toObject();
            table.row({step["what"].toString().toStdString(), seconds(step["seconds"].toDouble()),
                       paint.text(Tone::Faint, "of " + std::to_string(step["samples"].toInteger()) +
                                                   (step["samples"].toInteger() == 1 ? " time" : " times"))});
        }
        out += table.text("  ");
    } else if (preview["clients"].isDouble() || !preview["under_way"].isNull()) {
        out += paint.text(Tone::Strong, "How long it takes: ") + "not known; this pair has not done it yet.\n";
    }
    return out;
}

} // namespace dyad::cli
