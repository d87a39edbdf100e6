// SPDX-License-Identifier: Apache-2.0
// The messages about the configuration as JSON, both ways. Digests are 16 hexadecimal digits: JSON's numbers lose them.
#pragma once

#include "base/result.h"
#include "model/configuration_report.h"
#include "model/revision.h"

#include <QJsonObject>

namespace dyad::control {

[[nodiscard]] QString digestText(std::uint64_t digest);

[[nodiscard]] QJsonObject toJson(const model::ConfigurationPicture& picture);
[[nodiscard]] Result<model::ConfigurationPicture> pictureFromJson(const QJsonObject& object);

[[nodiscard]] QJsonObject toJson(const model::StagedRevision& staged);
[[nodiscard]] Result<model::StagedRevision> stagedFromJson(const QJsonObject& object);

[[nodiscard]] QJsonObject toJson(const model::ConfigurationReport& report);
[[nodiscard]] Result<model::ConfigurationReport> configurationReportFromJson(const QJsonObject& object);

[[nodiscard]] QJsonObject toJson(const model::ApplyReport& report);
[[nodiscard]] Result<model::ApplyReport> applyReportFromJson(const QJsonObject& object);

} // namespace dyad::control
