// SPDX-License-Identifier: Apache-2.0
// Any packet between dyadd and dyad-lun.
#include "fuzz.h"

#include "storage/lun_protocol.h"

#include <algorithm>

using namespace dyad;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto message = storage::decodeLunMessage({data, size});
    if (!message) {
        fuzz::promise(!message.error().text().empty(), "an error has words");
        return 0;
    }
    const std::vector<std::uint8_t> again = storage::encodeLunMessage(message.value());
    fuzz::promise(again.size() <= storage::maxLunMessageBytes, "a packet is bounded");
    const auto twice = storage::decodeLunMessage(again);
    fuzz::promise(twice && twice.value() == message.value(), "a message comes back the same");
    return 0;
}
