// SPDX-License-Identifier: Apache-2.0
// Any bytes as a line of the journal; and what was understood is written so that it is understood the same.
#include "fuzz.h"

#include "recorder/journal_line.h"

using namespace dyad;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto entry = recorder::fromLine(fuzz::textOf({data, size}));
    model::JournalEntry any;
    any.sequence = 1;
    any.text = fuzz::textOf({data, size});
    const std::string line = recorder::toLine(entry ? *entry : any);
    fuzz::promise(line.size() <= recorder::maxLineBytes, "a line is bounded");
    const auto again = recorder::fromLine(line);
    fuzz::promise(again.has_value(), "what is written can be read");
    // Bytes that aren't UTF-8 become three each, and long texts are cut: only what is short surely comes back the same.
    if (size * 3 <= recorder::maxWordBytes) fuzz::promise(recorder::toLine(*again) == line, "and is written the same");
    return 0;
}
