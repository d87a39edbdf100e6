// SPDX-License-Identifier: Apache-2.0
// What the keys on the LUNs tell: cluster, node, boot, epoch, login. Pure.
#pragma once

#include "cli/paint.h"
#include "model/view.h"

#include <QJsonObject>

#include <string>

namespace dyad::cli {

[[nodiscard]] std::string keysText(const model::ClusterView& view, const Paint& paint);
[[nodiscard]] QJsonObject keysJson(const model::ClusterView& view);

} // namespace dyad::cli
