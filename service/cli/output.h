// SPDX-License-Identifier: Apache-2.0
// What every command writes alike.
#pragma once

#include "control/client/errors.h"

#include <QJsonObject>

#include <string>

namespace dyad::cli {

void print(const std::string& text);       // standard output, as it is
void printJson(const QJsonObject& object); // one line
void complain(const std::string& text);    // "dyad: …" on standard error

// Says it (as JSON too, where asked for) and gives the exit code.
[[nodiscard]] int report(const control::Failure& failure, bool json);

} // namespace dyad::cli
