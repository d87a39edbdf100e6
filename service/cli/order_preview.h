// SPDX-License-Identifier: Apache-2.0
// What an order would do, what it costs and what stands in its way, as text. Pure.
#pragma once

#include "cli/paint.h"

#include <QJsonObject>

#include <string>

namespace dyad::cli {

// `preview`: "OrderPreview" of resources/openapi.json.
[[nodiscard]] std::string previewText(const QJsonObject& preview, const Paint& paint);

} // namespace dyad::cli
