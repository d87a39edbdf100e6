// SPDX-License-Identifier: Apache-2.0
// Who may do what. The tokens file holds digests only: lines `name role sha256-hex-of-token`.
#pragma once

#include "base/result.h"
#include "control/protocol/access_role.h"

#include <QByteArray>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dyad::control {

struct Token {
    std::string name;
    AccessRole role = AccessRole::Viewer;
    QByteArray digest; // 32 bytes of SHA-256

    bool operator==(const Token&) const = default;
};

inline constexpr std::size_t maxTokens = 256;
inline constexpr std::size_t maxTokensFileBytes = 64 * 1024;

class TokenTable {
public:
    TokenTable() = default;
    explicit TokenTable(std::vector<Token> tokens) : m_tokens(std::move(tokens)) {}

    // Compares with every row, in a time that doesn't depend on where they differ.
    [[nodiscard]] std::optional<Token> find(const QByteArray& presented) const;
    [[nodiscard]] std::size_t size() const { return m_tokens.size(); }
    [[nodiscard]] const std::vector<Token>& tokens() const { return m_tokens; }
    bool operator==(const TokenTable&) const = default;

private:
    std::vector<Token> m_tokens;
};

[[nodiscard]] std::optional<AccessRole> roleNamed(const std::string& word); // viewer, operator, admin

// Empty lines and lines that begin with # are passed over. Errors name file and line.
[[nodiscard]] Result<TokenTable> tokensFromText(std::string_view text, const std::string& fileName);
// Reads a small local file; refuses one that others than its owner may write.
[[nodiscard]] Result<TokenTable> loadTokens(const std::filesystem::path& file);

} // namespace dyad::control
