// SPDX-License-Identifier: Apache-2.0
// Changes the tokens file: whole or not at all, mode 0600, comments and other lines kept as they are. Blocks (fsync): for
// the command line, not for the service.
#pragma once

#include "control/server/tokens.h"

#include <filesystem>
#include <string>

namespace dyad::control {

inline constexpr std::size_t maxTokenNameBytes = 64;

// 256 random bits as 64 hexadecimal digits.
[[nodiscard]] QByteArray newToken();
[[nodiscard]] QByteArray digestOfToken(const QByteArray& token);

// Letters, digits, dot, dash and underscore; `node:` is nobody's, so a name never looks like something else.
[[nodiscard]] Result<void> checkTokenName(const std::string& name);

// Error: the name is taken, the file can't be read or written, or is full. A file that isn't there is made.
[[nodiscard]] Result<void> addToken(const std::filesystem::path& file, const Token& token);
// Error: there is no such name.
[[nodiscard]] Result<void> revokeToken(const std::filesystem::path& file, const std::string& name);

} // namespace dyad::control
