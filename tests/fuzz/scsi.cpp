// SPDX-License-Identifier: Apache-2.0
// Any bytes as the answer of a logical unit: keys, reservation, capabilities, capacity, sense.
#include "fuzz.h"

#include "storage/reservations/persistent_reserve.h"
#include "storage/reservations/scsi_reply.h"

using namespace dyad;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Bytes bytes{data, size};
    switch (fuzz::takeByte(bytes) % 5) {
    case 0:
        if (const auto keys = storage::decodeKeys(bytes); keys)
            fuzz::promise(keys.value().keys.size() * 8 <= bytes.size(), "no key comes from nowhere");
        break;
    case 1: static_cast<void>(storage::decodeReservation(bytes)); break;
    case 2:
        if (const auto capabilities = storage::decodeCapabilities(bytes); capabilities)
            fuzz::promise(!storage::toText(capabilities.value()).empty(), "capabilities have words");
        break;
    case 3:
        if (const auto capacity = storage::decodeCapacity(bytes); capacity)
            fuzz::promise(capacity.value().blockBytes != 0, "a block has bytes");
        break;
    default: fuzz::promise(!storage::toText(storage::decodeSense(bytes)).empty(), "sense has words");
    }
    return 0;
}
