// SPDX-License-Identifier: Apache-2.0
// TLS for the control server: version 1.3 only, one self-signed certificate for the pair, pinned by the clients.
#pragma once

#include "base/result.h"

#include <QSslConfiguration>

#include <filesystem>

namespace dyad::control {

// Reads `folder`/certificate.pem and key.pem (EC or RSA). Refuses a key that others may read, and a pair that doesn't
// belong together.
[[nodiscard]] Result<QSslConfiguration> loadServerTls(const std::filesystem::path& folder);

} // namespace dyad::control
