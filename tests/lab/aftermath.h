// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>

namespace dyad::lab {

// For whoever has to find out why something did not hold: the end of both journals and of both services' logs.
void printAftermath(std::FILE* to);

} // namespace dyad::lab
