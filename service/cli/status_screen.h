// SPDX-License-Identifier: Apache-2.0
// The one screen of `dyad status` and `dyad watch`. Pure: the same view gives the same text.
#pragma once

#include "cli/paint.h"
#include "model/view.h"

#include <string>

namespace dyad::cli {

[[nodiscard]] std::string statusScreen(const model::ClusterView& view, const Paint& paint);

} // namespace dyad::cli
