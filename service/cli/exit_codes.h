// SPDX-License-Identifier: Apache-2.0
// What `dyad` ends with; help and manual pages are made from the same table.
#pragma once

#include <array>
#include <string>

namespace dyad::cli::exit_code {

inline constexpr int ok = 0;
inline constexpr int failed = 1; // refused, or it went wrong
inline constexpr int usage = 2;
inline constexpr int unreachable = 3; // no service answered, or none that shows the pinned certificate
inline constexpr int configurationInvalid = 4;
inline constexpr int recordingDamaged = 5; // replayed up to the damage
inline constexpr int notConfirmed = 6;     // the operator said no

struct Meaning {
    int code;
    const char* words;
};
inline constexpr std::array meanings{
    Meaning{ok, "done"},
    Meaning{failed, "refused by the service, or it went wrong"},
    Meaning{usage, "wrong usage"},
    Meaning{unreachable, "no service could be reached"},
    Meaning{configurationInvalid, "the configuration is not valid"},
    Meaning{recordingDamaged, "the recording is damaged and was replayed up to the damage"},
    Meaning{notConfirmed, "not confirmed: nothing was changed"},
};

} // namespace dyad::cli::exit_code

namespace dyad::cli {

[[nodiscard]] inline std::string exitCodesText() {
    std::string text = "\nExit codes:\n";
    for (const exit_code::Meaning& each : exit_code::meanings)
        text += "  " + std::to_string(each.code) + "  " + each.words + "\n";
    return text;
}

} // namespace dyad::cli
