// SPDX-License-Identifier: Apache-2.0
// One journal entry as one line for people.
#pragma once

#include "cli/paint.h"
#include "model/journal.h"

#include <string>

namespace dyad::cli {

// "16:40:03.123  WARNING  erp/data  the peer is silent…"; with the day where `day` is set.
[[nodiscard]] std::string journalLine(const model::JournalEntry& entry, const Paint& paint, bool day);

} // namespace dyad::cli
