// SPDX-License-Identifier: Apache-2.0
// What one node shows to the other's control server. It follows from the cluster key, so there is nothing to set up, and
// it dies with that key.
#pragma once

#include "wire/key_file.h"

#include <QByteArray>

#include <string>

namespace dyad::daemon {

// 64 hexadecimal digits: BLAKE2b of a fixed sentence and the speaking node's name, under the cluster key.
[[nodiscard]] QByteArray nodeToken(const wire::ClusterKey& key, const std::string& node);

} // namespace dyad::daemon
