// SPDX-License-Identifier: Apache-2.0
#include "daemon/control/node_token.h"

#include "base/check.h"

#include <sodium.h>

#include <array>

namespace dyad::daemon {

QByteArray nodeToken(const wire::ClusterKey& key, const std::string& node) {
    // The sentence keeps this apart from all else that is ever made from the cluster key.
    const std::string message = "dyad control channel 1, spoken by " + node;
    std::array<unsigned char, 32> token{};
    const int made = crypto_generichash(token.data(), token.size(),
                                        reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                                        key.bytes.data(), key.bytes.size());
    DYAD_CHECK(made == 0, "BLAKE2b takes a key of 32 bytes");
    return QByteArray(reinterpret_cast<const char*>(token.data()), static_cast<qsizetype>(token.size())).toHex();
}

} // namespace dyad::daemon
