// SPDX-License-Identifier: Apache-2.0
// Any text as the tokens file.
#include "fuzz.h"

#include "control/server/tokens.h"

using namespace dyad;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto table = control::tokensFromText(fuzz::textOf({data, size}), "tokens");
    if (table)
        fuzz::promise(table.value().size() <= control::maxTokens, "the table is bounded");
    else
        fuzz::promise(table.error().text().find("tokens") != std::string::npos, "an error names its file");
    return 0;
}
