// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_text.h"

#include "control/protocol/truth_json.h"

#include <QJsonArray>

#include <algorithm>

namespace dyad::cli {

namespace {
Tone toneOf(Health health) {
    return health == Health::Well ? Tone::Good : health == Health::Warning ? Tone::Warning : Tone::Bad;
}
const char* wordOf(Health health) {
    return health == Health::Well ? "well" : health == Health::Warning ? "warning" : "ill";
}
} // namespace

std::string doctorText(const std::vector<DoctorFinding>& findings,
                       const std::vector<model::Contradiction>& contradictions, const Paint& paint) {
    std::string text;
    for (const DoctorFinding& each : findings) {
        text +=
            paint.symbol(toneOf(each.health)) + " " + paint.text(Tone::Strong, each.subject) + ": " + each.text + "\n";
        if (!each.remedy.empty()) text += "    " + each.remedy + "\n";
    }
    for (const model::Contradiction& each : contradictions)
        text += paint.symbol(each.severity == model::Severity::Critical ? Tone::Bad : Tone::Warning) + " " + each.text +
                "\n    " + each.remedy + "\n";
    const auto count = [&](Health health) {
        return std::count_if(findings.begin(), findings.end(), [&](const auto& each) { return each.health == health; });
    };
    return text + "\n" + std::to_string(count(Health::Well)) + " well, " + std::to_string(count(Health::Warning)) +
           " warnings, " + std::to_string(count(Health::Ill)) + " ill, " + std::to_string(contradictions.size()) +
           " contradictions\n";
}

QJsonObject doctorJson(const std::vector<DoctorFinding>& findings,
                       const std::vector<model::Contradiction>& contradictions) {
    QJsonArray list, against;
    for (const DoctorFinding& each : findings)
        list.append(QJsonObject{{"health", wordOf(each.health)},
                                {"subject", QString::fromStdString(each.subject)},
                                {"text", QString::fromStdString(each.text)},
                                {"remedy", QString::fromStdString(each.remedy)}});
    for (const model::Contradiction& each : contradictions)
        against.append(control::toJson(each));
    return {{"well", isWell(findings, contradictions)}, {"findings", list}, {"contradictions", against}};
}

bool isWell(const std::vector<DoctorFinding>& findings, const std::vector<model::Contradiction>& contradictions) {
    return std::none_of(findings.begin(), findings.end(),
                        [](const auto& each) { return each.health == Health::Ill; }) &&
           std::none_of(contradictions.begin(), contradictions.end(),
                        [](const auto& each) { return each.severity == model::Severity::Critical; });
}

} // namespace dyad::cli
