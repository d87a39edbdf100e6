// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"

#include <QByteArray>

#include <string>

namespace dyad::alarms {

// The one line of a file that nobody but its owner may read. Error: it can't be read, others may read it, it is empty.
[[nodiscard]] Result<QByteArray> readSecret(const std::string& file);

} // namespace dyad::alarms
