// SPDX-License-Identifier: Apache-2.0
#include "control/server/tokens.h"

#include <QCryptographicHash>
#include <QFile>

#include <algorithm>
#include <array>

namespace dyad::control {
namespace {

constexpr qsizetype digestBytes = 32;

bool equalInConstantTime(const QByteArray& a, const QByteArray& b) {
    if (a.size() != b.size()) return false;
    volatile unsigned difference = 0;
    for (qsizetype i = 0; i < a.size(); ++i)
        difference = difference | (static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]));
    return difference == 0;
}

} // namespace

std::optional<AccessRole> roleNamed(const std::string& word) {
    for (const AccessRole role : {AccessRole::Viewer, AccessRole::Operator, AccessRole::Admin})
        if (word == toText(role)) return role;
    return std::nullopt;
}

std::optional<Token> TokenTable::find(const QByteArray& presented) const {
    const QByteArray digest = QCryptographicHash::hash(presented, QCryptographicHash::Sha256);
    const Token* found = nullptr;
    for (const Token& token : m_tokens)
        if (equalInConstantTime(token.digest, digest)) found = &token;
    if (!found) return std::nullopt;
    return *found;
}

Result<TokenTable> tokensFromText(std::string_view text, const std::string& fileName) {
    std::vector<Token> tokens;
    const QList<QByteArray> lines = QByteArray(text.data(), static_cast<qsizetype>(text.size())).split('\n');
    for (qsizetype i = 0; i < lines.size(); ++i) {
        const QString line = QString::fromUtf8(lines[i]).simplified();
        if (line.isEmpty() || line.startsWith(QLatin1Char('#'))) continue;
        const auto wrong = [&](const std::string& what) {
            return Error{"read the tokens file", fileName + ":" + std::to_string(i + 1), what,
                         "Write each line as: name, viewer|operator|admin, and the token's SHA-256 in hexadecimal "
                         "(printf %s TOKEN | sha256sum)"};
        };
        const QStringList words = line.split(QLatin1Char(' '));
        if (words.size() != 3) return wrong("it has " + std::to_string(words.size()) + " words instead of 3");
        const std::optional<AccessRole> role = roleNamed(words[1].toStdString());
        if (!role) return wrong("unknown role \"" + words[1].toStdString() + "\"");
        const QByteArray hex = words[2].toLatin1().toLower();
        const QByteArray digest = QByteArray::fromHex(hex);
        if (digest.size() != digestBytes || digest.toHex() != hex)
            return wrong("the third word is no SHA-256 (64 hex digits)");
        if (tokens.size() == maxTokens) return wrong("there are more than " + std::to_string(maxTokens) + " tokens");
        tokens.push_back({words[0].toStdString(), *role, digest});
    }
    return TokenTable(std::move(tokens));
}

Result<TokenTable> loadTokens(const std::filesystem::path& path) {
    QFile file(QString::fromStdString(path.string()));
    if (!file.open(QIODevice::ReadOnly))
        return Error{"read the tokens file", path.string(), file.errorString().toStdString(),
                     "Make it with one line per token: name, viewer|operator|admin, SHA-256 in hexadecimal"};
    if (file.permissions() & (QFile::WriteGroup | QFile::WriteOther))
        return Error{"read the tokens file", path.string(), "others than its owner may write it",
                     "Run: chmod 0600 " + path.string()};
    const QByteArray text = file.read(static_cast<qint64>(maxTokensFileBytes) + 1);
    if (static_cast<std::size_t>(text.size()) > maxTokensFileBytes)
        return Error{"read the tokens file", path.string(),
                     "it is longer than " + std::to_string(maxTokensFileBytes) + " bytes",
                     "Remove the tokens that nobody uses"};
    return tokensFromText({text.constData(), static_cast<std::size_t>(text.size())}, path.string());
}

} // namespace dyad::control
