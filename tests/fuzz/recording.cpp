// SPDX-License-Identifier: Apache-2.0
// Any bytes as a file of the flight recorder.
#include "fuzz.h"

#include "recorder/flight/recording.h"

using namespace dyad;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto recording = recorder::parseRecording({data, size}, "flight.ring");
    if (!recording) {
        fuzz::promise(recording.error().text().find("flight.ring") != std::string::npos, "an error names its file");
        return 0;
    }
    fuzz::promise(!recording.value().runs.empty(), "a recording has a run");
    for (const recorder::Run& run : recording.value().runs)
        fuzz::promise(run.first < run.last && run.last <= recording.value().records.size(), "a run lies within");
    return 0;
}
