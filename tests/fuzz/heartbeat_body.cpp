// SPDX-License-Identifier: Apache-2.0
// What lies behind the seal: header fields and body are the fuzzer's, sealed with the right key. Whatever is believed
// is sealed to the same bytes again.
#include "fuzz.h"

#include "base/byte_order.h"
#include "wire/sealing.h"

#include <sodium.h>

#include <algorithm>
#include <vector>

using namespace dyad;
using namespace dyad::wire::layout;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const bool ready = wire::prepareSealing();
    fuzz::promise(ready, "there are random bytes");
    if (size < headerBytes || size > headerBytes + 1024) return 0;
    const wire::ClusterKey key;
    std::vector<std::uint8_t> datagram(size + sealBytes);
    std::copy_n(data, headerBytes, datagram.begin());
    std::copy(magic.begin(), magic.end(), datagram.begin());
    const std::span<std::uint8_t> header = std::span(datagram).first(headerBytes);
    storeLittle<std::uint16_t>(header.subspan(versionAt), version);
    storeLittle<std::uint16_t>(header.subspan(clusterAt), 0x5d2a);
    // docs/WIRE.md: boot digest, sequence, sender, link, salt.
    std::uint8_t nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES];
    auto* at = std::copy_n(header.begin() + bootAt, 16, nonce);
    at = std::copy_n(header.begin() + senderAt, 2, at);
    std::copy_n(header.begin() + saltAt, saltBytes, at);
    crypto_aead_xchacha20poly1305_ietf_encrypt(datagram.data() + headerBytes, nullptr, data + headerBytes,
                                               size - headerBytes, header.data(), header.size(), nullptr, nonce,
                                               key.bytes.data());

    const auto result = wire::unseal(datagram, key, 0x5d2a);
    if (const auto* reason = std::get_if<wire::RejectReason>(&result)) {
        fuzz::promise(*reason != wire::RejectReason::Forged, "what is sealed with the key is not called forged");
        return 0;
    }
    const wire::Heartbeat& heartbeat = std::get<wire::Heartbeat>(result);
    const auto status = wire::toModel(heartbeat.status);
    fuzz::promise(status && wire::toPlain(*status) == heartbeat.status, "a status comes back the same");
    wire::Salt salt;
    std::copy_n(header.begin() + saltAt, saltBytes, salt.begin());
    wire::Datagram again;
    const std::size_t bytes = wire::seal(heartbeat, key, salt, again);
    fuzz::promise(std::equal(datagram.begin(), datagram.end(), again.begin(), again.begin() + bytes),
                  "what is believed is sealed to the same bytes");
    return 0;
}
