// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/doctor_checks.h"
#include "cli/paint.h"
#include "model/truth.h"

#include <QJsonObject>

namespace dyad::cli {

[[nodiscard]] std::string doctorText(const std::vector<DoctorFinding>& findings,
                                     const std::vector<model::Contradiction>& contradictions, const Paint& paint);
[[nodiscard]] QJsonObject doctorJson(const std::vector<DoctorFinding>& findings,
                                     const std::vector<model::Contradiction>& contradictions);
[[nodiscard]] bool isWell(const std::vector<DoctorFinding>& findings,
                          const std::vector<model::Contradiction>& contradictions); // warnings are no illness

} // namespace dyad::cli
