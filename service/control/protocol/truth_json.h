// SPDX-License-Identifier: Apache-2.0
// Answer of GET /v1/truth, both ways.
#pragma once

#include "base/result.h"
#include "model/truth.h"

#include <QJsonObject>

namespace dyad::control {

[[nodiscard]] QJsonObject toJson(const model::NodeTruth& truth);
[[nodiscard]] Result<model::NodeTruth> truthFromJson(const QJsonObject& object);
[[nodiscard]] QJsonObject toJson(const model::Contradiction& contradiction);

} // namespace dyad::control
