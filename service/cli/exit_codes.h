// SPDX-License-Identifier: Apache-2.0
// What `dyad` ends with; `dyad --help` and the manual page say the same.
#pragma once

namespace dyad::cli::exit_code {

inline constexpr int ok = 0;
inline constexpr int failed = 1; // refused, or it went wrong
inline constexpr int usage = 2;
inline constexpr int unreachable = 3; // no service answered, or none that shows the pinned certificate
inline constexpr int configurationInvalid = 4;
inline constexpr int recordingDamaged = 5; // replayed up to the damage

} // namespace dyad::cli::exit_code
