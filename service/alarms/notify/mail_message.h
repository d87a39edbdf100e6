// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "alarms/notice.h"

#include <QByteArray>

#include <string>
#include <vector>

namespace dyad::alarms {

// A message by RFC 5322 with its text in base64 (RFC 2045), lines ending in CR LF. All messages on one alarm of one
// node refer to the same root, so that mail programs show them as one thread. `id` makes this one unique.
[[nodiscard]] QByteArray mailMessage(const Notice& notice, const std::string& from, const std::vector<std::string>& to,
                                     const QByteArray& id, std::int64_t nowWallClockMs);

} // namespace dyad::alarms
