// SPDX-License-Identifier: Apache-2.0
// Any text as the settings of the heart: an error that names the line, or settings that are written and read the same.
#include "fuzz.h"

#include "heart/settings.h"

using namespace dyad;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto settings = heart::parseSettings("heart.settings", fuzz::textOf({data, size}));
    if (!settings) {
        fuzz::promise(settings.error().text().find("heart.settings") != std::string::npos, "an error names its file");
        return 0;
    }
    const auto again = heart::parseSettings("again", heart::toText(settings.value()));
    fuzz::promise(again.ok() && again.value() == settings.value(), "settings come back the same");
    return 0;
}
