// SPDX-License-Identifier: Apache-2.0
// Any datagram on a heartbeat port. What can't be sealed with the key is never believed.
#include "fuzz.h"

#include "wire/sealing.h"

using namespace dyad;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const bool ready = wire::prepareSealing();
    static const wire::ClusterKey key = [] {
        wire::ClusterKey made;
        for (std::size_t i = 0; i < made.bytes.size(); ++i)
            made.bytes[i] = static_cast<std::uint8_t>(i);
        return made;
    }();
    fuzz::promise(ready, "there are random bytes");
    const auto result = wire::unseal({data, size}, key, 0x5d2a);
    if (const auto* reason = std::get_if<wire::RejectReason>(&result))
        fuzz::promise(wire::toText(*reason) != nullptr, "each reason has words");
    else
        fuzz::promise(wire::toModel(std::get<wire::Heartbeat>(result).status).has_value(),
                      "what is unsealed is well-formed");
    return 0;
}
