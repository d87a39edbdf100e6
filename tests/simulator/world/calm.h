// SPDX-License-Identifier: Apache-2.0
// What a life leaves out as a rule (README.md says why that changes nothing); tests live through it.
#pragma once

namespace dyad::simulator {

// `hearts`: heart time stands still in calms. `pair`: the next fault comes at once when the pair stands settled.
void setCalmSkipped(bool hearts, bool pair);

} // namespace dyad::simulator
