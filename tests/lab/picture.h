// SPDX-License-Identifier: Apache-2.0
// The time line of one step as a picture for docs/: scalable, light and dark.
#pragma once

#include "lab/step_report.h"

#include <string>

namespace dyad::lab {

// A whole SVG document; empty when the step has no moments.
[[nodiscard]] std::string timeLinePicture(const StepReport& report);

} // namespace dyad::lab
