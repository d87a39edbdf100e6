// SPDX-License-Identifier: Apache-2.0
// Tries what must never work: a write to the LUN from the host that doesn't own it.
#pragma once

#include "base/result.h"

#include <string>

namespace dyad::lab {

struct WriteProbe {
    enum class Answer { Refused, Accepted, NoPath };
    Answer answer = Answer::NoPath;
    std::string detail; // status or sense in words with its numbers
};

// From the network namespace `network` ("alpha", "beta", "array") logs in with an initiator name and ISID of its own,
// unregistered, and writes the block behind the filesystem back as it was read. Refused means RESERVATION CONFLICT
// (SAM-5, 0x18). Blocks for some ms, at most about 5 s.
[[nodiscard]] WriteProbe probeWrite(const std::string& network, unsigned lun);

} // namespace dyad::lab
