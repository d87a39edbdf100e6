// SPDX-License-Identifier: Apache-2.0
// The story of an incident, and the list of incidents, for people and as JSON.
#pragma once

#include "cli/paint.h"
#include "recorder/history/story.h"

#include <QJsonObject>

#include <string>
#include <vector>

namespace dyad::cli {

[[nodiscard]] std::string storyText(const recorder::Story& story, const Paint& paint);
[[nodiscard]] QJsonObject storyJson(const recorder::Story& story);

[[nodiscard]] std::string incidentListText(const std::vector<recorder::MergedIncident>& incidents,
                                           const std::vector<recorder::NodeTale>& tales, const Paint& paint);
[[nodiscard]] QJsonObject incidentListJson(const std::vector<recorder::MergedIncident>& incidents,
                                           const std::vector<recorder::NodeTale>& tales);

} // namespace dyad::cli
